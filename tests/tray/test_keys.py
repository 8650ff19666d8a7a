import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtWidgets import QLabel

from protocol import preview, prompts
from tests.tray.conftest import Samples
from tray import keys, parties, texts
from tray.drop_area import Offer
from tray.dropped import Dropped

REQUEST = Samples().open_key()


def panel_of(*found, language="ru", days=0, minutes=0, request=REQUEST, can_go_back=True):
    prompt = prompts.ChooseKey(tuple(found), days, minutes)
    return keys.KeysPanel(texts.load(language), request, prompt, can_go_back=can_go_back)


def shown(panel):
    return [label.text().replace("\u200b", "") for label in panel.findChildren(QLabel) if label.text()]


def test_everything_the_certificate_says_is_shown_in_words(application, samples):
    told = shown(panel_of(samples.key))
    for text in (
        "АХМЕТОВА АЙГЕРІМ СЕРІКҚЫЗЫ",
        "850101400001",
        "ТОО «Пример Трейд»",
        "990440001234",
        "юридическое лицо, первый руководитель",
        "подписание документов, подтверждение личности",
        "ГОСТ 34.10-2015 (512)",
        "файл ключа (PKCS#12)",
        samples.key.path,
        "ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST) 2022",
        "1a2b 3c4d 5e6f 7081 92a3 b4c5 d6e7 f809 1a2b 3c4d",
    ):
        assert text in told
    assert any(text.startswith("14.05.2026 – 14.05.2099") for text in told)


def test_what_a_certificate_does_not_say_is_left_out(samples):
    facts = dict(
        keys.facts_of(texts.load("ru"), samples.other_key(organisation="", bin="", roles=("individual",)))
    )
    assert "organisation" not in facts
    assert "bin" not in facts
    assert facts["role"] == "физическое лицо"


def test_a_single_suitable_key_is_the_chosen_one(application, samples):
    assert panel_of(samples.key).chosen == samples.key


def test_of_several_suitable_keys_none_is_picked_for_the_person(application, samples):
    other = samples.other_key(key_id="second", owner="СЕРІКОВ ЕРЛАН")
    panel = panel_of(samples.key, other)
    assert panel.chosen is None
    assert "Выберите, каким ключом подписать." in shown(panel)
    changes = []
    panel.changed.connect(lambda: changes.append(panel.chosen))
    panel.list.select(1)
    assert changes[-1] == other
    assert "Выберите, каким ключом подписать." not in [
        label.text() for label in panel._shown.findChildren(QLabel)
    ]


def test_the_only_suitable_key_among_several_is_chosen(application, samples):
    unfit = samples.other_key(key_id="second", suitable=False, reasons=("wrong-use",))
    assert panel_of(unfit, samples.key).chosen == samples.key


def test_an_unsuitable_key_cannot_be_chosen_and_says_why(application, samples):
    unfit = samples.other_key(suitable=False, reasons=("other-iin", "expired"))
    panel = panel_of(unfit)
    assert panel.chosen is None
    told = shown(panel)
    assert "Ни один ключ из этого файла не подходит для этого запроса." in told
    assert "ИИН в сертификате не тот, что назван в запросе." in told
    row = keys.row_of(texts.load("ru"), unfit)
    assert not row.is_enabled
    assert row.detail == "ИИН в сертификате не тот, что назван в запросе."
    assert row.title_note == "не подходит"


def test_no_keys_at_all_is_no_crash(application):
    panel = panel_of()
    assert panel.chosen is None
    assert "Ни один ключ из этого файла не подходит для этого запроса." in shown(panel)


def test_warnings_are_told_once(samples):
    english = texts.load("en")
    expired = samples.other_key(not_after="2020-01-01T00:00:00+00:00", reasons=("expired",))
    assert keys.reasons_of(english, expired) == ["The certificate has expired."]
    unsaid = samples.other_key(not_after="2020-01-01T00:00:00+00:00")
    assert keys.reasons_of(english, unsaid) == ["The certificate has expired."]
    test_key = samples.other_key(is_test=True, reasons=("test-authority", "moon-phase"))
    assert keys.reasons_of(english, test_key) == [
        "The key was issued by a test authority: such a signature has no legal force.",
        "The key does not meet the conditions of the request.",
    ]


def test_a_test_key_wears_a_badge(application, samples):
    assert "Тестовый ключ" in shown(panel_of(samples.other_key(is_test=True)))
    assert "Тестовый ключ" not in shown(panel_of(samples.key))


