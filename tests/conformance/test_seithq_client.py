"""The published @seithq/ncalayer, unchanged, in Node: NCALayer's first methods, which are off unless the settings say otherwise."""

import base64
import contextlib
import hashlib
import json
import os
import re
import selectors
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.formats import cms
from agent.formats.xml import verify as xml_verify
from tests.support import agents, authority
from tests.support.agents import RunningAgent

KEY = "rsa-sign-individual"
PATH, PASSWORD = str(authority.path(KEY)), authority.PASSWORD
PATIENCE_S = 40
TEXT = "Қол қойылатын мәтін"
SIGNS: dict[str, object] = {"key": PATH, "password": PASSWORD, "decision": "sign"}
CANCELS: dict[str, object] = {"decision": "cancel"}
ORIGIN = "https://old.example.kz"
NOT_FOUND = "MODULE_NOT_FOUND"

# Every method of the client, as a page may call it that never chose a file.
EVERY_CALL: tuple[tuple[Any, ...], ...] = (
    ("browseKeyStore", "PKCS12", "P12", ""),
    ("showFileChooser", "ALL", ""),
    ("getKeys", "PKCS12", PATH, PASSWORD, "SIGN"),
    ("getNotBefore", "PKCS12", PATH, "alias", PASSWORD),
    ("getNotAfter", "PKCS12", PATH, "alias", PASSWORD),
    ("getSubjectDN", "PKCS12", PATH, "alias", PASSWORD),
    ("getIssuerDN", "PKCS12", PATH, "alias", PASSWORD),
    ("getRdnByOid", "PKCS12", PATH, "alias", PASSWORD, "2.5.4.3", 0),
    ("signPlainData", "PKCS12", PATH, "alias", PASSWORD, "a"),
    ("verifyPlainData", "PKCS12", PATH, "alias", PASSWORD, "a", "MTEK"),
    ("createCMSSignature", "PKCS12", PATH, "alias", PASSWORD, "a", True),
    ("verifyCMSSignature", "a", "MTEK"),
    ("createCMSSignatureFromFile", "PKCS12", PATH, "alias", PASSWORD, PATH, True),
    ("verifyCMSSignatureFromFile", PATH, "MTEK"),
    ("signXml", "PKCS12", PATH, "alias", PASSWORD, "<a/>"),
    ("verifyXml", "<a/>"),
    ("signXmlByElementId", "PKCS12", PATH, "alias", PASSWORD, "<a/>", "a", "id", "a"),
    ("verifyXmlByElementId", "<a/>", "id", "a"),
    ("getHash", "a", "SHA256"),
)


