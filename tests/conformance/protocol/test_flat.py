"""L1 to L14: the first dialect, where it is switched on, and that it is off unless it is.

The page has the person choose its files first, as every page of this dialect does: the key file of tests.conformance.protocol.persons.KEY,
and the same file as a document. The person signs with that key.
"""

import base64
import contextlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agent import paths
from agent.formats import cms, raw
from agent.formats.xml import verify as xml_verify
from agent.recent_keys import RecentKeys, UsedKey
from protocol import handshake, prompts
from tests.conformance.protocol.asking import (
    MODULE_NOT_FOUND,
    ORIGIN,
    PATIENCE_S,
    ask,
    events,
    journal,
    page,
)
from tests.conformance.protocol.persons import KEY, NOBODY, NOWHERE, AgentOf
from tests.support import agents, authority, fake_window
from tests.support.agents import RunningAgent
from tests.support.fake_window import expect, send
from tests.support.worker_process import WorkerProcess

PATH, PASSWORD = str(authority.path(KEY)), authority.PASSWORD
ALIAS = authority.stored_key(KEY).key_id
PLACE = ("PKCS12", PATH, ALIAS, PASSWORD)
SIGNING = ("gost2015-individual", "gost2004-individual", "rsa-sign-individual")


@contextlib.contextmanager
def flat_agent(folder: Path, *answers: dict[str, object]) -> Iterator[RunningAgent]:
    flags = ("--proxy", "none", "--timestamp-url", NOWHERE, "--flat-api", "--log-level", "debug")
    with agents.simulated(
        folder / "agent", list(answers), test_authorities=authority.issuing_paths(), flags=flags
    ) as running:
        yield running


def signs_with(path: str) -> dict[str, object]:
    """The person chooses this file, whatever for, and signs with it. They would let a page have any other file, too, if they were asked."""
    return {"key": path, "password": PASSWORD, "decision": "sign", "file": path, "allow": True}


AgentWith = Callable[[str], RunningAgent]


@pytest.fixture(scope="module")
def agent_with(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentWith]:
    """Gives the agent of a person who chose the key file of that name for the page."""
    running: dict[str, RunningAgent] = {}
    with contextlib.ExitStack() as stack:

        def agent_with(name: str) -> RunningAgent:
            if name not in running:
                path = str(authority.path(name))
                one = stack.enter_context(flat_agent(tmp_path_factory.mktemp("flat"), signs_with(path)))
                assert result(one, "browseKeyStore", "PKCS12", "P12", "") == path
                running[name] = one
            return running[name]

        yield agent_with


@pytest.fixture(scope="module")
def agent(agent_with: AgentWith) -> RunningAgent:
    """The one of KEY; the page got that file as a document, too."""
    one = agent_with(KEY)
    assert result(one, "showFileChooser", "ALL", "") == PATH
    return one


@pytest.fixture
def new_agent(tmp_path: Path) -> Iterator[RunningAgent]:
    """The page has had nothing chosen yet."""
    with flat_agent(tmp_path, signs_with(PATH)) as running:
        yield running


def call(agent: RunningAgent, method: str, *args: Any, origin: str = ORIGIN, **more: Any) -> dict[str, Any]:
    frame = {"method": method, "args": list(args), **more}
    answer: dict[str, Any] = json.loads(ask(agent, frame, origin=origin))
    assert "errorCode" in answer
    return answer


def result(agent: RunningAgent, method: str, *args: Any) -> Any:
    answer = call(agent, method, *args)
    assert answer["errorCode"] == "NONE", answer
    return answer["result"]


def test_l01_the_chosen_path_is_given(agent: RunningAgent) -> None:
    expected = {"result": PATH, "errorCode": "NONE"}
    assert call(agent, "browseKeyStore", "PKCS12", "P12", "") == expected
    module = "kz.gov.pki.knca.applet.Applet"
    assert call(agent, "browseKeyStore", "PKCS12", "P12", "", module=module) == expected
    assert call(agent, "showFileChooser", "ALL", "") == expected


def test_l02_cancelled_it_is_no_error_and_no_path(tmp_path: Path) -> None:
    with flat_agent(tmp_path, signs_with(PATH), {"decision": "cancel"}) as agent:
        assert result(agent, "browseKeyStore", "PKCS12", "P12", "") == PATH
        for method, args in (
            ("browseKeyStore", ("PKCS12", "P12", "")),
            ("showFileChooser", ("ALL", "")),
            ("signXml", (*PLACE, "<a/>")),
        ):
            answer = call(agent, method, *args)
            assert answer["errorCode"] == "NONE"
            assert not answer.get("result")
        assert "signed" not in events(agent.state_dir)


