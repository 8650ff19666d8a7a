"""What a certificate is good for, by what it says of itself."""

from datetime import timedelta

import pytest

from agent.certificate import OCSP_SIGNING, TIME_STAMPING
from agent.testca import profiles
from agent.trust.purposes import Purpose, unsuitable
from tests.support import authority, chains, responders
from tests.support.authority import NOW

PURPOSES: tuple[Purpose, ...] = ("sign", "identify", "timestamp", "ocsp", "authority")


def suits(certificate) -> tuple[Purpose, ...]:
    return tuple(purpose for purpose in PURPOSES if not unsuitable(certificate, purpose))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gost2015-individual", ("sign", "identify")),
        ("gost2015-sign-right", ("sign", "identify")),  # key usage not critical, extended key usage critical
        ("gost2004-head", ("sign",)),
        ("rsa-sign-individual", ("sign",)),
        ("rsa-auth-individual", ("identify",)),
    ],
)
def test_a_persons_key_is_for_what_its_profile_says(name: str, expected: tuple[Purpose, ...]) -> None:
    assert suits(authority.certificate(name)) == expected


def test_a_key_for_authentication_lacks_both_marks_of_signing() -> None:
    assert unsuitable(authority.certificate("rsa-auth-head"), "sign") == ("key-usage", "extended-key-usage")


@pytest.mark.parametrize("family", responders.FAMILIES)
@pytest.mark.parametrize(
    ("service", "purpose"), [(profiles.TIMESTAMPING, "timestamp"), (profiles.OCSP_RESPONDING, "ocsp")]
)
def test_a_service_does_one_thing_and_no_other(family: str, service: str, purpose: Purpose) -> None:
    made = responders.checked_in().issue_service(service, family, not_before=NOW - timedelta(days=1))
    assert suits(made.certificate) == (purpose,)


def test_a_timestamp_needs_the_one_use_and_critically() -> None:
    def stamping(*usages: str) -> tuple[str, ...]:
        return unsuitable(chains.issue("TSA", extended=usages, usage="0780").certificate, "timestamp")

    assert stamping() == stamping(TIME_STAMPING) == ("extended-key-usage",)  # not critical
    critical = chains._extension("2.5.29.37", bytes.fromhex("300a06082b06010505070308"))
    assert (
        unsuitable(chains.issue("TSA", usage="0780", more_extensions=[critical]).certificate, "timestamp")
        == ()
    )
    assert "key-usage" in unsuitable(
        chains.issue("TSA", usage="0520", more_extensions=[critical]).certificate, "timestamp"
    )


def test_an_answer_of_ocsp_needs_its_use_and_signatures() -> None:
    for usage, expected in (("0780", ()), ("0520", ("key-usage",))):
        made = chains.issue("Responder", extended=[OCSP_SIGNING], usage=usage)
        assert unsuitable(made.certificate, "ocsp") == expected
    assert unsuitable(chains.person().certificate, "ocsp") == ("extended-key-usage",)


def test_authorities_are_for_certificates_and_nothing_else() -> None:
    assert suits(chains.root().certificate) == ("authority",)
    assert unsuitable(chains.issue("Lists only", ca=True, usage="0102").certificate, "authority") == (
        "key-usage",
    )
    assert unsuitable(chains.person().certificate, "authority") == ("not-a-ca", "key-usage")
