import base64
from datetime import timedelta

import pytest

from agent.formats import cms, login
from agent.signer import Signer
from demo import sample
from demo.evidence import Verifier
from demo.problems import Problem
from demo.subscribers import Subscriber
from tests.support import chains, portals, simulated_authorities, timestamps
from tests.support.chains import Party
from tests.support.portals import NOW
from tests.support.simulated_authorities import SimulatedAuthorities

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
    assert evidence.octets == cms.unwrap(evidence.octets)
    assert evidence.revocation.state == "not-checked"
    assert evidence.timestamp is None
    assert "34.10-2015" in evidence.algorithm


# --- login --------------------------------------------------------------------------------------------------------

HERE, NONCE = "https://portal.test", "A" * 32


def login_problem(verifier: Verifier, answer: bytes, *, origin: str = HERE, nonce: str = NONCE) -> str:
    with pytest.raises(Problem) as caught:
        verifier.login(answer, origin=origin, nonce=nonce, subscriber=COMPANY, at=NOW)
    return caught.value.code


def statement(party: Party, *, at: timedelta = timedelta()) -> bytes:
    return login.sign(party, login.Statement(HERE, NONCE, NOW + at), at=NOW)


def test_a_login_at_this_site_is_evidence(verifier: Verifier, head: Party) -> None:
    answer = base64.b64encode(statement(head))
    evidence = verifier.login(answer, origin=HERE, nonce=NONCE, subscriber=COMPANY, at=NOW)
    assert evidence.certificate == head.certificate


def test_a_login_elsewhere_or_for_another_nonce_or_long_ago_is_none(verifier: Verifier, head: Party) -> None:
    good = statement(head)
    assert login_problem(verifier, good, origin="https://p0rtal.test") == "challenge-changed"
    assert login_problem(verifier, good, nonce="B" * 32) == "challenge-changed"
    for port_or_scheme in (
        "http://portal.test",
        "https://portal.test:8443",
        "https://portal.test:443",
        "https://portal.test/",
    ):
        assert login_problem(verifier, good, origin=port_or_scheme) == "challenge-changed"
    for minutes in (-11, 11):
        old = statement(head, at=timedelta(minutes=minutes))
        assert login_problem(verifier, old) == "clock-wrong"


def test_the_same_words_signed_as_a_document_are_no_login(verifier: Verifier, head: Party) -> None:
    words = login.Statement(HERE, NONCE, NOW).octets
    assert login_problem(verifier, attached(head, words)) == "challenge-changed"
    assert login_problem(verifier, b"nonsense") == "signature-unreadable"


def test_a_statement_that_is_spelled_in_another_way_is_no_login(verifier: Verifier, head: Party) -> None:
    good = login.Statement(HERE, NONCE, NOW).octets.decode()
    other = f'{{"origin":"{HERE}","type":"{login.TYPE}"'
    for words in (
        good.replace(":", ": ", 1),
        good.replace("{", '{"origin":"https://evil.test",', 1),
        good[:-1] + ',"admin":true}',
        good.replace(f'{{"type":"{login.TYPE}","origin":"{HERE}"', other),
        good.replace("portal", "port\\u0061l"),
        good.replace(login.TYPE, "kz.qalamsap.v1/consent"),
        good + "\n",
        f"[{good}]",
        "[" * 100_000,
    ):
        assert words != good
        signed = cms.sign(head, words.encode(), at=NOW, detached=False, content_type=login.CONTENT_TYPE)
        assert login_problem(verifier, signed) == "challenge-changed", words[:80]


def test_a_login_is_neither_the_signature_of_a_document_nor_of_a_challenge(
    verifier: Verifier, head: Party
) -> None:
    words, signed = login.Statement(HERE, NONCE, NOW).octets, statement(head)
    with pytest.raises(Problem, match="not as a document"):
        verifier.signature(signed, words, COMPANY, at=NOW)
    with pytest.raises(Problem, match="not as a document"):
        verifier.identification(signed, words, COMPANY, at=NOW)


def test_a_login_by_an_authority_that_the_portal_does_not_know_is_none(verifier: Verifier) -> None:
    foreign = chains.issue("Басқа", "gost2015", key_of=chains.new_key("gost2015"), ca=True)
    assert (
        login_problem(verifier, statement(portals.key(sample.ORGANISATION, by=foreign)))
        == "authority-unknown"
    )
    signing_only = portals.key(sample.ORGANISATION, "p256")
    assert login_problem(verifier, statement(signing_only)) == "key-not-for-identification"


