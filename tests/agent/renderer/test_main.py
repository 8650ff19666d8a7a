"""The real renderer in its sandbox: documents of every kind, and some that were made to harm."""

import base64
import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Self

import pytest
from PIL import Image

from agent.formats import cms
from agent.formats.pdf import pades
from agent.previews import Previews
from protocol import preview
from tests.support import chains, hostile_pdfs, pdfs, timestamps

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="the sandbox that is tested is Linux's"),
]


class Talk:
    """The real renderer, asked as the window asks."""

    def __init__(self, documents: Mapping[str, bytes], answer_s: float = 10.0) -> None:
        self._answers: SimpleQueue[tuple[preview.Answer, bytes]] = SimpleQueue()
        self.previews = Previews(
            list(documents.values()),
            list(documents),
            lambda answer, pixels: self._answers.put((answer, pixels)),
            answer_s=answer_s,
        )
        self.previews.begin()

    def next(self) -> tuple[preview.Answer, bytes]:
        return self._answers.get(timeout=60)

    def ask(self, question: preview.Question) -> tuple[preview.Answer, bytes]:
        self.previews.ask(question)
        return self.next()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.previews.close()


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    image = Image.new("RGB", (200, 100), "red")
    image.save(buffer, kind, **({"compression": "tiff_lzw"} if kind == "TIFF" else {}))
    return buffer.getvalue()


def container() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("акт.txt", "Акт выполненных работ".encode("cp1251"))
        file.writestr("акт.pdf", pdfs.page())
    return buffer.getvalue()


def samples() -> dict[str, bytes]:
    """Documents of every kind, by name."""
    person = chains.person("gost2015")
    signed = cms.sign(person, "Договор № 5".encode(), at=pdfs.AT, detached=False)
    return {
        "page.pdf": pdfs.page(),
        "signed.pdf": pades.sign(chains.person("p256"), pdfs.page(), at=pdfs.AT),
        "signed-gost.pdf": pades.sign(person, pdfs.page(), at=pdfs.AT),
        **{
            f"picture.{kind.lower()}": picture(kind) for kind in ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP")
        },
        "act.xml": "<act><number>17</number><date>01.02.2026</date><sum>100</sum></act>".encode("utf-16"),
        "latin.txt": b"Act 17",
        "cp1251.txt": "Акт выполненных работ № 17 от 1 февраля 2026 года".encode("cp1251"),
        "koi8.txt": "Акт выполненных работ № 17 от 1 февраля 2026 года".encode("koi8-r", "replace"),
        "cp866.txt": "Акт выполненных работ № 17 от 1 февраля 2026 года".encode("cp866"),
        "utf16.txt": "Акт".encode("utf-16"),
        "signed.cms": signed,
        "stamped.cms": timestamps.stamped(signed),
        "base64.txt": base64.b64encode(signed),
        "files.zip": container(),
        "octets.bin": bytes(range(256)) * 4,
        "empty": b"",
    }


def test_a_document_of_every_kind_is_shown_and_nothing_crashes() -> None:
    documents = samples()
    with Talk(documents) as talk:
        overviews = {}
        for name in documents:
            known, _ = talk.next()
            assert isinstance(known, preview.Known)
            overviews[name] = known.overview
        for number, (name, overview) in enumerate(overviews.items()):
            assert overview.why not in ("crashed", "timed-out", "unavailable"), name
            if overview.kind == "pages":
                drawn, pixels = talk.ask(preview.Draw(number, 0, 300))
                assert isinstance(drawn, preview.Drawn), name
                assert len(pixels) == 3 * drawn.width * drawn.height
            elif overview.rows:
                rows, _ = talk.ask(preview.Read(number, 0, 100))
                assert isinstance(rows, preview.RowsRead), name
                assert rows.rows
    kinds = {name: overview.kind for name, overview in overviews.items()}
    assert {kinds[name] for name in kinds if name.startswith("picture.") or name.endswith(".pdf")} == {
        "pages"
    }
    assert kinds["files.zip"] == "entries"
    assert kinds["octets.bin"] == "unknown"
    assert overviews["signed.pdf"].signers[0].iin == chains.person().certificate.iin
    assert overviews["signed.pdf"].flags == overviews["signed-gost.pdf"].flags == ()


