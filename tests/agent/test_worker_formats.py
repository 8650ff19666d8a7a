"""Every format and every method that signs, from a page's frame to its reply: a real worker, a scripted person, simulated authorities."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.certificate import Certificate
from agent.formats import cms, raw
from agent.formats.pdf import pades
from agent.formats.xml import verify
from agent.journal import Journal
from protocol import basics, common_utils
from tests.support import agents, authority, jks_files, making, pdfs, simulated_authorities, timestamps
from tests.support.simulated_authorities import OCSP, TSP, SimulatedAuthorities
from tests.support.worker_process import WorkerProcess

pytestmark = pytest.mark.process

DOCUMENT = "құжат".encode()
XML = making.XML.decode()
TSA = {"tsaProfile": {"url": "http://tsp.pki.gov.kz/"}}
KEYS = ("gost2015-individual", "p256-individual")


@pytest.fixture
def authorities() -> SimulatedAuthorities:
    return simulated_authorities.new(now=datetime.now(UTC))


def answered(
    tmp_path: Path,
    frame: dict[str, Any],
    fetch: SimulatedAuthorities | None = None,
    *,
    key: str = "gost2015-individual",
    file: Path | None = None,
    **options: Any,
) -> dict[str, Any]:
    """The reply to a frame, by a person who signs with that key, or the one in the file."""
    script = agents.write_answers(
        tmp_path / "answers.toml",
        [{"key": str(file or authority.path(key)), "password": authority.PASSWORD}],
    )
    usual: dict[str, Any] = {
        "answers": script, "test_authorities": authority.issuing_paths(), "timestamp_url": TSP,
    }  # fmt: skip
    with WorkerProcess(tmp_path, **{**usual, **options}) as process:
        process.begin(json.dumps(frame).encode())
        reply = process.reply(fetch)
    assert reply is not None
    reply["log"] = process.log
    return reply


def basics_sign(signature_format: str, *documents: bytes, **signing: Any) -> dict[str, Any]:
    args = {
        "format": signature_format,
        "data": [base64.b64encode(document).decode() for document in documents],
        "signingParams": {"decode": True, **signing},
        "signerParams": {"extKeyUsageOids": [], "chain": []},
    }
    return {"module": basics.MODULE, "method": "sign", "args": args}


def common(method: str, *arguments: Any, storage: str = "PKCS12") -> dict[str, Any]:
    args = [storage, *arguments]
    return {"module": common_utils.MODULE, "method": method, "args": args, "uuid": "u-1"}


def result(reply: dict[str, Any]) -> Any:
    """What a page gets of either module where all went well."""
    if "status" in reply:
        assert reply["status"] is True, reply
        return reply["body"]["result"]
    assert (reply["code"], reply["uuid"]) == ("200", "u-1"), reply
    return reply["responseObject"]


def events(tmp_path: Path) -> list[str]:
    path = Journal(tmp_path / "journal.jsonl").path
    return (
        [json.loads(line)["event"] for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    )


def one_timestamp(message: bytes, document: bytes | None = None) -> None:
    (evidence,) = cms.verify(cms.read(message), document)
    (timestamp,) = timestamps.of(evidence)
    assert evidence.signature == timestamp.evidence.signature == "valid"
    assert timestamp.is_over(evidence.stamped)


# --- basics -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_basics_xml_is_a_signed_document_without_white_space_of_ours(tmp_path: Path, key: str) -> None:
    (signed,) = result(answered(tmp_path, basics_sign("xml", making.XML), key=key))
    (evidence,) = verify.verify(signed)
    assert (evidence.signature, evidence.covers) == ("valid", "")
    assert evidence.certificate == authority.certificate(key)
    assert "<ds:SignedInfo><" in signed


def test_basics_raw_is_bare_octets_and_the_certificate_where_it_is_wanted(tmp_path: Path) -> None:
    signatures = result(answered(tmp_path, basics_sign("raw", DOCUMENT, b"two")))
    certificate = authority.certificate("gost2015-individual")
    for signature, document in zip(signatures, (DOCUMENT, b"two"), strict=True):
        assert raw.verify(base64.b64decode(signature), document, certificate).signature == "valid"
    found = result(answered(tmp_path, basics_sign("raw", DOCUMENT, outputCert=True)))
    assert set(found) == {"signatures", "certificate"}
    given = Certificate.from_pem_or_der(found["certificate"].encode())
    assert raw.verify(base64.b64decode(found["signatures"][0]), DOCUMENT, given).signature == "valid"


def test_basics_raw_signs_a_digest(tmp_path: Path) -> None:
    signer = authority.signer("rsa-sign-individual")
    frame = basics_sign("raw", signer.algorithm.digest(DOCUMENT), digested=True)
    (signature,) = result(answered(tmp_path, frame, key="rsa-sign-individual"))
    assert raw.verify(base64.b64decode(signature), DOCUMENT, signer.certificate).signature == "valid"


def test_basics_raw_of_a_digest_is_not_for_keys_that_identify(tmp_path: Path) -> None:
    frame = basics_sign("raw", bytes(64), digested=True)
    reply = answered(tmp_path, frame, key="gost2015-individual")
    assert (reply["status"], reply["body"]) == (True, {})
    assert "disabled+bare-digest" in reply["log"]


def test_basics_pdf_is_a_signed_file_with_stamp_and_timestamp(
    tmp_path: Path, authorities: SimulatedAuthorities
) -> None:
    frame = basics_sign("pdf", pdfs.page(), stamp=True, **TSA)
    (signed,) = result(answered(tmp_path, frame, authorities))
    (evidence,) = pades.verify(base64.b64decode(signed))
    assert evidence.signature == "valid"
    assert evidence.has_timestamp
    assert authorities.count("timestamp") == 1


@pytest.mark.parametrize("key", KEYS)
def test_basics_cms_gets_the_timestamp_that_its_profile_asks_for(
    tmp_path: Path, authorities: SimulatedAuthorities, key: str
) -> None:
    frame = basics_sign("cms", DOCUMENT, b"two", **TSA)
    signed = result(answered(tmp_path, frame, authorities, key=key))
    for message in signed:
        one_timestamp(message.encode())
    questions = [(question.kind, question.url) for question in authorities.asked]
    assert questions == [("ocsp", OCSP), *[("timestamp", TSP)] * 2]  # of the key first, then of the time
    assert events(tmp_path) == ["asked", "decided", "signed"]


@pytest.mark.parametrize("fault", ["http-500", "wrong-nonce"])
def test_basics_without_a_timestamp_is_a_failure(
    tmp_path: Path, authorities: SimulatedAuthorities, fault: str
) -> None:
    authorities.switch("tsp", fault)
    reply = answered(tmp_path, basics_sign("cms", DOCUMENT, **TSA), authorities)
    assert (reply["status"], reply["code"]) == (False, "SIGNING_FAILURE")
    assert reply["details"].startswith("timestamp-failed: ")
    assert events(tmp_path) == ["asked", "decided", "failed"]


def test_basics_offline_is_a_failure_too(tmp_path: Path) -> None:
    reply = answered(tmp_path, basics_sign("cms", DOCUMENT, **TSA), is_offline=True)
    assert (reply["code"], reply["details"].split(":")[0]) == ("SIGNING_FAILURE", "timestamp-failed")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (basics_sign("placeholder", DOCUMENT), "INVALID_SIGNING_PARAMS"),
        (basics_sign("pdf", b"junk"), "INVALID_SIGNING_PARAMS"),
        (basics_sign("pdf", pdfs.page(), decode=False), "INVALID_SIGNING_PARAMS"),
        (basics_sign("xml", b"<a>"), "INVALID_SIGNING_PARAMS"),
        (basics_sign("xml", making.XML, **TSA), "SIGNING_FAILURE"),
    ],
)
def test_b27_what_makes_no_sense_fails_with_a_code_and_nobody_is_asked(
    tmp_path: Path, frame: dict[str, Any], code: str
) -> None:
    reply = answered(tmp_path, frame)
    assert (reply["status"], reply["code"]) == (False, code)
    assert reply["message"]
    assert events(tmp_path) == []


# --- commonUtils --------------------------------------------------------------------------------------------------


def test_sign_xml_is_one_document_and_sign_xmls_are_several(tmp_path: Path) -> None:
    one = result(answered(tmp_path, common("signXml", "SIGNATURE", XML, "", "")))
    assert [each.signature for each in verify.verify(one)] == ["valid"]
    assert "<ds:SignedInfo>\r\n" in one or "<ds:SignedInfo>\n" in one
    several = result(answered(tmp_path, common("signXmls", "SIGNATURE", [XML, "<b/>"], "", "")))
    assert [verify.verify(each)[0].signature for each in several] == ["valid", "valid"]


def test_the_encoding_that_a_pages_text_declares_means_nothing(tmp_path: Path) -> None:
    text = XML.replace("UTF-8", "windows-1251")
    signed = result(answered(tmp_path, common("signXml", "SIGNATURE", text, "", "")))
    assert "бір" in signed
    assert verify.verify(signed)[0].signature == "valid"


def test_sign_xml_signs_the_element_that_an_xpath_selects(tmp_path: Path) -> None:
    frame = common("signXml", "SIGNATURE", XML, "//*[@Id='one']", "//*[@Id='two']")
    (evidence,) = verify.verify(result(answered(tmp_path, frame)))
    assert (evidence.signature, evidence.covers) == ("valid", "#one")


@pytest.mark.parametrize("broken", ["<a>", "text"])
def test_c39_broken_xml_fails_in_a_parsers_words_and_nobody_is_asked(tmp_path: Path, broken: str) -> None:
    reply = answered(tmp_path, common("signXml", "SIGNATURE", broken, "", ""))
    assert (reply["code"], reply["uuid"]) == ("500", "u-1")
    assert "org.xml.sax.SAXParseException; lineNumber: " in reply["message"]
    assert events(tmp_path) == []


@pytest.mark.parametrize("is_attached", [True, False])
def test_c33_create_cms_signature_has_a_timestamp(
    tmp_path: Path, authorities: SimulatedAuthorities, is_attached: bool
) -> None:
    text = base64.b64encode(DOCUMENT).decode()
    frame = common("createCMSSignatureFromBase64", "SIGNATURE", text, is_attached)
    message = base64.b64decode(result(answered(tmp_path, frame, authorities)))
    assert cms.read(message).content == (DOCUMENT if is_attached else None)
    one_timestamp(message, DOCUMENT)


def test_c33_create_cms_signature_fails_without_one(
    tmp_path: Path, authorities: SimulatedAuthorities
) -> None:
    authorities.switch("tsp", "http-500")
    text = base64.b64encode(DOCUMENT).decode()
    frame = common("createCMSSignatureFromBase64", "SIGNATURE", text, True)
    reply = answered(tmp_path, frame, authorities)
    assert (reply["code"], reply["uuid"]) == ("500", "u-1")
    assert reply["message"].startswith("timestamp-failed: ")
    assert "responseObject" not in reply


def test_a_signature_that_is_sent_again_gets_a_second_signer_with_his_own_timestamp(
    tmp_path: Path, authorities: SimulatedAuthorities
) -> None:
    first = cms.sign(authority.signer("rsa-sign-head"), DOCUMENT, at=authority.NOW, detached=False)
    text = base64.b64encode(first).decode()
    frame = common("createCMSSignatureFromBase64", "SIGNATURE", text, True)
    message = base64.b64decode(result(answered(tmp_path, frame, authorities)))
    found = {each.certificate: each.has_timestamp for each in cms.verify(cms.read(message))}
    assert found == {
        authority.certificate("rsa-sign-head"): False,
        authority.certificate("gost2015-individual"): True,
    }
    assert authorities.count("timestamp") == 1


def test_apply_cades_t_stamps_what_is_sent_and_asks_nobody(
    tmp_path: Path, authorities: SimulatedAuthorities
) -> None:
    message = cms.sign(authority.signer("rsa-sign-head"), DOCUMENT, at=authority.NOW, detached=True)
    frame = common("applyCAdEST", "SIGNATURE", base64.b64encode(message).decode())
    one_timestamp(base64.b64decode(result(answered(tmp_path, frame, authorities))), DOCUMENT)
    assert events(tmp_path) == ["asked", "timestamped"]


@pytest.mark.parametrize("octets", [b"junk", DOCUMENT])
def test_apply_cades_t_to_no_signature_fails(
    tmp_path: Path, authorities: SimulatedAuthorities, octets: bytes
) -> None:
    frame = common("applyCAdEST", "SIGNATURE", base64.b64encode(octets).decode())
    reply = answered(tmp_path, frame, authorities)
    assert (reply["code"], reply["message"].split(":")[0]) == ("500", "bad-input")
    assert authorities.asked == []


# --- libraries ----------------------------------------------------------------------------------------------------

# At its end the worker says which libraries it loaded.
TELLS = """
real_reply = daemon_pipe.Daemon.reply
def reply(self, *reply, **more):
    print("loaded", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
    return real_reply(self, *reply, **more)
daemon_pipe.Daemon.reply = reply
"""
HEAVY = {"lxml", "pyhanko", "reportlab", "urllib3", "http", "ssl"}


@pytest.mark.parametrize(
    ("frame", "loads"),
    [
        (basics_sign("cms", DOCUMENT, **TSA), set()),
        (basics_sign("raw", DOCUMENT), set()),
        (common("createCAdESFromBase64", "SIGNATURE", "YQ==", True), set()),
        (basics_sign("xml", making.XML), {"lxml"}),
    ],
    ids=["cms", "raw", "cades", "xml"],
)
def test_a_worker_loads_the_libraries_of_its_format_only(
    tmp_path: Path, authorities: SimulatedAuthorities, frame: dict[str, Any], loads: set[str]
) -> None:
    log = answered(tmp_path, frame, authorities, before=TELLS)["log"]
    (line,) = [line for line in log.splitlines() if line.startswith("loaded ")]
    loaded = set(line.split()[1:])
    assert "asn1crypto" in loaded
    assert loaded & HEAVY == loads


# --- Java key stores ----------------------------------------------------------------------------------------------


@pytest.fixture
def java_store(tmp_path: Path) -> Path:
    path = tmp_path / "a.jks"
    path.write_bytes(jks_files.write([jks_files.key_of("gost2015-individual")]))
    return path


def test_a_java_key_store_tells_its_key(tmp_path: Path, java_store: Path) -> None:
    found = result(answered(tmp_path, common("getKeyInfo", storage="JKS"), file=java_store))
    assert Certificate.from_pem_or_der(found["pem"].encode()) == authority.certificate("gost2015-individual")


def test_a_key_in_a_java_key_store_signs_cms_and_xml(tmp_path: Path, java_store: Path) -> None:
    text = base64.b64encode(DOCUMENT).decode()
    frame = common("createCAdESFromBase64", "SIGNATURE", text, True, storage="JKS")
    signed = result(answered(tmp_path, frame, file=java_store))
    (evidence,) = cms.verify(cms.read(base64.b64decode(signed)))
    assert (evidence.signature, evidence.certificate) == (
        "valid",
        authority.certificate("gost2015-individual"),
    )
    frame = common("signXml", "SIGNATURE", "<a/>", "", "", storage="JKS")
    (evidence,) = verify.verify(result(answered(tmp_path, frame, file=java_store)))
    assert evidence.signature == "valid"


def test_so_it_does_for_basics_where_the_page_allows_it(tmp_path: Path, java_store: Path) -> None:
    frame = basics_sign("cms", DOCUMENT)
    frame["args"]["allowedStorages"] = ["JKS"]
    (signed,) = result(answered(tmp_path, frame, file=java_store))
    (evidence,) = cms.verify(cms.read(signed.encode()))
    assert evidence.signature == "valid"
