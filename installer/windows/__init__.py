"""The package for Windows, built on Linux: what goes in (payload, native), what Windows Installer is told (tables), and its file (package)."""
