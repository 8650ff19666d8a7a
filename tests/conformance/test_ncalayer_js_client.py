"""The published ncalayer-js-client, unchanged, in the versions that pages carry: in Node, and in Chromium.

What differs between them is the client's own doing, and stands in `VERSIONS`:

    1.3.4   asks for no KAZTOKEN when it connects; a single document's signature comes to the page as the agent sent it, in a list
    1.5.0   asks; refuses several documents by itself where there is no KAZTOKEN; the single signature likewise
    1.5.3   sends several documents; takes the single signature out of its list
    1.5.6   sends a logo beside
"""

import base64
import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from agent.formats import cms
from agent.formats.xml import verify as xml_verify
from tests.support import agents, authority, browsers, npm_clients, timestamps

DOCUMENTS = [b"first act \xd2\xb0\xd0\x9a\xd0\x9e", b"second act", bytes(range(256)) * 64]
TEXT = b"text, not base64"
DIGEST = hashlib.sha256(DOCUMENTS[0]).digest()
MATERIAL = {
    "documents": [base64.b64encode(document).decode() for document in DOCUMENTS],
    "digest": base64.b64encode(DIGEST).decode(),
    "logo": "iVBORw0KGgo=" * 16,
}
PROBE = '{"module":"kz.digiflow.mobile.extensions","method":"getVersion"}'
NOT_FOUND = '{"success":false,"errorCode":"MODULE_NOT_FOUND"}'
PERSON, HEAD, RSA = "gost2015-individual", "gost2015-head", "rsa-sign-individual"

# What the client asks (clients/calls.mjs), and with which key the person signs. "" is a request that nobody is asked about,
# "cancel" a person who closes the window, "unused" a request that fails once a worker has begun on it.
STEPS = {
    "tokens": "",
    "keyInfo": PERSON,
    "keyInfoCancelled": "cancel",
    "keyInfoOfToken": "",
    "cadesDetached": PERSON,
    "cadesAttached": "gost2004-individual",
    "cadesAuthentication": "rsa-auth-individual",
    "cadesWrongKey": RSA,
    "cadesHash": RSA,
    "cadesEmptyHash": "",
    "cadesArray": "",
    "cmsStamped": PERSON,
    "cmsStampedAttached": RSA,
    "signXml": RSA,
    "signXmlById": HEAD,
    "signXmls": "gost2004-individual",
    "signXmlBroken": "unused",
    "signXmlCancelled": "cancel",
    "locale": "",
    "localeUnknown": "",
    "single": PERSON,
    "attached": HEAD,
    "array": RSA,
    "octets": PERSON,
    "blob": PERSON,
    "defaults": PERSON,
    "stampedDetached": PERSON,
    "stampedHash": RSA,
    "stampedAttached": HEAD,
    "everyStorage": PERSON,
    "tokensOnly": "",
    "anySigner": "rsa-auth-individual",
    "person": PERSON,
    "organisation": "gost2015-employee",
    "organisationIsNoPerson": PERSON,
    "head": HEAD,
    "trusted": "gost2015-sign-right",
    "employee": "gost2015-employee",
    "authentication": "rsa-auth-individual",
    "authenticationHead": "rsa-auth-head",
    "testSigner": PERSON,
    "xml": PERSON,
    "xmlArray": "p256-individual",
    "logo": PERSON,
    "cancelled": "cancel",
    "badParams": "",
}
IN_BROWSERS = ("octets", "blob")  # in Node the client has no way to base64


@dataclasses.dataclass(frozen=True)
class Version:
    """What this version does by its own will."""

    number: str
    probes: bool = True
    takes_out_the_single: bool = True
    refuses_arrays: bool = False
    lacks: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        return f"ncalayer-js-client-{self.number}"

    def steps(self, *, is_browser: bool) -> list[str]:
        lacking = self.lacks if is_browser else (*self.lacks, *IN_BROWSERS)
        return [step for step in STEPS if step not in lacking]

    def answers(self, *, is_browser: bool) -> list[dict[str, object]]:
        """What the person does, one operation after the other."""
        keys = [STEPS[step] for step in self.steps(is_browser=is_browser)]
        return [_answer(key) for key in keys if key] + [{"decision": "cancel"}]


