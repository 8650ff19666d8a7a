from datetime import timedelta
from pathlib import Path

from demo import keys, prepare
from demo.settings import Settings
from tests.support.portals import NOW


def test_the_first_start_makes_everything_and_the_second_nothing(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "new" / "portal", 1)
    assert prepare.data_dir(settings, at=NOW)
    assert settings.database.is_file()
    assert {path.name for path in settings.keys_dir.iterdir()} == {key.file for key in keys.KEY_FILES}
    before = {path: path.stat().st_mtime_ns for path in settings.data_dir.rglob("*")}
    assert not prepare.data_dir(settings, at=NOW + timedelta(days=40))
    assert {path: path.stat().st_mtime_ns for path in settings.data_dir.rglob("*")} == before


def test_a_start_that_was_interrupted_is_finished(tmp_path: Path) -> None:
    settings = Settings(tmp_path, 1)
    settings.authority_dir.mkdir()
    assert prepare.data_dir(settings, at=NOW)
    assert len(keys.authorities(settings.authority_dir)) == 8
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".new-")]