def started(home: Path, named: str | None) -> str:
    """Where the chooser starts, in this home, for a page that says so; what is chosen there the page gets."""
    log = home / "window.log"
    log.unlink(missing_ok=True)
    steps = [expect("choose-file"), send(prompts.Shown()), send(prompts.FileChosen(PATH)), expect("finished")]
    with WorkerProcess(home, fake_window.command(log, *steps)) as process:
        frame = {"method": "browseKeyStore", "args": ["PKCS12", "P12", named]}
        process.begin(json.dumps(frame).encode(), is_flat_on=True)
        assert process.reply() == {"result": PATH, "errorCode": "NONE"}
        process.wait_ended()
    question = fake_window.heard(log)[0]
    assert isinstance(question, prompts.ChooseFile)
    return question.folder


@pytest.mark.parametrize(
    ("named", "start"),
    [
        (None, "{usual}"),
        ("", "{usual}"),
        ("~", "{home}"),
        ("{home}/keys", "{home}/keys"),
        ("{home}/keys/mine.p12", "{home}/keys"),  # as the page remembers what was chosen last
        ("{home}/keys/gone.p12", "{usual}"),
        ("/no/such/folder", "{usual}"),
        ("C:\\keys\\a.p12", "{usual}"),
        ("\0", "{usual}"),
    ],
)
def test_l03_it_starts_wherever_the_page_says(tmp_path: Path, named: str | None, start: str) -> None:
    home = tmp_path.resolve()
    (home / "keys").mkdir()
    shutil.copyfile(PATH, home / "keys" / "mine.p12")
    used = UsedKey(str(home / "stick" / "old.p12"), "ТЕСТОВ", "2049-12-31T00:00:00+00:00")
    RecentKeys(paths.resolve(home).key_folders).add(used)
    places = {"home": home, "usual": home / "stick"}
    assert started(home, named and named.format(**places)) == start.format(**places)


def test_l04_a_wrong_password_is_told_without_tries_left(agent: RunningAgent) -> None:
    answer = call(agent, "getKeys", "PKCS12", PATH, "sample-invalid-pwd", "SIGN")
    assert answer == {"result": "-1", "errorCode": "WRONG_PASSWORD"}
    assert not int(answer["result"]) > -1  # as pages ask
    assert result(agent, "getKeys", "PKCS12", PATH, PASSWORD, "SIGN")


def test_l05_a_file_without_a_key_of_the_wanted_kind_is_told(agent_with: AgentWith) -> None:
    agent, other = agent_with("rsa-auth-individual"), str(authority.path("rsa-auth-individual"))
    assert call(agent, "getKeys", "PKCS12", other, PASSWORD, "SIGN") == {"errorCode": "EMPTY_KEY_LIST"}
    for kind in ("AUTH", "ALL", ""):
        assert result(agent, "getKeys", "PKCS12", other, PASSWORD, kind).startswith("RSA|")


@pytest.mark.parametrize("name", SIGNING)
def test_l06_each_key_has_a_line_of_four_fields(agent_with: AgentWith, name: str) -> None:
    path, certificate = str(authority.path(name)), authority.certificate(name)
    (line,) = result(agent_with(name), "getKeys", "PKCS12", path, PASSWORD, "SIGN").split("\n")[:-1]
    assert line.split("|")[1:] == [
        certificate.common_name,
        f"{certificate.serial_number:x}",
        authority.stored_key(name).key_id,
    ]


def test_l07_dates_are_written_as_people_write_them(agent: RunningAgent) -> None:
    before, after = (result(agent, method, *PLACE) for method in ("getNotBefore", "getNotAfter"))
    for text in (before, after):
        assert re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d", text)
    form = "%d.%m.%Y %H:%M:%S"
    assert datetime.strptime(before, form) < datetime.strptime(after, form)


def test_l08_names_have_the_keywords_that_pages_look_for(agent_with: AgentWith) -> None:
    name = "gost2015-head"
    agent = agent_with(name)
    key = ("PKCS12", str(authority.path(name)), authority.stored_key(name).key_id, PASSWORD)
    subject = result(agent, "getSubjectDN", *key)
    for keyword in ("CN=", "G=", "SERIALNUMBER=IIN", "OU=BIN", "E="):
        assert keyword in subject, subject
    assert ", " not in subject
    assert "CN=" in result(agent, "getIssuerDN", *key)


def test_l09_a_part_of_a_name_that_is_not_there_is_told(agent: RunningAgent) -> None:
    assert call(agent, "getRdnByOid", *PLACE, "2.5.4.15", 0) == {"errorCode": "RDN_NOT_FOUND"}
    assert result(agent, "getRdnByOid", *PLACE, "2.5.4.3", 0) == authority.certificate(KEY).common_name


