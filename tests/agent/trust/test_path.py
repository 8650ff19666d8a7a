"""Paths: of everything published, and of chains that somebody made to deceive."""

import dataclasses
import functools
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path as FilePath

import pytest

from agent import algorithms
from agent.certificate import Certificate
from agent.errors import NoPath
from agent.formats import cms
from agent.keystores import pkcs12
from agent.secret import Secret
from agent.trust import anchors, path
from agent.trust.anchors import Anchor
from agent.trust.path import PathFailure
from tests.support import authority, chains, messages
from tests.support.chains import END, NOW, START, Party


def given(*parties: Party) -> tuple[Anchor, ...]:
    return anchors.from_certificates(party.certificate for party in parties)


def failure(
    party: Party | Certificate,
    trusted: Iterable[Anchor],
    *,
    at: datetime = NOW,
    intermediates: Iterable[Party] = (),
) -> PathFailure:
    certificate = party if isinstance(party, Certificate) else party.certificate
    with pytest.raises(PathFailure) as caught:
        path.build(certificate, trusted, at=at, intermediates=[i.certificate for i in intermediates])
    return caught.value


# --- published certificates ---------------------------------------------------------------------------------------


def authorities(vectors: FilePath) -> dict[str, Certificate]:
    files = [*(vectors / "ca-prod").glob("*.cer"), *(vectors / "ca-test").glob("*.cer")]
    return {path.name: Certificate.from_der(path.read_bytes()) for path in files}


def test_every_authority_chains_to_its_root_within_its_own_domain(vectors: FilePath) -> None:
    expected = {
        "btsd_gost_2019.cer": "root_gost_2020.cer",
        "nca_gost_2018.cer": "root_gost_2015.cer",
        "nca_gost_2022.cer": "root_gost_2022.cer",
        "nca_rsa_2018.cer": "root_rsa_2015.cer",
        "nca_rsa_2022.cer": "root_rsa_2020.cer",
        "ucgo_gost_2022.cer": "root_gost_2020.cer",
        "nca_gost2022_test.cer": "root_test_gost_2022.cer",
        "nca_gost_test_2019.cer": "root_gost_test_2018.cer",
        "nca_gost_test_2023.cer": "kuc_gost_test_2020.cer",
        "nca_rsa_test_2019.cer": "root_rsa_test_2018.cer",
        "nca_rsa_test_2023.cer": "kuc_rsa_test_2020.cer",
    }
    found = authorities(vectors)
    roots = [anchor for anchor in anchors.national() if anchor.kind == "root"]
    for file, certificate in found.items():
        root = found[expected.get(file, file)]
        # One authority is older than the root that vouches for it.
        at = max(certificate.not_before, root.not_before) + timedelta(days=1)
        built = path.build(certificate, roots, at=at)
        assert built.anchor.sha256 == root.fingerprint, file
        assert built.certificates == (certificate,)


def certificate_in(file: FilePath, password: str) -> Certificate:
    data = file.read_bytes()
    if file.suffix == ".p12":
        with Secret(bytearray(password.encode())) as secret:
            (stored,) = pkcs12.open(data, secret)
        stored.wipe()
        return stored.certificate
    return Certificate.from_der(data)


@functools.cache
def leaves(vectors: FilePath) -> list[tuple[str, Certificate, str]]:
    """Published certificates of persons and systems with the file of the authority that the index names."""
    found = []
    for entry in json.loads((vectors / "index.json").read_text(encoding="utf-8")):
        if entry["file"].startswith(("cert/", "p12/")):
            issuer = entry["verified"].partition("chain ")[2].partition(" > ")[0].rpartition("/")[2]
            found.append((entry["file"], certificate_in(vectors / entry["file"], entry["password"]), issuer))
    for published in messages.published(vectors):
        signers = cms.verify(cms.read(published.data), published.document)
        for evidence, issuer in zip(signers, published.issuers, strict=False):
            assert evidence.certificate
            found.append((published.name, evidence.certificate, issuer))
    return found


