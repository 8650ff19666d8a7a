"""What goes wrong while a package is built."""


class CannotBuild(Exception):
    """The message says what is missing or wrong."""