def test_l10_xml_is_checked_with_one_and_with_three_arguments(agent: RunningAgent) -> None:
    whole = result(agent, "signXml", *PLACE, "<root><a>1</a></root>")
    assert result(agent, "verifyXml", whole) is True
    assert result(agent, "verifyXml", whole.replace(">1<", ">2<")) is False
    people = '<root><person id="p1"><name>Ivan</name></person></root>'
    part = result(agent, "signXmlByElementId", *PLACE, people, "person", "id", "root")
    for method in ("verifyXml", "verifyXmlById"):
        assert result(agent, method, part, "id", "root") is True
        assert result(agent, method, part.replace("Ivan", "Omar"), "id", "root") is False
    assert call(agent, "verifyXml", "<a/>") == {"errorCode": "SIGNATURE_VALIDATION_ERROR"}
    assert call(agent, "verifyXml", "<a>") == {"errorCode": "XML_PARSE_EXCEPTION"}


def test_l11_a_cms_is_checked_signature_first(agent: RunningAgent) -> None:
    for attached in (True, False):
        signature = result(agent, "createCMSSignature", *PLACE, "Келісемін", attached)
        assert result(agent, "verifyCMSSignature", signature, "Келісемін") is True
        assert result(agent, "verifyCMSSignature", signature, "Келіспеймін") is False
    assert call(agent, "verifyCMSSignature", "MTEK", "x") == {"errorCode": "SIGNATURE_VALIDATION_ERROR"}


def test_l12_xml_is_signed_with_four_and_with_five_arguments(agent: RunningAgent) -> None:
    for args in ((*PLACE, "<xml></xml>"), ("PKCS12", PATH, PASSWORD, "<xml></xml>")):
        text = result(agent, "signXml", *args)
        assert [each.signature for each in xml_verify.verify(text)] == ["valid"]
        assert "<ds:X509Certificate>" in text
    text = result(agent, "signXml", "PKCS12", PATH, "SIGN", "<xml></xml>")  # our window asks for the password
    assert [each.signature for each in xml_verify.verify(text)] == ["valid"]


def test_l13_set_locale_is_silence(agent: RunningAgent) -> None:
    with page(agent) as connection:
        for language in ("kk", "tlh", "ru"):
            connection.send(json.dumps({"method": "setLocale", "args": [language]}))
        connection.send("{method:'setLocale',args:['ru']}")
        connection.send('{"module":"no.such.module"}')
        assert connection.recv(PATIENCE_S) == MODULE_NOT_FOUND
        connection.send(handshake.HEARTBEAT)
        assert connection.recv(PATIENCE_S) == handshake.HEARTBEAT


def test_l14_without_a_token_there_are_no_slots(agent: RunningAgent) -> None:
    assert call(agent, "loadSlotList", "AKKaztokenStore") == {"errorCode": "EMPTY_SLOT"}


# --- beyond the statements --------------------------------------------------------------------------------------------


def test_text_is_signed_with_a_bare_signature_and_checked(agent: RunningAgent) -> None:
    signature = result(agent, "signPlainData", *PLACE, "Келісемін")
    octets = base64.b64decode(signature)
    assert raw.verify(octets, "Келісемін".encode(), authority.certificate(KEY)).signature == "valid"
    assert result(agent, "verifyPlainData", *PLACE, "Келісемін", signature) is True
    assert result(agent, "verifyPlainData", *PLACE, "Келіспеймін", signature) is False


def test_a_file_is_signed_and_checked(agent: RunningAgent) -> None:
    signature = result(agent, "createCMSSignatureFromFile", *PLACE, PATH, False)
    document = Path(PATH).read_bytes()
    assert [each.signature for each in cms.verify(cms.read(signature.encode()), document)] == ["valid"]
    assert result(agent, "verifyCMSSignatureFromFile", signature, PATH) is True
    missing = call(agent, "createCMSSignatureFromFile", *PLACE, "/no/such/file", False)
    assert missing == {"errorCode": "FILE_READ_ERROR"}


def test_what_goes_wrong_has_its_code(agent: RunningAgent, agent_with: AgentWith) -> None:
    broken = str(authority.path("broken-text"))
    answer = call(agent_with("broken-text"), "getKeys", "PKCS12", broken, PASSWORD, "")
    assert answer == {"errorCode": "LOAD_KEYSTORE_ERROR"}
    for method, args, code in (
        ("getKeys", ("Floppy", PATH, PASSWORD, ""), "UNKNOWN_STORAGE"),
        ("getKeys", ("PKCS12", "/no/such/key.p12", PASSWORD, ""), "LOAD_KEYSTORE_ERROR"),
        ("getNotAfter", ("PKCS12", PATH, "another", PASSWORD), "EMPTY_KEY_LIST"),
        ("signXml", (*PLACE, "<a>"), "XML_PARSE_EXCEPTION"),
        ("getKeys", ("PKCS12",), "COMMON"),
        ("deleteEntry", ("PKCS12", PATH, ALIAS), "COMMON"),
        ("frobnicate", (), "Method not implemented. Method:frobnicate"),
    ):
        assert call(agent, method, *args) == {"errorCode": code}


