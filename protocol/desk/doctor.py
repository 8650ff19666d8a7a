"""The page "doctor" of the desk."""

MESSAGES: tuple[type, ...] = ()
