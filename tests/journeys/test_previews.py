"""What is signed is seen: the real agent, its renderer and its window, on a real screen."""

import base64
import io
import time
from pathlib import Path

import pytest
from PIL import Image
from reportlab.pdfgen import canvas

from agent.formats import cms
from tests.support import walks
from tests.support.walks import Walk

pytestmark = pytest.mark.display
BASICS = "kz.gov.pki.knca.basics"
MAGENTA = (255, 0, 255)  # which no window of ours has
LOOK_EVERY_S = 0.3


def pdf(colour: tuple[int, int, int]) -> bytes:
    """A page of one colour."""
    buffer = io.BytesIO()
    drawing = canvas.Canvas(buffer, pagesize=(400, 560))
    drawing.setFillColorRGB(*(part / 255 for part in colour))
    drawing.rect(0, 0, 400, 560, fill=1, stroke=0)
    drawing.save()
    return buffer.getvalue()


def count(path: Path, colour: tuple[int, int, int]) -> int:
    """Pixels of that colour on a picture of the screen."""
    found = Image.open(path).convert("RGB").getcolors(maxcolors=1 << 24)
    assert found is not None
    return sum(number for number, each in found if each == colour)


def wait_for(walk: Walk, folder: Path, colour: tuple[int, int, int]) -> Path:
    """A picture of the screen once a document of that colour is on it."""
    path = folder / "seen.png"
    until = time.monotonic() + walks.LIMIT_S
    while time.monotonic() < until:
        walk.screen.screenshot(path)
        if count(path, colour) > 20_000:
            return path
        time.sleep(LOOK_EVERY_S)
    raise AssertionError("the document is not seen")


def sign_call(*documents: bytes) -> dict[str, object]:
    return {
        "format": "cms",
        "data": [base64.b64encode(document).decode() for document in documents],
        "signingParams": {"decode": True, "encapsulate": True},
        "signerParams": {"extKeyUsageOids": [], "chain": []},
        "locale": "ru",
    }


def test_a_page_of_the_very_document_is_on_the_screen_before_the_password(walk: Walk, tmp_path: Path) -> None:
    document = pdf(MAGENTA)
    with walk.page() as page:
        walks.call(page, BASICS, "sign", sign_call(document))
        walk.see("")
        wait_for(walk, tmp_path, MAGENTA)
        walk.type_password()
        reply = walk.agree(page)
    (signature,) = reply["body"]["result"]
    message = cms.read(signature.encode())
    assert message.content == document
    assert [evidence.signature for evidence in cms.verify(message)] == ["valid"]
    walk.see_none()
