import io
import struct
import warnings
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.formats import asic, zip_files
from agent.renderer import archive, recognise, tree
from agent.renderer.archive import ArchiveView
from agent.renderer.base import CannotShow
from protocol import preview
from protocol.preview import Flag, Party, Row
from tests.support import authority, chains, signed_zips

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
ACT = "Акт № 5 от 01.02.2026\nЗаказчик: ТОО «Көкжиек», БИН 150640012341\nИтого: 1 000,00 тенге".encode()


def opened(octets: bytes) -> ArchiveView:
    return ArchiveView(octets, recognise.open_view)


def strict(*files: tuple[str, bytes]) -> bytes:
    return zip_files.write(files, at=AT)


def loose(*files: tuple[str, bytes], comment: bytes = b"", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """As other programs write them: descriptors, extra fields, whatever follows."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as made:
        warnings.simplefilter("ignore")  # of names that stand twice
        for name, content in files:
            made.writestr(name, content)
        made.comment = comment
    return buffer.getvalue()


def test_what_an_archive_holds() -> None:
    shown = opened(strict(("f/акт.txt", ACT), ("b.txt", b"b" * 500)))
    assert shown.read(0, 10) == (
        Row("f/акт.txt", str(len(ACT)), is_entry=True),
        Row("b.txt", "500", is_entry=True),
    )
    assert (shown.enter(0).name, shown.enter(0).octets) == ("акт.txt", ACT)
    overview = shown.overview
    assert (overview.kind, overview.format, overview.rows, overview.why) == ("entries", "ZIP", 2, "")
    assert (overview.facts, overview.parties) == ((), ())  # of two documents none is that of the archive


def test_a_lone_document_speaks_for_the_archive() -> None:
    overview = opened(strict(("акт.txt", ACT), ("META-INF/x", b""))).overview
    assert {fact.name for fact in overview.facts} == {"title", "number", "date", "total"}
    assert overview.parties == (Party("customer", "150640012341", "ТОО «Көкжиек»"),)


def test_a_lone_document_that_is_large_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "FIRST_S", 0.0)
    rows = "".join(f"<r>{number}</r>" for number in range(60_000))
    large = f"<doc>{rows}<total>\u202e17</total></doc>".encode()
    overview = opened(strict(("a.xml", large))).overview
    assert [flag.code for flag in overview.flags] == ["hidden-text"]
    assert overview.why == ""
    monkeypatch.setattr(archive, "_LOOK_S", 0.0)
    overview = opened(strict(("a.xml", large))).overview
    assert (overview.kind, overview.why, overview.flags) == ("entries", "timed-out", ())


def test_a_signed_container_says_who_signed() -> None:
    container = asic.create(authority.signer("p256-individual"), [("акт.txt", ACT)], at=AT)
    overview = opened(container).overview
    assert overview.format == "ASiC"
    assert [signer.iin for signer in overview.signers] == [authority.certificate("p256-individual").iin]
    assert overview.parties
    national = signed_zips.signed([("a.txt", b"a")], chains.person())
    assert (opened(national).overview.format, len(opened(national).overview.signers)) == ("ZIP (signed)", 1)


def test_what_no_signature_names_is_marked_and_flagged() -> None:
    container = asic.create(authority.signer("p256-individual"), [("акт.txt", ACT)], at=AT)
    files = [(entry.name, entry.octets()) for entry in zip_files.read(container).entries]
    shown = opened(strict(*files, ("more.txt", b"more")))
    assert shown.overview.flags == (Flag("not-covered", "more.txt"),)
    kinds = {row.label: row.kind for row in shown.read(0, 50)}
    assert (kinds["акт.txt"], kinds["more.txt"], kinds["mimetype"]) == ("covered", "uncovered", "")
    assert opened(container).overview.flags == ()
    many = opened(strict(*files, *((f"{number}.txt", b"") for number in range(500))))
    assert len(many.overview.flags) == 20


def test_archives_in_archives_are_entered_one_by_one() -> None:
    """Each is opened when it is asked for; the one that is alone in another speaks for it only so deep."""
    inside = strict(("акт.txt", ACT))
    for _ in range(30):
        inside = strict(("a.zip", inside))
    shown = opened(inside)
    assert shown.overview.rows == 1
    assert recognise.open_view("a.zip", shown.enter(0).octets).overview.kind == "entries"


def test_an_office_document_is_none_of_the_signed_kinds() -> None:
    odf = (
        ("mimetype", b"application/vnd.oasis.opendocument.text"),
        ("content.xml", b"<a/>"),
        ("META-INF/manifest.xml", b"<m/>"),
    )
    assert opened(strict(*odf)).overview.format == "ODF"
    signed = opened(strict(*odf, ("META-INF/documentsignatures.xml", b"<a/>")))
    assert signed.overview.format == "ODF"


def test_an_archive_that_can_be_read_in_two_ways_is_shown_and_said_to_be_odd() -> None:
    octets = loose(("a.txt", b"one"), ("a.txt", b"two"))
    shown = opened(octets)
    assert (shown.overview.why, shown.overview.rows) == ("broken", 2)
    assert [shown.enter(number).octets for number in (0, 1)] == [b"one", b"two"]
    assert opened(b"".join((strict(("a", b"a")), b"tail"))).overview.why == "broken"


def test_folders_are_rows_that_can_not_be_entered() -> None:
    shown = opened(loose(("d/", b""), ("d/a", b"a")))
    assert shown.read(0, 2) == (Row("d/", ""), Row("d/a", "1", is_entry=True))
    for row in (0, 2, -1):
        with pytest.raises(CannotShow):
            shown.enter(row)


def encrypted(octets: bytes) -> bytes:
    """With the flag of encryption in both descriptions."""
    local, central = octets.find(b"PK\x03\x04"), octets.find(b"PK\x01\x02")
    changed = bytearray(octets)
    changed[local + 6] |= 1
    changed[central + 8] |= 1
    return bytes(changed)


def test_what_is_locked_has_a_name_and_no_content() -> None:
    shown = opened(encrypted(strict(("secret.txt", b"secret"))))
    assert (shown.overview.why, shown.read(0, 1)[0].label) == ("encrypted", "secret.txt")
    with pytest.raises(CannotShow) as caught:
        shown.enter(0)
    assert caught.value.why == "encrypted"


def with_size(octets: bytes, size: int) -> bytes:
    """An archive of one file that says another size of it."""
    local, central = octets.find(b"PK\x03\x04"), octets.find(b"PK\x01\x02")
    changed = bytearray(octets)
    struct.pack_into("<I", changed, local + 22, size)
    struct.pack_into("<I", changed, central + 24, size)
    return bytes(changed)


def test_bombs_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRY_BYTES", 100_000)
    honest = opened(loose(("big", bytes(3_000_000))))
    assert honest.overview.rows == 1
    for shown in (honest, opened(strict(("big", bytes(range(256)) * 1000)))):
        with pytest.raises(CannotShow) as caught:
            shown.enter(0)
        assert caught.value.why == "too-large"
    with pytest.raises(CannotShow):  # it says less than it is
        opened(with_size(loose(("big", bytes(3_000_000))), 10)).enter(0)


def test_an_archive_of_a_bomb_is_opened_quickly_in_little_memory() -> None:
    """The lone file would be looked into, if it were small: its size is believed no further than that."""
    octets = with_size(loose(("big.txt", bytes(60_000_000))), 1000)
    assert opened(octets).overview.rows == 1


@pytest.mark.parametrize("octets", [b"PK\x03\x04", b"PK\x03\x04" + bytes(100), b"PK\x05\x06" + bytes(10)])
def test_what_is_no_archive(octets: bytes) -> None:
    with pytest.raises(CannotShow):
        opened(octets)


def test_damaged_content_is_not_shown() -> None:
    good = strict(("a.txt", b"act of works " * 50))
    at = good.find(b"a.txt") + 10
    shown = opened(good[:at] + bytes((good[at] ^ 0xFF,)) + good[at + 1 :])
    with pytest.raises(CannotShow) as caught:
        shown.enter(0)
    assert caught.value.why == "broken"


def test_names_that_deceive_are_told_of() -> None:
    shown = opened(loose(("act\u202efdp.exe", b"a")))
    assert shown.overview.flags == (Flag("hidden-text", "act\u202efdp.exe"),)


WORD = (
    '<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>ДОГОВОР № 15 от 01.02.2026</w:t></w:r></w:p>'
    "<w:p><w:r><w:t>Заказчик: ТОО «Көкжиек», БИН </w:t></w:r><w:r><w:t>150640012341</w:t></w:r></w:p></w:body></w:document>"
)
RELATION = '<Relationships><Relationship Type="http://x/oleObject" Target="http://evil/x" TargetMode="External"/></Relationships>'


def test_a_word_document_says_what_stands_in_it() -> None:
    overview = opened(
        loose(
            ("[Content_Types].xml", b"<Types/>"),
            ("word/document.xml", WORD.encode()),
            ("word/_rels/document.xml.rels", RELATION.encode()),
            ("word/vbaProject.bin", b"macro"),
        )
    ).overview
    assert overview.format == "DOCX"
    assert overview.parties == (Party("customer", "150640012341", "ТОО «Көкжиек»"),)
    assert {fact.name: fact.value for fact in overview.facts} == {
        "title": "ДОГОВОР",
        "number": "15",
        "date": "01.02.2026",
    }
    assert overview.flags == (
        Flag("external-reference", "word/_rels/document.xml.rels"),
        Flag("javascript", "word/vbaProject.bin"),
    )


def test_links_of_a_word_document_are_nothing_to_be_wary_of() -> None:
    link = RELATION.replace("oleObject", "hyperlink").encode()
    assert (
        opened(loose(("word/document.xml", WORD.encode()), ("word/_rels/d.rels", link))).overview.flags == ()
    )


def test_much_is_listed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [(f"{number}.txt", b"") for number in range(700)]
    assert len(opened(strict(*files)).read(0, 10_000)) == preview.MAX_ROWS
    monkeypatch.setattr(archive, "MAX_LISTED", 100)
    overview = opened(loose(*files, files[0])).overview
    assert (overview.rows, overview.why) == (100, "too-large")


def test_it_has_no_pages() -> None:
    shown = opened(strict(("a", b"a")))
    for ask in (lambda: shown.draw(0, 1), lambda: shown.read(-1, 1), lambda: shown.read(0, 0)):
        with pytest.raises(CannotShow):
            ask()


_GOOD = loose(("a.txt", b"act of works " * 20), ("b/c.xml", b"<a>1</a>"), comment=b"c")


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(_GOOD) - 1), st.integers(0, 255)), max_size=6),
    st.integers(0, len(_GOOD)),
)
def test_damage_anywhere_is_told_or_does_not_matter(changes: list[tuple[int, int]], length: int) -> None:
    octets = bytearray(_GOOD)
    for at, value in changes:
        octets[at] = value
    try:
        shown = opened(bytes(octets[: max(length, len(_GOOD) - 50)]))
        for number, row in enumerate(shown.read(0, 10)):
            if row.is_entry:
                shown.enter(number)
    except CannotShow:
        pass
