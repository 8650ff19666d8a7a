"""The report: the rule from what was found to a verdict, and its JSON, which programs rely on."""

import dataclasses
import itertools
import json
from datetime import timedelta
from typing import Any

import pytest

from agent.formats import cms, cms_build
from agent.formats.evidence import Evidence
from agent.formats.pdf.evidence import PdfEvidence
from agent.operations import report, verify
from agent.operations.report import Report, SignatureReport, TimestampReport, Verdict
from agent.trust.revocation import State, Status
from agent.words import texts
from tests.support import authority, chains, simulated_authorities, timestamps, verdicts
from tests.support.authority import NOW
from tests.support.simulated_authorities import OCSP
from tests.support.timestamps import AT

DOCUMENT = b"an act of work done"
STATES: tuple[State, ...] = ("good", "revoked", "unknown", "unreachable", "not-checked")


def found(name: str = "gost2015-head", **changes: Any) -> Report:
    """The report on a signature with everything in it, by a key of the test authority."""
    message = cms.sign(authority.signer(name), DOCUMENT, at=AT, detached=True)
    trust = verdicts.trust(simulated_authorities.new(), ocsp_url=OCSP)
    return verify.verify(timestamps.stamped(message), DOCUMENT, at=NOW, trust=trust, **changes)


def good() -> SignatureReport:
    (signer,) = found().signers
    return signer


def changed(**changes: Any) -> SignatureReport:
    return dataclasses.replace(good(), **changes)


def with_finding(finding: str, *reasons: str) -> SignatureReport:
    signer = good()
    evidence = dataclasses.replace(signer.evidence, signature=finding, reasons=reasons)
    return dataclasses.replace(signer, evidence=evidence)


# --- the rule -----------------------------------------------------------------------------------------------------


def test_nothing_stands_between_a_good_signature_and_valid() -> None:
    signer = good()
    assert (signer.verdict, signer.reasons, signer.timestamp_reasons) == ("valid", (), ())
    assert signer.holds_but_for_revocation


@pytest.mark.parametrize(
    ("state", "verdict", "holds"),
    [
        ("good", "valid", True),
        ("revoked", "invalid", False),
        ("unknown", "indeterminate", False),
        ("unreachable", "indeterminate", True),
        ("not-checked", "indeterminate", True),
    ],
)
def test_each_answer_on_revocation_has_its_own_reason_and_its_verdict(
    state: State, verdict: Verdict, holds: bool
) -> None:
    signer = changed(revocation=Status(state))
    assert (signer.verdict, signer.holds_but_for_revocation) == (verdict, holds)
    assert signer.reasons == (() if state == "good" else (f"revocation-{state}",))


@pytest.mark.parametrize(
    ("signer", "verdict"),
    [
        (with_finding("invalid", "digest-mismatch"), "invalid"),
        (with_finding("unsupported", "unsupported-algorithm"), "indeterminate"),
        (with_finding("unchecked", "no-content"), "indeterminate"),
        (changed(path_reasons=("certificate-expired",)), "indeterminate"),
        (changed(unsuitable=("key-usage",)), "indeterminate"),
        (changed(timestamps=(TimestampReport(None, None, ("timestamp-invalid",)),)), "indeterminate"),
    ],
)
def test_whatever_else_is_wrong_is_never_valid_whether_revocation_is_good_or_not(
    signer: SignatureReport, verdict: Verdict
) -> None:
    assert signer.verdict == verdict
    assert not signer.holds_but_for_revocation
    for state in STATES:
        with_state = dataclasses.replace(signer, revocation=Status(state))
        assert with_state.verdict in ("invalid", "indeterminate")
        if state == "revoked":
            assert with_state.verdict == "invalid"


def test_reasons_come_in_order_and_those_of_timestamps_once() -> None:
    bad = TimestampReport(None, None, ("timestamp-invalid",))
    signer = dataclasses.replace(
        with_finding("unchecked", "no-content"),
        timestamps=(bad, bad),
        path_reasons=("no-path", "path-no-issuer"),
        unsuitable=("key-usage",),
        revocation=Status("unreachable"),
    )
    assert signer.reasons == (
        "no-content", "timestamp-invalid", "no-path", "path-no-issuer", "key-usage", "revocation-unreachable",
    )  # fmt: skip


