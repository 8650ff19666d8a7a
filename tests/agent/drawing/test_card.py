import dataclasses
from datetime import timedelta

from tests.support import cards


def test_the_proven_time_is_the_earliest_that_a_good_timestamp_proves():
    later = dataclasses.replace(cards.TIMESTAMP, moment=cards.TIMESTAMP.moment + timedelta(hours=1))
    bad = dataclasses.replace(
        cards.TIMESTAMP,
        moment=cards.TIMESTAMP.moment - timedelta(hours=1),
        reasons=("timestamp-untrusted",),
    )
    signer = dataclasses.replace(cards.GOOD, timestamps=(later, bad, cards.TIMESTAMP))
    assert signer.proven_time == cards.TIMESTAMP.moment


def test_nothing_proves_the_time_of_a_signature_without_a_good_timestamp():
    unreadable = dataclasses.replace(cards.TIMESTAMP, moment=None)
    assert dataclasses.replace(cards.GOOD, timestamps=()).proven_time is None
    assert dataclasses.replace(cards.GOOD, timestamps=(unreadable,)).proven_time is None
    assert cards.UNKNOWN.proven_time is None


def test_signatures_do_not_show_in_a_representation():
    assert "file" not in repr(cards.GOOD)
