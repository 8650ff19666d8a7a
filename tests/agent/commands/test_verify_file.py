"""`qalamsap verify`."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest

from agent import algorithms
from agent.commands import reading
from agent.formats import cms, cms_build, tsp
from agent.words import sections
from tests.support import authority, making, timestamps
from tests.support.command_line import CommandLine
from tests.support.simulated_authorities import SimulatedAuthorities

CERTIFICATE = authority.certificate("gost2015-individual")
TRUSTED = ("--authority", authority.FOLDER / "ca")
PROFILE = tsp.Profile(tsp.POLICY_GOST_2015, algorithms.SHA256)


@pytest.fixture
def signed(run: CommandLine) -> CommandLine:
    assert run.sign(run.file("act"), "--detached") == 0
    return run


def parts(run: CommandLine) -> tuple[object, ...]:
    """The detached signature of `signed` and its document."""
    return (run.folder / "act.cms", "--document", run.folder / "act")


# --- the verdict --------------------------------------------------------------------------------------------------


def test_what_is_good_as_far_as_it_was_checked_can_not_be_told(signed: CommandLine) -> None:
    assert signed.verify(*parts(signed), *TRUSTED) == 2
    assert signed.out.startswith("Check not complete. ")
    report = signed.report(*parts(signed), *TRUSTED)
    (signer,) = report["signers"]
    assert (report["verdict"], signer["signature"]) == ("indeterminate", "valid")
    assert signer["reasons"] == ["revocation-not-checked"]


def test_another_document_is_invalid(signed: CommandLine) -> None:
    words = (signed.folder / "act.cms", "--document", signed.file("other", b"changed"))
    assert signed.verify(*words) == 1
    assert signed.out.startswith("Check failed. ")
    assert signed.report(*words)["verdict"] == "invalid"


@pytest.mark.parametrize(
    ("faults", "state", "code"),
    [
        ({}, "good", 0),
        ({"ocsp": "unknown", "crl": "http-500"}, "unknown", 2),
        ({"ocsp": "http-500", "crl": "cut-connection"}, "unreachable", 2),
        ({"ocsp": "garbage", "crl": "garbage"}, "unreachable", 2),
    ],
)
def test_good_unknown_and_unreachable_are_different_answers(
    signed: CommandLine, authorities: SimulatedAuthorities, faults: dict[str, str], state: str, code: int
) -> None:
    for service, fault in faults.items():
        authorities.switch(service, fault)
    assert signed.verify(*parts(signed)) == code
    (signer,) = signed.report(*parts(signed))["signers"]
    assert signer["revocation"]["state"] == state
    assert signer["reasons"] == ([] if state == "good" else [f"revocation-{state}"])


def test_a_revoked_certificate_is_invalid_unless_a_timestamp_proves_that_it_was_revoked_later(
    run: CommandLine, authorities: SimulatedAuthorities
) -> None:
    assert run.sign(run.file("act")) == 0
    authorities.revoke(CERTIFICATE, at=authorities.now, reason="superseded")
    run.state_dir = (
        run.folder / "another"
    )  # where nobody learnt a moment ago, while signing, that all was well
    assert run.verify(run.folder / "act.cms") == 1
    assert "revoked on " in run.out
    assert "a new certificate was issued" in run.out
    stamped = run.file("stamped.cms", timestamps.stamped((run.folder / "act.cms").read_bytes()))
    assert run.verify(stamped) == 0
    assert "revoked later, on " in run.out


def test_offline_is_said_and_nobody_is_asked(signed: CommandLine, authorities: SimulatedAuthorities) -> None:
    assert signed.verify(*parts(signed), "--offline") == 2
    assert "It was not checked whether the certificate was revoked." in signed.out
    assert set(authorities.simulator.questions.values()) == {0}


def test_a_server_that_may_not_be_asked_is_named_as_the_reason(
    signed: CommandLine, authorities: SimulatedAuthorities
) -> None:
    signed.network = TRUSTED
    assert signed.verify(*parts(signed)) == 2
    assert "not among those that may be asked here (setting fetch_hosts)" in signed.out
    assert set(authorities.simulator.questions.values()) == {0}


def test_who_has_another_document_is_not_told_to_connect_to_the_internet(signed: CommandLine) -> None:
    assert signed.verify(signed.folder / "act.cms", "--document", signed.file("other"), *TRUSTED) == 2
    assert "internet" in signed.out
    assert signed.verify(signed.folder / "act.cms", "--document", signed.file("other", b"-"), *TRUSTED) == 1
    assert "internet" not in signed.out


def test_answers_are_kept_and_serve_offline(signed: CommandLine, authorities: SimulatedAuthorities) -> None:
    assert signed.verify(*parts(signed)) == 0
    assert signed.verify(*parts(signed), "--offline") == 0
    assert authorities.simulator.questions["ocsp"] == 1


def test_the_purpose_can_be_said(run: CommandLine) -> None:
    assert run.sign(run.file("act"), key="rsa-auth-head") == 0
    for purpose, unsuitable in (("sign", ["key-usage", "extended-key-usage"]), ("identify", [])):
        (signer,) = run.report(run.folder / "act.cms", *TRUSTED, "--purpose", purpose)["signers"]
        assert signer["reasons"] == [*unsuitable, "revocation-not-checked"]


# --- what is given ------------------------------------------------------------------------------------------------


def test_one_file_may_hold_all_authorities(signed: CommandLine) -> None:
    text = "".join(p.read_text("ascii") for p in (*authority.root_paths(), *authority.issuing_paths()))
    together = signed.file("all.pem", text.encode())
    assert signed.report(*parts(signed))["signers"][0]["trust"] is None
    assert signed.report(*parts(signed), "--authority", together)["signers"][0]["trust"]["domain"] == "given"
    assert signed.verify(*parts(signed), "--authority", signed.file("junk.pem", b"junk")) == 5


@pytest.mark.parametrize("command", ["verify", "card"])
@pytest.mark.parametrize("signature_format", ["xml", "wsse"])
def test_what_is_no_xml_is_told_by_file_line_and_column(
    run: CommandLine, command: str, signature_format: str
) -> None:
    broken = run.file("act.xml", b"<a>\n<b></a>")
    words = ("--format", signature_format, "--offline", "--state-dir", run.state_dir)
    assert run(command, broken, *words) == 5
    assert run.err.startswith(f"qalamsap {command}: {broken} can't be read as XML: line 2, column ")


def test_a_bare_signature_needs_its_document_and_one_certificate(
    run: CommandLine, authorities: SimulatedAuthorities
) -> None:
    document = run.file("act")
    assert run.sign(document, "--format", "raw") == 0
    own = run.file("own.cer", CERTIFICATE.der)
    other = run.file("other.pem", authority.certificate("gost2015-head").pem().encode())
    words = (run.folder / "act.sig", "--format", "raw")
    assert run.verify(*words, "--document", document, "--certificate", own) == 0
    assert run.report(*words, "--document", document, "--certificate", own)["format"] == "raw"
    assert run.verify(*words, "--document", document, "--certificate", other) == 1
    assert run.verify(*words, "--document", own, "--certificate", own) == 1
    for lacking in (
        ("--certificate", own),
        ("--document", document),
        ("--document", document, "--certificate", own, "--certificate", other),
    ):
        assert run.verify(*words, *lacking) == 5
    assert run.verify(run.folder / "act.sig") == 5  # nobody can recognise it


def test_a_certificate_that_a_signature_lacks_can_be_given(run: CommandLine) -> None:
    signer = authority.signer("p256-individual")
    message = cms.read(cms.sign(signer, b"act", at=authority.NOW, detached=False))
    octets = cms_build.signed_data(
        digest_algorithms=[each.der for each in message.digest_algorithms],
        content=b"act",
        certificates=[],
        signers=[message.signers[0].encoded],
    )
    bare, own = run.file("bare.cms", octets), run.file("own.cer", signer.certificate.der)
    assert run.report(bare)["signers"][0]["reasons"][0] == "no-certificate"
    assert run.report(bare, "--certificate", own, *TRUSTED)["signers"][0]["reasons"] == [
        "revocation-not-checked"
    ]


def test_a_timestamp_by_itself_is_verified_with_its_document(run: CommandLine) -> None:
    token = run.file("act.tst", timestamps.token(b"act", PROFILE))
    assert run.report(token, "--document", run.file("act"), *TRUSTED)["format"] == "timestamp"
    assert run.verify(token, "--document", run.file("act"), *TRUSTED) == 2
    assert "timestamp (RFC 3161)" in run.out
    assert run.verify(token, "--document", run.file("other", b"other"), *TRUSTED) == 1


@pytest.mark.parametrize("signature_format", ["xml", "pdf", "wsse", "asic"])
def test_a_document_beside_a_file_that_holds_its_own_must_be_that_one(
    run: CommandLine, signature_format: str
) -> None:
    document = run.file(f"act.{signature_format}", making.DOCUMENTS[signature_format])  # type: ignore[index]
    signed = run.folder / "signed"
    assert run.sign(document, "--format", signature_format, "--out", signed) == 0
    assert run.verify(signed) == 2
    assert run.verify(signed, "--document", document if signature_format == "asic" else signed) == 2
    other = run.file("other", b"other")
    assert run.verify(signed, "--document", other) == 1
    assert run.report(signed, "--document", other)["signers"][0]["reasons"][0] == "document-differs"


@pytest.mark.parametrize("content", [b"", b"junk", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_signature_is_bad_input(run: CommandLine, content: bytes) -> None:
    assert run.verify(run.file("x.cms", content)) == 5
    assert run.err.startswith("qalamsap verify: ")


def test_files_that_are_not_there_are_bad_input(signed: CommandLine) -> None:
    assert signed.verify(signed.folder / "none.cms") == 5
    assert signed.verify(signed.folder / "act.cms", "--document", signed.folder / "none") == 5
    assert signed.verify(signed.folder / "act.cms", "--certificate", signed.folder / "none") == 5
    assert signed.verify(signed.folder) == 5


def test_a_document_without_signatures_is_invalid_and_that_is_said(run: CommandLine) -> None:
    assert run.verify(run.file("act.pdf", making.DOCUMENTS["pdf"])) == 1
    assert "There are no signatures here" in run.out


# --- large files --------------------------------------------------------------------------------------------------


@pytest.fixture
def large(run: CommandLine, authorities: SimulatedAuthorities, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A message with a document inside that counts as larger than memory: who reads it whole fails."""
    assert run.sign(run.file("act", b"act" * 1000), "--timestamp") == 0
    message, whole = run.folder / "act.cms", reading.whole
    monkeypatch.setattr(reading, "LARGE_BYTES", 1000)

    def guarded(path: Path, most: int = reading.MAX_BYTES) -> bytes:
        assert path != message, "the message was read whole"
        return whole(path, most)

    monkeypatch.setattr(reading, "whole", guarded)
    return message


