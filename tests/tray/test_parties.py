import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtWidgets import QLabel

from protocol import preview, prompts
from tray import batch, parties, texts

OWN = preview.Party("supplier", "990440001234", "ТОО «Пример Трейд»")
OTHER = preview.Party("customer", "060240001201", "АО «Казахтелеком»")
NAMELESS = preview.Party("other", "060240001202")


def entries(*named):
    documents = [prompts.Document("a", 1, "SHA-256", f"{place:064x}") for place in range(len(named))]
    one = batch.Batch(documents, ["a"] * len(named))
    for place, those in enumerate(named):
        if those is not None:
            one.know(place, preview.Overview("pages", parties=those))
    return one.entries


@pytest.mark.parametrize(
    ("changes", "strangers"),
    [
        ({}, 0),
        ({"bin": "", "iin": "990440001234"}, 0),
        ({"bin": "BIN990440001234"}, 0),
        ({"bin": "123456789013"}, 1),
        ({"bin": "", "iin": ""}, 0),
    ],
)
def test_a_key_is_a_stranger_where_neither_its_iin_nor_its_bin_is_named(samples, changes, strangers):
    verdict = parties.judge(samples.other_key(**changes), entries((OWN, OTHER)))
    assert verdict.strangers == strangers


def test_documents_that_name_nobody_and_those_left_out_tell_nothing(samples):
    named = entries((OTHER,), (), None, (OWN,))
    assert parties.judge(samples.key, named) == parties.Verdict(1, 4, (OTHER,))
    named[0].is_in = False
    assert parties.judge(samples.key, named) == parties.Verdict(0, 3)
    assert parties.judge(None, named) == parties.Verdict(0, 3)


def test_those_whom_strangers_name_are_told_once_and_not_all(samples):
    many = [preview.Party("other", f"{number:012d}") for number in range(9)]
    verdict = parties.judge(samples.key, entries((OTHER, many[0]), (OTHER,), tuple(many)))
    assert verdict.parties == (OTHER, *many[:3])


def told(application, language, key, verdict):
    notice = parties.notice_of(texts.load(language), key, verdict)
    return [label.text() for label in notice.findChildren(QLabel) if label.text()]


def test_the_warning_sets_both_sides_against_each_other(application, samples):
    key = samples.other_key(organisation="ТОО «Чужая»", bin="123456789013")
    verdict = parties.judge(key, entries((OWN, NAMELESS)))
    assert told(application, "ru", key, verdict) == [
        "Этот ключ не принадлежит ни одной из сторон документа.",
        (
            "В документе: ТОО «Пример Трейд» (990440001234), 060240001202. В ключе: ТОО «Чужая» (123456789013). "
            "Если подписать должны не вы, нажмите «Отмена»."
        ),
    ]
    own = samples.other_key(organisation="", bin="")
    assert "АХМЕТОВА АЙГЕРІМ СЕРІКҚЫЗЫ (850101400001)" in told(application, "en", own, verdict)[1]
    several = parties.judge(key, entries((OWN,), (OWN,), ()))
    assert told(application, "kk", key, several)[0].startswith("2 құжатта тараптардың")


def test_a_name_in_a_document_cannot_hide_letters():
    assert parties.name_of(preview.Party("other", "1", "a\u202eb")) == "a\ufffdb (1)"
