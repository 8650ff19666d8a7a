import dataclasses

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from protocol.desk import keys as page
from tests.tray import stored_keys
from tests.tray.stored_keys import BOTH, entry, group, stored
from tray import texts
from tray.desk import key_list
from tray.desk.key_list import KeyList


@pytest.fixture(params=["kk", "ru", "en"])
def words(request):
    return texts.load(request.param)


@pytest.fixture
def shown(put_up, words):
    made = put_up(KeyList(words), 420, 500)
    made.show_groups(stored_keys.GROUPS)
    return made


def lines(shown):
    model = shown.model()
    return [model.index(number, 0).data() for number in range(model.rowCount())]


def test_owners_are_headings_over_their_keys(shown, words):
    both, sign = words("keys.for_both"), words("keys.for_sign")
    owner = stored_keys.OWNER
    assert lines(shown) == [
        owner,
        both,
        owner,
        both,
        sign,
        words("keys.unknown_group"),
        "AUTH_RSA256_91bc.p12",
    ]


def test_the_keyboard_goes_from_key_to_key_and_passes_headings_over(shown):
    seen = [shown.entry]
    for _ in range(3):
        QTest.keyClick(shown, Qt.Key.Key_Down)
        seen.append(shown.entry)
    assert seen == [one for each in stored_keys.GROUPS for one in each.entries]
    QTest.keyClick(shown, Qt.Key.Key_Down)
    assert shown.entry == seen[-1]


def test_the_chosen_key_stays_chosen_when_others_come(shown):
    shown.choose("/media/usb/AUTH_RSA256_91bc.p12")
    chosen = shown.entry
    assert chosen == stored_keys.UNKNOWN
    shown.show_groups((group("НОВЫЙ", entry(stored(9))), *stored_keys.GROUPS))
    assert shown.entry == chosen
    shown.show_groups(stored_keys.GROUPS[:1])
    assert shown.entry == stored_keys.GROUPS[0].entries[0]
    shown.show_groups(())
    assert shown.entry is None


def test_a_copy_leads_to_its_key(shown):
    shown.choose("/media/copy.p12")
    assert shown.entry == stored_keys.GROUPS[0].entries[0]
    before = shown.entry
    shown.choose("/nowhere")
    assert shown.entry == before


@pytest.mark.parametrize(
    ("days", "state", "key", "tone"),
    [
        (401, "good", "keys.valid", "info"),
        (400, "good", "keys.left", "info"),
        (30, "ending", "keys.left", "warning"),
        (3, "ending", "keys.left", "danger"),
        (-3, "expired", "keys.state.expired", "info"),
        (90, "revoked", "keys.state.revoked", "danger"),
        (90, "superseded", "keys.state.superseded", "info"),
    ],
)
def test_the_state_is_told_in_words(words, days, state, key, tone):
    text, found = key_list.state_of(words, entry(stored(1, days=days, state=state)))
    assert (text, found) == (words(key, count=days) if key == "keys.left" else words(key), tone)


def test_of_a_pair_the_one_that_ends_first_is_told(words):
    pair = entry(stored(1, uses=("sign",), days=90), stored(2, uses=("identify",), days=80))
    assert key_list.state_of(words, pair)[0] == words("keys.left", count=80)
    row = key_list.row_of(words, pair)
    assert row.title == words("keys.for_both")
    assert row.detail == words("keys.two_files", algorithm="RSA-2048")


@pytest.mark.parametrize(
    ("uses", "key"), [(BOTH, "both"), (("sign",), "sign"), (("identify",), "identify"), ((), "nothing")]
)
def test_the_purpose_is_told_in_words(words, uses, key):
    assert key_list.purpose_of(words, entry(stored(1, uses=uses))) == words(f"keys.for_{key}")


def test_what_is_of_little_use_is_faded_and_what_is_missing_says_so(words):
    assert not key_list.row_of(words, entry(stored(1))).is_faded
    for state in ("superseded", "expired", "revoked"):
        assert key_list.row_of(words, entry(stored(1, state=state))).is_faded
    missing = key_list.row_of(words, entry(dataclasses.replace(stored(1), is_there=False)))
    assert missing.is_faded
    assert missing.detail_note == words("keys.missing_short")


def test_names_that_could_hide_something_are_made_visible(words):
    row = key_list.row_of(words, entry(page.StoredKey("/a/act\u202efdp.p12", "unknown")))
    assert "\u202e" not in row.title
    assert "\u202e" not in key_list.heading_of(words, group("А\u202eБ")).title


def test_headings_are_drawn(shown, application):
    application.processEvents()
    picture = shown.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    heading = [picture.pixelColor(x, y).value() for x in range(20, 200) for y in range(10, 30)]
    assert min(heading) < 100
    assert max(heading) > 200
