"""The person at this computer, as the worker sees them: a window, a terminal, or a script in tests."""
