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
    assert "Не удалось сохранить запись о подписи" in told
    assert "Подпись не отправлена. Освободите место на диске и повторите." in told
    assert "storage-failed: no space left on device" in " ".join(told).replace("\u200b", "")