def test_every_published_leaf_chains_to_the_authority_named_and_to_no_other(vectors: FilePath) -> None:
    fingerprints = {file: certificate.fingerprint for file, certificate in authorities(vectors).items()}
    checked = leaves(vectors)
    assert len(checked) > 90
    for name, certificate, issuer in checked:
        at = certificate.not_before + timedelta(days=1)
        built = path.build(certificate, anchors.national(), at=at)
        assert built.anchor.sha256 == fingerprints[issuer], name
        others = [anchor for anchor in anchors.national() if anchor.sha256 != fingerprints[issuer]]
        assert failure(certificate, others, at=at).reason == "no-issuer"


def test_a_leaf_reaches_its_root_through_the_issuing_authoritys_certificate(vectors: FilePath) -> None:
    found = authorities(vectors)
    roots = [anchor for anchor in anchors.national() if anchor.kind == "root"]
    for name, certificate, issuer in leaves(vectors):
        at = certificate.not_before + timedelta(days=1)
        assert failure(certificate, roots, at=at).reason == "no-issuer"
        built = path.build(certificate, roots, at=at, intermediates=found.values())
        assert built.certificates == (certificate, found[issuer]), name


def test_test_certificates_are_refused_under_production_anchors_and_the_other_way_round(
    vectors: FilePath,
) -> None:
    found = authorities(vectors)
    domains = {anchor.sha256: anchor.domain for anchor in anchors.national()}
    for name, certificate, issuer in leaves(vectors):
        is_test = domains[found[issuer].fingerprint] == "test"
        wrong = anchors.production() if is_test else anchors.test()
        at = certificate.not_before + timedelta(days=1)
        assert failure(certificate, wrong, at=at).reason == "no-issuer", name
        assert failure(
            certificate, wrong, at=at, intermediates=[Party(c, chains.key("p256")) for c in found.values()]
        )


def test_the_test_root_with_a_production_name_and_its_authority_are_no_production(vectors: FilePath) -> None:
    found = authorities(vectors)
    at = datetime(2023, 11, 20, tzinfo=UTC)
    issued = [certificate for _, certificate, issuer in leaves(vectors) if issuer == "nca_gost_test_2023.cer"]
    assert issued
    for certificate in (found["kuc_gost_test_2020.cer"], found["nca_gost_test_2023.cer"], *issued):
        assert path.build(certificate, anchors.test(), at=at).anchor.domain == "test"
        assert failure(certificate, anchors.production(), at=at).reason == "no-issuer"


def test_addresses_inside_a_certificate_do_not_mislead(vectors: FilePath) -> None:
    """A GOST 2004 certificate of 2023 names the RSA authority's file as its issuer's."""
    (found,) = [(c, i) for name, c, i in leaves(vectors) if "gost2004_SIGN_legal-head_231116" in name]
    certificate, issuer = found
    assert b"nca_rsa_test" in certificate.der
    built = path.build(certificate, anchors.national(), at=certificate.not_before)
    assert built.anchor.sha256 == authorities(vectors)[issuer].fingerprint
    assert built.anchor.public_key.key_type is algorithms.GOST_2004_KEY


def test_one_changed_octet_breaks_the_path(vectors: FilePath) -> None:
    der = next((vectors / "cert").glob("gost2015_260508_f9*.cer")).read_bytes()
    certificate = Certificate.from_der(der)
    at = certificate.not_before + timedelta(days=1)
    position = der.index("ТЕСТОВ".encode()) + 1
    changed = Certificate.from_der(der[:position] + bytes([der[position] ^ 1]) + der[position + 1 :])
    assert failure(changed, anchors.test(), at=at).reason == "bad-signature"


# --- paths of our own -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_the_shortest_path_ends_at_the_anchor(family: str) -> None:
    root, person = chains.root(family), chains.person(family)
    built = path.build(person.certificate, given(root), at=NOW, intermediates=[root.certificate])
    assert built.certificates == (person.certificate,)
    assert built.anchor.sha256 == root.certificate.fingerprint


def test_a_path_goes_through_intermediates_in_any_order() -> None:
    upper = chains.issue("Upper", by=chains.root(), ca=True)
    lower = chains.issue("Lower", by=upper, ca=True, path_length=0)
    person = chains.issue("Person", by=lower)
    around = [person.certificate, lower.certificate, chains.root().certificate, upper.certificate]
    built = path.build(person.certificate, given(chains.root()), at=NOW, intermediates=around)
    assert built.certificates == (person.certificate, lower.certificate, upper.certificate)


