import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from protocol.desk import files, frame, keys
from tests.support import drags
from tests.support.cut_texts import cut_texts
from tests.support.drags import Drag
from tray import texts
from tray.desk import drops
from tray.desk.drops import Plan
from tray.desk.window import PAGES, DeskWindow
from tray.dropped import Dropped

ALL = ("files", "keys", "history", "sites", "doctor", "settings")


@pytest.fixture
def folder(tmp_path):
    for name in ("keys", "acts", "both"):
        (tmp_path / name).mkdir()
    for name in ("act.pdf", "a.p12", "c.cer", "keys/k.p12", "acts/1.pdf", "both/2.pdf", "both/b.pfx"):
        (tmp_path / name).touch()
    return tmp_path


def found(folder, *names, **more):
    paths = [folder / name for name in names]
    return Dropped(
        tuple(str(path) for path in paths if path.is_file()),
        tuple(str(path) for path in paths if path.is_dir()),
        **more,
    )


def paths(folder, *names):
    return tuple(str(folder / name) for name in names)


@pytest.mark.parametrize("page", ALL)
def test_files_go_where_they_belong_wherever_they_are_dropped(folder, page):
    everything = found(folder, "act.pdf", "a.p12", elsewhere=1, missing=2)
    assert drops.plan(everything, page) == Plan(paths(folder, "act.pdf"), paths(folder, "a.p12"), 3)
    assert drops.plan(found(folder, "a.p12"), page).target == "keys"
    assert drops.plan(found(folder, "act.pdf"), page).target == "files"


@pytest.mark.parametrize(
    ("name", "page", "to_files", "to_keys"),
    [
        ("acts", "files", ("acts",), ()),
        ("acts", "history", ("acts",), ()),
        ("acts", "keys", (), ("acts",)),
        ("keys", "history", (), ("keys",)),
        ("keys", "keys", (), ("keys",)),
        ("keys", "files", (), ("keys/k.p12",)),
        ("both", "history", ("both/2.pdf",), ("both",)),
        ("both", "files", ("both/2.pdf",), ("both/b.pfx",)),
        ("both", "keys", (), ("both",)),
    ],
)
def test_a_folder_goes_by_what_lies_in_it_and_no_key_is_put_among_documents(
    folder, name, page, to_files, to_keys
):
    wanted = Plan(paths(folder, *to_files), paths(folder, *to_keys))
    assert drops.plan(found(folder, name), page) == wanted


def test_why_nothing_goes_anywhere(folder):
    assert drops.plan(Dropped(elsewhere=1, missing=1), "files") == Plan(problem="elsewhere")
    assert drops.plan(Dropped(missing=1), "keys") == Plan(problem="missing")
    assert drops.plan(found(folder, "c.cer"), "keys") == Plan(problem="only_certificate")
    assert drops.plan(found(folder, "c.cer"), "history").documents == paths(folder, "c.cer")


def test_one_document_on_the_history_is_looked_for_there(application, folder):
    taken, shown = [], ["history"]

    class Taking:
        takes_files = True

        def __init__(self, name):
            self._name = name

        def add_paths(self, paths):
            taken.append((self._name, paths))

        def tell(self, notice):
            pass

    drop = drops.DeskDrops(PAGES, lambda: shown[0], Taking, shown.append)
    words = texts.load("ru")
    act = found(folder, "act.pdf")
    assert drop.offer(words, act).sentence == words("history.file.drop")
    drop.take(words, act)
    assert taken.pop() == ("history", act.files)
    for other in (
        found(folder, "a.p12"),
        found(folder, "act.pdf", "c.cer"),
        found(folder, "act.pdf", "acts"),
    ):
        assert drop.offer(words, other).sentence != words("history.file.drop")
        drop.take(words, other)
        assert "history" not in {name for name, _ in taken}
    shown[0] = "sites"
    assert drop.offer(words, act).sentence == words("drop.to_files", count=1)


# --- on the window ----------------------------------------------------------------------------------------------


@pytest.fixture
def sent():
    return []


@pytest.fixture(params=["kk", "ru", "en"])
def open_at(put_up, sent, request):
    def show(page):
        made = DeskWindow(sent.append)
        made.receive(frame.Begin(page, request.param, "1.0"))
        put_up(made, 1000, 600)
        sent.clear()
        return made

    return show


def said(window):
    QApplication.processEvents()
    return [label.text() for label in window.findChildren(QLabel) if label.isVisible() and label.text()]


def changes(sent):
    return [message for message in sent if isinstance(message, files.Add | keys.AddPlaces)]