class Page:
    """A page with the client in it: calls go in, what its callbacks get comes out."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.version = self._line()

    def call(self, method: str, *arguments: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([method, *arguments]) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = self._line()
        return answer

    def result(self, method: str, *arguments: object) -> Any:
        answer = self.call(method, *arguments)
        assert answer["isOk"], answer
        return answer["result"]

    def _line(self) -> Any:
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            assert selector.select(PATIENCE_S), "the callback was not called"
        return json.loads(self._process.stdout.readline())


@contextlib.contextmanager
def page(clients: Path, agent: RunningAgent) -> Iterator[Page]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(clients),
        "NODE_EXTRA_CA_CERTS": str(agent.authority_path),
    }
    with subprocess.Popen(
        ["node", "seithq.mjs", agent.url, ORIGIN],
        cwd=clients,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Page(process)
            assert process.stdin is not None
            process.stdin.close()
            assert (
                process.wait(PATIENCE_S) == 0
            )  # it closed its socket, and Node had nothing left to wait for
        finally:
            process.kill()


@contextlib.contextmanager
def flat_agent(folder: Path, *answers: dict[str, object]) -> Iterator[RunningAgent]:
    with agents.simulated(
        folder / "agent",
        list(answers),
        test_authorities=authority.issuing_paths(),
        flags=("--proxy", "none", "--flat-api"),
    ) as running:
        yield running


def test_while_it_is_off_every_call_finds_no_module(clients: Path, tmp_path: Path) -> None:
    with agents.simulated(tmp_path / "agent", [SIGNS]) as agent, page(clients, agent) as client:
        assert client.version == "1.4"
        for call in EVERY_CALL:
            answer = client.call(*call)
            assert (answer["code"], answer["isOk"], answer["result"]) == (NOT_FOUND, False, ""), call
        assert client.call("setLocale", "ru") == {"frames": 0}
        assert client.call("getHash", "a", "SHA256")["code"] == NOT_FOUND
        assert not (agent.state_dir / "journal.jsonl").exists()
        assert PASSWORD not in "".join(agent.log)


def test_a_page_does_all_that_the_client_offers(clients: Path, tmp_path: Path) -> None:
    document = tmp_path / "act.txt"
    document.write_text(TEXT, encoding="utf-8")
    choices = [{**SIGNS, "file": PATH}, {**SIGNS, "file": str(document)}]
    with flat_agent(tmp_path, *choices, SIGNS) as agent, page(clients, agent) as client:
        assert client.result("browseKeyStore", "PKCS12", "P12", "") == PATH
        assert client.result("showFileChooser", "ALL", "") == str(document)
        keys = client.call("getKeys", "PKCS12", PATH, PASSWORD, "SIGN")
        # The client takes the end of the line for a part of the alias, and so do the pages that take it from there.
        assert keys["alias"].rstrip("\n") == authority.stored_key(KEY).key_id
        place = ("PKCS12", PATH, keys["alias"], PASSWORD)
        check_certificate(client, place)
        check_plain(client, place)
        check_cms(client, place, str(document))
        check_xml(client, place)
        check_digests(client)
        assert client.call("setLocale", "kk") == {"frames": 0}
        assert (
            client.result("verifyXml", client.result("signXml", *place, "<a/>")) is True
        )  # and nothing is mixed up
    assert PASSWORD not in "".join(agent.log)
    assert PASSWORD not in (agent.state_dir / "journal.jsonl").read_text("utf-8")


def check_certificate(client: Page, place: tuple[str, ...]) -> None:
    certificate = authority.certificate(KEY)
    for method in ("getNotBefore", "getNotAfter"):
        assert re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d", client.result(method, *place))
    assert f"SERIALNUMBER=IIN{certificate.iin}" in client.result("getSubjectDN", *place).split(",")
    assert "CN=" in client.result("getIssuerDN", *place)
    assert client.result("getRdnByOid", *place, "2.5.4.3", 0) == certificate.common_name
    assert client.call("getRdnByOid", *place, "2.5.4.15", 0)["isRdnNotFoundError"]


def check_plain(client: Page, place: tuple[str, ...]) -> None:
    signature = client.result("signPlainData", *place, TEXT)
    assert client.result("verifyPlainData", *place, TEXT, signature) is True
    assert (
        client.result("verifyPlainData", *place, TEXT + "!", signature) == ""
    )  # so the client writes `false`


def check_cms(client: Page, place: tuple[str, ...], path: str) -> None:
    for is_attached in (True, False):
        signature = client.result("createCMSSignature", *place, TEXT, is_attached)
        message = cms.read(base64.b64decode(signature, validate=True))
        assert (message.content == TEXT.encode()) is is_attached
        (evidence,) = cms.verify(message, None if is_attached else TEXT.encode())
        assert (evidence.signature, evidence.has_timestamp) == ("valid", False)
        assert client.result("verifyCMSSignature", TEXT, signature) is True
        assert client.call("verifyCMSSignature", TEXT + "!", signature)["result"] == ""
    signature = client.result("createCMSSignatureFromFile", *place, path, False)
    (evidence,) = cms.verify(cms.read(base64.b64decode(signature)), TEXT.encode())
    assert evidence.signature == "valid"
    assert client.result("verifyCMSSignatureFromFile", path, signature) is True


def check_xml(client: Page, place: tuple[str, ...]) -> None:
    signed = client.result("signXml", *place, "<xml></xml>")
    (evidence,) = xml_verify.verify(signed)
    assert (evidence.signature, evidence.covers) == ("valid", "")
    assert client.result("verifyXml", signed) is True
    # A page reads the certificate out of it, under this very name.
    (text,) = re.findall("<ds:X509Certificate>([^<]+)</ds:X509Certificate>", signed)
    assert base64.b64decode("".join(text.split())) == authority.certificate(KEY).der
    people = '<people><person id="p1">a</person></people>'
    part = client.result("signXmlByElementId", *place, people, "person", "id", "people")
    assert client.result("verifyXmlByElementId", part, "id", "people") is True
    assert client.call("signXml", *place, "<a>")["isXmlParseError"]


def check_digests(client: Page) -> None:
    assert client.result("getHash", TEXT, "SHA256") == hashlib.sha256(TEXT.encode()).hexdigest()
    assert client.result("getHash", TEXT, "SHA1") == hashlib.sha1(TEXT.encode()).hexdigest()
    assert re.fullmatch("[0-9a-f]{64}", client.result("getHash", TEXT, "GOST34311"))


def test_what_goes_wrong_is_told_by_the_clients_own_names(clients: Path, tmp_path: Path) -> None:
    chosen = {**SIGNS, "file": PATH}
    with flat_agent(tmp_path, chosen) as agent, page(clients, agent) as client:
        assert client.result("browseKeyStore", "PKCS12", "P12", "/no/such/folder") == PATH
        wrong = client.call("getKeys", "PKCS12", PATH, "sample-invalid-pwd", "SIGN")
        assert wrong["isPasswordError"]
        assert not wrong["isPasswordAttemptsError"]  # files count no tries
        assert client.call("getKeys", "PKCS12", PATH, PASSWORD, "AUTH")["isKeyTypeError"]
        assert client.call("getKeys", "FooStore", PATH, PASSWORD, "SIGN")["isUnknownStorageError"]


def test_a_person_who_says_no_leaves_an_empty_result(clients: Path, tmp_path: Path) -> None:
    with flat_agent(tmp_path, {**SIGNS, "file": PATH}, CANCELS) as agent, page(clients, agent) as client:
        assert client.result("browseKeyStore", "PKCS12", "P12", "") == PATH
        assert client.result("browseKeyStore", "PKCS12", "P12", "") == ""
        assert client.result("signXml", "PKCS12", PATH, "", PASSWORD, "<a/>") == ""


def test_a_key_file_that_nobody_chose_can_not_be_loaded_until_somebody_does(
    clients: Path, tmp_path: Path
) -> None:
    with (
        flat_agent(tmp_path, {**SIGNS, "file": PATH, "allow": True}) as agent,
        page(clients, agent) as client,
    ):
        answer = client.call("getKeys", "PKCS12", PATH, PASSWORD, "SIGN")
        assert answer["code"] == "LOAD_KEYSTORE_ERROR"
        assert not answer["result"]
        assert not answer["isPasswordError"]
        assert client.result("browseKeyStore", "PKCS12", "P12", PATH) == PATH
        assert client.result("getKeys", "PKCS12", PATH, PASSWORD, "SIGN")
