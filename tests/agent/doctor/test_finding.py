import pytest

from agent.doctor import examination
from agent.doctor.finding import Finding, worst

GOOD, HINT, BAD = (
    Finding("clock", "right", "ok", ""),
    Finding("keys", "none", "hint", ""),
    Finding("agent", "stopped", "trouble", ""),
)


@pytest.mark.parametrize(
    ("found", "state"),
    [((), "ok"), ((GOOD,), "ok"), ((GOOD, HINT), "hint"), ((HINT, BAD, GOOD), "trouble")],
)
def test_the_whole_is_as_bad_as_its_worst_part(found, state):
    assert worst(found) == state


def test_every_kind_has_its_place_in_the_order():
    from typing import get_args

    from agent.doctor.finding import What

    assert set(examination.ORDER) == set(get_args(What))
