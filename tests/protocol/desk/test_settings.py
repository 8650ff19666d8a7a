"""The desk's page of settings."""

import typing

import pytest

from agent import config
from protocol.desk import settings


def test_it_knows_every_source_that_a_setting_has() -> None:
    assert typing.get_args(settings.Source) == typing.get_args(config.Source)


@pytest.mark.parametrize("source", typing.get_args(settings.Source))
def test_only_a_policy_locks(source: settings.Source) -> None:
    assert settings.Setting("offline", "switch", source).is_locked is (source == "policy")