@pytest.mark.parametrize("page", ["history", "settings", "files"])
def test_both_kinds_at_once_and_what_went_where_is_said(open_at, sent, folder, page):
    window = open_at(page)
    drag = Drag(window, drags.files(*paths(folder, "act.pdf", "a.p12"))).enter()
    assert drag.is_allowed
    assert window.drops.veil.sentence.text() == window._texts("drop.to_both")
    assert cut_texts(window) == []
    assert drag.drop().isAccepted()
    assert window.page == "files"
    assert changes(sent) == [
        files.Add(paths(folder, "act.pdf")),
        keys.AddPlaces(paths(folder, "a.p12")),
    ]
    assert window._texts("drop.went_to_both") in said(window)
    assert not any(isinstance(message, files.Start) for message in sent)


def test_a_key_on_the_page_of_files_is_no_document(open_at, sent, folder):
    window = open_at("files")
    drags.let_go(window, paths(folder, "a.p12"))
    assert window.page == "keys"
    assert changes(sent) == [keys.AddPlaces(paths(folder, "a.p12"))]
    assert {window._texts("drop.went_to_keys"), window._texts("drop.key_is_secret")} <= set(said(window))


def test_documents_on_the_page_of_keys_are_taken_to_theirs(open_at, sent, folder):
    window = open_at("keys")
    drags.let_go(window, paths(folder, "act.pdf"))
    assert (window.page, changes(sent)) == ("files", [files.Add(paths(folder, "act.pdf"))])
    assert window._texts("drop.went_to_files") in said(window)


@pytest.mark.parametrize(("page", "name"), [("files", "act.pdf"), ("keys", "keys")])
def test_what_is_on_its_page_already_needs_no_word(open_at, sent, folder, page, name):
    window = open_at(page)
    drags.let_go(window, paths(folder, name))
    assert (window.page, len(changes(sent))) == (page, 1)
    assert not {window._texts(f"drop.went_to_{each}") for each in ("files", "keys", "both")} & set(
        said(window)
    )


def test_what_could_not_be_taken_is_counted(open_at, folder):
    window = open_at("files")
    drags.let_go(window, paths(folder, "act.pdf", "gone.pdf"))
    assert window._texts("drop.left", count=1) in said(window)


def test_what_lies_elsewhere_is_refused_in_words(open_at, sent):
    window = open_at("keys")
    drag = Drag(window, drags.urls("https://example.kz/a.p12")).enter()
    assert not drag.is_allowed
    drag.leave()
    assert window._texts("drop.elsewhere") in said(window)
    assert changes(sent) == []


def test_documents_wait_until_the_work_is_done_and_keys_need_not(open_at, sent, folder, listed):
    window = open_at("files")
    window.receive(files.Listed((listed.pdf,)))
    window.receive(files.Working("sign", 0, 1))
    drag = Drag(window, drags.files(*paths(folder, "act.pdf"))).enter()
    assert not drag.is_allowed
    assert window.drops.veil.sentence.text() == window._texts("drop.busy")
    drag.drop()
    assert changes(sent) == []
    drags.let_go(window, paths(folder, "a.p12"))
    assert changes(sent) == [keys.AddPlaces(paths(folder, "a.p12"))]


@pytest.mark.parametrize("page", ALL)
def test_no_field_takes_a_file_for_text(open_at, sent, folder, page):
    window = open_at(page)
    for field in [each for each in window.findChildren(QLineEdit) if each.isVisible()]:
        assert drags.let_go(window, paths(folder, "a.p12"), at=field).isAccepted()
        assert field.text() == ""
        window.go_to(page)


def test_all_that_can_be_said_of_a_drop_has_room(open_at, folder, listed):
    window = open_at("history")
    drags.let_go(window, paths(folder, "act.pdf", "a.p12", "gone.pdf"))
    key = files.File("/Ключи/GOST512_4e1e7d.p12.old", 3000, "key-file", (), ())
    window.receive(files.Listed((key, listed.pdf), refused=1))
    window._made["files"][0].table.select(0)
    QTest.qWait(1)
    QApplication.processEvents()
    assert {window._texts("files.key_file"), window._texts("drop.key_is_secret")} & set(said(window))
    assert cut_texts(window) == []


def test_a_window_without_these_pages_takes_nothing(put_up, sent, folder):
    window = DeskWindow(sent.append, {"history": PAGES["history"]})
    window.receive(frame.Begin("history", "ru", "1.0"))
    put_up(window)
    assert not Drag(window, drags.files(*paths(folder, "a.p12"))).enter().is_allowed
    assert changes(sent) == []
