"""The page "keys" of the desk."""

MESSAGES: tuple[type, ...] = ()