def test_where_revocation_is_no_question_that_nobody_was_asked_is_no_reason_and_nothing_is_valid() -> None:
    nobody_asked = Status("not-checked")
    bad = dataclasses.replace(with_finding("invalid", "digest-mismatch"), revocation=nobody_asked)
    assert bad.reasons == ("digest-mismatch",)
    nobodys = changed(path=None, path_reasons=("no-path",), revocation=nobody_asked)
    assert nobodys.reasons == ("no-path",)
    assert changed(path=None, revocation=nobody_asked).verdict == "indeterminate"
    assert changed(path=None, revocation=Status("revoked")).reasons == ("revocation-revoked",)


def test_the_json_says_which_section_of_which_standard_speaks_of_a_reason() -> None:
    signer = with_finding("invalid", "digest-mismatch")
    written = as_json(Report("invalid", "xml", NOW, (signer,)))
    assert written["signers"][0]["sections"] == {"digest-mismatch": "XML-DSig §3.2.1"}


def test_the_worst_signature_decides_over_a_document_and_none_at_all_is_invalid() -> None:
    by_verdict = {
        "valid": good(),
        "indeterminate": changed(revocation=Status("unreachable")),
        "invalid": changed(revocation=Status("revoked")),
    }
    rank = ("invalid", "indeterminate", "valid")
    for verdicts_of in itertools.product(rank, repeat=3):
        expected = min(verdicts_of, key=rank.index)
        assert report.verdict_on([by_verdict[each] for each in verdicts_of]) == expected
    assert report.verdict_on([]) == "invalid"


def test_a_timestamp_proves_its_moment_only_without_reasons() -> None:
    (timestamp,) = good().timestamps
    assert timestamp.proven == AT
    assert dataclasses.replace(timestamp, reasons=("timestamp-untrusted",)).proven is None
    assert dataclasses.replace(timestamp, timestamp=None).proven is None


# --- JSON ---------------------------------------------------------------------------------------------------------

# Programs rely on these names; one may be added, none may go or change its meaning.
KEYS = {
    "": {"verdict", "format", "is_partial", "verified_at", "signers"},
    "signers": {
        "verdict", "subject", "algorithm", "covers", "signature", "reasons", "sections", "signing_time",
        "timestamps", "judged_at", "certificate", "trust", "revocation",
    },
    "signers.sections": set(),
    "signers.subject": {
        "common_name", "surname", "given_name", "patronymic", "iin", "bin", "organisation", "email", "roles",
        "name",
    },
    "signers.timestamps": {
        "proves", "reasons", "time", "policy", "digest", "serial_number", "authority", "trust",
    },
    "signers.timestamps.trust": {"anchor", "domain", "sha256"},
    "signers.judged_at": {"time", "basis"},
    "signers.certificate": {"serial_number", "issuer", "not_before", "not_after", "sha256"},
    "signers.trust": {"anchor", "domain", "sha256"},
    "signers.revocation": {"state", "source", "checked_at", "revoked_at", "reason", "detail"},
}  # fmt: skip


def keys_of(value: Any, place: str = "") -> dict[str, set[str]]:
    """The names in each object, by the way to it; lists count as their items."""
    names: dict[str, set[str]] = {}
    if isinstance(value, list):
        for item in value:
            names |= keys_of(item, place)
    if isinstance(value, dict):
        names[place] = set(value)
        for key, inner in value.items():
            names |= keys_of(inner, f"{place}.{key}".lstrip("."))
    return names


def as_json(of: Report) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(json.dumps(of.to_json(), ensure_ascii=False))
    return written


def test_the_names_in_the_json_are_these() -> None:
    assert keys_of(as_json(found())) == KEYS


