"""The page "sites" of the desk."""

MESSAGES: tuple[type, ...] = ()
