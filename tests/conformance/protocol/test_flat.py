"""L1 to L14: the first dialect, where it is switched on, and that it is off unless it is.

The person chooses the key file of tests.conformance.protocol.persons.KEY, signs with it, and lets a page have every file that it names.
"""

import base64
import contextlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agent.formats import cms, raw
from agent.formats.xml import verify as xml_verify
from protocol import handshake
from tests.conformance.protocol.asking import MODULE_NOT_FOUND, PATIENCE_S, ask, events, journal, page
from tests.conformance.protocol.persons import KEY, NOBODY, NOWHERE, AgentOf
from tests.support import agents, authority
from tests.support.agents import RunningAgent

PATH, PASSWORD = str(authority.path(KEY)), authority.PASSWORD
ALIAS = authority.stored_key(KEY).key_id
PLACE = ("PKCS12", PATH, ALIAS, PASSWORD)
SIGNING = ("gost2015-individual", "gost2004-individual", "rsa-sign-individual")


@contextlib.contextmanager
def flat_agent(folder: Path, answer: dict[str, object]) -> Iterator[RunningAgent]:
    flags = ("--proxy", "none", "--timestamp-url", NOWHERE, "--flat-api", "--log-level", "debug")
    with agents.simulated(
        folder / "agent", [answer], test_authorities=authority.issuing_paths(), flags=flags
    ) as running:
        yield running


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    answer = {"key": PATH, "password": PASSWORD, "decision": "sign", "file": PATH, "allow": True}
    with flat_agent(tmp_path_factory.mktemp("flat"), answer) as running:
        yield running


@pytest.fixture(scope="module")
def refusing_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    with flat_agent(tmp_path_factory.mktemp("refusing"), {"decision": "cancel"}) as running:
        yield running


def call(agent: RunningAgent, method: str, *args: Any, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(ask(agent, {"method": method, "args": list(args), **more}))
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


def test_l02_cancelled_it_is_no_error_and_no_path(refusing_agent: RunningAgent) -> None:
    for method, args in (
        ("browseKeyStore", ("PKCS12", "P12", "")),
        ("showFileChooser", ("ALL", "")),
        ("getKeys", ("PKCS12", PATH, PASSWORD, "SIGN")),
        ("signXml", (*PLACE, "<a/>")),
    ):
        answer = call(refusing_agent, method, *args)
        assert answer["errorCode"] == "NONE"
        assert not answer.get("result")
    assert "signed" not in events(refusing_agent.state_dir)


@pytest.mark.parametrize("folder", [None, "", "~", PATH, "/no/such/folder", "C:\\keys\\a.p12", "\0"])
def test_l03_it_starts_wherever_the_page_says(agent: RunningAgent, folder: str | None) -> None:
    assert result(agent, "browseKeyStore", "PKCS12", "P12", folder) == PATH


def test_l04_a_wrong_password_is_told_without_tries_left(agent: RunningAgent) -> None:
    answer = call(agent, "getKeys", "PKCS12", PATH, "sample-invalid-pwd", "SIGN")
    assert answer == {"result": "-1", "errorCode": "WRONG_PASSWORD"}
    assert not int(answer["result"]) > -1  # as pages ask
    assert result(agent, "getKeys", "PKCS12", PATH, PASSWORD, "SIGN")


def test_l05_a_file_without_a_key_of_the_wanted_kind_is_told(agent: RunningAgent) -> None:
    other = str(authority.path("rsa-auth-individual"))
    assert call(agent, "getKeys", "PKCS12", other, PASSWORD, "SIGN") == {"errorCode": "EMPTY_KEY_LIST"}
    for kind in ("AUTH", "ALL", ""):
        assert result(agent, "getKeys", "PKCS12", other, PASSWORD, kind).startswith("RSA|")


@pytest.mark.parametrize("name", SIGNING)
def test_l06_each_key_has_a_line_of_four_fields(agent: RunningAgent, name: str) -> None:
    path, certificate = str(authority.path(name)), authority.certificate(name)
    (line,) = result(agent, "getKeys", "PKCS12", path, PASSWORD, "SIGN").split("\n")[:-1]
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


def test_l08_names_have_the_keywords_that_pages_look_for(agent: RunningAgent) -> None:
    name = "gost2015-head"
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


def test_what_goes_wrong_has_its_code(agent: RunningAgent) -> None:
    broken = str(authority.path("broken-text"))
    for method, args, code in (
        ("getKeys", ("Floppy", PATH, PASSWORD, ""), "UNKNOWN_STORAGE"),
        ("getKeys", ("PKCS12", broken, PASSWORD, ""), "LOAD_KEYSTORE_ERROR"),
        ("getKeys", ("PKCS12", "/no/such/key.p12", PASSWORD, ""), "KEYSTORE_FILE_NOT_FOUND"),
        ("getNotAfter", ("PKCS12", PATH, "another", PASSWORD), "EMPTY_KEY_LIST"),
        ("signXml", (*PLACE, "<a>"), "XML_PARSE_EXCEPTION"),
        ("getKeys", ("PKCS12",), "COMMON"),
        ("deleteEntry", ("PKCS12", PATH, ALIAS), "COMMON"),
        ("frobnicate", (), "Method not implemented. Method:frobnicate"),
    ):
        assert call(agent, method, *args) == {"errorCode": code}


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
