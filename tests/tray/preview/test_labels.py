import pytest

from protocol import preview_labels
from tray import texts
from tray.preview import labels


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_field_of_a_known_form_has_a_name_in_each_language(language):
    words = texts.load(language)
    unnamed = {label for label in preview_labels.FORM_LABELS if labels.shown(words, label) in {"", label}}
    assert unnamed == set()


def test_a_field_that_is_not_known_keeps_its_own_word():
    english = texts.load("en")
    assert labels.shown(english, "form.moon_phase") == "form.moon_phase"
    assert labels.shown(english, "kds:name") == "kds:name"
    assert labels.shown(english, "a\u202eb") == "a\ufffdb"
    assert len(labels.shown(english, "x" * 10_000)) == 300


def test_a_document_is_called_by_its_form_and_how_it_is_written():
    english = texts.load("en")
    assert labels.kind_of(english, "invoice", "XML") == "Electronic invoice, XML"
    assert labels.kind_of(english, "", "PDF 1.7") == "PDF 1.7"
    assert labels.kind_of(english, "moon", "") == ""
    assert labels.kind_of(english, "", "ZIP (signed)") == "signed ZIP"


def test_places_are_said_in_words():
    russian = texts.load("ru")
    assert labels.place_of(russian, "page 3") == "Страница 3"
    assert labels.place_of(russian, "line 12") == "строка 12"
    assert labels.place_of(russian, "page 3 of the\nmoon") == "page 3 of the\ufffdmoon"


@pytest.mark.parametrize(
    ("place", "moment", "expected"),
    [
        ("ALMT-5", "2026-03-12T05:15:00+00:00", "12.03.2026 10:15:00 (UTC+5)"),
        ("ALMT-5", "2026-03-12T05:15:00Z", "12.03.2026 10:15:00 (UTC+5)"),
        ("IST-5:30", "2026-03-12T05:15:00Z", "12.03.2026 10:45:00 (UTC+5:30)"),
        ("NST3:30", "2026-01-12T05:15:00Z", "12.01.2026 01:45:00 (UTC\N{MINUS SIGN}3:30)"),
        ("UTC0", "2026-03-12T05:15:00Z", "12.03.2026 05:15:00 (UTC)"),
        ("UTC0", "yesterday\u202e", "yesterday\ufffd"),
        ("ALMT-5", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("UTC0", "", ""),
    ],
)
def test_a_moment_is_in_the_persons_time(zone, place, moment, expected):
    zone(place)
    assert labels.moment_of(texts.load("en"), moment) == expected
