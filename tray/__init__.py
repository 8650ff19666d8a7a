"""The face: the tray icon and the windows, each a process of its own."""
