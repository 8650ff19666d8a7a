"""What a question may cost is part of the port."""

from typing import get_args

from agent import fetch
from agent.errors import Unreachable


def test_every_kind_of_question_has_limits() -> None:
    assert set(fetch.LIMITS) == set(get_args(fetch.Kind))
    for limits in fetch.LIMITS.values():
        assert 0 < limits.most_bytes <= 32 * 1024 * 1024
        assert 0 < limits.seconds <= 30


def test_what_is_posted_says_what_it_is() -> None:
    assert fetch.LIMITS["timestamp"].content_type == "application/timestamp-query"
    assert fetch.LIMITS["ocsp"].content_type == "application/ocsp-request"


def test_a_body_stays_out_of_logs() -> None:
    assert "secret" not in repr(fetch.Question("ocsp", "http://x/", b"secret"))


def test_a_failure_is_one_word_and_where_it_happened() -> None:
    error = fetch.unreachable("too-slow", "ocsp.pki.gov.kz")
    assert isinstance(error, Unreachable)
    assert error.detail == "too-slow: ocsp.pki.gov.kz"
    assert fetch.unreachable("offline").detail == "offline"


def test_the_status_of_an_answer_can_be_told_from_other_failures() -> None:
    assert fetch.status_of(fetch.unreachable("status", "x.kz 404")) == 404
    assert fetch.status_of(fetch.unreachable("no-address", "x.kz")) is None
    assert fetch.status_of(Unreachable("anything")) is None
