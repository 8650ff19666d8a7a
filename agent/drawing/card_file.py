"""The way in: a document card as a PDF file, with the original and its signatures inside."""

from collections.abc import Iterable
from datetime import datetime

from agent.drawing import attachments, card_pages
from agent.drawing.attachments import Attachment
from agent.drawing.card import Card, Words


def card_pdf(card: Card, words: Words, attached: Iterable[Attachment] = (), *, at: datetime) -> bytes:
    """The card in the language of `words`. `at` is the moment that the file says it was made at.

    The same arguments give the same octets. Raises: fonts.NoFont where no font on this machine has the Kazakh letters.
    """
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return card_pages.draw(card, words, attachments.in_order(attached), at=at)
