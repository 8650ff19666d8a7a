"""The plain rule for the password of a new key: long enough, and not what everybody tries first."""

MIN_LENGTH = 8
_MIN_DIFFERENT = 4
_ROWS = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "йцукенгшщзхъ",
    "фывапролджэ",
)


def is_long(password: str) -> bool:
    """Whether it has the length that guessing by machine needs to be slow."""
    return len(password) >= MIN_LENGTH


def is_varied(password: str) -> bool:
    """Whether it is more than few letters again and again, or a row of the alphabet or the keyboard."""
    folded = password.casefold()
    if len(set(folded)) < _MIN_DIFFERENT:
        return False
    return not any(folded in row or folded in row[::-1] for row in _ROWS)
