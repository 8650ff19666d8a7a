import hashlib
import io
import shutil
import subprocess
from datetime import timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree as ET

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from reportlab.pdfgen.canvas import Canvas

from agent.drawing import attachments
from agent.drawing.attachments import Attachment
from tests.support import cards

FILES = (
    Attachment("Қосымша ӘҒҚҢӨҰҮҺІ.xml", b"<a/>", "original", "application/xml", "құжаттың түпнұсқасы"),
    Attachment("act.cms", bytes(range(256)) * 9, "signature", "application/pkcs7-signature"),
    Attachment("empty.txt", b"", "other", "text/plain; charset=utf-8"),
)


def pdf(files=FILES, *, at=cards.AT, title="Тақырып & заголовок"):
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    attachments.describe(canvas, title=title, program="Qalamsap", language="kk", at=at)
    attachments.attach(canvas, files, at=at)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def needs(program):
    if shutil.which(program) is None:
        pytest.skip(f"needs tool: {program} is not installed")
    return program


def specifications(octets):
    """The file specifications as pyHanko reads them."""
    root = PdfFileReader(io.BytesIO(octets)).root
    names = root["/Names"]["/EmbeddedFiles"]["/Names"]
    found = [names[index] for index in range(len(names))]
    return found[::2], found[1::2], root


def test_poppler_gives_the_same_octets_back_under_the_same_names(tmp_path: Path) -> None:
    (tmp_path / "card.pdf").write_bytes(pdf())
    folder = tmp_path / "out"
    folder.mkdir()
    subprocess.run(
        [needs("pdfdetach"), "-enc", "UTF-8", "-saveall", "-o", folder, tmp_path / "card.pdf"], check=True
    )
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        file.name: file.octets for file in FILES
    }


def test_pdfium_gives_the_same_octets_back() -> None:
    document = pypdfium2.PdfDocument(pdf())
    found = [document.get_attachment(index) for index in range(document.count_attachments())]
    assert [file.get_name() for file in found] == [file.name for file in FILES]
    filled = len(FILES) - 1  # pypdfium2 makes an error of an empty file
    assert [bytes(file.get_data()) for file in found[:filled]] == [file.octets for file in FILES[:filled]]


def test_pyhanko_reads_everything_that_is_said_of_a_file() -> None:
    keys, files, root = specifications(pdf())
    assert keys == ["0001", "0002", "0003"]
    assert [file["/UF"] for file in files] == [file["/F"] for file in files] == [f.name for f in FILES]
    assert [file["/AFRelationship"] for file in files] == ["/Source", "/Supplement", "/Supplement"]
    assert files[0]["/Desc"] == "құжаттың түпнұсқасы"
    streams = [file["/EF"]["/UF"] for file in files]
    assert [stream.data for stream in streams] == [file.octets for file in FILES]
    assert [stream["/Subtype"] for stream in streams] == [f"/{file.media_type}" for file in FILES]
    for stream, file in zip(streams, FILES, strict=True):
        parameters = stream["/Params"]
        assert parameters["/Size"] == len(file.octets)
        assert parameters["/ModDate"] == "D:20261126133000+00'00'"
        checksum = parameters.raw_get("/CheckSum")
        octets = getattr(checksum, "original_bytes", checksum)
        assert octets == hashlib.md5(file.octets).digest()
    assert [entry.get_object()["/UF"] for entry in root["/AF"]] == [file.name for file in FILES]


def test_a_checksum_of_any_octets_comes_out_whole() -> None:
    for number in range(64):
        file = Attachment("a", bytes([number]), "other")
        checksum = specifications(pdf([file]))[1][0]["/EF"]["/F"]["/Params"].raw_get("/CheckSum")
        assert getattr(checksum, "original_bytes", checksum) == hashlib.md5(file.octets).digest()


