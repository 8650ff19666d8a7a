"""References to objects that a revision does not have."""

import pytest

from agent.errors import BadInput
from agent.formats.pdf import document, references
from tests.support import pdf_files, pdfs


def missing(octets: bytes, revision: int = -1) -> frozenset[int]:
    reader = document.open_file(octets)
    with document.reading("the document"):
        return references.to_nothing(reader.get_historical_resolver(revision % reader.total_revisions))


@pytest.mark.parametrize(
    "kind", [kind for kind in pdf_files.KINDS if not kind.startswith(("startxref", "reference"))]
)
def test_most_files_have_all_that_they_refer_to(kind: str) -> None:
    assert missing(pdf_files.KINDS[kind]()) == frozenset()


def test_absent_and_freed_objects_are_missing_wherever_they_are_referred_to() -> None:
    assert missing(pdf_files.reference_to_nothing()) == {6, 7}
    deep = pdfs.page(more=b"/A << /B [[70 0 R] << /C 71 2 R >>] /D 4 1 R >>")
    assert missing(deep) == {70, 71, 4}
    assert missing(pdfs.update(pdfs.page(), {}, freed=[5])) == {5}


def test_what_nothing_leads_to_may_refer_to_anything() -> None:
    assert missing(pdfs.update(pdfs.page(), {6: b"[70 0 R]"})) == frozenset()


def test_each_revision_has_its_own_gaps() -> None:
    octets = pdfs.update(pdfs.page(more=b"/Thumb 6 0 R"), {6: pdfs.stream(b"")})
    assert (missing(octets, 0), missing(octets, 1)) == ({6}, frozenset())


def test_objects_that_lead_round_and_long_chains_are_read_once() -> None:
    chain = {number: b"<< /Next %d 0 R /First 6 0 R >>" % (number + 1) for number in range(6, 3000)}
    octets = pdfs.update(pdfs.page(more=b"/PieceInfo 6 0 R"), chain)
    assert missing(octets) == {3000}


def test_an_object_that_can_not_be_read_is_an_error() -> None:
    with pytest.raises(BadInput):
        missing(pdfs.page(more=b"/Thumb 6 0 R").replace(b"endobj\nxref", b"endojb\nxref"))