def test_nobody_of_the_issuers_name_is_no_issuer() -> None:
    found = failure(chains.person("p256"), given(chains.root("p384")))
    assert isinstance(found, NoPath)
    assert (found.reason, found.depth, found.path) == ("no-issuer", 0, None)
    assert failure(chains.person("p256"), ()).reason == "no-issuer"


def test_the_right_name_with_another_key_is_a_bad_signature() -> None:
    impostor = chains.issue("Root p256", key_of=chains.new_key("p256"), ca=True)
    assert impostor.certificate.subject.der == chains.root().certificate.subject.der
    assert failure(chains.person(), given(impostor)).reason == "bad-signature"
    built = path.build(chains.person().certificate, given(impostor, chains.root()), at=NOW)
    assert built.anchor.sha256 == chains.root().certificate.fingerprint


def test_a_name_that_only_looks_the_same_is_another_name() -> None:
    person = chains.issue("Person", by=chains.root(), issuer_name=chains.name("ROOT P256"))
    assert failure(person, given(chains.root())).reason == "no-issuer"


def test_who_is_no_authority_issues_nothing() -> None:
    person = chains.person()
    victim = chains.issue("Victim", by=person)
    found = failure(victim, given(chains.root()), intermediates=[person])
    assert (found.reason, found.depth) == ("not-a-ca", 1)


def test_an_authority_without_the_right_to_sign_certificates_issues_nothing() -> None:
    crls_only = chains.issue("Lists only", by=chains.root(), ca=True, usage="0102")
    person = chains.issue("Person", by=crls_only)
    assert failure(person, given(chains.root()), intermediates=[crls_only]).reason == "not-a-ca"


def test_path_length_holds_for_intermediates_and_for_anchors() -> None:
    upper = chains.issue("Upper", by=chains.root(), ca=True, path_length=0)
    lower = chains.issue("Lower", by=upper, ca=True)
    person = chains.issue("Person", by=lower)
    assert failure(person, given(chains.root()), intermediates=[lower, upper]).reason == "not-a-ca"
    assert failure(person, given(upper), intermediates=[lower]).reason == "not-a-ca"
    direct = chains.issue("Direct", by=upper)
    assert path.build(direct.certificate, given(upper), at=NOW).anchor.title == "Upper"


def test_an_unknown_critical_extension_makes_a_certificate_unusable() -> None:
    odd = chains.issue("Odd", by=chains.root(), more_extensions=[chains.unknown_critical_extension()])
    assert failure(odd, given(chains.root())).reason == "unknown-critical"


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (START - timedelta(seconds=1), "not-yet-valid"),
        (START, None),
        (END, None),
        (END + timedelta(seconds=1), "expired"),
    ],
)
def test_dates_are_inclusive_at_both_ends(at: datetime, reason: str | None) -> None:
    person, trusted = chains.person(), given(chains.root())
    if reason is None:
        path.build(person.certificate, trusted, at=at)
        return
    found = failure(person, trusted, at=at)
    assert (found.reason, found.depth) == (reason, 0)
    assert found.path is not None
    assert found.path.anchor == trusted[0]


def test_an_expired_intermediate_or_anchor_ends_the_path_too() -> None:
    early = START + timedelta(days=1)
    middle = chains.issue("Middle", by=chains.root(), ca=True, end=early)
    person = chains.issue("Person", by=middle)
    assert failure(person, given(chains.root()), intermediates=[middle]).depth == 1
    found = failure(person, given(middle))
    assert (found.reason, found.depth) == ("expired", 1)


def test_a_valid_path_is_preferred_to_a_shorter_expired_one() -> None:
    old = chains.issue("Twin", by=chains.root(), ca=True, end=START + timedelta(days=1))
    new = chains.issue("Twin", by=chains.root(), ca=True)
    person = chains.issue("Person", by=new)
    built = path.build(person.certificate, given(old, chains.root()), at=NOW, intermediates=[new.certificate])
    assert built.certificates == (person.certificate, new.certificate)


