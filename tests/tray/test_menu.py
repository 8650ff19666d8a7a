import dataclasses
import typing

import pytest

from protocol import control
from protocol.desk import frame
from tray import menu, texts


def labels(entries):
    return [label for entry in entries for label in [entry.label, *labels(entry.entries)] if label]


def commands(entries):
    return [
        command
        for entry in entries
        for command in ([entry.command] if entry.command else []) + commands(entry.entries)
    ]


def test_the_menu_offers_what_a_person_may_do_and_nothing_that_signs(samples):
    view = menu.view_of(texts.load("ru"), samples.state())
    assert labels(view.entries) == [
        "Готов к работе",
        "Открыть Qalamsap",
        "Ключи",
        "История",
        "Сайты",
        "Проверка компьютера",
        "Настройки",
        "Последние подписи",
        "23.11 09:05 · kds.ismet.kz · АХМЕТОВА АЙГЕРІМ · 3 документа".replace("23.11 09:05", _local_time()),
        "Открыть страницу состояния",
        "Язык",
        "Қазақша",
        "Русский",
        "English",
        "Приостановить",
        "Выйти",
    ]
    assert commands(view.entries) == [
        control.Command("open", "files"),
        *(control.Command("open", page) for page in ("keys", "history", "sites", "doctor", "settings")),
        control.Command("open-status"),
        control.Command("set-language", "kk"),
        control.Command("set-language", "ru"),
        control.Command("set-language", "en"),
        control.Command("pause"),
        control.Command("quit"),
    ]
    assert view.tooltip == "Qalamsap 0.1.0: готов к работе"
    assert view.picture == "ready"


def _local_time():
    from tray import words

    return words.time("2026-11-23T14:05:00+05:00")


@pytest.mark.parametrize(
    ("language", "state", "first"),
    [
        ("kk", "ready", "Жұмысқа дайын"),
        ("kk", "paused", "Уақытша тоқтатылған"),
        ("ru", "asking", "Ждёт вашего решения"),
        ("ru", "signing", "Подписывает"),
        ("en", "trouble", "Needs attention"),
    ],
)
def test_the_first_line_says_how_things_are(samples, language, state, first):
    view = menu.view_of(texts.load(language), samples.state(state=state, language=language))
    assert view.entries[0] == menu.Entry(first)
    assert view.picture == state


def test_a_paused_agent_can_be_resumed(samples):
    view = menu.view_of(texts.load("en"), samples.state(state="paused"))
    assert control.Command("resume") in commands(view.entries)
    assert control.Command("pause") not in commands(view.entries)


def test_trouble_queue_and_simulation_are_told(samples):
    state = samples.state(state="trouble", trouble="identity-renewal", waiting=2, is_simulation=True)
    told = labels(menu.view_of(texts.load("ru"), state).entries)[:4]
    assert told[1] == "Сертификат для связи с браузером не обновился"
    assert told[2] == "Ещё 2 запроса ждут"
    assert told[3].startswith("Имитация".lower())


@pytest.mark.parametrize(
    ("trouble", "place"),
    [
        ("bad-policy", "/etc/qalamsap/policy.d/50-sites.toml"),
        ("bad-settings", "/home/a/.config/qalamsap/config.toml"),
    ],
)
def test_broken_rules_or_settings_are_told_with_their_file(samples, trouble, place):
    state = samples.state(state="trouble", trouble=trouble, trouble_place=place)
    for language in ("kk", "ru", "en"):
        told = labels(menu.view_of(texts.load(language), state).entries)
        assert texts.load(language)(f"trouble.{trouble}") in told
        assert place in told


def test_a_trouble_that_is_new_to_the_icon_points_to_the_status_page(samples):
    told = labels(menu.view_of(texts.load("en"), samples.state(state="trouble", trouble="comet")).entries)
    assert told[1] == "Details are on the status page"


def test_without_signatures_and_status_page_the_menu_says_so_and_leaves_it_out(samples):
    view = menu.view_of(texts.load("ru"), samples.state(recent=(), status_url=""))
    assert "Подписей ещё нет" in labels(view.entries)
    assert control.Command("open-status") not in commands(view.entries)


def test_a_receipt_without_a_site_was_made_on_this_computer(samples):
    receipt = dataclasses.replace(samples.state().recent[0], site="", count=1)
    told = labels(menu.view_of(texts.load("ru"), samples.state(recent=(receipt,))).entries)
    assert any("на этом компьютере" in label and label.endswith("1 документ") for label in told)


@pytest.mark.parametrize(("state", "other"), [("on", "off"), ("off", "on")])
def test_start_at_login_is_a_switch_of_its_own(samples, state, other):
    view = menu.view_of(texts.load("en"), samples.state(autostart=state))
    (switch,) = (entry for entry in view.entries if entry.is_switch)
    assert (switch.label, switch.is_checked) == ("Start at login", state == "on")
    assert switch.command == control.Command("set-autostart", other)


def test_a_key_that_is_open_is_told_and_can_be_closed(samples):
    state = samples.state(unlocked_until="2026-11-23T14:05:00+05:00", unlocked_owner="ТЕСТОВ\u202e ТЕСТ")
    entries = menu.view_of(texts.load("en"), state).entries
    told = next(entry for entry in entries if entry.label.startswith("Key open until"))
    assert "\u202e" not in told.label
    assert entries[entries.index(told) + 1] == menu.Entry("Close the key", control.Command("lock"))
    assert control.Command("lock") not in commands(menu.view_of(texts.load("en"), samples.state()).entries)


def test_the_pages_of_the_menu_are_pages_of_the_desk():
    assert {*menu.PAGES, menu.OPENING.value} == set(typing.get_args(frame.Page))


def test_the_language_in_force_is_marked(samples):
    view = menu.view_of(texts.load("kk"), samples.state(language="kk"))
    marks = {
        entry.label: entry.is_checked
        for one in view.entries
        for entry in one.entries
        if entry.is_checked is not None
    }
    assert marks == {"Қазақша": True, "Русский": False, "English": False}


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_language_that_a_policy_locked_is_the_only_one_to_choose(samples, language):
    view = menu.view_of(texts.load(language), samples.state(language=language, is_language_locked=True))
    offered = [command for command in commands(view.entries) if command.name == "set-language"]
    assert offered == [control.Command("set-language", language)]
