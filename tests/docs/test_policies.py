"""The page of policies, compared with the settings that there are."""

import pytest

from agent.settings import SETTINGS
from tests.support import policy_table


@pytest.mark.parametrize("name", SETTINGS)
def test_the_page_tells_of_every_setting_as_it_is(name: str) -> None:
    facts, sentence = policy_table.told()[name]
    assert tuple(facts) == policy_table.rows()[name]
    assert len(sentence) > 5


def test_it_tells_of_no_setting_that_is_not_there() -> None:
    assert policy_table.told().keys() == SETTINGS.keys()
