import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtWidgets import QLabel

from protocol import prompts
from tests.tray import batches
from tests.tray.conftest import Samples
from tray import outcome, texts
from tray.batch import Batch


def shown(finished, asked=None, *, language="ru", left_out=(), **more):
    """The panel, for documents of which these were left out."""
    asked = asked or Samples().open_key(documents=batches.documents(5))
    one = None
    if isinstance(asked, prompts.OpenKey):
        one = Batch(asked.documents, [each.name for each in asked.documents])
        for place in left_out:
            one.entries[place].is_in = False
        one.note_results(finished)
    return outcome.OutcomePanel(texts.load(language), asked, finished, batch=one, **more)


def told(panel):
    return [label.text() for label in panel.findChildren(QLabel) if label.text()]


PROBLEM = prompts.Problem("timestamp-failed")


def one_failed(number, code="timestamp-failed"):
    return (prompts.Failure(number, code),)


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
    asked = samples.open_key(documents=batches.documents(count))
    panel = shown(prompts.Finished(count), asked, language=language)
    assert panel.sentence == sentence
    assert panel.is_passing


@pytest.mark.parametrize(
    ("language", "count", "total", "sentence"),
    [
        ("ru", 298, 300, "Подписано 298 документов из 300"),
        ("ru", 21, 300, "Подписан 21 документ из 300"),
        ("ru", 2, 10_000, "Подписано 2 документа из 10\u202f000"),
        ("kk", 298, 300, "300 құжаттың ішінен 298 құжатқа қол қойылды"),
        ("en", 1, 300, "1 of 300 documents is signed"),
        ("en", 298, 300, "298 of 300 documents are signed"),
        ("ru", 0, 300, "Ни один из 300 документов не подписан"),
        ("ru", 0, 21, "Ни один из 21 документа не подписан"),
        ("ru", 0, 1, "Документ не подписан"),
        ("kk", 0, 300, "300 құжаттың ешқайсысына қол қойылмады"),
        ("kk", 0, 1, "Құжатқа қол қойылмады"),
        ("en", 0, 2, "None of the 2 documents is signed"),
        ("en", 0, 1, "The document is not signed"),
    ],
)
@pytest.mark.usefixtures("application")
def test_the_headline_counts_what_is_signed_of_how_many(samples, language, count, total, sentence):
    asked = samples.open_key(documents=batches.documents(total))
    panel = shown(prompts.Finished(count, PROBLEM), asked, language=language)
    assert told(panel)[0] == sentence
    assert panel.sentence == f"{sentence}. {texts.load(language)('error.timestamp-failed')}"
    assert not panel.is_passing


def test_that_some_lack_a_timestamp_is_said_and_stays(application):
    panel = shown(prompts.Finished(5, lacking=(1, 3)))
    assert told(panel)[:2] == ["Подписано: 5 документов", "2 документа подписаны без метки времени"]
    assert any("Сервер меток времени не ответил" in each for each in told(panel))
    assert not panel.is_passing
    assert panel.closes.parent() is None


def test_of_one_document_the_lack_is_said_in_a_sentence(application, samples):
    asked = samples.open_key(documents=batches.documents(1))
    panel = shown(prompts.Finished(1, lacking=(0,)), asked)
    assert panel.sentence == "Документ подписан без метки времени"
    assert len(told(panel)) == 2


def test_the_document_that_kept_the_others_from_being_signed_is_named(application):
    panel = shown(prompts.Finished(0, PROBLEM, failed=one_failed(3)))
    assert any(each.startswith("Не удалось подписать «act-3.pdf».") for each in told(panel))


@pytest.mark.parametrize(
    ("finished", "left_out"),
    [
        (prompts.Finished(0, PROBLEM), ()),
        (prompts.Finished(0, PROBLEM, failed=one_failed(3)), (0, 1, 2, 4)),
        (prompts.Finished(0, PROBLEM, failed=one_failed(9_000)), ()),
        (prompts.Finished(4, PROBLEM, failed=one_failed(3)), ()),
        (prompts.Finished(0, PROBLEM, failed=(*one_failed(1), *one_failed(3))), ()),
    ],
    ids=["none is to blame", "no other was wanted", "one that is not there", "the others are signed", "several"],
)  # fmt: skip
def test_where_no_document_kept_the_others_none_is_named(application, finished, left_out):
    panel = shown(finished, left_out=left_out)
    assert not any("Не удалось подписать" in each for each in told(panel))


