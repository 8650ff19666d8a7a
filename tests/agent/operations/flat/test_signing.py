"""A page opened the key by itself; whether it signs, the person says."""

import dataclasses
import errno
from pathlib import Path
from typing import Any

import pytest

from agent.errors import (
    BadInput,
    BrokenKeyStore,
    FileUnusable,
    KeyUnsuitable,
    StorageFailed,
    TimedOut,
    UserCancelled,
    WrongPassword,
)
from agent.formats import cms, raw
from agent.formats.xml import verify as xml_verify
from agent.journal import Journal
from agent.operations import named_file
from agent.operations.approval import Approval
from agent.operations.flat import signing
from agent.operations.flat.key_file import NotThere
from agent.operations.named_file import FileNotChosen, KeyFileNotChosen
from agent.user.base import Answer, PageLeft, Prompt
from protocol import flat, prompts
from protocol.flat_messages import KeyPlace, SignWithKeyRequest
from protocol.messages import KeyFilter, SignRequest, XmlOptions
from tests.support import authority, named_keys, people
from tests.support.named_keys import PERSON

ANY_KEY = KeyFilter(allow_expired=True, allow_revoked=True)
ACT = SignRequest((b"an act",), detached=False, keys=ANY_KEY)
XML = SignRequest((b"<xml></xml>",), detached=False, format="xml", xml=XmlOptions(is_text=True), keys=ANY_KEY)
REFUSED = [("asked", "allow_file"), ("failed", "allow_file")]
PEOPLE = b'<root>\n <person id="p1"><name>Ivan</name></person>\r\n <company id="c1"/>\n</root>'  # as the official page has it


def sign(place: KeyPlace, wanted: SignRequest, asked: Approval) -> bytes:
    (signature,) = signing.sign_with_key(SignWithKeyRequest(place, wanted), asked).signatures
    return signature


def agreed(folder: Path, wanted: SignRequest, name: str = PERSON) -> bytes:
    place = named_keys.place(folder, name, alias=named_keys.alias_of(name))
    return sign(place, wanted, named_keys.approval(folder, named_keys.agrees, chosen=(place.path,)))


@pytest.mark.parametrize(
    "name", [PERSON, "gost2004-individual", "rsa-sign-individual", "rsa-auth-individual"]
)
def test_the_signature_is_the_keys(tmp_path: Path, name: str) -> None:
    message = cms.read(agreed(tmp_path, ACT, name))
    (evidence,) = cms.verify(message)
    assert (evidence.signature, evidence.certificate) == ("valid", authority.certificate(name))
    assert message.content == b"an act"
    assert not evidence.has_timestamp


def test_a_bare_signature_is_over_the_octets(tmp_path: Path) -> None:
    made = agreed(tmp_path, dataclasses.replace(ACT, format="raw", detached=True))
    assert raw.verify(made, b"an act", authority.certificate(PERSON)).signature == "valid"


def test_an_empty_root_can_be_signed_and_tells_the_certificate(tmp_path: Path) -> None:
    """As pages do that want nothing but the certificate."""
    text = agreed(tmp_path, XML).decode()
    assert "<ds:X509Certificate>" in text
    assert "&#13;" not in text
    for written in (text, text.replace("\n", "\r\n")):  # as it came from the original on Windows
        (evidence,) = xml_verify.verify(written)
        assert (evidence.signature, evidence.covers) == ("valid", "")


@pytest.mark.parametrize(
    ("attribute", "document"),
    [
        ("id", PEOPLE),
        ("personId", PEOPLE.replace(b' id="p1"', b' personId="p1"')),
        ("", PEOPLE),
        ("", PEOPLE.replace(b' id="p1"', b' ID="p1"')),
    ],
)
def test_one_element_is_signed_by_whatever_its_identifier_is_called(
    tmp_path: Path, attribute: str, document: bytes
) -> None:
    options = XmlOptions(
        element_xpath="//*[name()='person']",
        parent_xpath="//*[name()='root']",
        is_text=True,
        id_attribute=attribute,
    )
    made = agreed(tmp_path, dataclasses.replace(XML, documents=(document,), xml=options))
    (evidence,) = xml_verify.verify_within(made, "root", attribute)
    assert (evidence.signature, evidence.covers) == ("valid", "#p1")


