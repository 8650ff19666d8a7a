"""The way in: what it recognises, and that it costs nothing until a PDF is touched."""

import subprocess
import sys

import pytest

from agent.errors import BadInput, UnsupportedOperation
from agent.formats.pdf import pades
from agent.formats.pdf.place import Stamp
from tests.support import chains, pdfs


@pytest.mark.parametrize(
    ("octets", "expected"),
    [(pdfs.page(), True), (b"%PDF-", True), (b"", False), (b"%PDF", False), (b" %PDF-1.7", False)],
)
def test_a_pdf_is_known_by_its_first_octets(octets: bytes, expected: bool) -> None:
    assert pades.is_pdf(octets) is expected


def test_pyhanko_is_not_loaded_until_a_pdf_is_touched() -> None:
    program = "import sys; from agent.formats.pdf import pades; pades.is_pdf(b'%PDF-'); print('pyhanko' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


def test_a_rehearsal_says_nothing_about_a_good_file() -> None:
    pades.check(pdfs.page())
    pades.check(pdfs.page(), Stamp(pdfs.drawing()))


@pytest.mark.parametrize(
    "act", [pades.check, pades.verify, lambda each: pades.sign(chains.person(), each, at=pdfs.AT)]
)
@pytest.mark.parametrize(
    ("octets", "error"),
    [
        (b"no PDF", BadInput),
        (pdfs.page()[:100], BadInput),
        (
            pdfs.build(
                [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages >>"], trailer=b" /Encrypt 2 0 R"
            ),
            UnsupportedOperation,
        ),
    ],
)
def test_what_cannot_be_used_is_refused_at_every_door(act, octets: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        act(octets)


def test_a_file_without_pages_is_refused_before_anybody_is_asked() -> None:
    empty = pdfs.build([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"])
    with pytest.raises(BadInput):
        pades.check(empty)