def test_outside_the_home_the_chooser_starts_where_the_page_had_a_file_chosen(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert started(home, PATH) == ""
    assert started(home, PATH) == str(Path(PATH).parent)  # it was chosen meanwhile


def test_a_path_counts_once_the_person_chose_it_for_that_page(new_agent: RunningAgent) -> None:
    """Before, every use of it is refused, with no window, in the same words whether the file is there or not."""
    refusals = [
        *(
            ("getKeys", ("PKCS12", path, PASSWORD, "SIGN"), "LOAD_KEYSTORE_ERROR")
            for path in (PATH, "/no/such")
        ),
        ("getNotAfter", PLACE, "LOAD_KEYSTORE_ERROR"),
        ("signXml", (*PLACE, "<a/>"), "LOAD_KEYSTORE_ERROR"),
        *(("verifyCMSSignatureFromFile", ("MTEK", path), "FILE_READ_ERROR") for path in (PATH, "/no/such")),
    ]
    for method, args, code in refusals:
        assert call(new_agent, method, *args) == {"errorCode": code}, (method, args)
    assert journal(new_agent) == ["asked", "failed"] * len(refusals)
    text = (new_agent.state_dir / "journal.jsonl").read_text("utf-8")
    assert text.count('"code":"key-file-not-chosen"') == 4
    assert text.count('"code":"file-not-chosen"') == 2
    assert PATH not in text
    # What a page does then.
    assert result(new_agent, "browseKeyStore", "PKCS12", "P12", PATH) == PATH
    assert result(new_agent, "getKeys", "PKCS12", PATH, PASSWORD, "SIGN")
    text = result(new_agent, "signXml", *PLACE, "<a/>")
    assert [each.signature for each in xml_verify.verify(text)] == ["valid"]
    for origin in ("https://other.example.kz", "null"):
        answer = call(new_agent, "getKeys", "PKCS12", PATH, PASSWORD, "SIGN", origin=origin)
        assert answer == {"errorCode": "LOAD_KEYSTORE_ERROR"}


def test_a_document_counts_once_the_person_chose_it_as_one(new_agent: RunningAgent) -> None:
    assert result(new_agent, "browseKeyStore", "PKCS12", "P12", "") == PATH
    detached = (*PLACE, PATH, False)
    assert call(new_agent, "createCMSSignatureFromFile", *detached) == {"errorCode": "FILE_READ_ERROR"}
    assert result(new_agent, "showFileChooser", "ALL", "") == PATH
    assert result(new_agent, "createCMSSignatureFromFile", *detached)


def test_a_file_that_was_chosen_as_a_document_is_no_key_file(new_agent: RunningAgent) -> None:
    assert result(new_agent, "showFileChooser", "ALL", "") == PATH
    answer = call(new_agent, "getKeys", "PKCS12", PATH, PASSWORD, "SIGN")
    assert answer == {"errorCode": "LOAD_KEYSTORE_ERROR"}


def test_a_digest_is_hex(agent: RunningAgent) -> None:
    assert result(agent, "getHash", "a", "SHA1") == "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"


def test_a_day_of_the_official_page_leaves_no_password_behind(agent: RunningAgent) -> None:
    """Whatever the tests above sent: neither the log nor any record of the agent has the password."""
    result(agent, "getKeys", "PKCS12", PATH, PASSWORD, "ALL")
    kept = [
        file.read_bytes() for file in agent.state_dir.rglob("*") if file.is_file() and file.suffix != ".toml"
    ]
    assert kept
    assert not any(PASSWORD.encode() in octets for octets in [*kept, "".join(agent.log).encode()])


OFF = [
    {"method": "browseKeyStore", "args": ["PKCS12", "P12", ""]},
    {"method": "getKeys", "args": ["PKCS12", PATH, PASSWORD, "SIGN"]},
    {"method": "getNotAfter", "args": [*PLACE]},
    {"method": "verifyXml", "args": ["<a/>"]},
    {"method": "signXml", "args": [*PLACE, "<a/>"]},
    {"method": "loadSlotList", "args": ["AKKaztokenStore"]},
    {"module": "kz.gov.pki.knca.applet.Applet", "method": "getHash", "args": ["a", "SHA1"]},
]


@pytest.mark.parametrize("frame", OFF, ids=lambda frame: frame["method"])
def test_while_it_is_off_nobody_is_asked(agent_of: AgentOf, frame: dict[str, Any]) -> None:
    agent = agent_of(NOBODY)
    before = journal(agent)
    assert ask(agent, frame) == MODULE_NOT_FOUND
    assert journal(agent) == before
