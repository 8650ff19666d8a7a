"""The page "files" of the desk."""

MESSAGES: tuple[type, ...] = ()
