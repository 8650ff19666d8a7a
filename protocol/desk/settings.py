"""The page "settings" of the desk."""

MESSAGES: tuple[type, ...] = ()
