import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from protocol.desk import doctor as page
from protocol.desk import frame
from tests.support.qt_waiting import until
from tray import texts
from tray.desk.doctor import DoctorPage

F = page.Finding
FOUND = (
    F(0, "trouble", "Программа", "Программа не запущена.", "Запустите её.", repair="start-agent", code="agent-stopped", detail="no agent answers"),
    F(1, "trouble", "Файл ключа", "Файл могут прочитать другие.", "Закройте его.", "~/Загрузки/GOST512_" + "a" * 40 + ".p12", "make-private", "key-open"),
    F(2, "hint", "Часы", "Часы спешат на 75 секунд.", code="clock-slightly-ahead"),
    F(3, "ok", "Браузер", "Chromium спросит.", "Ответьте «Разрешить».", code="browser-asks"),
    F(4, "ok", "Профиль браузера", "Доверяет.", subject="Firefox: ~/.mozilla/firefox/a", code="store-trusted"),
)  # fmt: skip


def examined(findings=FOUND, **changes):
    values = {
        "verdict": "Нашлись 2 помехи.",
        "state": "trouble",
        "is_all": True,
        "moment": "2026-11-27T07:30:00+00:00",
    }
    return page.Examined(**({"findings": findings} | values | changes))


@pytest.fixture
def sent():
    return []


@pytest.fixture(params=["kk", "ru", "en"])
def empty(put_up, sent, request):
    return put_up(DoctorPage(texts.load(request.param), sent.append), 824, 900)


@pytest.fixture
def shown(empty):
    empty.receive(examined())
    QApplication.processEvents()
    return empty


def words_on(widget):
    QApplication.processEvents()
    said = (label.text() for label in widget.findChildren(QLabel) if label.isVisible())
    return " ".join(filter(None, said)).replace("\u200b", "")


