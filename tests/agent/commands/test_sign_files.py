"""`qalamsap sign`."""

import dataclasses
import errno
import getpass
import json
import os
from pathlib import Path
from typing import Any

import pytest

from agent import paths
from agent.commands import reading, sign_files
from agent.formats import cms, jws
from agent.formats.pdf import pades
from agent.journal import Journal
from agent.operations import sign
from protocol.messages import Signed, SignRequest
from tests.support import authority, making, pdfs, policies
from tests.support.command_line import CommandLine
from tests.support.simulated_authorities import SimulatedAuthorities


def evidence(path: Path, content: bytes | None = None) -> list[str]:
    return [each.signature for each in cms.verify(cms.read(path.read_bytes()), content)]


@pytest.mark.parametrize(
    "key", ["gost2015-individual", "gost2004-head", "rsa-sign-individual", "p256-individual"]
)
def test_a_file_is_signed_with_every_kind_of_key(run: CommandLine, key: str) -> None:
    document = run.file("act.pdf", b"%PDF act")
    assert run.sign(document, key=key) == 0
    target = run.folder / "act.pdf.cms"
    assert run.out == f"{target}\n"
    assert cms.read(target.read_bytes()).content == b"%PDF act"
    assert evidence(target) == ["valid"]


def test_a_detached_signature_does_not_hold_the_document(run: CommandLine) -> None:
    assert run.sign(run.file("act"), "--detached", "--out", run.folder / "a.cms") == 0
    assert cms.read((run.folder / "a.cms").read_bytes()).content is None
    assert evidence(run.folder / "a.cms", b"act") == ["valid"]
    assert evidence(run.folder / "a.cms", b"another") == ["invalid"]


def test_a_signer_is_added_to_a_signature(run: CommandLine) -> None:
    assert run.sign(run.file("act")) == 0
    assert (
        run.sign(run.folder / "act.cms", "--cosign", "--out", run.folder / "two.cms", key="rsa-sign-head")
        == 0
    )
    assert evidence(run.folder / "two.cms") == ["valid", "valid"]
    assert cms.read((run.folder / "two.cms").read_bytes()).content == b"act"


def test_what_is_no_signature_or_a_detached_one_gets_no_second_signer(run: CommandLine) -> None:
    assert run.sign(run.file("act"), "--cosign") == 5
    assert run.sign(run.file("act"), "--detached") == 0
    assert run.sign(run.folder / "act.cms", "--cosign", "--out", run.folder / "two.cms") == 5
    assert not (run.folder / "two.cms").exists()


def test_pem_is_text(run: CommandLine) -> None:
    assert run.sign(run.file("act"), "--pem") == 0
    assert (run.folder / "act.cms").read_text("ascii").startswith("-----BEGIN CMS-----\n")


def test_several_files_go_into_a_folder_that_is_made(run: CommandLine) -> None:
    out = run.folder / "signed" / "today"
    assert run.sign(run.file("a.txt"), run.file("b.txt"), "--out", out) == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.txt.cms", "b.txt.cms"]
    assert [line["count"] for line in map(vars_of, Journal(run.state_dir / "journal.jsonl").recent(5))] == [2]


def vars_of(receipt: Any) -> dict[str, Any]:
    return {"count": receipt.count}


def test_one_file_goes_into_a_folder_that_is_there(run: CommandLine) -> None:
    (run.folder / "signed").mkdir()
    assert run.sign(run.file("a.txt"), "--out", run.folder / "signed") == 0
    assert (run.folder / "signed" / "a.txt.cms").exists()


def test_a_named_place_is_replaced_and_a_place_we_chose_is_not(run: CommandLine) -> None:
    document, target = run.file("a.txt"), run.file("a.txt.cms", b"old")
    assert run.sign(document) == 5
    assert "exists" in run.err
    assert target.read_bytes() == b"old"
    assert run.sign(document, "--out", target) == 0
    assert evidence(target) == ["valid"]


