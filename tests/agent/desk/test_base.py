"""What pages of the desk are given."""

from pathlib import Path

from agent.desk import base, history, settings, sites
from tests.support import desks


def test_every_page_answers_to_the_same_three_calls(tmp_path: Path) -> None:
    desk, _ = desks.desk(tmp_path)
    for module in (history, sites, settings):
        page: base.Page = module.make(desk)
        for name in ("opened", "take", "close"):
            assert callable(getattr(page, name))


def test_a_desk_begins_open(tmp_path: Path) -> None:
    desk, _ = desks.desk(tmp_path)
    assert not desk.has_ended.is_set()


def test_a_file_that_was_not_written_has_a_code_of_its_own() -> None:
    assert base.FileNotWritten("No space left on device").code == "file-not-written"
