import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from protocol.desk import files as page
from protocol.prompts import Fact
from tray import texts, widgets
from tray.desk import file_details
from tray.desk.file_details import Details

SIGNER = page.Signer(
    "invalid", "Не сошлась", (Fact("ИИН", "850101400001"),), ("Документ изменили.", "Спросите подписавшего.")
)
REPORT = page.Report(
    "invalid", "Проверка не пройдена", "Полагаться нельзя.", (Fact("Вид", "CMS"),), (SIGNER,)
)


@pytest.fixture(params=["kk", "ru", "en"])
def details(put_up, request):
    return put_up(Details(texts.load(request.param)), 700, 400)


@pytest.fixture
def opened(monkeypatch):
    found = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: found.append(url.toLocalFile()))
    return found


def words(widget):
    return [label.text().replace("\u200b", "") for label in widget.findChildren(QLabel) if label.text()]


def links(widget):
    return {
        button.text(): button for button in widget.findChildren(QPushButton) if button.objectName() == "link"
    }


def click(widget):
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_a_file_of_which_nothing_is_known_takes_no_room(details, listed):
    details.show_file(listed.word, None)
    assert not details.isVisible()
    details.show_file(None, None)
    assert not details.isVisible()


def test_the_verdict_stands_above_who_signed_and_why_it_is_bad(details, listed):
    details.show_file(listed.other(listed.cms, result="verified", verdict="invalid"), REPORT)
    said = words(details)
    assert said.index("Проверка не пройдена") < said.index("Документ изменили.") < said.index("850101400001")
    assert "1. Не сошлась" not in said
    assert details.findChild(widgets.Notice).objectName() == "danger"


def test_several_signers_are_numbered_and_too_many_counted(details, listed):
    found = page.Report("valid", "Да", "Всё верно.", (), (SIGNER, SIGNER), more=3)
    details.show_file(listed.other(listed.cms, result="verified", verdict="valid"), found)
    assert {"1. Не сошлась", "2. Не сошлась"} <= set(words(details))
    assert details._texts("files.more_signers", count=3) in words(details)


def test_a_detached_signature_asks_for_its_document(details, listed):
    asked = []
    details.pair.connect(asked.append)
    details.show_file(listed.detached, None)
    click(links(details)[details._texts("files.document.choose")])
    assert asked == [listed.detached.path]
    details.show_file(listed.other(listed.detached, document="/home/a/x"), None)
    assert details._texts("files.document.found", name="x") in words(details)
    assert details._texts("files.document.other") in links(details)


def test_what_went_wrong_is_said_with_advice_and_the_technical_line_on_demand(details, listed, application):
    details.show_file(listed.other(listed.word, result="failed", code="bad-input", detail="it is torn"), None)
    application.processEvents()
    said = words(details)
    assert details._texts("files.failed.bad-input") in said
    assert details._texts("files.failed_advice.bad-input") in said
    technical = next(label for label in details.findChildren(QLabel) if "torn" in label.text())
    assert not technical.isVisible()
    click(links(details)[details._texts("button.details")])
    assert technical.isVisible()


def test_a_code_that_is_new_gives_a_general_sentence(details, listed):
    notice = file_details.failure(details._texts, "moon-phase", "")
    assert notice.sentence.text() == details._texts("files.failed.other")


def test_what_was_made_can_be_opened_and_shown(details, listed, opened, tmp_path):
    made = tmp_path / "act.signed.pdf"
    made.touch()
    details.show_file(listed.other(listed.pdf, result="signed", made=str(made), lacks_timestamp=True), None)
    assert details._texts("files.no_timestamp") in words(details)
    click(links(details)[details._texts("files.open_file")])
    click(links(details)[details._texts("files.open_folder")])
    assert opened == [str(made), f"{tmp_path}/"]
    made.unlink()
    file_details.show_file(str(made))  # it is gone, and nothing happens
    assert len(opened) == 2


def test_names_that_could_hide_something_are_made_visible(details, listed):
    details.show_file(listed.other(listed.pdf, result="signed", made="/a/act\u202efdp.exe"), None)
    assert not any("\u202e" in text for text in words(details))


def test_all_that_was_done_is_summed_up_with_the_way_to_it(details, listed, opened, tmp_path):
    folder = str(tmp_path)
    done = [listed.other(listed.pdf, path=f"/{n}", result="signed", made=f"{folder}/{n}") for n in range(3)]
    notice = file_details.ending(details._texts, page.Ended("sign"), done)
    assert notice.objectName() == "good"
    assert notice.sentence.text() == details._texts("files.done.sign", count=3)
    click(links(notice)[details._texts("files.open_folder")])
    assert opened == [folder]


def test_what_did_not_work_out_is_summed_up_too(details, listed):
    say = details._texts
    found = [
        listed.other(listed.cms, result="verified", verdict="valid"),
        listed.other(listed.cms, result="verified", verdict="invalid"),
        listed.other(listed.cms, result="failed", code="bad-input"),
        listed.word,
    ]
    notice = file_details.ending(say, page.Ended("verify", skipped=1), found)
    assert notice.objectName() == "warning"
    for key in ("not_valid", "failures", "skipped"):
        assert say(f"files.{key}", count=1) in words(notice)[1]
    left = [
        listed.other(listed.pdf, result="signed", lacks_timestamp=True),
        listed.other(listed.pdf, result="left-out"),
    ]
    notice = file_details.ending(say, page.Ended("sign"), left)
    assert say("files.lacking", count=1) in words(notice)[1]
    assert say("files.left_out", count=1) in words(notice)[1]


def test_where_nothing_was_done_that_is_said(details, listed):
    stopped = [listed.other(listed.pdf, result="stopped")]
    notice = file_details.ending(details._texts, page.Ended("sign", code="cancelled"), stopped)
    assert notice.sentence.text() == details._texts("files.cancelled")
    failed = [listed.other(listed.pdf, result="failed", code="internal")]
    notice = file_details.ending(details._texts, page.Ended("sign"), failed)
    assert (notice.objectName(), notice.sentence.text()) == ("danger", details._texts("files.nothing_done"))


@pytest.mark.parametrize("wish", ["sign", "cosign", "timestamp", "verify", "card"])
def test_every_wish_has_its_sentence(details, listed, wish):
    results = {
        "sign": "signed",
        "cosign": "cosigned",
        "timestamp": "timestamped",
        "verify": "verified",
        "card": "drawn",
    }
    done = [listed.other(listed.cms, result=results[wish], verdict="valid")]
    notice = file_details.ending(details._texts, page.Ended(wish), done)
    assert notice.sentence.text() == details._texts(f"files.done.{wish}", count=1)