def test_the_call_as_it_comes_signs_one_element(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    for args in (["person", "id", "root"], ["p1", "root"]):
        message = {
            "method": "signXmlByElementId",
            "args": ["PKCS12", place.path, named_keys.alias_of(), authority.PASSWORD, PEOPLE.decode(), *args],
        }
        request = flat.decode(message).request
        assert isinstance(request, SignWithKeyRequest)
        asked = named_keys.approval(tmp_path, named_keys.agrees, chosen=(place.path,))
        (made,) = signing.sign_with_key(request, asked).signatures
        (evidence,) = xml_verify.verify(made)
        assert (evidence.signature, evidence.covers) == ("valid", "#p1")


def test_the_window_shows_who_asks_what_is_signed_and_with_which_key(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path, alias=named_keys.alias_of())
    asked = named_keys.approval(tmp_path, named_keys.agrees, chosen=(place.path,))
    sign(place, ACT, asked)
    (prompt,) = people.person_of(asked).asked
    assert isinstance(prompt, prompts.Approve)
    assert prompt.request.caller.site == "kds.example.kz"
    assert [document.size for document in prompt.request.documents] == [6]
    assert prompt.request.placement == "around"
    (key,) = prompt.keys
    assert (key.path, key.owner) == (place.path, authority.certificate(PERSON).common_name)
    assert prompt.request.files == ()
    assert named_keys.events(asked) == [("asked", "sign"), ("decided", "sign"), ("signed", "sign")]


def test_without_an_alias_the_person_chooses_among_the_keys(tmp_path: Path) -> None:
    def second(prompt: Prompt) -> Answer:
        assert isinstance(prompt, prompts.Approve)
        return prompts.Approved(prompt.keys[1].key_id)

    place = named_keys.place(tmp_path, "two-keys")
    asked = named_keys.approval(tmp_path, second, chosen=(place.path,))
    (evidence,) = cms.verify(cms.read(sign(place, ACT, asked)))
    (prompt,) = people.person_of(asked).asked
    assert isinstance(prompt, prompts.Approve)
    assert evidence.certificate is not None
    assert f"{evidence.certificate.serial_number:x}" == prompt.keys[1].serial_number


def test_an_expired_key_is_warned_of_and_signs(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path, "gost2015-individual-expired")
    asked = named_keys.approval(tmp_path, named_keys.agrees, chosen=(place.path,))
    sign(place, ACT, asked)
    (prompt,) = people.person_of(asked).asked
    assert isinstance(prompt, prompts.Approve)
    assert "expired" in prompt.keys[0].reasons


def test_a_new_site_may_be_remembered(tmp_path: Path) -> None:
    def remembers(prompt: Prompt) -> Answer:
        assert isinstance(prompt, prompts.Approve)
        assert prompt.remember_days > 0
        return prompts.Approved(prompt.keys[0].key_id, remember=True)

    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, remembers, chosen=(place.path,))
    sign(place, ACT, asked)
    assert asked.grants.is_remembered(asked.origin, authority.NOW)


# --- nothing is signed ----------------------------------------------------------------------------------------------


def test_a_no_signs_nothing(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, people.raises(UserCancelled()), chosen=(place.path,))
    with pytest.raises(UserCancelled):
        sign(place, ACT, asked)
    assert named_keys.events(asked) == [("asked", "sign"), ("decided", "sign")]


@pytest.mark.parametrize("error", [PageLeft(), TimedOut("too long")])
def test_a_page_that_leaves_and_a_person_who_does_not_answer(tmp_path: Path, error: Exception) -> None:
    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, people.raises(error), chosen=(place.path,))
    with pytest.raises(type(error)):
        sign(place, ACT, asked)
    assert named_keys.events(asked)[-1][0] in ("left", "failed")


def test_a_page_that_leaves_after_the_yes_gets_nothing(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    held: list[Approval] = []

    def agrees_to_nobody(prompt: Prompt) -> Answer:
        people.person_of(held[0]).leave()
        return named_keys.agrees(prompt)

    held.append(named_keys.approval(tmp_path, agrees_to_nobody, chosen=(place.path,)))
    with pytest.raises(PageLeft):
        sign(place, ACT, held[0])
    assert "signed" not in [event for event, _ in named_keys.events(held[0])]


def test_a_wrong_password_shows_no_window(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path, password="sample-invalid-pwd")
    asked = named_keys.approval(tmp_path, chosen=(place.path,))
    with pytest.raises(WrongPassword):
        sign(place, ACT, asked)
    assert named_keys.shown(asked) == []
    assert named_keys.events(asked) == [("asked", "sign"), ("failed", "sign")]


def test_a_broken_file_and_an_unknown_alias_show_none_either(tmp_path: Path) -> None:
    broken = named_keys.place(tmp_path, "broken-cut")
    with pytest.raises(BrokenKeyStore):
        sign(broken, ACT, named_keys.approval(tmp_path, chosen=(broken.path,)))
    place = named_keys.place(tmp_path, alias="another")
    with pytest.raises(NotThere):
        sign(place, ACT, named_keys.approval(tmp_path, chosen=(place.path,)))


def test_with_a_key_that_was_not_chosen_nothing_is_signed_and_nobody_asked(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, documents=(place.path,))
    with pytest.raises(KeyFileNotChosen):
        sign(place, ACT, asked)
    assert named_keys.shown(asked) == []
    assert named_keys.events(asked) == REFUSED


@pytest.mark.parametrize(
    "changes",
    [
        {"documents": (b"<a>",)},
        {
            "documents": (b"<a/>",),
            "xml": XmlOptions(element_xpath="//*[name()='b']", parent_xpath="/*", is_text=True),
        },
    ],
)
def test_a_document_that_can_not_be_signed_costs_no_try(tmp_path: Path, changes: dict[str, Any]) -> None:
    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, chosen=(place.path,))
    with pytest.raises(BadInput):
        sign(place, dataclasses.replace(XML, **changes), asked)
    assert named_keys.shown(asked) == []
    assert not (tmp_path / "guesses.json").exists()


