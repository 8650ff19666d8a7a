import dataclasses

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtWidgets import QLabel

from protocol import prompts
from tray import texts, who


def shown(header):
    return [label.text() for label in header.findChildren(QLabel) if label.text()]


def test_a_new_site_is_named_badged_and_its_wish_told(application, samples):
    header = who.Header(texts.load("ru"), samples.open_key())
    assert shown(header)[:3] == ["kds.ismet.kz", "Новый сайт", "просит подписать 3 документа"]
    assert header.site.parts == ("kds.", "ismet.kz", "")


@pytest.mark.parametrize(
    ("action", "purpose", "sentence"),
    [
        ("sign", "sign", "asks you to sign 3 documents"),
        ("sign", "any", "asks you to sign 3 documents"),
        ("sign", "identify", "asks you to confirm who you are with a signature"),
        ("show_key", "any", "asks to see your certificate"),
    ],
)
def test_each_wish_has_its_sentence(samples, action, purpose, sentence):
    assert who.sentence(texts.load("en"), samples.open_key(action=action, purpose=purpose)) == sentence


@pytest.mark.parametrize(
    ("caller", "name", "warnings"),
    [
        (prompts.Caller("site", "https://a.kz", "a.kz", "a.kz"), "a.kz", []),
        (prompts.Caller("unprotected", "http://a.kz", "a.kz", "a.kz"), "a.kz", ["unprotected"]),
        (prompts.Caller("unprotected", "http://xn--a.kz"), "http://xn--a.kz", ["unprotected"]),
        (prompts.Caller("file"), "Страница без адреса", ["file"]),
        (prompts.Caller("program"), "Программа на этом компьютере", ["program"]),
        (prompts.Caller("command"), "Qalamsap на этом компьютере", []),
        (
            prompts.Caller("site", "https://xn--a.kz", "xn--a.kz", "xn--a.kz", warning="mixed-script"),
            "xn--a.kz",
            ["mixed-script"],
        ),
        (
            prompts.Caller("site", "https://xn--a.kz", "xn--a.kz", "xn--a.kz", warning="punycode"),
            "xn--a.kz",
            ["punycode"],
        ),
    ],
)
def test_each_caller_is_introduced_with_every_reason_to_be_careful(
    application, samples, caller, name, warnings
):
    russian = texts.load("ru")
    assert who.name(russian, caller) == name
    assert who.warnings(caller) == warnings
    told = shown(who.Header(russian, samples.open_key(caller=caller)))
    assert told[0] == name
    for warning in warnings:
        assert russian(f"who.warning.{warning}") in told


def test_a_site_cannot_dress_up_its_name(samples):
    caller = dataclasses.replace(samples.site, site="evil\u202ezk.vog.kz\n")
    assert who.name(texts.load("ru"), caller) == "evil\ufffdzk.vog.kz\ufffd"


def test_once_all_is_over_only_the_name_stays(application, samples):
    header = who.Header(texts.load("ru"), samples.open_key(), is_over=True)
    assert shown(header) == ["kds.ismet.kz"]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (prompts.ChooseFile(prompts.Caller("program"), "any", "", "ru"), "просит выбрать файл"),
        (prompts.ChooseFile(prompts.Caller("program"), "jks", "", "ru"), "просит выбрать файл ключа ЭЦП"),
        (prompts.ChooseFile(prompts.Caller("program"), "folder", "", "ru"), "просит выбрать папку"),
        (
            prompts.AllowFile(prompts.Caller("program"), "/a", "ru"),
            "просит подписать файл с этого компьютера",
        ),
        (
            prompts.NewKey(prompts.Caller("program"), (), "", "", "", "ru"),
            "просит создать для вас новый ключ ЭЦП",
        ),
    ],
)
def test_other_questions_are_introduced_alike(application, question, sentence):
    told = shown(who.Header(texts.load("ru"), question))
    assert told[:2] == ["Программа на этом компьютере", sentence]
    assert any("нажмите «Отмена»" in text for text in told)


def test_who_only_shows_the_agent_asks_for_nothing(application, samples):
    told = shown(who.Header(texts.load("ru"), prompts.About(samples.site, "1.0", 13579, "ru")))
    assert not any("нажмите «Отмена»" in text for text in told)
