import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from tray import dropped, dropped_keys, texts
from tray.dropped import Dropped
from tray.dropped_keys import Keys

ENDINGS = dropped.KEY_ENDINGS


@pytest.fixture
def folder(tmp_path):
    for name in ("a.p12", "b.PFX", "act.pdf", "c.cer"):
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    return tmp_path


def found(folder, *names):
    paths = [folder / name for name in names]
    return Dropped(
        tuple(str(path) for path in paths if path.is_file()),
        tuple(str(path) for path in paths if path.is_dir()),
    )


def test_key_files_are_taken_also_those_in_folders(folder):
    keys = tuple(str(folder / name) for name in ("a.p12", "b.PFX"))
    assert dropped_keys.keys_of(found(folder, "a.p12"), ENDINGS) == Keys(keys[:1])
    assert dropped_keys.keys_of(Dropped(folders=(str(folder),)), ENDINGS) == Keys(keys)
    both = Dropped((keys[1],), (str(folder),))
    assert dropped_keys.keys_of(both, ENDINGS) == Keys((keys[1], keys[0]))


@pytest.mark.parametrize("more", [{"files": ("/act.pdf",)}, {"elsewhere": 1}, {"missing": 1}])
def test_that_something_else_came_with_them_is_known(folder, more):
    files = (str(folder / "a.p12"), *more.pop("files", ()))
    assert dropped_keys.keys_of(Dropped(files, **more), ENDINGS) == Keys(files[:1], has_more=True)


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (("act.pdf",), "not_a_key"),
        (("c.cer",), "certificate"),
        (("c.cer", "act.pdf"), "not_a_key"),
        (("empty",), "empty_folder"),
        (("empty", "act.pdf"), "not_a_key"),
    ],
)
def test_why_there_is_none_is_told(folder, names, problem):
    assert dropped_keys.keys_of(found(folder, *names), ENDINGS) == Keys((), problem)


def test_what_is_elsewhere_or_gone_is_no_key(folder):
    assert dropped_keys.keys_of(Dropped(elsewhere=1, missing=1), ENDINGS) == Keys((), "elsewhere")
    assert dropped_keys.keys_of(Dropped(missing=1), ENDINGS) == Keys((), "missing")


def test_what_the_person_may_not_read_is_told_as_such(folder, monkeypatch):
    monkeypatch.setattr(dropped, "is_readable", lambda path: path.endswith(".PFX"))
    assert dropped_keys.keys_of(found(folder, "a.p12"), ENDINGS) == Keys((), "unreadable")
    other = found(folder, "a.p12", "b.PFX")
    assert dropped_keys.keys_of(other, ENDINGS) == Keys((str(folder / "b.PFX"),), has_more=True)
    assert dropped_keys.keys_of(Dropped(folders=("/nowhere",)), ENDINGS) == Keys((), "unreadable")


def test_a_drop_of_very_many_gives_some(folder, monkeypatch):
    monkeypatch.setattr(dropped_keys, "_MOST", 1)
    assert dropped_keys.keys_of(found(folder, "a.p12", "b.PFX"), ENDINGS) == Keys(
        (str(folder / "a.p12"),), has_more=True
    )


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_one_key_is_one(folder, language):
    words = texts.load(language)
    assert dropped_keys.one_key(words, found(folder, "a.p12")).is_welcome
    for names, problem in (
        (("a.p12", "b.PFX"), "one_key"),
        (("c.cer",), "not_a_key"),
        (("empty",), "empty_folder"),
    ):
        offer = dropped_keys.one_key(words, found(folder, *names))
        assert (offer.sentence, offer.is_welcome) == (words(f"drop.{problem}"), False)
        assert ".p12" in offer.advice or problem == "one_key"
