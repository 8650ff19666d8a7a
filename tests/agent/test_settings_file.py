"""Changing config.toml."""

import tomllib
from pathlib import Path

import pytest

from agent import settings_file
from agent.config import BadConfig
from agent.errors import StorageFailed

TEXT = """\
# our office
language = "kk"  # asked for by accounting

spare_minutes = 5

[sites."https://x.kz"]
basics_cms = "base64"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "config" / "config.toml"
    made.parent.mkdir()
    made.write_text(TEXT)
    return made


def test_a_change_leaves_all_else_as_it_was(file: Path) -> None:
    settings_file.change(file, "spare_minutes", 7)
    assert file.read_text() == TEXT.replace("= 5", "= 7")


def test_a_new_setting_stands_before_the_tables(file: Path) -> None:
    settings_file.change(file, "key_folders", ["/keys", "~/ключи"])
    read = tomllib.loads(file.read_text())
    assert read["key_folders"] == ["/keys", "~/ключи"]
    assert read["sites"] == {"https://x.kz": {"basics_cms": "base64"}}
    assert "# our office" in file.read_text()


def test_a_reset_takes_one_line_out(file: Path) -> None:
    settings_file.reset(file, "language")
    settings_file.reset(file, "theme")
    assert "language" not in tomllib.loads(file.read_text())
    assert "spare_minutes = 5" in file.read_text()


def test_without_a_file_one_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    settings_file.change(file, "offline", value=True)
    assert tomllib.loads(file.read_text()) == {"offline": True}
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "value"), [("language", "kz"), ("langauge", "kk"), ("port", 70000), ("offline", 1)]
)
def test_a_value_that_is_none_changes_nothing(file: Path, name: str, value: object) -> None:
    with pytest.raises(BadConfig):
        settings_file.change(file, name, value)
    assert file.read_text() == TEXT


@pytest.mark.parametrize("folders", [["/" + "x" * 4000] * 30, ["/\udcff"]])
def test_what_could_not_be_read_again_is_not_written(file: Path, folders: list[str]) -> None:
    with pytest.raises(BadConfig):
        settings_file.change(file, "key_folders", folders)
    assert file.read_text() == TEXT


def test_a_broken_file_is_an_error_and_stays(file: Path) -> None:
    file.write_text("language = ")
    with pytest.raises(BadConfig, match="is not TOML"):
        settings_file.change(file, "language", "ru")
    assert file.read_text() == "language = "


def test_a_place_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFailed):
        settings_file.change(tmp_path / "file" / "config.toml", "language", "ru")
