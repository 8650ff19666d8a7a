"""Text that a stranger supplied, made fit to be shown: names of files, sites and certificates are theirs to choose."""

import unicodedata

# Categories of Unicode that have no shape of their own and may hide or reorder others: controls, format characters (the
# bidirectional overrides among them), surrogates, private use, what is not assigned, line and paragraph separators.
_SHAPELESS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks by category that are blank all the same: joiner, fillers, inherent vowels, an empty pattern of dots.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def visible(text: str) -> str:
    """The text with U+FFFD in place of each character that has no shape of its own.

    Nothing in it can hide, reorder or break lines, or be obeyed by a terminal.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(letter) in _SHAPELESS or letter in _BLANK
        else letter
        for letter in text
    )