def test_places_that_make_no_sense_are_refused_before_the_password_is_asked(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda _: pytest.fail("the password was asked"))
    document, other = run.file("a.txt"), run.file("below/a.txt")
    key = ("--key", authority.path("gost2015-individual"), "--state-dir", run.state_dir)
    assert run("sign", document, other, "--out", run.folder / "out", *key) == 5  # two of one name
    assert run("sign", document, "--out", document, *key) == 5  # the document itself
    assert run("sign", document, run.file("b.txt"), "--out", run.file("file"), *key) == 5
    assert "is no folder" in run.err
    assert run("sign", document, "--out", "/dev/null", *key) == 5
    assert run("sign", run.folder / "missing", *key) == 5
    assert Path("/dev/null").is_char_device()
    assert not (run.folder / "out").exists()


def test_where_a_link_stands_what_it_leads_to_is_replaced(run: CommandLine) -> None:
    place = run.file("elsewhere/real.cms", b"old")
    link = run.folder / "link.cms"
    link.symlink_to(place)
    assert run.sign(run.file("a.txt"), "--out", link) == 0
    assert link.is_symlink()
    assert evidence(place) == ["valid"]


def test_a_link_that_leads_nowhere_takes_a_name_too(run: CommandLine) -> None:
    document, elsewhere = run.file("act.pdf"), run.folder / "elsewhere"
    (run.folder / "act.pdf.cms").symlink_to(elsewhere)
    assert run.sign(document) == 5
    assert not elsewhere.exists()


@pytest.mark.parametrize("flags", [(), ("--free-name",)])
@pytest.mark.parametrize("planted", ["link", "file"])
def test_what_takes_the_name_meanwhile_is_not_replaced_and_no_signature_is_lost(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], planted: str
) -> None:
    document, theirs, place = run.file("act.pdf"), run.file("theirs", b"theirs"), run.folder / "act.pdf.cms"
    real = sign.sign

    def plant(request: SignRequest, approval: Any) -> Signed:
        place.symlink_to(theirs) if planted == "link" else place.write_bytes(b"theirs")
        return real(request, approval)

    monkeypatch.setattr(sign, "sign", plant)
    assert run.sign(document, *flags) == 0
    assert place.read_bytes() == theirs.read_bytes() == b"theirs"
    assert run.out == f"{run.folder / 'act.pdf (2).cms'}\n"
    assert evidence(run.folder / "act.pdf (2).cms") == ["valid"]