VERSIONS = (
    Version("1.3.4", probes=False, takes_out_the_single=False, lacks=("blob", "logo")),
    Version("1.5.0", takes_out_the_single=False, refuses_arrays=True, lacks=("array", "logo")),
    Version("1.5.3", lacks=("logo",)),
    Version("1.5.6"),
)
each_version = pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.number)


def test_these_are_the_versions_that_are_installed() -> None:
    assert tuple(version.number for version in VERSIONS) == npm_clients.NCALAYER_JS


def _answer(key: str) -> dict[str, object]:
    if key in ("cancel", "unused"):
        return {"decision": "cancel"}
    return {"key": authority.path(key), "password": authority.PASSWORD, "decision": "sign"}


@pytest.fixture
def flags(timestamp_url: str) -> tuple[str, ...]:
    """The test authority counts like the national one: the client's own constants name no other."""
    trusted = [f"--authority={path}" for path in (*authority.root_paths(), *authority.issuing_paths())]
    return ("--proxy", "none", "--timestamp-url", timestamp_url, *trusted)


@pytest.fixture(scope="module")
def pages(clients: Path) -> Iterator[str]:
    """A web site on this computer with one page for each version."""
    for version in VERSIONS:
        page = PAGE.replace("PACKAGE", version.package)
        (clients / f"{version.number}.html").write_text(page, encoding="utf-8")
    with npm_clients.served(clients) as port:
        yield f"http://localhost:{port}"


PAGE = """<!doctype html><meta charset="utf-8"><title>client</title>
<script src="node_modules/PACKAGE/ncalayer-client.js"></script>
<script type="module">
  import { drive } from './browser.mjs';
  window.drive = drive;
</script>"""


@each_version
def test_it_works_in_node(version: Version, clients: Path, flags: tuple[str, ...], tmp_path: Path) -> None:
    steps = version.steps(is_browser=False)
    with agents.simulated(
        tmp_path / "agent",
        version.answers(is_browser=False),
        test_authorities=authority.issuing_paths(),
        flags=flags,
    ) as agent:
        arguments = [version.package, agent.url, json.dumps(steps), json.dumps(MATERIAL)]
        printed = npm_clients.in_node(clients, agent, "sign.mjs", arguments)
    check(json.loads(printed), version, steps)