def test_a_key_stays_open_only_where_that_is_offered_and_wanted(application, samples):
    assert panel_of(samples.key).keep_open is None
    assert panel_of(samples.other_key(suitable=False, reasons=("expired",)), minutes=10).keep_open is None
    panel = panel_of(samples.key, minutes=21)
    assert panel.keep_open.text() == "Не спрашивать пароль 21 минуту"
    assert not panel.answer()[0].keep_open
    panel.keep_open.setChecked(True)
    assert panel.answer()[0] == prompts.Approved(samples.key.key_id, keep_open=True)


def test_a_site_can_be_remembered_only_where_that_is_offered(application, samples):
    assert panel_of(samples.key).remember is None
    assert (
        panel_of(samples.key, days=30, request=samples.open_key(caller=prompts.Caller("program"))).remember
        is None
    )
    panel = panel_of(samples.key, days=30)
    offered = panel.remember
    assert offered.text() == "Запомнить этот сайт на 30 дней"
    assert not offered.isChecked()


def test_going_back_is_one_click(application, samples):
    panel = panel_of(samples.key)
    back = []
    panel.back.connect(lambda: back.append(True))
    panel.other_key.click()
    assert back == [True]


def test_facts_name_themselves_to_a_screen_reader(application, samples):
    panel = panel_of(samples.key)
    names = {label.accessibleName() for label in panel.findChildren(QLabel)}
    assert "ИИН: 850101400001" in names
    assert "Владелец: АХМЕТОВА АЙГЕРІМ СЕРІКҚЫЗЫ" in names


def test_a_storage_that_is_new_to_the_window_is_named_as_it_is(samples):
    facts = dict(keys.facts_of(texts.load("ru"), samples.other_key(storage="AKKaztokenStore")))
    assert facts["storage"] == "хранилище AKKaztokenStore"


STRANGERS = parties.Verdict(2, 3, (preview.Party("customer", "060240001201", "АО «Казахтелеком»"),))


def test_a_key_that_belongs_to_no_party_is_warned_of_once(application, samples):
    panel = panel_of(samples.key)
    assert not panel.show_verdict(parties.Verdict(0, 3))
    assert panel.warning is None
    assert panel.show_verdict(STRANGERS)
    warning = panel.warning
    assert "В 2 документах ни одна из сторон не владелец этого ключа." in shown(panel)
    assert not panel.show_verdict(STRANGERS)
    assert panel.warning is warning
    assert not panel.show_verdict(parties.Verdict(3, 3, STRANGERS.parties))
    assert [text for text in shown(panel) if "ни одна из сторон" in text] == [
        "В 3 документах ни одна из сторон не владелец этого ключа."
    ]
    assert not panel.show_verdict(parties.Verdict(0, 3))
    assert panel.warning is None
    assert not any("ни одна из сторон" in text for text in shown(panel))


def test_nobody_is_warned_of_a_key_that_is_not_chosen_yet(application, samples):
    panel = panel_of(samples.key, samples.other_key(key_id="second"))
    assert not panel.show_verdict(STRANGERS)
    panel.list.select(1)
    assert panel.show_verdict(STRANGERS)


def test_the_button_says_how_many_are_left(application, samples):
    panel = panel_of(samples.key)
    assert panel.agreement == "Подписать (3)"
    panel.show_count(1)
    assert panel.agreement == "Подписать (1)"
    alone = panel_of(samples.key, request=samples.open_key(documents=(samples.act,)))
    alone.show_count(1)
    assert alone.agreement == "Подписать"


def test_another_key_can_be_dropped_where_there_is_a_way_back(application, samples, tmp_path):
    path = tmp_path / "other.p12"
    path.touch()
    found, russian = Dropped((str(path),)), texts.load("ru")
    panel = panel_of(samples.key)
    asked = []
    panel.back.connect(lambda: asked.append(True))
    assert panel.offer(found) == Offer(russian("drop.other_key"), russian("drop.key_advice"))
    panel.take(found)
    assert (asked, panel.handed_on) == ([True], found)
    closed = panel_of(samples.key, can_go_back=False).offer(found)
    assert (closed.sentence, closed.is_welcome) == (russian("drop.key_chosen"), False)
    document = panel.offer(Dropped(("/act.pdf",)))
    assert (document.sentence, document.is_welcome) == (russian("drop.frozen"), False)
