"""The real renderer in its sandbox: documents of every kind, and some that were made to harm."""

import base64
import io
import json
import os
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Self

import pytest
from PIL import Image

from agent import algorithms
from agent.formats import asic, cms, tsp
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
        "stamp.tst": timestamps.token(b"octets", tsp.Profile(tsp.POLICY_RSA, algorithms.SHA256)),
        "numbers.json": b'{"number": 17, "list": [1, 2]}',
        "attached.pdf": hostile_pdfs.of_page(
            b"",
            b"<< /Type /Filespec /F (a.xml) /EF << /F 5 0 R >> >>",
            b"<< /Type /EmbeddedFile /Length 4 >>\nstream\n<a/>\nendstream",
            catalog=b"/Names << /EmbeddedFiles << /Names [(one) 4 0 R] >> >>",
        ),
        "files.zip": container(),
        "signed.asice": asic.create(chains.person("p256"), [("акт.txt", b"a")], at=pdfs.AT),
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
            if overview.attachments:
                inside, _ = talk.ask(preview.Enter(number, 0))
                assert isinstance(inside, preview.Known), name
                assert (inside.place, inside.overview.kind) == (("a.xml",), "tree")
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


# --- large documents --------------------------------------------------------------------------------------------------

ITEM = "<product><name>Тауар бір</name><ndsRate>16</ndsRate><priceWithTax>1160.00</priceWithTax></product>\n"


def large_xml(size: int) -> tuple[bytes, int]:
    """An XML of about this size, and how many rows it has."""
    count = size // len(ITEM.encode())
    return f"<r>{ITEM * count}</r>".encode(), 1 + 4 * count


def memory_of_children() -> list[int]:
    """The most that each renderer took so far, in octets."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
            command = (status.parent / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue  # it has ended
        if b"agent.renderer" in command and "VmHWM" in lines and _is_below(lines["PPid"], os.getpid()):
            found.append(int(lines["VmHWM"].split()[0]) * 1024)
    return found


def _is_below(parent: str, ancestor: int) -> bool:
    number = int(parent)
    while number > 1:
        if number == ancestor:
            return True
        try:
            stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8")
        except OSError:
            return False
        number = int(stat.rpartition(")")[2].split()[1])
    return False


@pytest.mark.slow
def test_fifty_megabytes_of_xml_are_seen_while_they_are_read() -> None:
    """However slow the machine: rows at once, questions about another document in between, and in the end all of it."""
    octets, rows = large_xml(50_000_000)
    with Talk({"large.xml": octets, "b.txt": b"text"}, answer_s=60.0) as talk:
        first, _ = talk.next()
        assert isinstance(first, preview.Known)
        assert (first.document, first.overview.kind, first.overview.is_growing) == (0, "tree", True)
        assert 0 < first.overview.rows < rows
        wanted: list[preview.Question] = [
            preview.Read(0, 0, 100),
            preview.Read(1, 0, 1),
            preview.Read(0, first.overview.rows - 5, 5),
            preview.Look(1),
        ]
        answered_early = 0
        overview = first.overview
        answers: list[preview.Answer] = []
        talk.previews.ask(wanted[0])
        while overview.is_growing or len(answers) < len(wanted):
            answer, _ = talk.next()
            if isinstance(answer, preview.Known) and answer.document == 0:
                assert answer.overview.rows >= overview.rows
                overview = answer.overview
            elif isinstance(answer, preview.Known) and len(answers) != 3:
                assert answer.overview.kind == "text"  # what the other one is, told before it is asked about
            else:
                answers.append(answer)
                answered_early += overview.is_growing
                if len(answers) < len(wanted):
                    talk.previews.ask(wanted[len(answers)])
        assert answered_early >= 2
        beginning, other, middle, known = answers
        assert isinstance(beginning, preview.RowsRead)
        assert beginning.rows[:2] == (
            preview.Row("r", "", 0, "element"),
            preview.Row("product", "", 1, "element"),
        )
        assert other == preview.RowsRead(1, 0, (preview.Row("", "text"),))
        assert isinstance(middle, preview.RowsRead)
        assert len(middle.rows) == 5
        assert isinstance(known, preview.Known)
        assert (overview.rows, overview.why) == (rows, "")
        last, _ = talk.ask(preview.Read(0, rows - 1, 9))
        assert isinstance(last, preview.RowsRead)
        assert last.rows == (preview.Row("priceWithTax", "1160.00", 2, "element"),)
        # The document comes in pieces which are then joined; beside that there is little.
        assert max(memory_of_children()) < 300 * 1024 * 1024


@pytest.mark.slow
def test_a_large_json_is_a_tree_in_the_sandbox() -> None:
    members = ",".join(f'{{"number": {n}, "name": "Тауар бір"}}' for n in range(200_000))
    with Talk({"large.json": f"[{members}]".encode()}, answer_s=60.0) as talk:
        overview = preview.Overview("tree", is_growing=True)
        while overview.is_growing:
            known, _ = talk.next()
            assert isinstance(known, preview.Known)
            overview = known.overview
        assert (overview.kind, overview.rows) == ("tree", 600_000)
        rows, _ = talk.ask(preview.Read(0, 599_999, 1))
        assert rows == preview.RowsRead(0, 599_999, (preview.Row("name", "Тауар бір", 1, "element"),))


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


def bomb(megabytes: int) -> bytes:
    """Zeros, deflated: so many of them that they fit into no memory."""
    deflate = zlib.compressobj(9, wbits=-15)
    block = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return b"\x78\xda" + block * megabytes + b"\x03\x00"


def test_bombs_in_what_is_attached_or_signed_harm_nobody_else() -> None:
    packed = bomb(4000)
    attached = hostile_pdfs.of_page(
        b"",
        b"<< /Type /Filespec /F (a.xml) /EF << /F 5 0 R >> >>",
        b"<< /Type /EmbeddedFile /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream"
        % (len(packed), packed),
        catalog=b"/Names << /EmbeddedFiles << /Names [(one) 4 0 R] >> >>",
    )
    entities = b"".join(b"<!ENTITY a%d '%b'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    signature = b"<!DOCTYPE a [<!ENTITY a0 'x'>" + entities + b"]><a>&a11;</a>"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.txt", b"a")
        file.writestr("META-INF/signatures0.xml", signature)
        file.writestr("META-INF/signatures1.xml", bytes(100_000_000))
    with Talk({"a.pdf": attached, "b.asice": buffer.getvalue(), "c.txt": b"text"}, answer_s=60.0) as talk:
        known = [talk.next()[0] for _ in range(3)]
        assert [each.overview.kind for each in known] == ["pages", "entries", "text"]  # type: ignore[union-attr]
        assert known[1].overview.signers == ()  # type: ignore[union-attr]
        assert preview.Flag("not-covered", "a.txt") in known[1].overview.flags  # type: ignore[union-attr]
        answer, _ = talk.ask(preview.Enter(0, 0))
        assert isinstance(answer, preview.Unshown)
        assert answer.why in ("too-large", "crashed")
        drawn, _ = talk.ask(preview.Draw(0, 0, 100))
        assert isinstance(drawn, preview.Drawn)
        rows, _ = talk.ask(preview.Read(2, 0, 1))
        assert rows == preview.RowsRead(2, 0, (preview.Row("", "text"),))


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
