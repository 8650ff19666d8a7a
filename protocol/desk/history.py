"""The page "history" of the desk."""

MESSAGES: tuple[type, ...] = ()
