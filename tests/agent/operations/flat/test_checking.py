"""Yes, no or "can't be told"."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from agent.errors import BadInput, FileUnusable, StorageFailed, WrongPassword
from agent.formats import cms, raw
from agent.formats.xml import sign as xml_sign
from agent.journal import Journal
from agent.operations import named_file
from agent.operations.flat import checking
from agent.operations.named_file import FileNotChosen
from agent.user.base import PageLeft
from protocol.flat_messages import CheckBareRequest, CheckRequest, DigestRequest
from tests.support import authority, named_keys, people, simulated_authorities
from tests.support.named_keys import PERSON

DOCUMENT = b"an act"


def signed(name: str = PERSON, document: bytes = DOCUMENT, *, detached: bool = True) -> bytes:
    made = cms.sign(authority.signer(name), document, at=authority.NOW, detached=detached)
    return base64.b64encode(made)


def holds(folder: Path, wanted: CheckRequest, *steps: people.Step, **more: Any) -> bool | None:
    return checking.check(wanted, named_keys.approval(folder, *steps, **more)).holds


def check(folder: Path, signature: bytes, document: bytes | None = DOCUMENT, **more: Any) -> bool | None:
    return holds(folder, CheckRequest("cms", signature, document), **more)


@pytest.mark.parametrize("name", [PERSON, "gost2004-head", "rsa-sign-head", "rsa-auth-individual"])
def test_a_good_signature_holds(tmp_path: Path, name: str) -> None:
    assert check(tmp_path, signed(name)) is True


def test_the_document_may_be_inside(tmp_path: Path) -> None:
    inside = signed(detached=False)
    assert check(tmp_path, inside, None) is True
    assert check(tmp_path, inside) is True
    assert check(tmp_path, inside, b"another act") is False


def test_another_document_or_an_altered_signature_does_not(tmp_path: Path) -> None:
    assert check(tmp_path, signed(), b"another act") is False
    octets = bytearray(base64.b64decode(signed()))
    octets[-1] ^= 1
    assert check(tmp_path, base64.b64encode(octets)) is False


def test_of_one_good_and_one_bad_signature_the_bad_one_counts(tmp_path: Path) -> None:
    first = bytearray(base64.b64decode(signed()))
    first[-1] ^= 1
    both = cms.cosign(
        authority.signer("rsa-sign-head"),
        bytes(first),
        at=authority.NOW,
        digests={authority.signer("rsa-sign-head").algorithm.digest.oid: hashlib.sha256(DOCUMENT).digest()},
    )
    assert check(tmp_path, base64.b64encode(both)) is False


@pytest.mark.parametrize(
    "signature", [b"", b"?", b"MTEK", "қол".encode(), base64.b64encode(b"\x30\x03\x02\x01\x01")]
)
def test_what_is_no_signature_can_not_be_told(tmp_path: Path, signature: bytes) -> None:
    assert check(tmp_path, signature) is None


def test_without_the_document_it_can_not_be_told(tmp_path: Path) -> None:
    assert check(tmp_path, signed(), None) is None


def test_a_key_that_nobody_known_vouches_for_can_not_be_told(tmp_path: Path) -> None:
    assert check(tmp_path, signed(), test_authorities=()) is None


def test_a_certificate_that_is_over_can_not_be_told(tmp_path: Path) -> None:
    assert check(tmp_path, signed("gost2015-individual-expired")) is None


def test_a_revoked_certificate_does_not_hold_and_silence_takes_nothing(tmp_path: Path) -> None:
    authorities = simulated_authorities.new()
    assert check(tmp_path, signed(), fetch=authorities) is True
    authorities.revoke(authority.certificate(PERSON))
    assert check(tmp_path, signed(), fetch=authorities) is False
    for service in ("ocsp", "crl"):
        authorities.switch(service, "http-500")
    assert check(tmp_path, signed(), fetch=authorities) is True


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def act(tmp_path: Path) -> Path:
    path = tmp_path.resolve() / "act.txt"
    path.write_bytes(DOCUMENT)
    return path


def test_a_file_that_was_chosen_is_checked(tmp_path: Path, act: Path) -> None:
    wanted = CheckRequest("cms", signed(), file=str(act))
    asked = named_keys.approval(tmp_path, documents=(str(act),))
    assert checking.check(wanted, asked).holds is True
    act.write_bytes(b"another act")
    assert checking.check(wanted, asked).holds is False
    assert named_keys.shown(asked) == []
    act.unlink()
    with pytest.raises(FileUnusable):
        checking.check(wanted, asked)


def test_any_other_file_is_not_whether_it_is_there_or_not(tmp_path: Path, act: Path) -> None:
    named_keys.approval(tmp_path, documents=(str(act),), origin="https://third.example.kz")
    asked = named_keys.approval(tmp_path, chosen=(str(act),))  # as a key file
    named_file.remember(asked, str(act), "allowed")
    for named in (str(act), str(act.with_name("nothing.txt")), "/etc/passwd", "act.txt"):
        before = len(named_keys.events(asked))
        with pytest.raises(FileNotChosen):
            checking.check(CheckRequest("cms", signed(document=b"a guess"), file=named), asked)
        assert named_keys.events(asked)[before:] == [("asked", "allow_file"), ("failed", "allow_file")]
    assert named_keys.shown(asked) == []


def test_with_a_key_that_nobody_knows_guesses_at_a_file_are_answered_alike(tmp_path: Path, act: Path) -> None:
    asked = named_keys.approval(tmp_path, documents=(str(act),), test_authorities=())
    for guess in (DOCUMENT, b"another act"):
        assert checking.check(CheckRequest("cms", signed(document=guess), file=str(act)), asked).holds is None
    over = named_keys.approval(tmp_path)
    for guess in (DOCUMENT, b"another act"):
        made = signed("gost2015-individual-expired", guess)
        assert checking.check(CheckRequest("cms", made, file=str(act)), over).holds is None


def test_each_check_of_a_file_stands_in_the_journal_with_its_digest(tmp_path: Path, act: Path) -> None:
    asked = named_keys.approval(tmp_path, documents=(str(act),))
    for signature in (signed(), b"MTEK"):
        checking.check(CheckRequest("cms", signature, file=str(act)), asked)
    assert named_keys.events(asked) == 2 * [("asked", "check_file"), ("checked", "check_file")]
    journal = asked.journal.path.read_text("utf-8")
    assert journal.count(hashlib.sha256(DOCUMENT).hexdigest()) == 4
    assert act.name not in journal


def test_what_can_not_be_noted_is_not_told(
    tmp_path: Path, act: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = named_keys.approval(tmp_path, documents=(str(act),))
    checking.check(CheckRequest("cms", signed(), file=str(act)), asked)

    def full(*_: object) -> None:
        raise StorageFailed("the journal can't be written: No space left on device")

    monkeypatch.setattr(Journal, "write", full)
    with pytest.raises(StorageFailed):
        checking.check(CheckRequest("cms", signed(), file=str(act)), asked)


def test_a_page_that_left_is_told_nothing_of_a_file(tmp_path: Path, act: Path) -> None:
    asked = named_keys.approval(tmp_path, documents=(str(act),))
    people.person_of(asked).leave()
    with pytest.raises(PageLeft):
        checking.check(CheckRequest("cms", signed(), file=str(act)), asked)
    assert named_keys.events(asked)[-1] == ("left", "check_file")


# --- XML --------------------------------------------------------------------------------------------------------------


def xml(document: str = '<root><a id="one">1</a></root>', **more: Any) -> bytes:
    return xml_sign.sign(authority.signer(PERSON), document, layout="lines", **more)


def element(attribute: str = "id", document: str = '<root><a id="one">1</a></root>') -> bytes:
    return xml(document, element_xpath="//*[name()='a']", parent_xpath="/*", id_attribute=attribute)


def check_xml(folder: Path, signature: bytes, **more: Any) -> bool | None:
    return holds(folder, CheckRequest("xml", signature, **more))


def test_a_signed_document_and_a_signed_element_hold(tmp_path: Path) -> None:
    assert check_xml(tmp_path, xml()) is True
    assert check_xml(tmp_path, element(), id_attribute="id", parent="root") is True
    assert check_xml(tmp_path, element()) is True


def test_an_altered_document_does_not(tmp_path: Path) -> None:
    assert check_xml(tmp_path, xml().replace(b">1<", b">2<")) is False
    assert check_xml(tmp_path, element().replace(b">1<", b">2<"), id_attribute="id", parent="root") is False


def test_an_identifier_of_another_name_counts_where_the_page_says_so(tmp_path: Path) -> None:
    made = element("key", '<root><a key="one">1</a></root>')
    assert check_xml(tmp_path, made, id_attribute="key", parent="root") is True
    assert check_xml(tmp_path, made) is False  # as a reader sees it who was not told
    twice = made.replace(b"</a>", b'</a><b key="one"/>')
    assert check_xml(tmp_path, twice, id_attribute="key") is not True


def test_only_signatures_at_the_named_place_count(tmp_path: Path) -> None:
    assert check_xml(tmp_path, element(), parent="a") is None
    broken = element().replace(b">1<", b">2<")
    assert check_xml(tmp_path, broken, parent="elsewhere") is None


def test_a_document_without_a_signature_can_not_be_told(tmp_path: Path) -> None:
    assert check_xml(tmp_path, b"<a/>") is None


def test_what_is_no_xml_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="SAXParseException"):
        check_xml(tmp_path, b"<a>")


# --- bare signatures and digests ----------------------------------------------------------------------------------------


def bare(folder: Path, document: bytes, signature: bytes, **changes: Any) -> bool | None:
    place = named_keys.place(folder, **{"alias": named_keys.alias_of(), **changes})
    asked = named_keys.approval(folder, chosen=(place.path,))
    return checking.check_bare(CheckBareRequest(place, document, signature), asked).holds


def test_a_bare_signature_is_checked_with_the_keys_certificate(tmp_path: Path) -> None:
    made = raw.sign(authority.signer(PERSON), DOCUMENT)
    assert bare(tmp_path, DOCUMENT, made) is True
    assert bare(tmp_path, DOCUMENT, made, alias="") is True
    assert bare(tmp_path, b"another act", made) is False
    assert bare(tmp_path, DOCUMENT, raw.sign(authority.signer("gost2015-head"), DOCUMENT)) is False
    assert bare(tmp_path, DOCUMENT, b"") is False


def test_checking_needs_the_right_password(tmp_path: Path) -> None:
    with pytest.raises(WrongPassword):
        bare(tmp_path, DOCUMENT, b"", password="wrong")


def test_digests_are_hex_in_lower_case() -> None:
    text = "Қазақстан".encode()
    assert checking.digest(DigestRequest(text, "SHA-1")).text == hashlib.sha1(text).hexdigest()
    assert checking.digest(DigestRequest(text, "SHA-256")).text == hashlib.sha256(text).hexdigest()
    # GOST R 34.11-94, appendix A.3.1 of the standard, with its own S-box: of 32 octets of text.
    standard = b"This is message, length=32 bytes"
    expected = "b1c466d37519b82e8319819ff32595e047a28cb6f83eff1c6916a815a637fffa"
    assert checking.digest(DigestRequest(standard, "GOST 34.311-95")).text == expected
