from datetime import datetime

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader

from agent.drawing.attachments import Attachment
from agent.drawing.card_file import card_pdf
from agent.words import texts
from tests.support import cards

WORDS = texts.load("kk", cards.ZONE)


def attached(octets):
    document = pypdfium2.PdfDocument(octets)
    found = [document.get_attachment(index) for index in range(document.count_attachments())]
    return [(file.get_name(), bytes(file.get_data())) for file in found]


def test_the_original_and_its_signature_come_back_from_the_card():
    octets = card_pdf(cards.card(cards.GOOD), WORDS, [cards.SIGNATURE, cards.ORIGINAL], at=cards.AT)
    assert octets.startswith(b"%PDF-1.7")
    assert attached(octets) == [
        (cards.ORIGINAL.name, cards.DOCUMENT),
        (cards.SIGNATURE.name, cards.SIGNATURE.octets),
    ]


def test_a_card_may_have_no_files():
    assert attached(card_pdf(cards.card(cards.CHANGED), WORDS, at=cards.AT)) == []


def test_the_card_is_a_file_that_pyhanko_reads_strictly(tmp_path):
    path = tmp_path / "card.pdf"
    path.write_bytes(card_pdf(cards.card(cards.GOOD), WORDS, [cards.ORIGINAL], at=cards.AT))
    with path.open("rb") as file:
        reader = PdfFileReader(file, strict=True)
        assert reader.root["/Lang"] == "kk"
        assert reader.trailer["/Info"]["/Title"] == f"Электрондық құжат карточкасы: {cards.FILE_NAME}"


def test_a_moment_without_a_zone_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="time zone"):
        card_pdf(cards.card(cards.GOOD), WORDS, at=datetime(2026, 11, 26))


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=1, max_size=5000))
def test_a_document_of_any_octets_comes_back_whole(octets):
    card = cards.card(cards.CHANGED)
    files = [Attachment("file.bin", octets, "original")]
    assert attached(card_pdf(card, WORDS, files, at=cards.AT)) == [("file.bin", octets)]