def test_the_json_of_a_good_signature() -> None:
    certificate = authority.certificate("gost2015-head")
    issuing = authority.issuing()[0]
    trust = {"anchor": "QALAMSAP TEST CA (GOST 2015)", "domain": "given", "sha256": issuing.fingerprint}
    written = as_json(found())
    (signer,) = written["signers"]
    (timestamp,) = signer["timestamps"]
    assert timestamp.pop("serial_number")
    assert written == {
        "verdict": "valid",
        "format": "cms",
        "is_partial": False,
        "verified_at": "2026-11-23T12:00:00Z",
        "signers": [
            {
                "verdict": "valid",
                "subject": {
                    "common_name": certificate.common_name,
                    "surname": certificate.surname,
                    "given_name": certificate.given_name,
                    "patronymic": certificate.patronymic,
                    "iin": certificate.iin,
                    "bin": certificate.bin,
                    "organisation": certificate.organisation,
                    "email": None,
                    "roles": ["legal", "head"],
                    "name": certificate.subject.text(),
                },
                "algorithm": "ГОСТ 34.10-2015 (512)",
                "covers": "",
                "signature": "valid",
                "reasons": [],
                "sections": {},
                "signing_time": "2026-06-01T09:30:15Z",
                "timestamps": [
                    {
                        "proves": True,
                        "reasons": [],
                        "time": "2026-06-01T09:30:15Z",
                        "policy": "1.2.398.3.3.2.6.4",
                        "digest": "ГОСТ 34.11-2015 (512)",
                        "authority": "CN=QALAMSAP TEST TIME-STAMPING AUTHORITY (GOST 2015),C=KZ",
                        "trust": trust,
                    }
                ],
                "judged_at": {"time": "2026-06-01T09:30:15Z", "basis": "timestamp"},
                "certificate": {
                    "serial_number": f"{certificate.serial_number:x}",
                    "issuer": "CN=QALAMSAP TEST CA (GOST 2015),C=KZ",
                    "not_before": "2026-01-01T00:00:00Z",
                    "not_after": "2049-12-31T00:00:00Z",
                    "sha256": certificate.fingerprint,
                },
                "trust": trust,
                "revocation": {
                    "state": "good",
                    "source": "ocsp",
                    "checked_at": "2026-11-23T12:00:00Z",
                    "revoked_at": None,
                    "reason": "",
                    "detail": "",
                },
            }
        ],
    }


def test_a_revocation_is_told_with_its_moment_and_reason() -> None:
    revoked = Status("revoked", "crl", NOW, NOW, NOW - timedelta(days=1), "superseded", "ocsp too-slow")
    of = dataclasses.replace(found(), verdict="invalid", signers=(changed(revocation=revoked),))
    assert as_json(of)["signers"][0]["revocation"] == {
        "state": "revoked",
        "source": "crl",
        "checked_at": "2026-11-23T12:00:00Z",
        "revoked_at": "2026-11-22T12:00:00Z",
        "reason": "superseded",
        "detail": "ocsp too-slow",
    }


def test_what_is_not_known_is_null() -> None:
    made = cms.read(cms.sign(chains.person(), DOCUMENT, at=NOW, detached=False))
    bare = cms_build.signed_data(
        digest_algorithms=[], content=DOCUMENT, certificates=[], signers=[made.signers[0].encoded]
    )
    (signer,) = as_json(verify.verify(bare, None, at=NOW, trust=verdicts.OFFLINE))["signers"]
    assert (signer["subject"], signer["certificate"], signer["trust"]) == (None, None, None)
    unread = changed(timestamps=(TimestampReport(None, None, ("timestamp-invalid",)),))
    of = dataclasses.replace(found(), signers=(unread,))
    assert as_json(of)["signers"][0]["timestamps"] == [{"proves": False, "reasons": ["timestamp-invalid"]}]


def test_an_earlier_state_of_a_pdf_is_named_in_words() -> None:
    earlier = PdfEvidence(
        certificate=None, algorithm_name="", signature="valid", reasons=(), signer_info=None, subfilter="",
        revision=1, revisions=2, covers="octets 0-9 of 20, revision 1 of 2",
    )  # fmt: skip
    assert report.covered(earlier, texts.load("en")) == "revision 1 of 2 of the file: more was added later"
    whole = dataclasses.replace(earlier, covers="")
    assert report.covered(whole, texts.load("kk")) == ""
    element = Evidence(certificate=None, algorithm_name="", signature="valid", reasons=(), covers="#one")
    assert report.covered(element, texts.load("ru")) == "#one"