@each_version
@pytest.mark.browser
def test_it_works_in_chromium(version: Version, pages: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    steps = version.steps(is_browser=True)
    with agents.simulated(
        tmp_path / "agent",
        version.answers(is_browser=True),
        test_authorities=authority.issuing_paths(),
        flags=flags,
    ) as agent:
        browsers.trust(browsers.chromium_store(tmp_path / "home"), agent.authority_path, "agent")
        with browsers.chromium(tmp_path / "home") as driver:
            driver.get(f"{pages}/{version.number}.html")
            outcome = drive(driver, agent.url, steps)
    check(outcome, version, steps)
    if "blob" in steps:
        verify(version, outcome["blob"], DOCUMENTS[0])
    verify(version, outcome["octets"], DOCUMENTS[0])


def drive(driver: webdriver.Chrome, url: str, steps: list[str]) -> dict[str, Any]:
    driver.set_script_timeout(npm_clients.RUN_S)
    script = "const [url, steps, material, done] = arguments; window.drive(url, steps, material).then(done)"
    outcome: dict[str, Any] = driver.execute_async_script(script, url, steps, MATERIAL)
    return outcome


# --- what must come of it ---------------------------------------------------------------------------------------


def check(outcome: dict[str, Any], version: Version, steps: list[str]) -> None:
    assert outcome["connected"] == {"value": "1.4"}
    assert outcome["isKmd"] is (False if version.probes else None)
    assert (outcome["sent"][0] == PROBE) is version.probes
    assert (outcome["received"][1] == NOT_FOUND) is version.probes
    assert len(outcome["received"]) == len(outcome["sent"]) + 1  # and the greeting
    check_errors(outcome)
    check_key_info(outcome["keyInfo"]["value"])
    check_common_utils(outcome)
    check_basics(outcome, version)
    check_xml(outcome)
    if "logo" in steps:
        assert MATERIAL["logo"] in next(frame for frame in outcome["sent"] if '"logo"' in frame)
        verify(version, outcome["logo"], DOCUMENTS[0])


def check_errors(outcome: dict[str, Any]) -> None:
    """What the client makes of refusals: its own texts, which pages show to people."""
    mismatch = "500: java.lang.IllegalArgumentException: argument type mismatch. Method: "
    details = 'org.json.JSONException: JSONObject["signingParams"] is not a JSONObject.'
    expected = {
        "keyInfoCancelled": "500: action.canceled",
        "keyInfoOfToken": "500: storage.empty",
        "cadesWrongKey": "500: action.canceled",
        "cadesEmptyHash": "500: undefined",
        "cadesArray": f"{mismatch}createCAdESFromBase64",
        "signXmlCancelled": "500: action.canceled",
        "badParams": f"INVOCATION_ERROR: An invoked method threw an exception. ({details})",
    }
    for step, text in expected.items():
        assert outcome[step] == {"error": text, "canceledByUser": False}, step
    for step in ("organisationIsNoPerson", "cancelled"):
        assert outcome[step] == {"error": "cancelled by user", "canceledByUser": True}, step
    assert outcome["signXmlBroken"]["error"].startswith("500: org.xml.sax.SAXParseException; lineNumber: 1;")
    assert outcome["tokensOnly"]["error"].startswith("SIGNING_FAILURE: ")
    assert outcome["tokens"] == {"value": []}
    for step in ("locale", "localeUnknown"):
        assert "error" not in outcome[step], step


def check_key_info(info: dict[str, Any]) -> None:
    certificate = authority.certificate(PERSON)
    assert info["pem"].replace("\r\n", "\n").strip() == certificate.pem().strip()
    assert info["serialNumber"] == f"{certificate.serial_number:x}"
    assert f"SERIALNUMBER=IIN{certificate.iin}" in info["subjectDn"].split(",")
    assert info["certNotAfter"] == str(int(certificate.not_after.timestamp() * 1000))
    assert all(isinstance(value, str) for value in info.values())


def check_common_utils(outcome: dict[str, Any]) -> None:
    (evidence,) = evidence_of(outcome["cadesDetached"]["value"], DOCUMENTS[0])
    assert not evidence.has_timestamp
    evidence_of(outcome["cadesAttached"]["value"], None)
    assert cms.read(outcome["cadesAttached"]["value"].encode()).content == DOCUMENTS[0]
    evidence_of(outcome["cadesAuthentication"]["value"], DOCUMENTS[0])
    evidence_of(outcome["cadesHash"]["value"], DOCUMENTS[0])  # as if the document had been sent
    check_timestamp(outcome["cmsStamped"]["value"], DOCUMENTS[0])
    check_timestamp(outcome["cmsStampedAttached"]["value"], None)


def check_basics(outcome: dict[str, Any], version: Version) -> None:
    for step in (
        "single", "everyStorage", "anySigner", "person", "organisation", "head", "trusted", "employee",
        "authentication", "authenticationHead", "testSigner",
    ):  # fmt: skip
        signature = verify(version, outcome[step], DOCUMENTS[0])
        (evidence,) = evidence_of(signature, DOCUMENTS[0])
        assert not evidence.has_timestamp, step
        assert signature.startswith("-----BEGIN CMS-----\n")
        assert signature.endswith("\n-----END CMS-----\n")
    assert content_of(verify(version, outcome["attached"], None)) == DOCUMENTS[0]
    assert content_of(verify(version, outcome["defaults"], None)) == TEXT
    check_timestamp(verify(version, outcome["stampedDetached"], DOCUMENTS[0]), DOCUMENTS[0])
    check_timestamp(verify(version, outcome["stampedHash"], DOCUMENTS[0]), DOCUMENTS[0])
    check_timestamp(verify(version, outcome["stampedAttached"], None), None)
    if version.refuses_arrays:
        assert "array" not in outcome
        return
    assert len(outcome["array"]["value"]) == len(DOCUMENTS)
    for signature, document in zip(outcome["array"]["value"], DOCUMENTS, strict=True):
        evidence_of(signature, document)


def check_xml(outcome: dict[str, Any]) -> None:
    whole = [
        *outcome["xml"]["value"],  # a list of one, in every version: the client takes only CMS out of it
        *outcome["xmlArray"]["value"],
        outcome["signXml"]["value"],
        *outcome["signXmls"]["value"],
    ]
    assert len(whole) == 6
    for signed in whole:
        assert [(each.signature, each.covers) for each in xml_verify.verify(signed)] == [("valid", "")]
    (evidence,) = xml_verify.verify(outcome["signXmlById"]["value"])
    assert (evidence.signature, evidence.covers) == ("valid", "#one")


def verify(version: Version, got: dict[str, Any], document: bytes | None) -> str:
    """The signature that the page was given for a single document, which is a good one."""
    assert "value" in got, got
    signature = got["value"]
    if not version.takes_out_the_single:
        (signature,) = signature
    evidence_of(signature, document)
    return str(signature)


def evidence_of(signature: str, document: bytes | None) -> tuple[Any, ...]:
    evidence = tuple(cms.verify(cms.read(signature.encode()), document))
    assert [signer.signature for signer in evidence] == ["valid"]
    return evidence


def content_of(signature: str) -> bytes | None:
    return cms.read(signature.encode()).content


def check_timestamp(signature: str, document: bytes | None) -> None:
    (evidence,) = evidence_of(signature, document)
    (timestamp,) = timestamps.of(evidence)
    assert timestamp.evidence.signature == "valid"
    assert timestamp.is_over(evidence.stamped)


def test_several_documents_are_refused_by_the_version_that_knows_them_from_kaztoken_alone(
    clients: Path, tmp_path: Path
) -> None:
    version = next(each for each in VERSIONS if each.refuses_arrays)
    with agents.simulated(tmp_path / "agent", [{"decision": "cancel"}]) as agent:
        arguments = [version.package, agent.url, json.dumps(["array"]), json.dumps(MATERIAL)]
        outcome = json.loads(npm_clients.in_node(clients, agent, "sign.mjs", arguments))
    assert "KAZTOKEN" in outcome["array"]["error"]
    assert outcome["sent"] == [PROBE]


@pytest.mark.browser
def test_an_old_page_gets_a_text_for_one_document_where_its_readings_say_so(
    pages: str, flags: tuple[str, ...], tmp_path: Path
) -> None:
    """The page was written for what NCALayer answered before October 2024, and its version of the client hands that on."""
    version = next(each for each in VERSIONS if not each.takes_out_the_single)
    config = tmp_path / "agent" / "state" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[sites."{pages}"]\nbasics_single = "text"\n', encoding="utf-8")
    with agents.simulated(
        tmp_path / "agent", [_answer(PERSON)], test_authorities=authority.issuing_paths(), flags=flags
    ) as agent:
        browsers.trust(browsers.chromium_store(tmp_path / "home"), agent.authority_path, "agent")
        with browsers.chromium(tmp_path / "home") as driver:
            driver.get(f"{pages}/{version.number}.html")
            outcome = drive(driver, agent.url, ["single", "array"])
    evidence_of(outcome["single"]["value"], DOCUMENTS[0])
    assert len(outcome["array"]["value"]) == len(DOCUMENTS)