def test_authorities_that_issue_to_each_other_end_in_no_path() -> None:
    first = chains.issue("First", ca=True)
    names = ("First", "Second", "Third")
    circle = [
        chains.issue(subject, issuer_name=chains.name(issuer), ca=True)
        for subject in names
        for issuer in names
    ]
    person = chains.issue("Person", by=first)
    found = failure(person, given(chains.root("rsa")), intermediates=circle)
    assert found.reason in {"no-issuer", "bad-signature"}


def test_the_work_for_one_path_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = [chains.issue("Crowd", ca=True) for _ in range(20)]
    person = chains.issue("Person", by=crowd[0])
    checks = 0
    verify = Certificate.verify_issued_by

    def counting(self: Certificate, issuer: Certificate) -> None:
        nonlocal checks
        checks += 1
        verify(self, issuer)

    monkeypatch.setattr(Certificate, "verify_issued_by", counting)
    failure(person, given(chains.root("rsa")), intermediates=crowd)
    assert checks <= path.MAX_CHECKS + len(crowd)


def test_a_chain_longer_than_the_limit_is_not_followed() -> None:
    parties = [chains.root()]
    for number in range(path.MAX_LENGTH + 1):
        parties.append(chains.issue(f"Level {number}", by=parties[-1], ca=True))
    reachable, too_far = parties[path.MAX_LENGTH], parties[path.MAX_LENGTH + 1]
    around = [party.certificate for party in parties[1:]]
    assert (
        len(
            path.build(reachable.certificate, given(chains.root()), at=NOW, intermediates=around).certificates
        )
        == path.MAX_LENGTH
    )
    assert failure(too_far, given(chains.root()), intermediates=parties[1:]).reason == "no-issuer"


def test_a_moment_without_time_zone_is_a_programming_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        path.build(chains.person().certificate, (), at=datetime(2026, 1, 1))


# --- purposes, policies, weak algorithms --------------------------------------------------------------------------------


def test_a_path_is_built_for_a_purpose() -> None:
    signer, trusted = chains.person().certificate, given(chains.root())
    assert path.build(signer, trusted, at=NOW, purpose="sign").certificates == (signer,)
    with pytest.raises(PathFailure) as caught:
        path.build(signer, trusted, at=NOW, purpose="timestamp")
    assert (caught.value.reason, caught.value.depth) == ("extended-key-usage", 0)
    assert caught.value.path is not None
    with pytest.raises(PathFailure) as caught:
        path.build(chains.root().certificate, trusted, at=NOW, purpose="sign")
    assert caught.value.reason == "key-usage"


def test_a_path_records_policies_and_issuer() -> None:
    certificate = authority.certificate("gost2015-head")
    issuing = next(c for c in authority.issuing() if c.subject.der == certificate.issuer.der)
    built = path.build(
        certificate, anchors.from_certificates(authority.roots()), at=NOW, intermediates=authority.issuing()
    )
    assert built.policies == ("1.2.398.3.3.2",)
    assert built.issuer == issuing
    direct = path.build(certificate, anchors.from_certificates([issuing]), at=NOW)
    assert direct.issuer == direct.anchor


@pytest.mark.parametrize(
    "oid", ["1.2.840.113549.1.1.5", "1.2.840.113549.1.1.4", "1.2.840.10045.4.1", "1.2.840.10040.4.3"]
)
def test_a_signature_with_a_broken_hash_makes_no_path(oid: str) -> None:
    weak = dataclasses.replace(chains.person().certificate, signature_algorithm_oid=oid)
    assert failure(weak, given(chains.root())).reason == "weak-algorithm"


def test_a_short_rsa_key_makes_no_path() -> None:
    person = chains.person("rsa").certificate
    short = dataclasses.replace(
        person, public_key=dataclasses.replace(person.public_key, size_bits=path.MIN_RSA_BITS - 1)
    )
    assert failure(short, given(chains.root("rsa"))).reason == "weak-algorithm"
    middle = chains.issue("Middle", "rsa", by=chains.root("rsa"), ca=True)
    leaf = chains.issue("Leaf", by=middle)
    weak = dataclasses.replace(
        middle.certificate, public_key=dataclasses.replace(middle.certificate.public_key, size_bits=1024)
    )
    found = failure(leaf, given(chains.root("rsa")), intermediates=[Party(weak, middle.key)])
    assert (found.reason, found.depth) == ("weak-algorithm", 1)
