"""The desk's page of history."""

import typing

from agent import history as journal
from protocol.desk import history


def test_it_knows_every_outcome_that_the_journal_has() -> None:
    assert typing.get_args(history.Outcome) == typing.get_args(journal.Outcome)


def test_a_search_for_nothing_finds_all() -> None:
    assert history.Search() == history.Search(text="", since="", until="", outcome="")