def test_a_key_that_the_person_could_not_have_chosen_signs_nothing(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)

    def another(_prompt: Prompt) -> Answer:
        return prompts.Approved("another")

    with pytest.raises(KeyUnsuitable):
        sign(place, ACT, named_keys.approval(tmp_path, another, chosen=(place.path,)))


def test_on_a_full_disk_no_signature_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, named_keys.agrees, chosen=(place.path,))
    write = Journal.write

    def full(journal: Journal, event: Any, *more: Any) -> None:
        if event == "signed":
            raise StorageFailed(os_error())
        write(journal, event, *more)

    monkeypatch.setattr(Journal, "write", full)
    with pytest.raises(StorageFailed):
        sign(place, ACT, asked)


def os_error() -> str:
    return f"the journal can't be written: {OSError(errno.ENOSPC, 'No space left on device').strerror}"


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_file_is_signed_where_the_person_chose_it(tmp_path: Path) -> None:
    document = tmp_path / "act.txt"
    document.write_bytes(b"an act in a file")
    place = named_keys.place(tmp_path)
    wanted = SignRequest((), detached=False, keys=ANY_KEY, file=str(document))
    asked = named_keys.approval(tmp_path, named_keys.agrees, chosen=(place.path,), documents=(str(document),))
    assert cms.read(sign(place, wanted, asked)).content == b"an act in a file"


def test_a_key_file_that_was_chosen_is_no_chosen_document(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    wanted = SignRequest((), detached=True, keys=ANY_KEY, file=place.path)
    asked = named_keys.approval(tmp_path, chosen=(place.path,))
    with pytest.raises(FileNotChosen):
        sign(place, wanted, asked)
    assert named_keys.shown(asked) == []
    again = named_keys.approval(tmp_path, named_keys.agrees, documents=(place.path,))
    assert sign(named_keys.place(tmp_path), wanted, again)
    assert named_keys.shown(again) == ["Approve"]


def test_a_file_that_the_page_made_up_is_refused_whether_it_is_there_or_not(tmp_path: Path) -> None:
    for named in ("/etc/passwd", "/etc/nothing-of-this-name", "act.txt"):
        place = named_keys.place(tmp_path)
        wanted = SignRequest((), detached=False, keys=ANY_KEY, file=named)
        asked = named_keys.approval(tmp_path, chosen=(place.path,))
        before = len(named_keys.events(asked))
        with pytest.raises(FileNotChosen):
            sign(place, wanted, asked)
        assert named_keys.shown(asked) == []
        assert named_keys.events(asked)[before:] == REFUSED


def test_a_yes_that_commonutils_got_is_no_choice(tmp_path: Path) -> None:
    document = tmp_path / "act.txt"
    document.write_bytes(b"an act in a file")
    place = named_keys.place(tmp_path)
    wanted = SignRequest((), detached=True, keys=ANY_KEY, file=str(document))
    asked = named_keys.approval(tmp_path, people.allows, chosen=(place.path,))
    assert named_file.allowed(wanted, asked) == document.resolve()
    with pytest.raises(FileNotChosen):
        sign(place, wanted, asked)
    assert named_keys.shown(asked) == ["AllowFile"]


def test_a_key_file_is_not_given_away_inside_a_signature(tmp_path: Path) -> None:
    """The person may have chosen one as the document."""
    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, chosen=(place.path,), documents=(place.path,))
    with pytest.raises(FileUnusable, match="key file"):
        sign(place, SignRequest((), detached=False, keys=ANY_KEY, file=place.path), asked)
    assert named_keys.shown(asked) == []