def test_a_large_message_is_verified_in_pieces_and_the_report_is_the_same(
    run: CommandLine, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run.verify(large) == 0
    in_pieces = run.report(large)
    assert _without_moments(run.report(large, "--format", "cms")) == _without_moments(in_pieces)
    monkeypatch.undo()
    in_memory = run.report(large)
    assert _without_moments(in_memory) == _without_moments(in_pieces)


def _without_moments(report: dict[str, object]) -> str:
    """When authorities were asked is another moment each time."""
    return re.sub(r'"(verified|checked)_at": "[^"]*"', "", json.dumps(report))


def test_a_large_message_that_was_changed_or_cut_short_is_not_taken(run: CommandLine, large: Path) -> None:
    octets = large.read_bytes()
    large.write_bytes(octets.replace(b"actact", b"actacT", 1))
    assert run.verify(large) == 1
    large.write_bytes(octets[:-1])
    assert run.verify(large) == 5


def test_what_is_large_and_in_another_form_is_read_whole(
    run: CommandLine, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = run.file("act.pem", cms.to_pem(large.read_bytes()).encode())
    assert run.verify(pem) == 0
    token = run.file("act.json", b"a" * 2000)
    assert run.verify(token) == 5


# --- words --------------------------------------------------------------------------------------------------------


@pytest.fixture
def almaty() -> Iterator[None]:
    """The clock of this computer shows the time of Kazakhstan."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "ALMT-5")
        time.tzset()
        yield
    time.tzset()


GOLDEN = """\
Тексеруден өтті. Қолтаңба шынайы. Қол қойылғаннан кейін құжат өзгертілмеген, сертификат қолданыста болған және қайтарып алынбаған.
Түрі: қолтаңба файлы (CMS)
Тексерілген уақыты: <moment>

1. Қолтаңба жарамды
   Кілттің иесі: ҮЛГІБАЕВ ДӘУРЕН МАРАТҰЛЫ
   ЖСН: 123456789012
   Ұйым: ТОО «Сынақ»
   БСН: 123456789021
   Рөлі: заңды тұлға, бірінші басшы
   Кім берген: QALAMSAP TEST CA (GOST 2015)
   Жарамдылық мерзімі: 01.01.2026 – 31.12.2049
   Алгоритмі: ГОСТ 34.10-2015 (512)
   Қол қойылған уақыты: <moment>, қол қоюшының сағаты бойынша
   Уақыт белгісі: <moment>, уақыт белгісімен дәлелденген
   Белгі қойған қызмет: QALAMSAP TEST TIME-STAMPING AUTHORITY (GOST 2015)
   Сенімді орталық: QALAMSAP TEST CA (GOST 2015)
   Орталық осы компьютерде сенімділерге қосылған.
   Қайтарып алу: қайтарып алынбаған, куәландырушы орталықтың жауабы (OCSP)
"""


def golden(run: CommandLine) -> str:
    """What is printed, with the moments of today left out."""
    today = r"\d\d\.\d\d\.20\d\d \d\d:\d\d\u00a0\(UTC\+5\)"
    return re.sub(today, "<moment>", run.out)


def test_the_words_of_a_good_signature_in_kazakh(
    run: CommandLine, authorities: SimulatedAuthorities, almaty: None
) -> None:
    assert run.sign(run.file("act"), "--timestamp", key="gost2015-head") == 0
    assert run.verify(run.folder / "act.cms", "--language", "kk") == 0
    assert golden(run) == GOLDEN


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_no_raw_word_is_shown_whatever_is_found(
    run: CommandLine, authorities: SimulatedAuthorities, language: str
) -> None:
    assert run.sign(run.file("act")) == 0
    stamped = timestamps.stamped((run.folder / "act.cms").read_bytes())
    assert run.sign(run.file("act.pdf", making.DOCUMENTS["pdf"]), "--format", "pdf") == 0
    files = (
        run.folder / "act.cms",
        run.file("stamped.cms", stamped),
        run.file("damaged.cms", stamped[:-1] + bytes((stamped[-1] ^ 1,))),
    )
    other = run.file("other", b"other")
    printed = ""
    for fault in ("none", "http-500", "unknown"):
        authorities.switch("ocsp", fault)
        authorities.switch("crl", "none" if fault == "none" else "http-500")
        ways = [(file, *words) for file in files for words in ((), ("--document", other))]
        for words in (*ways, (files[0], "--purpose", "identify"), (run.folder / "act.signed.pdf",)):
            assert run.verify(*words, "--language", language) in (0, 1, 2)
            printed += run.out
    run.network = ("--offline",)
    run.verify(files[0], "--language", language)
    printed += run.out
    raw = {word for word in sections.SECTIONS if "-" in word} | {
        "indeterminate",
        "not-checked",
        "unreachable",
    }
    assert [word for word in raw if word in printed] == []
    assert "None" not in printed
    assert "(given)" not in printed


def test_of_a_document_that_is_signed_in_part_it_is_not_said_that_it_did_not_change(
    run: CommandLine, authorities: SimulatedAuthorities
) -> None:
    document = run.file("act.xml", b'<act><sum Id="s">1</sum><rest>2</rest></act>')
    assert run.sign(document, "--format", "xml", "--element", "/act/sum", "--parent", "/act") == 0
    signed = run.folder / "act.signed.xml"
    signed.write_bytes(signed.read_bytes().replace(b"<rest>2", b"<rest>3"))  # nobody signed this
    assert run.verify(signed) == 0
    assert "that is not the whole document" in run.out
    assert "has not changed" not in run.out
    assert "Signed part: #s" in run.out
    assert run.verify(signed, "--json") == 0
    assert json.loads(run.out)["is_partial"] is True
    target = run.folder / "card.pdf"
    assert run("card", signed, "--out", target, "--state-dir", run.state_dir, *run.network) == 0
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(target))
    assert "that is not the whole document" in " ".join(text.split())