def test_each_process_has_one_thread_two_pipes_and_a_filter() -> None:
    with Talk({"a.pdf": pdfs.page()}) as talk:
        talk.next()
        divider = talk.previews._renderers._divider
        assert divider is not None
        parent = divider._process.pid
        (child,) = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
        status = dict(
            line.split(":\t")
            for line in Path(f"/proc/{child}/status").read_text(encoding="utf-8").splitlines()
        )
        files = {
            place.name: str(place.readlink()).partition(":")[0]
            for place in Path(f"/proc/{child}/fd").iterdir()
        }
        assert "Threads:\t1\n" in Path(f"/proc/{parent}/status").read_text(encoding="utf-8")
    assert (status["Threads"], status["NoNewPrivs"], status["Seccomp"]) == ("1", "1", "2")
    assert files == {"0": "pipe", "1": "pipe", "2": "/dev/null"}


READ_ALL = """
import json, sys
from agent.renderer import process
open_view = process.load()
process._load_to_compare()
documents = json.load(sys.stdin)
opened = []

def note(event, arguments):
    if event in ("open", "import", "socket.connect", "subprocess.Popen", "os.listdir", "os.scandir"):
        opened.append([event, str(arguments[0])])

sys.addaudithook(note)
for name, octets in documents.items():
    view = open_view(name, bytes.fromhex(octets))
    if view.overview.pages:
        view.draw(0, 50)
    elif view.overview.rows:
        for number, row in enumerate(view.read(0, 100)):
            if row.is_entry:
                entry = view.enter(number)
                open_view(entry.name, entry.octets)
print(json.dumps(opened))
"""


def test_nothing_is_loaded_or_opened_while_documents_are_read() -> None:
    """What a sandbox would refuse, and end in a crash that only some documents lead to."""
    ended = subprocess.run(
        [sys.executable, "-c", READ_ALL],
        input=json.dumps({name: octets.hex() for name, octets in samples().items()}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == []


def test_a_signed_file_that_was_changed_is_flagged() -> None:
    changed = pdfs.update(pades.sign(chains.person(), pdfs.page(), at=pdfs.AT), {4: pdfs.text("Act 99")})
    covered = pades.sign(chains.person(), changed, at=pdfs.AT)
    with Talk({"a": changed, "b": covered}) as talk:
        for _ in range(2):
            known, _ = talk.next()
            assert isinstance(known, preview.Known)
            assert known.overview.flags == (preview.Flag("changed-after-signature"),)


def test_letters_of_a_file_without_fonts_are_seen() -> None:
    with Talk({"a": pdfs.page("Act 17")}) as talk:
        talk.next()
        _, pixels = talk.ask(preview.Draw(0, 0, 200))
    assert min(pixels) < 100


@pytest.mark.slow
def test_hostile_files_end_in_answers_and_do_not_touch_each_other() -> None:
    documents = {name: make() for name, make in hostile_pdfs.SLOW_OR_LARGE.items() if name != "fine pattern"}
    documents["ordinary"] = pdfs.page()
    last = len(documents) - 1
    with Talk(documents) as talk:
        for name in documents:
            known, _ = talk.next()
            assert isinstance(known, preview.Known)
            assert known.overview.kind in ("pages", "unknown"), name
            assert known.overview.why in ("", "broken", "crashed"), name
        for number, name in enumerate(documents):
            began = time.monotonic()
            drawn, pixels = talk.ask(preview.Draw(number, 0, 1000))
            assert isinstance(drawn, preview.Drawn | preview.Unshown), name
            assert len(pixels) <= preview.MAX_DRAWING_BYTES
            assert time.monotonic() - began < 11, name
        assert isinstance(drawn, preview.Drawn)
        assert drawn.document == last


def test_a_page_that_takes_for_ever_is_given_up() -> None:
    with Talk({"hostile": hostile_pdfs.SLOW_OR_LARGE["fine pattern"]()}, answer_s=2.0) as talk:
        talk.next()
        began = time.monotonic()
        assert talk.ask(preview.Draw(0, 0, 1000))[0] == preview.Unshown(0, "timed-out")
        assert time.monotonic() - began < 4


def test_two_hundred_pages_are_drawn_at_the_pace_of_a_reader() -> None:
    with Talk({"a.pdf": hostile_pdfs.many_pages(200)}) as talk:
        known, _ = talk.next()
        assert isinstance(known, preview.Known)
        assert len(known.overview.pages) == 200
        began = time.monotonic()
        for page in range(0, 200, 20):
            assert isinstance(talk.ask(preview.Draw(0, page, 800))[0], preview.Drawn)
        assert time.monotonic() - began < 5
