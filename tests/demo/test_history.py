from datetime import timedelta
from pathlib import Path

import pytest

from demo import database, history
from tests.support import portals


def test_events_come_newest_first_and_only_ones_own(tmp_path: Path) -> None:
    with database.transaction(portals.new(tmp_path).settings.database) as db:
        history.record(db, 1, "entered", at=portals.NOW)
        history.record(db, 1, "signed", at=portals.NOW + timedelta(minutes=1), act_id=1, person="А Б")
        history.record(db, 2, "entered", at=portals.NOW)
        signed, entered = history.recent(db, 1)
        assert (signed.kind, signed.act_id, signed.person) == ("signed", 1, "А Б")
        assert signed.act_number
        assert (entered.kind, entered.act_id, entered.act_number) == ("entered", None, None)


def test_an_unknown_kind_is_a_mistake(tmp_path: Path) -> None:
    with (
        database.transaction(portals.new(tmp_path).settings.database) as db,
        pytest.raises(ValueError, match="kind"),
    ):
        history.record(db, 1, "danced", at=portals.NOW)
