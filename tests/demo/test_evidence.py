from datetime import timedelta

import pytest

from agent.formats import cms
from demo import sample
from demo.evidence import Verifier
from demo.problems import Problem
from demo.subscribers import Subscriber
from tests.support import chains, portals
from tests.support.chains import Party
from tests.support.portals import NOW

COMPANY = Subscriber(1, "7", "organisation", "ТОО", "", None, sample.ORGANISATION.bin)
DOCUMENT = b"%PDF-1.4 an act"
TEXT = "кім екенін растау\nnonce: 1\n".encode()


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return Verifier([portals.authority("gost2015").certificate, portals.authority("p256").certificate])


@pytest.fixture(scope="module")
def head() -> Party:
    return portals.key(sample.ORGANISATION)


def detached(party: Party, document: bytes = DOCUMENT) -> bytes:
    return cms.sign(party, document, at=NOW, detached=True)


def attached(party: Party, text: bytes = TEXT) -> bytes:
    return cms.sign(party, text, at=NOW, detached=False)


def problem_with(verifier: Verifier, answer: bytes, at: timedelta = timedelta()) -> Problem:
    with pytest.raises(Problem) as caught:
        verifier.signature(answer, DOCUMENT, COMPANY, at=NOW + at)
    return caught.value


def test_a_good_signature_is_evidence(verifier: Verifier, head: Party) -> None:
    evidence = verifier.signature(detached(head), DOCUMENT, COMPANY, at=NOW)
    assert evidence.certificate == head.certificate
    assert evidence.cms_der == cms.unwrap(evidence.cms_der)
    assert evidence.revocation == "not-checked"
    assert "34.10-2015" in evidence.algorithm


def test_every_armour_of_the_agent_is_taken(verifier: Verifier, head: Party) -> None:
    der = detached(head)
    pem = cms.to_pem(der).encode()
    bare = "".join(pem.decode().splitlines()[1:-1]).encode()
    for answer in (pem, bare, pem.replace(b"\n", b"\r\n")):
        assert verifier.signature(answer, DOCUMENT, COMPANY, at=NOW).cms_der == der


def test_an_attached_signature_of_the_document_is_taken_too(verifier: Verifier, head: Party) -> None:
    assert verifier.signature(attached(head, DOCUMENT), DOCUMENT, COMPANY, at=NOW)


def test_a_key_of_another_organisation_is_told_with_both_names(verifier: Verifier) -> None:
    problem = problem_with(verifier, detached(portals.key(None)))
    assert problem.code == "key-of-another"
    assert dict(problem.facts)["fact.bin"] == "180240022335"
    assert sample.ORGANISATION.bin in dict(problem.facts)["fact.account-owner"]


def test_an_expired_key_is_told_with_its_date(verifier: Verifier) -> None:
    old = portals.key(sample.ORGANISATION, end=NOW - timedelta(days=1))
    problem = problem_with(verifier, detached(old))
    assert problem.code == "key-expired"
    assert dict(problem.facts)["fact.valid-until"] == "22.11.2026"
    assert problem_with(verifier, detached(old), timedelta(days=-700)).code == "key-not-yet-valid"


def test_a_signature_of_another_document_is_told_so(verifier: Verifier, head: Party) -> None:
    assert problem_with(verifier, detached(head, DOCUMENT + b"!")).code == "other-document"
    assert problem_with(verifier, attached(head, DOCUMENT + b"!")).code == "other-document"


def test_a_key_of_a_foreign_authority_is_refused(verifier: Verifier) -> None:
    foreign = chains.issue("Басқа орталық", "gost2015", key_of=chains.new_key("gost2015"), ca=True)
    problem = problem_with(verifier, detached(portals.key(sample.ORGANISATION, by=foreign)))
    assert problem.code == "authority-unknown"
    assert dict(problem.facts)["fact.issuer"] == "Басқа орталық"


def test_an_authority_that_only_has_the_name_of_ours_is_refused(verifier: Verifier) -> None:
    impostor = chains.issue("Сынақ орталығы gost2015", "gost2015", key_of=chains.new_key("gost2015"), ca=True)
    problem = problem_with(verifier, detached(portals.key(sample.ORGANISATION, by=impostor)))
    assert problem.code == "authority-unknown"
    assert problem.technical.startswith("no-path")


def test_no_flipped_bit_of_a_signature_is_taken(verifier: Verifier, head: Party) -> None:
    der = detached(head)
    signature_at = der.index(cms.read(der).signers[0].signature)
    for place in (signature_at, signature_at + 60, len(der) - 1):
        changed = bytearray(der)
        changed[place] ^= 1
        assert problem_with(verifier, bytes(changed)).code == "signature-broken"


def test_an_authentication_key_does_not_sign(verifier: Verifier) -> None:
    problem = problem_with(verifier, detached(portals.authentication_key(sample.ORGANISATION)))
    assert problem.code == "key-not-for-signing"


def test_what_is_no_signature_is_told_so(verifier: Verifier) -> None:
    for answer in (b"", b"hello", b"0\x82\x01\x00", b"-----BEGIN CMS-----\n?\n-----END CMS-----\n"):
        assert problem_with(verifier, answer).code == "signature-unreadable"


def test_two_signers_are_one_too_many(verifier: Verifier, head: Party) -> None:
    both = cms.cosign(portals.key(None), detached(head), at=NOW, content=DOCUMENT)
    assert problem_with(verifier, both).code == "signature-unreadable"


def test_both_kinds_of_keys_identify_and_a_signing_key_of_the_older_pair_does_not(
    verifier: Verifier, head: Party
) -> None:
    for key in (head, portals.authentication_key(sample.ORGANISATION)):
        evidence = verifier.identification(attached(key), TEXT, COMPANY, at=NOW)
        assert evidence.content == TEXT
    with pytest.raises(Problem, match="extended-key-usage") as caught:
        verifier.identification(attached(portals.key(sample.ORGANISATION, "p256")), TEXT, COMPANY, at=NOW)
    assert caught.value.code == "key-not-for-identification"


def test_an_identification_with_another_text_or_without_one_is_refused(
    verifier: Verifier, head: Party
) -> None:
    with pytest.raises(Problem) as changed:
        verifier.identification(attached(head, TEXT + b"\n"), TEXT, COMPANY, at=NOW)
    assert changed.value.code == "challenge-changed"
    with pytest.raises(Problem) as missing:
        verifier.identification(detached(head, TEXT), TEXT, COMPANY, at=NOW)
    assert missing.value.code == "signature-unreadable"