def test_names_that_are_taken_again_and_again_are_given_up(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, taken = run.file("act.pdf"), run.file("taken.cms")
    real = sign.sign

    def plant(request: SignRequest, approval: Any) -> Signed:
        (run.folder / "act.pdf.cms").write_bytes(b"theirs")
        return real(request, approval)

    monkeypatch.setattr(sign, "sign", plant)
    monkeypatch.setattr(paths, "free", lambda _: taken)
    assert run.sign(document) == 7
    assert taken.read_bytes() != b""
    assert not list(run.folder.glob(".*"))


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, target = run.file("a.txt"), run.file("out/a.cms", b"old")
    real = os.fsync

    def full(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().parent == target.parent:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    assert run.sign(document, "--out", target) == 7
    assert "No space left" in run.err
    assert [path.name for path in target.parent.iterdir()] == ["a.cms"]
    assert target.read_bytes() == b"old"


def full_for(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """From now on there is no room for files of these names."""
    real = paths.replacing

    def replacing(path: Path, **more: Any) -> Any:
        if path.name in names:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, **more)

    monkeypatch.setattr(paths, "replacing", replacing)


def test_a_signature_that_can_not_be_written_keeps_no_other_from_it(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_for(monkeypatch, "b.txt.cms", "c.txt.cms")
    files = [run.file(f"{name}.txt", name.encode()) for name in "abcd"]
    assert run.sign(*files) == 7
    assert run.out.splitlines() == [f"{files[0]}.cms", f"{files[3]}.cms"]
    assert run.err.splitlines()[-2:] == [
        f"qalamsap sign: {files[2]}.cms can't be written: No space left on device",
        f"qalamsap sign: {files[1]}.cms can't be written: No space left on device",
    ]
    for name in "ad":
        assert evidence(run.folder / f"{name}.txt.cms") == ["valid"]
    assert not (run.folder / "b.txt.cms").exists()


def test_a_program_is_told_which_file_was_not_written(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_for(monkeypatch, "b.txt.cms")
    files = [run.file(f"{name}.txt") for name in "abc"]
    assert run.sign(*files, "--json") == 7
    told = [json.loads(line) for line in run.out.splitlines()]
    assert [(each["event"], each.get("file")) for each in told if each["event"] != "progress"] == [
        ("signed", str(files[0])), ("failed", str(files[1])), ("signed", str(files[2])), ("error", str(files[1])),
    ]  # fmt: skip
    assert {each["code"] for each in told if "code" in each} == {"storage-failed"}


ENCRYPTED = pdfs.build(
    [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages >>"], trailer=b" /Encrypt 2 0 R"
)


@pytest.mark.parametrize(("signature_format", "bad"), [("xml", b"<act><sum></act>"), ("pdf", ENCRYPTED)])
def test_of_many_files_the_one_that_can_not_be_signed_is_named(
    run: CommandLine, signature_format: str, bad: bytes
) -> None:
    good = making.DOCUMENTS[signature_format]  # type: ignore[index]
    files = [run.file(f"{number}.x", bad if number == 7 else good) for number in range(20)]
    assert run.sign(*files, "--format", signature_format, "--json") in (5, 7)
    (told,) = [json.loads(line) for line in run.out.splitlines()]
    assert (told["event"], told["file"]) == ("error", str(files[7]))
    assert str(files[7]) in run.err
    assert not list(run.folder.glob("*.signed.x"))


def test_a_window_is_not_asked_about_more_files_than_it_shows(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_files, "MAX_DOCUMENTS", 2)
    files = [run.file(name) for name in "abc"]
    assert run("sign", *files, "--window", "--state-dir", run.state_dir) == 5
    assert "at most 2 files at once" in run.err


@pytest.mark.parametrize(
    ("key", "password", "code"),
    [
        ("gost2015-individual", "Qwerty13", 3),
        ("gost2015-individual", "", 3),
        ("broken-text", "Qwerty12", 5),
        ("broken-cut", "Qwerty12", 5),
        ("unsupported-gt", "Qwerty12", 6),
    ],
)
def test_the_exit_code_says_what_was_wrong_with_the_key(
    run: CommandLine, key: str, password: str, code: int
) -> None:
    assert run.sign(run.file("a.txt"), key=key, password=password) == code
    assert run.err.startswith("qalamsap sign: ")
    assert ("wrong password" in run.err) == (code == 3)
    assert "Traceback" not in run.err
    assert not (run.folder / "a.txt.cms").exists()
    assert password == "" or password not in run.out + run.err


def test_a_key_file_that_is_not_there_is_bad_input(run: CommandLine) -> None:
    words = ("--key", run.folder / "none.p12", "--password-stdin", "--state-dir", run.state_dir)
    assert run("sign", run.file("a.txt"), *words, stdin=b"x\n") == 5


def test_an_unknown_key_of_several_is_unsuitable_and_a_named_one_is_used(run: CommandLine) -> None:
    assert run.sign(run.file("a.txt"), "--key-id", "ffff", key="two-keys") == 6
    assert run.sign(run.file("a.txt"), key="two-keys") == 0
    assert "several keys" in run.err


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, EOFError])
def test_an_interrupted_question_is_cancelled(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    def interrupt(_: str) -> str:
        raise interruption

    monkeypatch.setattr(getpass, "getpass", interrupt)
    key = ("--key", authority.path("gost2015-individual"), "--state-dir", run.state_dir)
    assert run("sign", run.file("a.txt"), *key) == 4
    assert not (run.folder / "a.txt.cms").exists()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("gost2015-individual-expired", "has expired"),
        ("gost2015-individual-future", "is not valid yet"),
        ("rsa-auth-individual", "is not meant for signing"),
        ("gost2015-individual", "an authority that this agent does not know"),
    ],
)
def test_a_doubtful_certificate_is_warned_of_and_signs(run: CommandLine, key: str, words: str) -> None:
    assert run.sign(run.file("a.txt"), key=key) == 0
    assert words in run.err
    assert words not in run.out
    assert evidence(run.folder / "a.txt.cms") == ["valid"]


def test_records_that_can_not_be_written_stop_the_signature(run: CommandLine) -> None:
    run.file("state", b"a file where the folder should be")
    assert run.sign(run.file("a.txt")) == 7
    assert not (run.folder / "a.txt.cms").exists()


def test_neither_document_nor_password_is_kept(run: CommandLine) -> None:
    assert run.sign(run.file("a.txt", b"the secret deed")) == 0
    kept = b"".join(path.read_bytes() for path in run.state_dir.iterdir() if path.is_file())
    assert b"secret deed" not in kept
    assert b"Qwerty12" not in kept


# --- formats ------------------------------------------------------------------------------------------------------

NAMES = {
    "cms": ("act.txt", "act.txt.cms"),
    "raw": ("act.txt", "act.txt.sig"),
    "jws": ("act.json", "act.json.jws"),
    "asic": ("act.txt", "act.txt.asice"),
    "xml": ("act.xml", "act.signed.xml"),
    "wsse": ("act.xml", "act.signed.xml"),
    "pdf": ("act.pdf", "act.signed.pdf"),
}


def test_every_format_is_offered() -> None:
    assert set(sign_files.FORMATS) == set(NAMES) == set(making.DOCUMENTS)


@pytest.mark.parametrize("signature_format", NAMES)
def test_each_format_is_made_under_its_name_and_verified(
    run: CommandLine, authorities: SimulatedAuthorities, signature_format: str
) -> None:
    name, target = NAMES[signature_format]
    document = run.file(name, making.DOCUMENTS[signature_format])  # type: ignore[index]
    assert run.sign(document, "--format", signature_format) == 0
    assert run.out == f"{run.folder / target}\n"
    words: tuple[object, ...] = (run.folder / target,)
    if signature_format == "raw":
        certificate = run.file("own.cer", authority.certificate("gost2015-individual").der)
        words = (*words, "--format", "raw", "--document", document, "--certificate", certificate)
    assert run.verify(*words) == 0
    report = run.report(*words)
    assert (report["format"], report["verdict"]) == (signature_format, "valid")


@pytest.mark.parametrize(
    "words",
    [
        ("--format", "xml", "--detached"),
        ("--format", "xml", "--pem"),
        ("--format", "jws", "--timestamp"),
        ("--format", "wsse", "--timestamp", "if-possible"),
        ("--format", "asic", "--cosign"),
        ("--stamp",),
        ("--format", "pdf", "--stamp", "0"),
        ("--element", "/a", "--parent", "/b"),
        ("--format", "xml", "--element", "/a"),
        ("--format", "xml", "--parent", "/a"),
        ("--document", "act.txt"),
        ("--format", "raw", "--cosign", "--document", "act.txt"),
    ],
)
def test_flags_that_do_not_go_together_are_told_before_the_password_is_asked(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda _: pytest.fail("the password was asked"))
    key = ("--key", authority.path("gost2015-individual"), "--state-dir", run.state_dir)
    assert run("sign", run.file("act.txt"), *key, *words) == 5
    assert any(flag in run.err for flag in words if flag.startswith("--"))


@pytest.mark.parametrize("signature_format", ["xml", "wsse", "pdf"])
def test_what_can_not_be_signed_is_told_before_the_password_is_asked(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, signature_format: str
) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda _: pytest.fail("the password was asked"))
    key = ("--key", authority.path("gost2015-individual"), "--state-dir", run.state_dir)
    assert run("sign", run.file("act.xml", b"junk"), *key, "--format", signature_format) == 5
    assert not (run.state_dir / "journal.jsonl").exists()


@pytest.mark.parametrize("signature_format", ["xml", "wsse"])
def test_what_is_no_xml_is_told_by_file_line_and_column(run: CommandLine, signature_format: str) -> None:
    good, broken = (
        run.file("good.xml", making.DOCUMENTS[signature_format]),
        run.file("act.xml", b"<a>\n<b></a>"),
    )
    assert run.sign(good, broken, "--format", signature_format) == 5
    assert run.err.startswith(f"qalamsap sign: {broken} can't be read as XML: line 2, column ")
    assert not (run.folder / "good.signed.xml").exists()


def test_one_element_of_an_xml_document_is_signed(run: CommandLine) -> None:
    document = run.file("act.xml", making.XML)
    words = ("--format", "xml", "--element", "//*[@Id='one']", "--parent", "//*[@Id='two']")
    assert run.sign(document, *words) == 0
    (signer,) = run.report(run.folder / "act.signed.xml")["signers"]
    assert (signer["signature"], signer["covers"]) == ("valid", "#one")


def test_the_layout_of_xml_can_be_chosen(run: CommandLine) -> None:
    document = run.file("act.xml", making.XML)
    for layout in ("lines", "compact"):
        out = run.folder / f"{layout}.xml"
        assert run.sign(document, "--format", "xml", "--xml-layout", layout, "--out", out) == 0
    assert b"<ds:SignedInfo><" in (run.folder / "compact.xml").read_bytes()
    assert b"<ds:SignedInfo><" not in (run.folder / "lines.xml").read_bytes()


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_pdf_is_stamped_on_the_page_that_was_named(run: CommandLine, language: str) -> None:
    document = run.file("act.pdf", making.DOCUMENTS["pdf"])
    out = run.folder / "out.pdf"
    assert run.sign(document, "--format", "pdf", "--stamp", "1", "--language", language, "--out", out) == 0
    assert [each.signature for each in pades.verify(out.read_bytes())] == ["valid"]
    assert run.sign(document, "--format", "pdf", "--stamp", "2", "--out", out) == 5
    assert run.sign(document, "--format", "pdf", "--stamp", "--out", out) == 0


def test_a_detached_token_needs_its_document(run: CommandLine) -> None:
    document = run.file("act.json", b"{}")
    assert run.sign(document, "--format", "jws", "--detached") == 0
    token = run.folder / "act.json.jws"
    assert jws.read(token.read_bytes()).payload is None
    assert run.report(token, "--document", document)["signers"][0]["signature"] == "valid"
    assert run.report(token)["signers"][0]["signature"] == "unchecked"


# --- timestamps ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signature_format", ["cms", "pdf", "asic"])
def test_a_timestamp_is_asked_for_and_proves_the_moment(
    run: CommandLine, authorities: SimulatedAuthorities, signature_format: str
) -> None:
    name, target = NAMES[signature_format]
    document = run.file(name, making.DOCUMENTS[signature_format])  # type: ignore[index]
    assert run.sign(document, "--format", signature_format, "--timestamp") == 0
    (signer,) = run.report(run.folder / target)["signers"]
    assert (signer["verdict"], signer["judged_at"]["basis"]) == ("valid", "timestamp")
    assert authorities.simulator.questions["tsp"] == 1


@pytest.mark.parametrize("fault", ["http-500", "garbage", "wrong-nonce", "expired"])
def test_without_the_timestamp_nothing_is_written(
    run: CommandLine, authorities: SimulatedAuthorities, fault: str
) -> None:
    authorities.switch("tsp", fault)
    assert run.sign(run.file("act.txt"), "--timestamp") == 7
    assert run.err.startswith("qalamsap sign: ")
    assert not (run.folder / "act.txt.cms").exists()


def test_if_possible_keeps_the_signature_and_says_what_it_lacks(
    run: CommandLine, authorities: SimulatedAuthorities
) -> None:
    authorities.switch("tsp", "http-500")
    document = run.file("act.txt")
    assert run.sign(document, "--timestamp", "if-possible") == 0
    target = run.folder / "act.txt.cms"
    assert f"{target} has no timestamp" in run.err
    assert f"qalamsap timestamp {target}" in run.err
    assert evidence(target) == ["valid"]
    authorities.switch("tsp", "none")
    assert run("timestamp", target, "--state-dir", run.state_dir, *run.network, *run.stamping) == 0
    assert run.report(target)["signers"][0]["judged_at"]["basis"] == "timestamp"
    assert run.sign(document, "--timestamp", "if-possible", "--out", target) == 0
    assert "no timestamp" not in run.err


# --- more signers -------------------------------------------------------------------------------------------------


def test_a_signer_is_added_to_a_detached_signature_with_its_document(
    run: CommandLine, authorities: SimulatedAuthorities
) -> None:
    document = run.file("act")
    assert run.sign(document, "--detached", "--timestamp") == 0
    words = ("--cosign", "--document", document, "--timestamp", "--out", run.folder / "two.cms")
    assert run.sign(run.folder / "act.cms", *words, key="gost2004-head") == 0
    assert evidence(run.folder / "two.cms", b"act") == ["valid", "valid"]
    assert authorities.simulator.questions["tsp"] == 2
    assert run.verify(run.folder / "two.cms", "--document", document) == 0


def test_another_document_can_not_be_joined_unnoticed(run: CommandLine) -> None:
    """What is added is a good signature over another document: verification says that the older one is bad."""
    assert run.sign(run.file("act"), "--detached") == 0
    words = ("--cosign", "--document", run.file("other", b"other"), "--out", run.folder / "two.cms")
    assert run.sign(run.folder / "act.cms", *words, key="gost2004-head") == 0
    assert sorted(evidence(run.folder / "two.cms", b"other")) == ["invalid", "valid"]


def test_a_document_beside_a_signature_that_holds_it_is_a_mistake(run: CommandLine) -> None:
    document = run.file("act")
    assert run.sign(document) == 0
    words = ("--cosign", "--document", document, "--out", run.folder / "two.cms")
    assert run.sign(run.folder / "act.cms", *words) == 5
    assert "holds its document" in run.err


# --- large documents ----------------------------------------------------------------------------------------------

LARGE = "құжат, a document ".encode() * 3000


@pytest.fixture
def large(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A document that counts as larger than memory: who reads it whole fails."""
    document, whole = run.file("large.zip", LARGE), reading.whole
    monkeypatch.setattr(reading, "LARGE_BYTES", 1000)

    def guarded(path: Path, most: int = reading.MAX_BYTES) -> bytes:
        assert path != document, "the document was read whole"
        return whole(path, most)

    monkeypatch.setattr(reading, "whole", guarded)
    return document


def shape(message: bytes) -> tuple[Any, ...]:
    """All that does not change from one signature to the next of the same key over the same document."""
    read = cms.read(message)
    return (
        len(message), read.version, read.content, read.content_type, read.certificates_der,
        [each.der for each in read.digest_algorithms], [signer.message_digest for signer in read.signers],
    )  # fmt: skip


@pytest.mark.parametrize("key", ["rsa-sign-head", "gost2015-individual", "gost2004-head"])
def test_a_large_document_is_streamed_into_what_is_made_in_memory(
    run: CommandLine, large: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run.sign(large, key=key) == 0
    assert run.out == f"{large}.cms\n"
    streamed = (run.folder / "large.zip.cms").read_bytes()
    assert evidence(run.folder / "large.zip.cms") == ["valid"]
    monkeypatch.undo()
    again = CommandLine(run.folder / "again", monkeypatch, run._capsys)
    assert again.sign(again.file("large.zip", LARGE), key=key) == 0
    assert shape((again.folder / "large.zip.cms").read_bytes()) == shape(streamed)


def test_a_large_document_is_signed_apart(run: CommandLine, large: Path) -> None:
    assert run.sign(large, "--detached") == 0
    assert evidence(run.folder / "large.zip.cms", LARGE) == ["valid"]
    assert run.verify(run.folder / "large.zip.cms", "--document", large) == 2


def test_a_large_document_gets_its_timestamp_and_a_second_signer(
    run: CommandLine, large: Path, authorities: SimulatedAuthorities
) -> None:
    assert run.sign(large, "--timestamp") == 0
    assert run.verify(run.folder / "large.zip.cms") == 0
    apart = run.folder / "apart.cms"
    assert run.sign(large, "--detached", "--timestamp", "--out", apart) == 0
    words = ("--cosign", "--document", large, "--timestamp", "--out", run.folder / "two.cms")
    assert run.sign(apart, *words, key="rsa-sign-head") == 0
    assert run.verify(run.folder / "two.cms", "--document", large) == 0


def test_small_documents_beside_a_large_one_are_signed_alike(run: CommandLine, large: Path) -> None:
    small, out = run.file("small.txt", b"small"), run.folder / "out"
    assert run.sign(large, small, "--out", out) == 0
    assert cms.read((out / "small.txt.cms").read_bytes()).content == b"small"
    assert cms.read((out / "large.zip.cms").read_bytes()).content == LARGE


@pytest.mark.parametrize("later", [LARGE[:-1] + b"?", LARGE[:-1], LARGE + b"?", b""], ids=len)
def test_a_large_document_that_changes_after_it_was_hashed_gets_no_signature(
    run: CommandLine, large: Path, monkeypatch: pytest.MonkeyPatch, later: bytes
) -> None:
    real = sign.sign

    def sign_and_change(request: SignRequest, approval: Any) -> Signed:
        signed = real(request, approval)
        large.write_bytes(later)
        return signed

    monkeypatch.setattr(sign, "sign", sign_and_change)
    assert run.sign(large) == 5
    assert "may have changed meanwhile" in run.err
    assert sorted(path.name for path in run.folder.iterdir()) == ["large.zip", "state"]


def test_a_full_disk_leaves_nothing_of_a_large_signature(
    run: CommandLine, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def full(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().parent == run.folder:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    assert run.sign(large) == 7
    assert f"{large}.cms can't be written: No space left" in run.err
    assert sorted(path.name for path in run.folder.iterdir()) == ["large.zip", "state"]


def test_a_large_document_that_is_gone_is_bad_input(run: CommandLine) -> None:
    assert run.sign(run.folder / "none.zip") == 5
    assert "none.zip can't be read: No such file" in run.err


# --- documents that the person takes out --------------------------------------------------------------------------


def test_a_file_that_the_person_leaves_out_gets_no_signature_and_the_others_get_theirs(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, requests = sign.sign, []

    def sign_without_the_second(request: SignRequest, approval: Any) -> Signed:
        requests.append(request)
        signed = real(request, approval)
        kept = (signed.signatures[0], signed.signatures[2])
        return dataclasses.replace(signed, signatures=kept, left_out=(1,))

    monkeypatch.setattr(sign, "sign", sign_without_the_second)
    files = [run.file(f"{name}.txt", name.encode()) for name in ("one", "two", "three")]
    assert run.sign(*files) == 0
    assert requests[0].may_leave_out
    assert f"{files[1]} was left out" in run.err
    assert run.out.splitlines() == [f"{files[0]}.cms", f"{files[2]}.cms"]
    assert cms.read((run.folder / "three.txt.cms").read_bytes()).content == b"three"
    assert not (run.folder / "two.txt.cms").exists()


def test_small_documents_beside_a_large_one_can_be_looked_into(
    run: CommandLine, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, requests = sign.sign, []

    def keep(request: SignRequest, approval: Any) -> Signed:
        requests.append(request)
        return real(request, approval)

    monkeypatch.setattr(sign, "sign", keep)
    files = [large, run.file("a", b"a" * 600), run.file("b", b"b" * 600)]
    assert run.sign(*files, "--out", run.folder / "out") == 0
    assert [each.octets for each in requests[0].large] == [None, b"a" * 600, None]  # there is room for 1000


def test_where_a_name_is_taken_the_next_free_one_is_found(run: CommandLine) -> None:
    document, taken = run.file("act.pdf"), run.file("act.pdf.cms", b"somebody's")
    assert run.sign(document, "--free-name") == 0
    assert run.out == f"{run.folder / 'act.pdf (2).cms'}\n"
    assert taken.read_bytes() == b"somebody's"
    out = run.folder / "out"
    out.mkdir()
    assert run.sign(run.file("a.txt"), run.file("below/a.txt"), "--free-name", "--out", out) == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.txt (2).cms", "a.txt.cms"]


def test_a_cosigned_file_keeps_its_name_where_names_may_be_changed(run: CommandLine) -> None:
    assert run.sign(run.file("act")) == 0
    assert run.sign(run.folder / "act.cms", "--cosign", "--free-name", key="rsa-sign-head") == 0
    assert evidence(run.folder / "act (2).cms") == ["valid", "valid"]


def test_a_program_is_told_of_every_step(run: CommandLine) -> None:
    one, two = run.file("a.txt"), run.file("b.txt")
    assert run.sign(one, two, "--json") == 0
    events = [json.loads(line) for line in run.out.splitlines()]
    assert [event for event in events if event["event"] == "signed"] == [
        {"event": "signed", "file": str(path), "signature": f"{path}.cms", "lacks_timestamp": False}
        for path in (one, two)
    ]
    assert events[1] == {"event": "progress", "done": 2, "total": 2}
    assert run.sign(one, "--json", "--free-name", password="wrong") == 3
    assert json.loads(run.out)["code"] == "wrong-password"


# --- under a policy -------------------------------------------------------------------------------------------------


def test_commands_keep_to_the_policy(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = policies.placed(run.folder, monkeypatch)
    deed, other = run.file("deed.txt", b"deed"), run.file("other.txt", b"other")
    policies.write(policy, 'formats = ["pdf"]\n')
    assert run.sign(deed) == 7
    assert "formats" in run.err
    policies.write(policy, "max_documents = 1\n")
    assert run.sign(deed, other) == 7
    assert "max_documents" in run.err
    policies.write(policy, f'only_key_folders = true\nkey_folders = ["{run.folder}/keys"]\n')
    assert run.sign(deed) == 7
    assert "only_key_folders" in run.err
    policies.write(
        policy, 'formats = ["cms"]\nmax_documents = 1\nrequire_preview = true\nforbid_hash_only = true\n'
    )
    assert run.sign(deed) == 0  # who gives the command named the file


def test_with_a_broken_policy_commands_sign_nothing_and_name_the_file(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = policies.placed(run.folder, monkeypatch)
    policies.write(policy, "lock_orgins = true\n")
    assert run.sign(run.file("deed.txt", b"deed")) == 7
    assert f"{policy}: unknown setting 'lock_orgins'" in run.err
    assert not (run.folder / "deed.txt.cms").exists()


def test_the_journal_lies_where_the_policy_says(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = policies.placed(run.folder, monkeypatch)
    policies.write(policy, f'journal_path = "{run.folder}/journals/{{user}}/journal.jsonl"\n')
    assert run.sign(run.file("deed.txt", b"deed")) == 0
    place = run.folder / "journals" / paths.account() / "journal.jsonl"
    assert place.exists()
    assert not (run.state_dir / "journal.jsonl").exists()
    assert run("history", "--verify", "--state-dir", run.state_dir) == 0
    assert run("history", "--json", "--state-dir", run.state_dir) == 0
    assert Journal(place).verify_chain() == len(place.read_bytes().splitlines())
    assert run.out.strip()
