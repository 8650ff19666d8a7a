import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtWidgets import QLabel

from protocol import prompts
from tray import outcome, texts


@pytest.mark.parametrize(
    ("language", "count", "sentence"),
    [
        ("ru", 3, "Подписано: 3 документа"),
        ("ru", 1, "Подписано: 1 документ"),
        ("kk", 3, "Қол қойылды: 3 құжат"),
        ("en", 2, "Signed: 2 documents"),
    ],
)
def test_success_counts_the_documents(application, samples, language, count, sentence):
    told = outcome.sentence(texts.load(language), samples.open_key(), prompts.Finished(count))
    assert told == sentence


def test_a_shown_certificate_is_called_sent(samples):
    prompt = samples.open_key(action="show_key", documents=())
    assert outcome.sentence(texts.load("ru"), prompt, prompts.Finished(0)) == "Сертификат отправлен"


def test_a_failure_is_told_with_its_advice_and_detail(application, samples):
    failed = prompts.Finished(0, prompts.Problem("storage-failed", detail="no space left on device"))
    panel = outcome.OutcomePanel(texts.load("ru"), samples.open_key(), failed)
    told = [label.text() for label in panel.findChildren(QLabel)]
    assert "Не удалось сделать запись в журнале" in told
    assert "Ничего не отправлено. Освободите место на диске и повторите." in told
    assert "storage-failed: no space left on device" in " ".join(told).replace("\u200b", "")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"action": "log_in", "purpose": "identify"}, "Кіру расталды"),
        ({"action": "import_certificate"}, "Сертификат кілтке қосылды"),
        ({"purpose": "identify"}, "Қол қойылды: 1 құжат"),
    ],
)
def test_the_last_word_fits_what_was_asked(samples, changes, sentence):
    asked = samples.open_key(**changes)
    assert not outcome.needs_no_word(asked, prompts.Finished(1))
    assert outcome.sentence(texts.load("kk"), asked, prompts.Finished(1)) == sentence


def test_where_a_new_key_lies_is_said_and_stays(application, samples):
    asked = samples.new_key("/")
    panel = outcome.OutcomePanel(texts.load("ru"), asked, prompts.Finished(0), "/home/aigerim/new.p12")
    told = " ".join(label.text() for label in panel.findChildren(QLabel)).replace("\u200b", "")
    for said in ("Ключ создан", "new.p12", "/home/aigerim", "когда к нему добавят сертификат"):
        assert said in told
    assert "Окно закроется само." not in told
    assert not panel.is_passing
    failed = prompts.Finished(0, prompts.Problem("storage-failed"))
    for finished, is_passing in ((prompts.Finished(1), True), (failed, False)):
        assert outcome.OutcomePanel(texts.load("ru"), asked, finished).is_passing == is_passing


def test_the_results_of_many_documents_are_there_to_read(application, samples):
    table = QLabel("table")
    panel = outcome.OutcomePanel(texts.load("ru"), samples.open_key(), prompts.Finished(3), results=table)
    assert panel.isAncestorOf(table)
    assert panel.is_passing
    assert panel.closes.isVisibleTo(panel)
    panel.stay()
    assert not panel.is_passing
    assert not panel.closes.isVisibleTo(panel)


def test_that_documents_were_left_out_does_not_pass_by_itself(application, samples):
    finished = prompts.Finished(2)
    panel = outcome.OutcomePanel(
        texts.load("ru"), samples.open_key(), finished, results=QLabel("table"), left_out=1
    )
    told = [label.text() for label in panel.findChildren(QLabel)]
    assert "1 документ не подписан: вы сняли с него отметку." in told
    assert "Окно закроется само." not in told
    assert not panel.is_passing


def test_where_the_page_shows_what_came_of_it_nothing_is_said(samples):
    for asked in (
        prompts.ChooseFile(samples.site, "any", "", "ru"),
        prompts.AllowFile(samples.site, "/a", "verify", "ru"),
        prompts.About(samples.site, "1.0", 13579, "ru"),
    ):
        assert outcome.needs_no_word(asked, prompts.Finished(0))
        assert not outcome.needs_no_word(asked, prompts.Finished(0, prompts.Problem("internal")))