def test_what_the_document_says_of_itself_is_the_same_in_both_places() -> None:
    reader = PdfFileReader(io.BytesIO(pdf()))
    info = reader.trailer["/Info"]
    text = reader.root["/Metadata"].data.decode()
    tree = ET.fromstring(text[text.index("<x:xmpmeta") : text.index("<?xpacket end")])
    said = {element.tag.rpartition("}")[2]: "".join(element.itertext()).strip() for element in tree.iter()}
    assert info["/Title"] == said["title"] == "Тақырып & заголовок"
    assert info["/Author"] == said["creator"] == info["/Creator"] == said["CreatorTool"] == "Qalamsap"
    assert info["/Producer"] == said["Producer"]
    assert info["/CreationDate"] == info["/ModDate"] == "D:20261126133000+00'00'"
    assert said["CreateDate"] == said["ModifyDate"] == "2026-11-26T13:30:00+00:00"
    assert said["language"] == reader.root["/Lang"] == "kk"
    assert "/Filter" not in reader.root["/Metadata"]


def test_conformance_to_pdf_a_is_not_claimed() -> None:
    assert b"pdfaid" not in PdfFileReader(io.BytesIO(pdf())).root["/Metadata"].data


def test_the_colour_space_is_named_and_enclosed() -> None:
    (intent,) = PdfFileReader(io.BytesIO(pdf())).root["/OutputIntents"]
    assert intent["/OutputConditionIdentifier"] == "sRGB"
    profile = intent["/DestOutputProfile"]
    assert profile["/N"] == 3
    assert profile.data[36:40] == b"acsp"


def test_the_moment_is_told_in_utc_and_the_same_arguments_give_the_same_octets() -> None:
    elsewhere = cards.AT.astimezone(timezone(timedelta(hours=5)))
    assert pdf() == pdf() == pdf(at=elsewhere)
    assert pdf() != pdf(at=cards.AT + timedelta(seconds=1))


def test_without_files_there_is_no_tree_of_names() -> None:
    root = PdfFileReader(io.BytesIO(pdf(()))).root
    assert "/AF" not in root
    assert "/Names" not in root


def test_the_original_comes_first_whatever_the_order_given() -> None:
    signature, original = Attachment("b.cms", b"", "signature"), Attachment("z.pdf", b"", "original")
    other, second = Attachment("a.txt", b"", "other"), Attachment("a.cms", b"", "signature")
    placed = attachments.in_order([other, signature, second, original])
    assert [file.name for file in placed] == ["z.pdf", "b.cms", "a.cms", "a.txt"]


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("act.pdf", "act.pdf"),
        ("Шарт № 5, «Үй».pdf", "Шарт № 5, «Үй».pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\act.pdf", "C__act.pdf"),
        ("a\u202efdp.exe", "a_fdp.exe"),
        ("line\nbreak\x00", "line_break_"),
        ("\udcff.pdf", "_.pdf"),
        ("", "file"),
        (" ... ", "file"),
        ("x" * 400 + ".pdf", "x" * 146 + ".pdf"),
        ("x" * 400, "x" * 150),
        ("x." + "y" * 400, "x." + "y" * 148),
    ],
)
def test_a_name_that_a_system_could_not_save_is_mended(name: str, saved: str) -> None:
    assert attachments.in_order([Attachment(name, b"", "other")])[0].name == saved


def test_two_files_of_one_name_are_told_apart() -> None:
    files = [Attachment(name, b"", "other") for name in ("act.pdf", "ACT.pdf", "act.pdf", "act", "act")]
    assert [file.name for file in attachments.in_order(files)] == [
        "act.pdf", "ACT (2).pdf", "act (3).pdf", "act", "act (2)",
    ]  # fmt: skip


@given(st.lists(st.text(max_size=200), max_size=5), st.text(max_size=50))
def test_any_names_can_be_attached_and_read_back(names, description):
    files = attachments.in_order([Attachment(name, b"x", "other", "", description) for name in names])
    document = pypdfium2.PdfDocument(pdf(files))
    assert [document.get_attachment(i).get_name() for i in range(document.count_attachments())] == [
        file.name for file in files
    ]
    assert len({file.name.casefold() for file in files}) == len(files)


def test_octets_do_not_show_in_a_representation() -> None:
    assert "octets" not in repr(FILES[1])
