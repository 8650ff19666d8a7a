"""Making signatures inside PDF files, with and without a stamp."""

import io

import pypdfium2
import pytest

from agent.errors import BadInput, InvalidSignature
from agent.formats.pdf import pades
from agent.operations.making import pdf as maker
from protocol.messages import StampOptions
from tests.support import authority, making, pdfs, simulated_authorities
from tests.support.making import findings
from tests.support.signers import BrokenSigner

DOCUMENT = making.DOCUMENTS["pdf"]
SIGNER = authority.signer("gost2015-individual")


def text_of(octets: bytes) -> str:
    """What stands in the stamps of the first page, as a person reads it."""
    with pypdfium2.PdfDocument(io.BytesIO(octets)) as file:
        file.init_forms()
        page = file[0]
        page.flatten()
        return str(file[0].get_textpage().get_text_range())


def test_the_file_begins_with_the_document_and_the_signature_is_invisible() -> None:
    made = making.make(making.request("pdf")).octets
    assert made.startswith(DOCUMENT)
    (evidence,) = pades.verify(made)
    assert (evidence.signature, evidence.title) == ("valid", "Signature1")
    assert text_of(made).strip() == "Act 17"


@pytest.mark.parametrize(("language", "word"), [("kk", "ЖСН"), ("ru", "ИИН"), ("en", "IIN")])
def test_a_stamp_says_who_signed_in_the_language_of_the_approval(language: str, word: str) -> None:
    tools = making.workshop(SIGNER, language=language)
    made = making.make(making.request("pdf", stamp=StampOptions()), tools).octets
    assert findings(pades.verify(made)) == ["valid"]
    shown = text_of(made)
    assert word in shown
    assert SIGNER.certificate.iin is not None
    assert SIGNER.certificate.iin in shown


def test_the_stamp_is_drawn_on_the_page_that_was_asked_for() -> None:
    with pytest.raises(BadInput):
        making.make(making.request("pdf", stamp=StampOptions(2)))
    assert making.make(making.request("pdf", stamp=StampOptions(1)))


def test_the_signature_has_its_timestamp() -> None:
    tools = making.workshop(SIGNER, simulated_authorities.new())
    made = making.make(making.request("pdf", timestamps=True, stamp=StampOptions()), tools).octets
    (evidence,) = pades.verify(made)
    assert evidence.has_timestamp


def test_an_older_signature_of_the_same_key_does_not_vouch_for_a_broken_one() -> None:
    first = making.make(making.request("pdf"), making.workshop(SIGNER)).octets
    both = making.make(making.request("pdf"), making.workshop(SIGNER), first).octets
    assert findings(pades.verify(both)) == ["valid", "valid"]
    with pytest.raises(InvalidSignature):
        making.make(making.request("pdf"), making.workshop(BrokenSigner(SIGNER)), first)


def test_a_broken_signature_under_a_stamp_does_not_leave() -> None:
    with pytest.raises(InvalidSignature):
        making.make(making.request("pdf", stamp=StampOptions()), making.workshop(BrokenSigner(SIGNER)))


def test_another_document_that_is_signed_does_not_leave() -> None:
    made = making.make(making.request("pdf")).octets
    with pytest.raises(InvalidSignature):
        maker.read_back(made, pdfs.page("Act 18"), making.request("pdf"), SIGNER)


@pytest.mark.parametrize("document", [b"", b"text", DOCUMENT[:200], pdfs.page()[9:]])
def test_what_is_no_pdf_is_seen_before_anybody_is_asked(document: bytes) -> None:
    with pytest.raises(BadInput):
        maker.examine(document, making.request("pdf"))


def test_a_page_that_is_not_there_is_seen_before_anybody_is_asked() -> None:
    with pytest.raises(BadInput):
        maker.examine(DOCUMENT, making.request("pdf", stamp=StampOptions(2)))
    assert maker.examine(DOCUMENT, making.request("pdf", stamp=StampOptions(1))) == DOCUMENT
