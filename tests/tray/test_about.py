import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtWidgets import QLabel

from protocol import prompts
from tray import about, texts


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("kk", "әр жолы тек сіздің келісіміңізбен"),
        ("ru", "каждый раз только с вашего согласия"),
        ("en", "each time only if you agree"),
    ],
)
def test_it_says_what_the_agent_is_and_where(application, samples, language, said):
    panel = about.AboutPanel(texts.load(language), prompts.About(samples.site, "0.4.0", 13580, language))
    told = [label.text().replace("\u200b", "") for label in panel.findChildren(QLabel)]
    assert "0.4.0" in told
    assert "https://127.0.0.1:13580/" in told
    assert any(said in text for text in told)
    assert any("Qalamsap" in text and text != "Qalamsap" for text in told)  # where settings and history are


def test_there_is_nothing_to_agree_to(application, samples):
    panel = about.AboutPanel(texts.load("ru"), prompts.About(samples.site, "0.4.0", 13579, "ru"))
    assert not panel.is_ready
    assert panel.agreement == ""