def test_where_some_are_signed_no_advice_says_that_nothing_is(application, samples):
    announced = samples.open_key(documents=(), announced=5)
    panel = shown(prompts.Finished(2, prompts.Problem("timed-out"), failed=one_failed(2)), announced)
    assert told(panel)[:2] == ["Подписано 2 документа из 5", "Время ожидания вышло"]
    assert "Сделанные подписи уже переданы тому, кто просил. Остальные документы подпишите ещё раз." in told(
        panel
    )
    own = samples.open_key(documents=batches.documents(5), caller=prompts.Caller("command"))
    for code, advice in (
        ("file-not-written", "Сделанные подписи записаны и остаются. Проверьте, есть ли место на диске"),
        ("file-unusable", "Сделанные подписи записаны и остаются. Остальные документы подпишите ещё раз."),
    ):
        panel = shown(prompts.Finished(4, prompts.Problem(code), failed=one_failed(2, code)), own)
        assert any(each.startswith(advice) for each in told(panel))
    for panel_told in map(told, (panel, shown(prompts.Finished(2, prompts.Problem("bad-input")), announced))):
        assert not any("ичего не подписано" in each for each in panel_told)


def test_a_shown_certificate_is_called_sent(application, samples):
    prompt = samples.open_key(action="show_key", documents=())
    assert shown(prompts.Finished(0), prompt).sentence == "Сертификат отправлен"


def test_what_was_not_about_signing_speaks_of_its_problem_alone(application, samples):
    prompt = samples.open_key(action="log_in", purpose="identify", documents=batches.documents(1))
    panel = shown(prompts.Finished(0, prompts.Problem("storage-failed")), prompt)
    assert panel.sentence == told(panel)[0] == "Не удалось сделать запись в журнале"
    asked = prompts.ChooseFile(samples.site, "any", "", "ru")
    assert shown(prompts.Finished(0, prompts.Problem("storage-failed")), asked).sentence == panel.sentence


def test_a_failure_is_told_with_its_advice_and_detail(application, samples):
    failed = prompts.Finished(0, prompts.Problem("storage-failed", detail="no space left on device"))
    panel = outcome.OutcomePanel(texts.load("ru"), samples.open_key(), failed)
    assert "Не удалось сделать запись в журнале" in told(panel)
    assert "Ничего не отправлено. Освободите место на диске и повторите." in told(panel)
    assert "storage-failed: no space left on device" in " ".join(told(panel)).replace("\u200b", "")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"action": "log_in", "purpose": "identify"}, "Кіру расталды"),
        ({"action": "import_certificate"}, "Сертификат кілтке қосылды"),
        ({"purpose": "identify"}, "Қол қойылды: 1 құжат"),
    ],
)
def test_the_last_word_fits_what_was_asked(application, samples, changes, sentence):
    asked = samples.open_key(**changes)
    assert not outcome.needs_no_word(asked, prompts.Finished(1))
    assert shown(prompts.Finished(1), asked, language="kk").sentence == sentence


def test_where_a_new_key_lies_is_said_and_stays(application, samples):
    asked = samples.new_key("/")
    panel = outcome.OutcomePanel(texts.load("ru"), asked, prompts.Finished(0), "/home/aigerim/new.p12")
    all_told = " ".join(told(panel)).replace("\u200b", "")
    for said in ("Ключ создан", "new.p12", "/home/aigerim", "когда к нему добавят сертификат"):
        assert said in all_told
    assert "Окно закроется само." not in all_told
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


def test_that_documents_were_left_out_does_not_pass_by_itself(application):
    panel = shown(prompts.Finished(4), left_out=(2,), results=QLabel("table"))
    assert told(panel)[:2] == [
        "Подписано 4 документа из 5",
        "1 документ не подписан: вы сняли с него отметку.",
    ]
    assert "Окно закроется само." not in told(panel)
    assert not panel.is_passing
    stopped = shown(prompts.Finished(0, PROBLEM), left_out=(2,))
    assert told(stopped)[0] == "Ни один из 4 документов не подписан"


def test_where_the_page_shows_what_came_of_it_nothing_is_said(samples):
    for asked in (
        prompts.ChooseFile(samples.site, "any", "", "ru"),
        prompts.AllowFile(samples.site, "/a", "ru"),
        prompts.About(samples.site, "1.0", 13579, "ru"),
    ):
        assert outcome.needs_no_word(asked, prompts.Finished(0))
        assert not outcome.needs_no_word(asked, prompts.Finished(0, prompts.Problem("internal")))
