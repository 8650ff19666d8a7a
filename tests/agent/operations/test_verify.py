"""Verifying a document of any format: what makes it invalid, what leaves it open, and when it is valid."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import algorithms
from agent.errors import BadInput
from agent.formats import cms, cms_build, raw, tsp, zip_files
from agent.operations import verify
from agent.operations.judging import Trust
from agent.operations.report import Purpose, Report
from agent.trust import anchors
from protocol.messages import SignatureFormat
from tests.support import (
    authority,
    chains,
    making,
    messages,
    signed_zips,
    simulated_authorities,
    timestamps,
    verdicts,
)
from tests.support.chains import AUTH_USAGE, CLIENT_AUTH, EMAIL_PROTECTION, END, INDIVIDUAL, NOW, START, Party
from tests.support.simulated_authorities import OCSP

DOCUMENT = b"an act of work done"
NOBODY = Trust(())


def trusted(*parties: Party) -> Trust:
    return Trust(anchors.from_certificates(party.certificate for party in parties))


def report(
    person: Party, document: bytes | None = DOCUMENT, *, at: datetime = NOW, purpose: Purpose = "sign"
) -> Report:
    signature = cms.sign(person, DOCUMENT, at=START, detached=True)
    return verify.verify(signature, document, at=at, trust=trusted(chains.root()), purpose=purpose)


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_a_good_signature_stays_open_only_for_revocation(family: str) -> None:
    signature = cms.sign(chains.person(family), DOCUMENT, at=START, detached=False)
    found = verify.verify(signature, None, at=NOW, trust=trusted(chains.root(family)))
    (signer,) = found.signers
    assert (found.verdict, signer.signature, signer.reasons) == (
        "indeterminate",
        "valid",
        ("revocation-not-checked",),
    )
    assert signer.holds_but_for_revocation
    assert signer.path is not None
    assert signer.path.anchor.domain == "given"


def test_a_changed_document_is_invalid() -> None:
    found = report(chains.person(), DOCUMENT + b".")
    assert found.verdict == "invalid"
    assert found.signers[0].signature == "invalid"
    assert "digest-mismatch" in found.signers[0].reasons
    assert not found.signers[0].holds_but_for_revocation


def test_one_bad_signer_among_good_ones_makes_it_invalid() -> None:
    first = cms.sign(chains.person("p256"), DOCUMENT, at=START, detached=True)
    both = cms.cosign(chains.person("rsa"), first, at=START, content=DOCUMENT)
    good = cms.read(first).signers[0]
    damaged = both.replace(good.signature, good.signature[:-1] + bytes([good.signature[-1] ^ 1]))
    found = verify.verify(damaged, DOCUMENT, at=NOW, trust=trusted(chains.root("p256"), chains.root("rsa")))
    assert found.verdict == "invalid"
    assert sorted(signer.signature for signer in found.signers) == ["invalid", "valid"]


def test_a_message_without_signers_is_invalid() -> None:
    empty = cms_build.signed_data(digest_algorithms=[], content=DOCUMENT, certificates=[], signers=[])
    assert verify.verify(empty, None, at=NOW, trust=NOBODY).verdict == "invalid"


def test_a_missing_document_leaves_it_open() -> None:
    found = report(chains.person(), None)
    assert found.verdict == "indeterminate"
    assert found.signers[0].signature == "unchecked"
    assert not found.signers[0].holds_but_for_revocation


def test_a_missing_certificate_leaves_it_open_and_one_given_helps() -> None:
    person = chains.person()
    made = cms.read(cms.sign(person, DOCUMENT, at=START, detached=False))
    bare = cms_build.signed_data(
        digest_algorithms=[], content=DOCUMENT, certificates=[], signers=[made.signers[0].encoded]
    )
    without = verify.verify(bare, None, at=NOW, trust=trusted(chains.root()))
    assert without.verdict == "indeterminate"
    assert without.signers[0].reasons == ("no-certificate", "no-path")
    helped = verify.verify(
        bare, None, at=NOW, trust=trusted(chains.root()), extra_certificates=[person.certificate]
    )
    assert helped.signers[0].holds_but_for_revocation


def test_a_stranger_has_no_path() -> None:
    stranger = chains.issue("Stranger", by=chains.issue("Elsewhere", ca=True), extended=[EMAIL_PROTECTION])
    (signer,) = report(stranger).signers
    assert signer.signature == "valid"
    assert signer.path is None
    assert signer.reasons == ("no-path", "path-no-issuer")
    assert not signer.holds_but_for_revocation


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (START - timedelta(days=1), "certificate-not-yet-valid"),
        (END + timedelta(days=1), "certificate-expired"),
    ],
)
def test_wrong_dates_are_told_and_the_path_is_still_shown(at: datetime, reason: str) -> None:
    found = report(chains.person(), at=at)
    (signer,) = found.signers
    assert found.verdict == "indeterminate"
    assert signer.reasons == (reason, "revocation-not-checked")
    assert signer.path is not None
    assert not signer.holds_but_for_revocation


def test_an_expired_authority_is_told_apart_from_an_expired_certificate() -> None:
    old = chains.issue("Old", by=chains.root(), ca=True, end=START + timedelta(days=1))
    person = chains.issue("Person", by=old, extended=[EMAIL_PROTECTION])
    signature = cms.sign(person, DOCUMENT, at=START, detached=False)
    (signer,) = verify.verify(signature, None, at=NOW, trust=trusted(old)).signers
    assert signer.reasons == ("authority-expired", "revocation-not-checked")


def test_authorities_between_may_lie_in_the_message_or_be_given() -> None:
    issuing = chains.issue("Issuing", by=chains.root(), ca=True)
    person = chains.issue("Person", by=issuing, extended=[EMAIL_PROTECTION])
    made = cms.read(cms.sign(person, DOCUMENT, at=START, detached=False))
    full = cms_build.signed_data(
        digest_algorithms=[],
        content=DOCUMENT,
        certificates=[person.certificate.der, issuing.certificate.der],
        signers=[made.signers[0].encoded],
    )
    anchor = trusted(chains.root())
    assert verify.verify(full, None, at=NOW, trust=anchor).signers[0].holds_but_for_revocation
    assert not verify.verify(made.der, None, at=NOW, trust=anchor).signers[0].holds_but_for_revocation
    around = [issuing.certificate]
    assert (
        verify.verify(made.der, None, at=NOW, trust=anchor, extra_certificates=around)
        .signers[0]
        .holds_but_for_revocation
    )


@pytest.mark.parametrize(
    ("usage", "extended", "purpose", "reasons"),
    [
        ("06c0", [EMAIL_PROTECTION], "sign", ()),
        ("03c8", [EMAIL_PROTECTION], "sign", ()),
        (AUTH_USAGE, [CLIENT_AUTH], "sign", ("key-usage", "extended-key-usage")),
        (AUTH_USAGE, [EMAIL_PROTECTION], "sign", ("key-usage",)),
        ("06c0", [CLIENT_AUTH], "sign", ("extended-key-usage",)),
        (AUTH_USAGE, [CLIENT_AUTH], "identify", ()),
        ("06c0", [EMAIL_PROTECTION], "identify", ("extended-key-usage",)),
        ("0640", [CLIENT_AUTH], "identify", ("key-usage",)),
    ],
)
def test_a_key_is_judged_by_what_it_is_for(
    usage: str, extended: list[str], purpose: Purpose, reasons: tuple[str, ...]
) -> None:
    person = chains.issue("Person", by=chains.root(), usage=usage, extended=[*extended, INDIVIDUAL])
    (signer,) = report(person, purpose=purpose).signers
    assert signer.unsuitable == reasons
    assert signer.holds_but_for_revocation == (not reasons)


@pytest.mark.parametrize("purpose", ["sign", "identify"])
def test_the_single_key_of_gost_2015_signs_and_identifies(purpose: Purpose) -> None:
    signature = cms.sign(chains.person("gost2015"), DOCUMENT, at=START, detached=False)
    found = verify.verify(signature, None, at=NOW, trust=trusted(chains.root("gost2015")), purpose=purpose)
    assert found.signers[0].holds_but_for_revocation


def test_what_is_no_signature_is_bad_input() -> None:
    with pytest.raises(BadInput):
        verify.verify(b"%PDF-1.7", None, at=NOW, trust=NOBODY)


def test_no_damage_brings_out_anything_but_a_report_or_bad_input() -> None:
    families = ("rsa", "gost2004", "p256")
    message = cms.sign(chains.person(families[0]), DOCUMENT, at=START, detached=False)
    for family in families[1:]:
        message = cms.cosign(chains.person(family), message, at=START)
    anchor = trusted(*map(chains.root, families))
    chance = random.Random(2026)
    for _ in range(300):
        damaged = bytearray(message)
        position = chance.randrange(len(damaged))
        match chance.randrange(4):
            case 0 | 1:
                damaged[position] ^= 1 << chance.randrange(8)
            case 2:
                del damaged[position : position + chance.randrange(1, 5)]
            case 3:
                damaged[position:position] = chance.randbytes(2)
        try:
            json.dumps(verify.verify(bytes(damaged), None, at=NOW, trust=anchor).to_json())
        except BadInput:
            continue


# --- the test authority ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("name", authority.NAMES)
def test_every_key_of_the_test_authority_serves_its_purpose_under_its_roots(
    name: str, detached: bool
) -> None:
    signature = cms.sign(authority.signer(name), DOCUMENT, at=authority.NOW, detached=detached)
    purpose: Purpose = "identify" if "-auth-" in name else "sign"
    (signer,) = verify.verify(
        signature,
        DOCUMENT,
        at=authority.NOW,
        trust=Trust(anchors.from_certificates(authority.roots())),
        extra_certificates=authority.issuing(),
        purpose=purpose,
    ).signers
    assert signer.reasons == ("revocation-not-checked",)
    assert signer.holds_but_for_revocation
    assert signer.certificate == authority.certificate(name)
    assert signer.path is not None
    assert len(signer.path.certificates) == 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gost2015-individual-expired", "certificate-expired"),
        ("gost2015-individual-future", "certificate-not-yet-valid"),
    ],
)
def test_keys_of_the_test_authority_out_of_their_time_are_told(name: str, reason: str) -> None:
    signature = cms.sign(authority.signer(name), DOCUMENT, at=authority.NOW, detached=False)
    trust = Trust(anchors.from_certificates([*authority.roots(), *authority.issuing()]))
    (signer,) = verify.verify(signature, None, at=authority.NOW, trust=trust).signers
    assert signer.reasons == (reason, "revocation-not-checked")


def test_an_authentication_key_of_the_test_authority_does_not_sign() -> None:
    signature = cms.sign(authority.signer("rsa-auth-head"), DOCUMENT, at=authority.NOW, detached=False)
    trust = Trust(anchors.from_certificates(authority.issuing()))
    (signer,) = verify.verify(signature, None, at=authority.NOW, trust=trust).signers
    assert signer.unsuitable == ("key-usage", "extended-key-usage")


def test_all_families_of_the_test_authority_sign_one_document_together() -> None:
    message = b""
    for name in ("gost2015-head", "gost2004-head", "rsa-sign-head", "p256-individual", "p384-individual"):
        signer = authority.signer(name)
        message = (
            cms.cosign(signer, message, at=authority.NOW, content=DOCUMENT)
            if message
            else cms.sign(signer, DOCUMENT, at=authority.NOW, detached=True)
        )
    trust = Trust(anchors.from_certificates(authority.issuing()))
    found = verify.verify(message, DOCUMENT, at=authority.NOW, trust=trust)
    assert [signer.reasons for signer in found.signers] == [("revocation-not-checked",)] * 5
    assert verify.verify(message, b"another", at=authority.NOW, trust=trust).verdict == "invalid"


# --- published messages -------------------------------------------------------------------------------------------


def test_a_living_published_signature_is_open_only_for_revocation(vectors: Path) -> None:
    published = messages.get(vectors, "skarm_individual_gost2015_tsp_detached")
    at = datetime(2026, 11, 23, tzinfo=UTC)
    found = verify.verify(published.data, published.document, at=at, trust=Trust(anchors.national()))
    (signer,) = found.signers
    assert (found.verdict, signer.reasons) == ("indeterminate", ("test-authority", "revocation-not-checked"))
    assert not signer.holds_but_for_revocation
    (json_signer,) = found.to_json()["signers"]
    assert json_signer["subject"]["iin"] == "123456789011"
    assert json_signer["trust"]["domain"] == "test"
    assert json_signer["timestamps"][0]["trust"]["domain"] == "production"


def test_a_test_signature_is_nothing_under_production_anchors(vectors: Path) -> None:
    for published in messages.published(vectors):
        found = verify.verify(published.data, published.document, at=NOW, trust=Trust(anchors.production()))
        assert found.verdict == "indeterminate"
        assert not any(signer.holds_but_for_revocation for signer in found.signers), published.name


def test_no_published_authentication_key_counts_as_a_signature(vectors: Path) -> None:
    for published in messages.published(vectors):
        if "AUTH_RSA" in published.name:
            signers = verify.verify(published.data, None, at=NOW, trust=Trust(anchors.test())).signers
            assert all(
                "key-usage" in signer.reasons and "extended-key-usage" in signer.reasons for signer in signers
            )
            identified = verify.verify(
                published.data, None, at=NOW, trust=Trust(anchors.test()), purpose="identify"
            ).signers
            assert not any(signer.unsuitable for signer in identified)


# --- formats ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signature_format", ["cms", "xml", "pdf", "jws", "wsse", "asic"])
def test_a_signature_of_each_format_is_recognised_and_judged(signature_format: SignatureFormat) -> None:
    tools = making.workshop(authority.signer("gost2015-individual"))
    made = making.make(making.request(signature_format), tools).octets
    found = verify.verify(made, at=authority.NOW, trust=verdicts.trust(simulated_authorities.new()))
    assert (found.format, found.verdict) == (signature_format, "valid")


def test_a_signed_zip_is_recognised_and_judged() -> None:
    archive = signed_zips.signed([("act.txt", DOCUMENT)], chains.person("gost2004"))
    found = verify.verify(archive, at=authority.NOW, trust=verdicts.OFFLINE)
    assert found.format == "signed-zip"
    assert [signer.signature for signer in found.signers] == ["valid"]


def test_digests_stand_for_the_document_of_a_detached_cms() -> None:
    message = cms.sign(chains.person(), DOCUMENT, at=START, detached=True)
    for document, finding in ((DOCUMENT, "valid"), (b"another", "invalid")):
        digests = {algorithms.SHA256.oid: algorithms.SHA256(document)}
        found = verify.verify(message, digests=digests, at=NOW, trust=NOBODY)
        assert found.signers[0].signature == finding


def test_the_format_can_be_said_where_it_does_not_show() -> None:
    message = cms.sign(chains.person(), DOCUMENT, at=START, detached=False)
    with pytest.raises(BadInput):
        verify.verify(message, at=NOW, trust=NOBODY, data_format="jws")
    assert verify.verify(message, at=NOW, trust=NOBODY, data_format="cms").format == "cms"


def test_what_was_read_elsewhere_is_judged_like_the_rest() -> None:
    signer = authority.signer("p256-individual")
    evidence = raw.verify(raw.sign(signer, DOCUMENT), DOCUMENT, signer.certificate)
    trust = verdicts.trust(simulated_authorities.new())
    found = verify.judged("raw", [evidence], at=authority.NOW, trust=trust)
    assert (found.verdict, found.format, found.at) == ("valid", "raw", authority.NOW)
    issuing = Trust(anchors.from_certificates(authority.roots()))
    without = verify.judged("raw", [evidence], at=authority.NOW, trust=issuing)
    assert without.signers[0].path is None
    helped = verify.judged(
        "raw", [evidence], at=authority.NOW, trust=issuing, extra_certificates=authority.issuing()
    )
    assert helped.signers[0].path is not None


# --- a timestamp by itself ----------------------------------------------------------------------------------------


def token(document: bytes = DOCUMENT, digest: algorithms.DigestAlgorithm = algorithms.SHA256) -> bytes:
    return timestamps.token(document, tsp.Profile(tsp.POLICY_GOST_2015, digest))


@pytest.mark.parametrize("purpose", ["sign", "identify"])
def test_a_timestamp_by_itself_is_good_for_its_document_at_its_moment(purpose: Purpose) -> None:
    trust = verdicts.trust(simulated_authorities.new(), ocsp_url=OCSP)
    later = authority.NOW + timedelta(days=365)  # when the certificate of who made it has run out
    for at in (authority.NOW, later):
        found = verify.verify(token(), DOCUMENT, at=at, trust=Trust(trust.anchors), purpose=purpose)
        (signer,) = found.signers
        assert (found.format, signer.moment, signer.basis) == ("timestamp", timestamps.AT, "timestamp")
        assert signer.reasons == ("revocation-not-checked",)
    assert verify.verify(token(), DOCUMENT, at=authority.NOW, trust=trust).verdict == "valid"


def test_a_timestamp_of_another_document_or_of_none_that_is_here_or_by_a_weak_digest_is_not_good() -> None:
    trust = verdicts.trust(simulated_authorities.new(), ocsp_url=OCSP)

    def reasons(octets: bytes, document: bytes | None) -> tuple[str, str]:
        found = verify.verify(octets, document, at=authority.NOW, trust=trust)
        return found.verdict, found.signers[0].reasons[0]

    assert reasons(token(), b"another") == ("invalid", "digest-mismatch")
    assert reasons(token(), None) == ("indeterminate", "no-content")
    assert reasons(token(digest=algorithms.SHA1), DOCUMENT) == ("indeterminate", "weak-digest")


# --- another document ---------------------------------------------------------------------------------------------


def holding(signature_format: SignatureFormat) -> bytes:
    return making.make(making.request(signature_format)).octets


@pytest.mark.parametrize("signature_format", ["cms", "xml", "pdf", "jws", "wsse", "asic"])
def test_a_signature_that_holds_its_document_is_none_of_another_one(
    signature_format: SignatureFormat,
) -> None:
    made, trust = holding(signature_format), verdicts.trust(simulated_authorities.new())
    for other in (b"another", b"", making.DOCUMENTS[signature_format] + b" "):
        found = verify.verify(made, other, at=authority.NOW, trust=trust)
        assert found.verdict == "invalid"
        assert "document-differs" in found.signers[0].reasons


@pytest.mark.parametrize("signature_format", ["cms", "jws", "asic"])
def test_but_of_the_very_document_inside(signature_format: SignatureFormat) -> None:
    made, trust = holding(signature_format), verdicts.trust(simulated_authorities.new())
    document = making.DOCUMENTS[signature_format]
    assert verify.verify(made, document, at=authority.NOW, trust=trust).verdict == "valid"


@pytest.mark.parametrize("signature_format", ["xml", "pdf", "wsse"])
def test_a_signed_file_is_its_own_document(signature_format: SignatureFormat) -> None:
    made, trust = holding(signature_format), verdicts.trust(simulated_authorities.new())
    assert verify.verify(made, made, at=authority.NOW, trust=trust).verdict == "valid"


@pytest.mark.parametrize("name", ["mimetype", "META-INF/ASiCManifest.xml"])
def test_the_housekeeping_of_a_container_is_no_document(name: str) -> None:
    made = holding("asic")
    octets = zip_files.read(made).files[name].octets()
    (signer,) = verify.verify(made, octets, at=authority.NOW, trust=verdicts.OFFLINE).signers
    assert "document-differs" in signer.reasons


def test_digests_of_another_document_count_where_the_document_is_inside() -> None:
    made, digest = holding("cms"), algorithms.SHA256
    for octets, finding in ((making.DOCUMENTS["cms"], "valid"), (b"another", "invalid")):
        digests = {digest.oid: digest(octets)}
        (signer,) = verify.verify(made, at=authority.NOW, trust=verdicts.OFFLINE, digests=digests).signers
        assert signer.signature == finding


@pytest.mark.parametrize("signature_format", ["xml", "pdf", "jws", "wsse", "asic"])
def test_where_digests_can_not_be_compared_nobody_is_told_that_they_fit(
    signature_format: SignatureFormat,
) -> None:
    digests = {algorithms.SHA256.oid: algorithms.SHA256(b"another")}
    with pytest.raises(BadInput, match="not its digests"):
        verify.verify(holding(signature_format), at=NOW, trust=NOBODY, digests=digests)
