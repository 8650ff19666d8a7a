"""The register: what the authority says at a moment, and what changed."""

from datetime import timedelta

import pytest

from agent.errors import BadInput
from agent.testca.revocation_register import REASON_NUMBERS, Revocation, RevocationRegister
from tests.support.authority import NOW

HOUR = timedelta(hours=1)


def test_a_certificate_is_revoked_from_the_moment_on() -> None:
    register = RevocationRegister()
    register.revoke(7, NOW, "superseded")
    assert register.revocation(7, NOW - HOUR) is None
    assert register.revocation(7, NOW) == Revocation(NOW, "superseded")
    assert register.revocation(8, NOW) is None


def test_all_numbers_are_issued_until_some_are_named() -> None:
    register = RevocationRegister()
    assert register.is_issued(1)
    register.issue(2, 3)
    register.issue(4)
    assert [register.is_issued(number) for number in (1, 2, 3, 4)] == [False, True, True, True]


def test_a_hold_can_end_and_begin_again() -> None:
    register = RevocationRegister()
    register.revoke(7, NOW - 2 * HOUR, "certificateHold")
    register.release(7, NOW - HOUR)
    assert register.revocation(7, NOW) is None
    assert register.changed(NOW - 3 * HOUR, NOW) == {7: Revocation(NOW - HOUR, "removeFromCRL")}
    assert register.changed(NOW - HOUR, NOW) == {}
    register.revoke(7, NOW)
    assert register.changed(NOW - HOUR, NOW) == {7: Revocation(NOW)}
    register.release(99, NOW)
    assert 99 not in register.changed(NOW - HOUR, NOW)


def test_entries_come_in_the_order_of_their_numbers() -> None:
    register = RevocationRegister()
    for number in (9, 1, 5):
        register.revoke(number, NOW)
    assert list(register.revoked(NOW)) == [1, 5, 9]
    assert register.revoked(NOW - HOUR) == {}


@pytest.mark.parametrize("reason", ["because", "", "removeFromCRL"])
def test_an_unknown_reason_is_bad_input(reason: str) -> None:
    with pytest.raises(BadInput):
        RevocationRegister().revoke(1, NOW, reason)


def test_reasons_have_the_numbers_of_the_standard() -> None:
    assert (REASON_NUMBERS["keyCompromise"], REASON_NUMBERS["certificateHold"]) == (1, 6)
    assert 7 not in REASON_NUMBERS.values()
