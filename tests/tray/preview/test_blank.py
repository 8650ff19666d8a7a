import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QProgressBar

from tray import texts
from tray.preview.blank import LOADING_AFTER_MS, Blank


@pytest.fixture
def blank(put_up):
    return put_up(Blank(texts.load("en")), 500, 400)


def words_of(blank):
    return [label.text() for label in blank.widget().findChildren(QLabel) if label.text()]


def test_what_is_quick_shows_nothing_and_what_is_slow_says_so(application, blank):
    blank.show_nothing()
    assert words_of(blank) == []
    blank.show_nothing()  # once more does not begin the wait again
    for _ in range(50):  # a busy computer is late
        QTest.qWait(LOADING_AFTER_MS)
        if words_of(blank):
            break
    assert words_of(blank) == ["Reading the document…"]
    assert blank.accessibleName() == "Reading the document…"
    assert len(blank.widget().findChildren(QProgressBar)) == 1


def test_something_else_that_is_shown_ends_the_wait(application, blank):
    blank.show_nothing()
    blank.leave()
    QTest.qWait(LOADING_AFTER_MS + 100)
    assert words_of(blank) == []


def test_a_message_has_size_and_digest_in_groups(application, blank):
    blank.show_message(
        "warning", "warning", "Unseen", ("Why.", "What to do."), size=2048, digest=("SHA-256", "abcd" * 4)
    )
    assert words_of(blank) == [
        "Unseen",
        "Why.",
        "What to do.",
        "2.0\u00a0KB",
        "SHA-256 checksum",
        "abcd abcd abcd abcd",
    ]
    assert blank.accessibleName() == "Unseen Why. What to do."
    assert blank.again is None


@pytest.mark.parametrize(
    ("language", "said"), [("ru", "Контрольная сумма"), ("kk", "Бақылау сомасы"), ("en", "Checksum")]
)
def test_a_digest_of_an_unknown_hash_has_no_name(put_up, language, said):
    blank = put_up(Blank(texts.load(language)), 500, 400)
    blank.show_message("hash", "warning", "!", digest=("", "abcd"))
    assert said in words_of(blank)


def test_another_try_can_be_offered(application, blank):
    tries = []
    blank.show_message("warning", "warning", "Unseen", on_again=lambda: tries.append(1))
    blank.again.click()
    assert tries == [1]


def test_all_of_it_can_be_scrolled_to_in_little_room(application, put_up):
    blank = put_up(Blank(texts.load("ru")), 300, 100)
    blank.show_message("warning", "warning", "Содержимое показать нельзя", ("Потому что. " * 10,), size=1)
    application.processEvents()
    assert blank.verticalScrollBar().maximum() > 0
    assert blank.horizontalScrollBar().maximum() == 0
