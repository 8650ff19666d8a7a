import io

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from agent.formats.pdf import pades
from demo import signed_pdf
from demo.problems import Problem
from tests.support import portals


@pytest.fixture(scope="module")
def original() -> bytes:
    return portals.act_pdf()


def with_other_contents(document: bytes) -> bytes:
    """The document with a revision that shows other amounts on its first page, in front of everything else."""
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    drawn = generic.StreamObject(stream_data=b"BT (0,00) Tj ET")
    writer.add_stream_to_page(0, writer.add_object(drawn))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("is_stamped", [True, False])
def test_a_signature_with_or_without_a_stamp_is_all_that_may_be_added(
    original: bytes, is_stamped: bool
) -> None:
    signed = portals.sign_pdf(portals.issued_key(), original, with_stamp=is_stamped, with_timestamp=True)
    signed_pdf.demand_own(original, signed)


def test_a_file_that_begins_otherwise_is_another_document(original: bytes) -> None:
    signed = portals.sign_pdf(portals.issued_key(), original)
    for other in (b"", b"%PDF-1.7", signed[:-1][1:], original[:-1] + b"?" + signed[len(original) :]):
        with pytest.raises(Problem) as caught:
            signed_pdf.demand_own(original, other)
        assert caught.value.code == "other-document"


def test_a_revision_before_the_signature_is_seen_although_it_is_signed(original: bytes) -> None:
    forged = portals.sign_pdf(portals.issued_key(), with_other_contents(original))
    assert forged.startswith(original)
    # For a reader it is a good signature over the whole file.
    (evidence,) = pades.verify(forged)
    assert (evidence.signature, evidence.covers) == ("valid", "")
    with pytest.raises(Problem) as caught:
        signed_pdf.demand_own(original, forged)
    assert caught.value.code == "pdf-changed"


def test_a_revision_after_the_signature_is_seen(original: bytes) -> None:
    changed = with_other_contents(portals.sign_pdf(portals.issued_key(), original))
    with pytest.raises(Problem) as caught:
        signed_pdf.demand_own(original, changed)
    assert caught.value.code == "pdf-changed"


def test_what_can_not_be_read_is_no_document_of_the_portal(original: bytes) -> None:
    with pytest.raises(Problem) as caught:
        signed_pdf.demand_own(original, original + b"\nstartxref\n99999999\n%%EOF\n")
    assert caught.value.code == "pdf-changed"
