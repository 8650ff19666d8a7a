import re

from protocol import preview, preview_labels


def test_labels_are_text_keys_and_each_stands_once() -> None:
    assert len(preview_labels._KEYS) == len(preview_labels.FORM_LABELS)
    assert all(re.fullmatch(r"form\.[a-z][a-z_]*", label) for label in preview_labels.FORM_LABELS)


def test_a_label_fits_where_it_is_sent() -> None:
    assert max(map(len, preview_labels.FORM_LABELS)) < preview.MAX_FACT


def test_each_form_has_a_label_of_its_own() -> None:
    for form in ("act", "invoice", "waybill", "application"):
        assert f"{preview_labels.PREFIX}{form}" in preview_labels.FORM_LABELS