def test_a_login_is_judged_like_any_identification(verifier: Verifier) -> None:
    assert login_problem(verifier, statement(portals.key(None))) == "key-of-another"
    expired = portals.key(sample.ORGANISATION, end=NOW - timedelta(days=1))
    assert login_problem(verifier, statement(expired)) == "key-expired"


def test_every_armour_of_the_agent_is_taken(verifier: Verifier, head: Party) -> None:
    der = detached(head)
    pem = cms.to_pem(der).encode()
    bare = "".join(pem.decode().splitlines()[1:-1]).encode()
    for answer in (pem, bare, pem.replace(b"\n", b"\r\n")):
        assert verifier.signature(answer, DOCUMENT, COMPANY, at=NOW).octets == der


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
        assert verifier.identification(attached(key), TEXT, COMPANY, at=NOW).certificate == key.certificate
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


# --- inside the PDF -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return portals.act_pdf()


@pytest.fixture(scope="module")
def signed(pdf: bytes, head: Party) -> bytes:
    return portals.sign_pdf(head, pdf)


def problem_inside(verifier: Verifier, signed: bytes, pdf: bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        verifier.signature_inside(base64.b64encode(signed), pdf, COMPANY, at=NOW)
    return caught.value


def test_a_signature_inside_the_document_is_evidence(
    verifier: Verifier, head: Party, pdf: bytes, signed: bytes
) -> None:
    evidence = verifier.signature_inside(base64.b64encode(signed), pdf, COMPANY, at=NOW)
    assert (evidence.certificate, evidence.octets) == (head.certificate, signed)


def test_another_document_signed_inside_is_told_so(
    verifier: Verifier, head: Party, pdf: bytes, signed: bytes
) -> None:
    other = portals.sign_pdf(head, portals.act_pdf(1))
    assert problem_inside(verifier, other, pdf).code == "other-document"
    assert problem_inside(verifier, b"", pdf).code == "other-document"
    assert problem_inside(verifier, signed + b"x", pdf).code == "pdf-changed"


def test_a_document_without_a_signature_or_with_two_is_not_taken(
    verifier: Verifier, pdf: bytes, signed: bytes
) -> None:
    assert problem_inside(verifier, pdf, pdf).code == "signature-unreadable"
    twice = portals.sign_pdf(portals.key(None), signed)
    assert problem_inside(verifier, twice, pdf).code == "signature-unreadable"


def test_what_is_no_base64_is_told_so(verifier: Verifier, pdf: bytes) -> None:
    with pytest.raises(Problem) as caught:
        verifier.signature_inside(b"%PDF-1.7", pdf, COMPANY, at=NOW)
    assert caught.value.code == "signature-unreadable"


def test_no_octet_after_the_document_may_be_changed(verifier: Verifier, pdf: bytes, signed: bytes) -> None:
    for place in range(len(pdf), len(signed), len(signed) // 40):
        changed = bytearray(signed)
        changed[place] ^= 1
        assert problem_inside(verifier, bytes(changed), pdf).code in {
            "signature-broken",
            "signature-unreadable",
            "other-document",
            "pdf-changed",
        }


def test_inside_the_document_the_same_keys_count(verifier: Verifier, pdf: bytes) -> None:
    for key, code in (
        (portals.key(None), "key-of-another"),
        (portals.key(sample.ORGANISATION, end=NOW - timedelta(days=1)), "key-expired"),
        (portals.authentication_key(sample.ORGANISATION), "key-not-for-signing"),
    ):
        assert problem_inside(verifier, portals.sign_pdf(key, pdf), pdf).code == code


# --- authorities --------------------------------------------------------------------------------------------------


@pytest.fixture
def world() -> SimulatedAuthorities:
    return simulated_authorities.new(now=NOW)


@pytest.fixture
def asking(world: SimulatedAuthorities) -> Verifier:
    return portals.asking(world)


@pytest.fixture(scope="module")
def issued() -> Signer:
    return portals.issued_key()


def by(key: Signer) -> bytes:
    return cms.sign(key, DOCUMENT, at=NOW, detached=True)


def test_the_authority_is_asked_about_every_signature_anew(
    asking: Verifier, world: SimulatedAuthorities, issued: Signer
) -> None:
    for times in (1, 2):
        evidence = asking.signature(by(issued), DOCUMENT, COMPANY, at=NOW)
        assert (evidence.revocation.state, evidence.revocation.source) == ("good", "ocsp")
        assert evidence.revocation.checked_at == NOW
        assert world.count("ocsp") == times


def test_a_revoked_key_neither_signs_nor_identifies_and_is_told_when_and_why(
    asking: Verifier, world: SimulatedAuthorities, issued: Signer
) -> None:
    world.revoke(issued.certificate, at=NOW - timedelta(hours=2), reason="keyCompromise")
    problem = problem_with(asking, by(issued))
    assert problem.code == "key-revoked"
    facts = dict(problem.facts)
    assert facts["fact.revoked-at"] == "23.11.2026 12:30"
    assert facts["fact.revocation-reason"] == "revocation_reason.keyCompromise"
    assert facts["fact.key-owner"].startswith("ӘБДІРАХМАНОВА")
    with pytest.raises(Problem) as caught:
        asking.identification(cms.sign(issued, TEXT, at=NOW, detached=False), TEXT, COMPANY, at=NOW)
    assert caught.value.code == "key-revoked"


def test_a_revocation_without_a_reason_is_told_without_one(
    asking: Verifier, world: SimulatedAuthorities, issued: Signer
) -> None:
    world.revoke(issued.certificate)
    problem = problem_with(asking, by(issued))
    assert problem.code == "key-revoked"
    assert "fact.revocation-reason" not in dict(problem.facts)


def test_a_list_tells_of_a_revocation_where_the_responder_is_down(
    asking: Verifier, world: SimulatedAuthorities, issued: Signer
) -> None:
    world.switch("ocsp", "http-500")
    assert asking.signature(by(issued), DOCUMENT, COMPANY, at=NOW).revocation.source == "crl"
    world.revoke(issued.certificate)
    assert problem_with(asking, by(issued)).code == "key-revoked"


def test_a_key_that_the_authority_does_not_know_is_turned_down(
    asking: Verifier, world: SimulatedAuthorities, issued: Signer
) -> None:
    world.switch("ocsp", "unknown")
    world.switch("crl", "http-500")
    assert problem_with(asking, by(issued)).code == "key-unknown"


def test_authorities_that_do_not_answer_turn_nobody_down(
    asking: Verifier, world: SimulatedAuthorities, issued: Signer
) -> None:
    world.switch("ocsp", "http-500")
    world.switch("crl", "garbage")
    assert asking.signature(by(issued), DOCUMENT, COMPANY, at=NOW).revocation.state == "unreachable"


# --- timestamps ---------------------------------------------------------------------------------------------------


def test_a_timestamp_proves_a_time_and_names_its_authority(asking: Verifier, issued: Signer) -> None:
    stamped = timestamps.stamped(by(issued), at=NOW - timedelta(seconds=3))
    evidence = asking.signature(stamped, DOCUMENT, COMPANY, at=NOW, wants_timestamp=True)
    assert evidence.timestamp is not None
    assert evidence.timestamp.moment == NOW - timedelta(seconds=3)
    assert "TIME-STAMPING AUTHORITY" in evidence.timestamp.authority


def test_a_timestamp_that_was_asked_for_and_is_not_there_is_missed(
    asking: Verifier, issued: Signer, pdf: bytes
) -> None:
    with pytest.raises(Problem) as caught:
        asking.signature(by(issued), DOCUMENT, COMPANY, at=NOW, wants_timestamp=True)
    assert caught.value.code == "timestamp-missing"
    signed = base64.b64encode(portals.sign_pdf(issued, pdf))
    with pytest.raises(Problem) as caught:
        asking.signature_inside(signed, pdf, COMPANY, at=NOW, wants_timestamp=True)
    assert caught.value.code == "timestamp-missing"


def test_a_timestamp_of_somebody_whom_the_portal_does_not_know_proves_nothing(
    verifier: Verifier, head: Party
) -> None:
    problem = problem_with(verifier, timestamps.stamped(detached(head), at=NOW))
    assert problem.code == "timestamp-unproven"
    assert "timestamp-untrusted" in problem.technical


def test_a_signature_of_before_the_revocation_holds_where_a_timestamp_proves_it(
    asking: Verifier, world: SimulatedAuthorities, issued: Signer
) -> None:
    stamped = timestamps.stamped(by(issued), at=NOW - timedelta(hours=1))
    world.revoke(issued.certificate, at=NOW - timedelta(minutes=5))
    assert asking.signature(stamped, DOCUMENT, COMPANY, at=NOW).revocation.state == "good"
    assert problem_with(asking, by(issued)).code == "key-revoked"


def test_the_report_for_a_card_is_of_the_day_it_is_asked_for(
    asking: Verifier, world: SimulatedAuthorities, issued: Signer
) -> None:
    assert asking.report(by(issued), DOCUMENT, at=NOW).verdict == "valid"
    world.revoke(issued.certificate)
    assert asking.report(by(issued), DOCUMENT, at=NOW).verdict == "invalid"