def click(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_verdict_stands_above_what_is_in_the_way_and_what_is_in_order_is_shut(shown):
    said = words_on(shown)
    assert said.startswith("Нашлись 2 помехи.")
    assert said.index("Программа не запущена.") < said.index("Часы спешат")
    assert "Запустите её." in said
    assert "Chromium" not in said
    assert shown.texts("doctor.group.trouble") in said
    assert shown.more.text() == shown.texts("doctor.show_rest", count=2)
    click(shown.more)
    assert "Chromium спросит. Ответьте «Разрешить»." in words_on(shown)
    assert shown.more.text() == shown.texts("doctor.hide_rest", count=2)


def test_it_says_that_it_looks_only_where_that_takes_time(empty):
    assert words_on(empty) == ""
    assert not empty.again.isEnabled()
    assert until(lambda: empty.texts("doctor.looking") in words_on(empty))
    assert empty.progress.isVisible()
    empty.receive(examined(FOUND[:1], is_all=False, verdict="…"))
    assert empty.progress.isVisible()
    assert "Программа не запущена." in words_on(empty)
    assert not empty.cards[0].isEnabled()
    empty.receive(examined())
    assert not empty.progress.isVisible()
    assert empty.cards[0].isEnabled()
    assert empty.verdict.text() == "Нашлись 2 помехи."


def test_what_one_repair_mends_stands_together_with_one_button(empty, sent):
    trust = [
        F(0, "trouble", "Связь", "Сертификата нет.", "Установите доверие.", repair="install-trust", code="a", detail="first"),
        F(1, "trouble", "Браузеры", "Не доверяет 1.", "Установите доверие.", repair="install-trust", code="b", detail="second"),
        F(2, "trouble", "Профиль", "Этот не доверяет.", subject="Firefox: ~/a", code="store-absent"),
    ]  # fmt: skip
    files = [
        F(number, "trouble", "Файл", "Открыт.", subject=f"~/{number}.p12", repair="make-private")
        for number in (3, 4)
    ]
    others = [F(number, "trouble", "Доступ", "Запрещён.", code="d") for number in (5, 6)]
    empty.receive(examined((*trust, *files, *others)))
    together, *_ = empty.cards
    assert [card.finding.number for card in empty.cards] == [0, 3, 4, 5, 6]
    said = words_on(together)
    for part in ("Сертификата нет.", "Не доверяет 1.", "Этот не доверяет.", "Firefox: ~/a"):
        assert part in said
    assert said.count("Установите доверие.") == 1
    assert "Этот не доверяет." in together.accessibleName()
    click(together.details)
    assert all(part in words_on(together) for part in ("a: first", "b: second"))
    click(together.repair)
    click(together.confirm)
    assert sent == [page.Mend(0)]


def test_a_repair_is_asked_for_once_more_and_then_goes_out_by_its_number(shown, sent):
    card = shown.cards[1]
    click(card.repair)
    assert sent == []
    assert shown.texts("doctor.question.make-private") in words_on(shown)
    assert card.cancel.hasFocus()
    click(card.cancel)
    assert card.repair.isVisible()
    assert sent == []
    click(card.repair)
    click(card.confirm)
    assert sent == [page.Mend(1)]
    assert card.confirm.text() == shown.texts("doctor.mending")
    assert not any(each.isEnabled() for each in shown.cards)
    assert not shown.again.isEnabled()


def test_what_came_of_it_is_said(shown):
    shown.receive(page.Mended("start-agent", "x", is_done=True))
    assert shown.texts("doctor.done.start-agent") in words_on(shown)
    shown.receive(page.Mended("install-trust", "x", is_done=True))
    assert shown.texts("doctor.restart_browsers") in words_on(shown)
    shown.receive(page.Mended("install-trust", "x", is_done=False, detail="certutil \u202eis missing"))
    said = words_on(shown)
    assert shown.texts("doctor.not_done") in said
    assert shown.texts("doctor.done.start-agent") not in said
    assert "\u202e" not in " ".join(label.text() for label in shown.findChildren(QLabel))
    shown.receive(examined())
    assert shown.texts("doctor.not_done") in words_on(shown)
    assert shown.again.isEnabled()


def test_a_repair_that_is_refused_can_be_tried_again(shown):
    click(shown.cards[0].repair)
    click(shown.cards[0].confirm)
    shown.receive(frame.Trouble("doctor", "bad-input", "there is no such finding"))
    assert shown.texts.problem("error", "bad-input") in words_on(shown)
    assert shown.again.isEnabled()
    assert shown.cards[0].confirm.text() == shown.texts("doctor.repair.start-agent")


def test_the_report_goes_to_the_clipboard(shown, sent):
    click(shown.share)
    assert sent == [page.Share()]
    shown.receive(page.Report("Qalamsap\n! agent-stopped\n"))
    assert QApplication.clipboard().text() == "Qalamsap\n! agent-stopped\n"
    assert shown.texts("doctor.shared") in words_on(shown)


def test_it_looks_again_when_asked(shown, sent):
    shown.receive(page.Report("x"))
    click(shown.again)
    assert sent == [page.Examine()]
    assert not shown.share.isEnabled()
    assert shown.texts("doctor.shared") not in words_on(shown)


def test_where_all_is_in_order_only_that_is_said(empty):
    good = tuple(each for each in FOUND if each.state == "ok")
    empty.receive(examined(good, verdict="Всё в порядке.", state="ok"))
    assert empty.cards == []
    assert words_on(empty).startswith("Всё в порядке.")
    assert empty.first_focus() is empty.again


def test_the_keyboard_reaches_everything(shown):
    assert shown.first_focus() is shown.cards[0].repair
    shown.first_focus().setFocus()
    QTest.keyClick(shown.cards[0].repair, Qt.Key.Key_Space)
    assert shown.cards[0].cancel.hasFocus()
    QTest.keyClick(shown.cards[0].cancel, Qt.Key.Key_Tab)
    assert shown.cards[0].confirm.hasFocus()


def test_what_came_of_a_repair_far_below_is_brought_into_sight(put_up, shown):
    from PySide6.QtWidgets import QScrollArea

    around = QScrollArea()
    around.setWidgetResizable(True)
    around.setWidget(shown)
    put_up(around, 824, 240)
    around.verticalScrollBar().setValue(around.verticalScrollBar().maximum())
    shown.receive(page.Mended("make-private", "x", is_done=True))
    QTest.qWait(20)
    notice = shown.notices.itemAt(0).widget()
    assert notice.visibleRegion().boundingRect().height() == notice.height()
    around.takeWidget()


def test_details_are_one_click_away(shown):
    assert "no agent answers" not in words_on(shown)
    click(shown.cards[0].details)
    assert "agent-stopped: no agent answers" in words_on(shown)


def test_everything_has_a_name_for_who_does_not_see_it(shown):
    assert shown.cards[0].accessibleName() == "Программа: Программа не запущена."
    assert shown.cards[0].details.accessibleName() == f"{shown.texts('button.details')}: Программа"
    assert shown.progress.accessibleName()


GATHERED = page.Gathered(
    "qalamsap-support.zip", (page.Part("README.txt", "что внутри", "Что внутри"),), ("ключи и пароли",)
)


def test_the_bundle_is_shown_before_it_is_saved(shown, sent):
    click(shown.support)
    assert sent == [page.Gather(keep_sites=False)]
    assert not shown.support.isEnabled()
    assert shown.support.text() == shown.texts("doctor.support.gathering")
    shown.receive(GATHERED)
    QApplication.processEvents()
    assert shown.support.isEnabled()
    assert shown.bundle.text.toPlainText() == "Что внутри"
    assert "ключи и пароли" in words_on(shown)
    click(shown.bundle.keep_sites)
    assert sent[1:] == [page.Gather(keep_sites=True)]
    shown.receive(GATHERED)
    assert shown.bundle.keep_sites.isChecked()


def test_where_it_was_saved_is_told_and_the_bundle_closes(shown, sent):
    shown.receive(GATHERED)
    shown._save_bundle("/home/a/x.zip")
    assert sent == [page.Save("/home/a/x.zip")]
    assert not shown.bundle.save.isEnabled()
    shown.receive(page.Saved("/home/a/x.zip"))
    assert shown.bundle is None
    assert shown.texts("doctor.support.saved", path="/home/a/x.zip") in words_on(shown)


def test_a_bundle_that_could_not_be_written_can_be_saved_elsewhere(shown):
    shown.receive(GATHERED)
    shown._save_bundle("/nowhere/x.zip")
    shown.receive(frame.Trouble("doctor", "file-not-written", "x can't be written"))
    assert shown.bundle.save.isEnabled()
    assert shown.texts.problem("error", "file-not-written") in words_on(shown)
    assert shown.texts.problem("error", "file-not-written") != shown.texts.problem("error", "internal")


@pytest.mark.parametrize("way", ["cancel", "again"])
def test_a_bundle_that_is_not_wanted_goes(shown, sent, way):
    shown.receive(GATHERED)
    QApplication.processEvents()
    click(shown.bundle.cancel if way == "cancel" else shown.again)
    assert shown.bundle is None
    assert not any(isinstance(message, page.Save) for message in sent)
