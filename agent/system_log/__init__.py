"""The log of the system: journald or syslog on Linux, the unified log on macOS, the Event Log on Windows."""
