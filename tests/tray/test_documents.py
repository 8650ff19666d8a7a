import dataclasses
import itertools
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QScrollArea, QWidget

from protocol import preview, prompts
from tests.support.qt_waiting import until
from tests.tray import batches
from tray import documents, texts


def shown(panel):
    return [label.text() for label in panel.findChildren(QLabel) if label.text()]


def test_the_list_tells_name_size_and_digest_of_each_document(application, samples):
    panel = documents.DocumentsPanel(texts.load("ru"), samples.open_key())
    rows = [
        documents.row_of(texts.load("ru"), document, number)
        for number, document in enumerate(panel._documents)
    ]
    assert (rows[0].title, rows[0].detail, rows[0].detail_note) == (
        "АВР-000482 за октябрь 2026.pdf",
        "19\u00a0КБ",
        "66be e8b0 1943 11eb …",
    )
    assert (rows[1].detail, rows[1].detail_tone, rows[1].glyph) == (
        "содержимое не передано",
        "warning",
        "hash",
    )
    assert "Документы (3)" in shown(panel)


def test_the_whole_checksum_of_the_chosen_document_is_shown_in_groups(application, samples):
    panel = documents.DocumentsPanel(texts.load("en"), samples.open_key(language="en"))
    assert panel.checksum_name.text() == "SHA-256 checksum"
    assert panel.checksum.text().replace("\u200b", "") == " ".join(["66be", "e8b0", "1943", "11eb"] * 4)
    panel.list.select(2)
    assert panel.checksum.text().startswith("682b 7ab6 8a66 f3f4")
    assert panel.checksum.accessibleName().startswith("SHA-256 checksum: 682b")


@pytest.mark.parametrize(
    ("placement", "sentence"),
    [
        ("beside", "Подпись будет отдельным файлом, сам документ в неё не войдёт."),
        ("around", "Документ войдёт в файл подписи целиком: его прочтёт каждый, кто получит подпись."),
        (
            "bare",
            (
                "Сайт получит только подпись, в которой не сказано, что подписано: её могут выдать за подпись под другим документом. "
                "Подписывайте, только если доверяете сайту."
            ),
        ),
        ("inside", "Подпись войдёт в сам документ, больше в нём ничего не изменится."),
    ],
)
def test_where_the_signature_will_be_is_said_plainly(application, samples, placement, sentence):
    prompt = samples.open_key(documents=(samples.act,), placement=placement)
    assert sentence in shown(documents.DocumentsPanel(texts.load("ru"), prompt))


def test_that_a_server_will_be_asked_for_a_timestamp_is_said(application, samples):
    without = samples.open_key(documents=(samples.act,), language="en")
    asking = samples.open_key(documents=(samples.act,), language="en", timestamps=True)
    sentence = "A timestamp server will confirm the time. It does not get to see the document."
    assert sentence not in shown(documents.DocumentsPanel(texts.load("en"), without))
    assert sentence in shown(documents.DocumentsPanel(texts.load("en"), asking))


def test_a_document_that_cannot_be_shown_is_warned_of(application, samples):
    without = documents.DocumentsPanel(texts.load("en"), samples.open_key(documents=(samples.act,)))
    assert not any("can't be shown" in text for text in shown(without))
    with_two = documents.DocumentsPanel(
        texts.load("en"), samples.open_key(documents=(samples.only_digest,) * 2)
    )
    assert any(text.startswith("The content of 2 documents can't be shown") for text in shown(with_two))


def test_a_nameless_document_is_numbered_and_a_tricky_name_disarmed(samples):
    nameless = dataclasses.replace(samples.act, name="")
    assert documents.row_of(texts.load("kk"), nameless, 4).title == "5-құжат"
    tricky = dataclasses.replace(samples.act, name="act\u202efdp.exe")
    assert documents.row_of(texts.load("ru"), tricky, 0).title == "act\ufffdfdp.exe"


def test_a_request_for_the_certificate_says_what_leaves_the_computer(application, samples):
    prompt = samples.open_key(action="show_key", purpose="any", documents=())
    told = shown(documents.DocumentsPanel(texts.load("ru"), prompt))
    assert told[0] == "Что будет передано"
    assert "Ключ и пароль останутся на этом компьютере. Ни один документ не подписывается." in told


def test_no_documents_at_all_is_said(application, samples):
    panel = documents.DocumentsPanel(texts.load("en"), samples.open_key(documents=()))
    assert shown(panel) == ["Documents", "The documents are not named"]


def test_an_identification_lists_what_is_signed_for_it(samples):
    assert documents.title_of(texts.load("ru"), samples.open_key(purpose="identify")) == "Что подписывается"


FACTS = (prompts.Fact("Сумма", "11 648,00 ₸"), prompts.Fact("Контрагент", "ТОО «Пример Трейд»"))


def facts_in(panel):
    return [
        name
        for label in panel.facts.findChildren(QLabel)
        if (name := label.accessibleName()) and label.isVisibleTo(panel)
    ]


def test_what_the_site_says_of_a_document_is_shown_as_the_sites_words(application, samples):
    prompt = samples.open_key(documents=(dataclasses.replace(samples.act, facts=FACTS),))
    panel = documents.DocumentsPanel(texts.load("ru"), prompt)
    assert "Со слов сайта, программа этого не проверяла" in shown(panel)
    assert facts_in(panel) == ["Сумма: 11 648,00 ₸", "Контрагент: ТОО «Пример Трейд»"]
    program = dataclasses.replace(prompt, caller=prompts.Caller("program"))
    assert "Со слов того, кто просит, программа этого не проверяла" in shown(
        documents.DocumentsPanel(texts.load("ru"), program)
    )


def test_without_facts_there_is_no_card_for_them(application, samples):
    assert documents.DocumentsPanel(texts.load("ru"), samples.open_key()).facts is None


def test_the_facts_are_those_of_the_row_that_is_looked_at(application, samples):
    told = (dataclasses.replace(samples.act, facts=FACTS), samples.long_name)
    panel = documents.DocumentsPanel(texts.load("ru"), samples.open_key(documents=told))
    assert len(facts_in(panel)) == 2
    panel.list.select(1)
    assert facts_in(panel) == []
    assert panel.facts.none.isVisibleTo(panel)
    panel.list.select(0)
    assert len(facts_in(panel)) == 2


def test_facts_cannot_hide_reorder_or_flood(application, samples):
    tricky = (prompts.Fact("a\u202eb", "x" * 5000), *(prompts.Fact(str(n), "y") for n in range(500)))
    panel = documents.DocumentsPanel(
        texts.load("en"), samples.open_key(documents=(dataclasses.replace(samples.act, facts=tricky),))
    )
    panel.resize(440, 600)
    panel.show()
    application.processEvents()
    told = [label.text() for label in panel.facts.findChildren(QLabel)]
    assert "a\ufffdb" in told
    assert "and 401 more lines" in told
    assert panel.facts.height() < 300
    assert panel.facts.table.focusPolicy() == Qt.FocusPolicy.StrongFocus
    panel.close()


def test_hundreds_of_documents_with_facts_stay_fast(application, samples):
    many = tuple(dataclasses.replace(samples.act, name=f"№ {n}", facts=FACTS * 10) for n in range(1000))
    panel = documents.DocumentsPanel(texts.load("ru"), samples.open_key(documents=many))
    begun = time.perf_counter()
    for number in range(20):
        panel.list.select(number)
    assert time.perf_counter() - begun < 5


def test_a_file_that_the_page_named_is_called_by_its_name_and_shown_with_its_path(application, samples):
    path = "/home/aigerim/Документы/act.pdf"
    named = dataclasses.replace(samples.act, name="", path=path)
    assert documents.row_of(texts.load("ru"), named, 0).title == "act.pdf"
    panel = documents.DocumentsPanel(texts.load("ru"), samples.open_key(documents=(named,)))
    assert panel.path.isVisibleTo(panel)
    assert panel.path.accessibleName() == f"Файл: {path}"
    without = documents.DocumentsPanel(texts.load("ru"), samples.open_key(documents=(samples.act,)))
    assert not without.path.isVisibleTo(without)


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("ru", 1, "1 документ поступит только"),
        ("ru", 3, "3 документа поступят только"),
        ("ru", 21, "21 документ поступит только"),
        ("ru", 300, "300 документов поступят только"),
        ("kk", 5, "5 құжат сіз келіскеннен кейін"),
        ("en", 1, "1 document comes only"),
        ("en", 2, "2 documents come only"),
    ],
)
def test_documents_that_come_after_the_yes_are_announced_plainly(application, samples, language, count, said):
    prompt = samples.open_key(documents=(), announced=count, language=language)
    told = shown(documents.DocumentsPanel(texts.load(language), prompt))
    assert any(text.startswith(said) for text in told)
    assert texts.load(language)("what.announced_record") in told
    assert texts.load(language)("what.no_documents") not in told


def test_twenty_one_documents_are_several_where_the_number_is_not_said(application, samples):
    told = shown(documents.DocumentsPanel(texts.load("ru"), samples.open_key(documents=(), announced=21)))
    assert "Подписи будут отдельными файлами, сами документы в них не войдут." in told


def test_a_login_names_the_site_in_the_statement(application, samples):
    prompt = samples.open_key(action="log_in", purpose="identify", documents=(samples.act,))
    panel = documents.DocumentsPanel(texts.load("ru"), prompt)
    told = shown(panel)
    assert "Заявление: «Владелец ключа сейчас входит на сайт kds.ismet.kz»." in told
    assert any("другие сайты не смогут им воспользоваться" in text for text in told)
    assert panel.list is None
    assert panel.checksum.text().startswith("66be e8b0")


def test_the_certificate_that_will_be_joined_is_shown(application, samples):
    certificate = samples.other_key(storage="", path="")
    prompt = samples.open_key(action="import_certificate", documents=(), certificate=certificate)
    told = [text.replace("\u200b", "") for text in shown(documents.DocumentsPanel(texts.load("ru"), prompt))]
    assert told[0] == "Какой сертификат будет добавлен"
    assert "АХМЕТОВА АЙГЕРІМ СЕРІКҚЫЗЫ" in told
    assert "Хранилище" not in told
    assert "Документы не названы" not in told


# --- previews and batches -----------------------------------------------------------------------------------------


class Pane(QWidget):
    """What the panel tells its preview."""

    def __init__(self, _texts, ask):
        super().__init__()
        self.bar = SimpleNamespace(details=QCheckBox(self))
        self.ask = ask
        self.shown = []
        self.answers = []

    def show_document(self, place, document):
        self.shown.append((place, document.name))

    def receive(self, answer, pixels):
        self.answers.append((answer, pixels))


@pytest.fixture
def panel(monkeypatch, put_up, samples):
    monkeypatch.setattr(documents, "PreviewPane", Pane)

    def make(count=5, **changes):
        prompt = samples.open_key(documents=batches.documents(count), **changes)
        return put_up(documents.DocumentsPanel(texts.load("ru"), prompt), 700, 600)

    return make


def test_one_document_is_previewed_at_once(panel):
    one = panel(1)
    assert one.table is None
    assert one.preview.shown == [(0, "act-0.pdf")]
    known, drawn = preview.Known(0, batches.act(0)), preview.Drawn(0, 0, 1, 1)
    told = []
    one.changed.connect(lambda: told.append(True))
    one.receive(known)
    one.receive(drawn, b"rgb")
    assert one.preview.answers == [(known, b""), (drawn, b"rgb")]
    assert one.batch.entries[0].number == "А-0"
    assert told == [True]


def test_the_only_document_stands_in_the_heading_and_without_a_name_has_no_number(application, samples):
    one = documents.DocumentsPanel(texts.load("ru"), samples.open_key(documents=(samples.act,)))
    assert shown(one)[:3] == ["Документ", "АВР-000482 за октябрь 2026.pdf", "19\u00a0КБ"]
    nameless = dataclasses.replace(samples.act, name="")
    without = documents.DocumentsPanel(texts.load("ru"), samples.open_key(documents=(nameless,)))
    assert shown(without)[:2] == ["Документ", "19\u00a0КБ"]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_nothing_lies_upon_another_where_there_is_little_room(application, put_up, samples, count):
    prompt = samples.open_key(documents=batches.documents(count), may_leave_out=True, timestamps=True)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    one = documents.DocumentsPanel(texts.load("ru"), prompt)
    scroll.setWidget(one)
    put_up(scroll, 540, 300)
    shown = [each for each in one.findChildren(QWidget) if each.parent() is one and each.isVisible()]
    assert len(shown) > 4
    for above, below in itertools.combinations(shown, 2):
        assert not above.geometry().intersects(below.geometry()), (above, below)
    assert one.preview.height() >= 288


def test_what_lies_in_a_document_is_not_taken_for_it(panel):
    one = panel(1)
    inside = preview.Known(0, batches.act(7), ("act.pdf",))
    one.receive(inside)
    assert one.preview.answers == [(inside, b"")]
    assert one.batch.known == 0


def test_a_preview_follows_the_row_where_a_person_stays(panel):
    one = panel()
    assert one.preview.shown == [(0, "act-0.pdf")]
    for place in (1, 2, 3):
        one.list.select(place)
    assert len(one.preview.shown) == 1
    assert one.name.text() == "act-3.pdf"
    assert until(lambda: one.preview.shown[1:] == [(3, "act-3.pdf")])


def test_what_the_preview_wants_to_know_is_asked(monkeypatch, application, samples):
    monkeypatch.setattr(documents, "PreviewPane", Pane)
    asked = []
    one = documents.DocumentsPanel(texts.load("ru"), samples.open_key(), asked.append)
    one.preview.ask(preview.Look(2))
    assert asked == [preview.Look(2)]


def test_why_a_row_stands_out_is_said_below_it(panel):
    one = panel()
    for place in range(5):
        one.receive(
            preview.Known(place, batches.act(place, "1 ₸", *[preview.Flag("javascript")] * (place == 2)))
        )
    one.table.settle()
    assert not one.remarks.isVisible()
    one.list.select(2)
    assert one.remarks.isVisible()
    assert one.remarks.sentences == [
        "В документе есть то, на что стоит обратить внимание: откройте его и прочтите"
    ]
    one.list.select(1)
    assert not one.remarks.isVisible()


def test_a_batch_is_judged_by_the_key(panel, samples):
    one = panel(2)
    for place in range(2):
        one.receive(preview.Known(place, batches.act(place)))
    one.take_key(samples.key)
    assert [entry.party for entry in one.batch.entries] == [batches.CUSTOMER] * 2
    assert [entry.marks for entry in one.batch.entries] == [()] * 2
    one.take_key(samples.other_key(bin="123456789013"))
    assert [entry.marks for entry in one.batch.entries] == [("not-mine",)] * 2
    one.take_key(None)
    assert [entry.marks for entry in one.batch.entries] == [()] * 2


def test_documents_can_be_left_out_only_where_that_may_be_and_until_the_yes(panel):
    without = panel()
    without.table.model.toggle(1)
    assert without.left_out == ()
    one = panel(may_leave_out=True)
    one.table.model.toggle(1)
    one.freeze(is_frozen=True)
    one.table.model.toggle(2)
    assert one.left_out == (1,)
    one.freeze(is_frozen=False)
    one.table.model.toggle(1)
    assert one.left_out == ()


def test_the_panel_serves_the_same_documents_again_and_no_others(panel, samples):
    one = panel()
    same = {"documents": batches.documents(5)}
    again = samples.open_key(
        **same, problem=prompts.Problem("wrong-password"), waiting=3, chosen="/other", files=()
    )
    assert one.serves(again)
    assert not one.serves(samples.open_key(documents=batches.documents(4)))
    assert not one.serves(samples.open_key(**same, placement="inside"))
    assert not one.serves(samples.open_key(**same, caller=prompts.Caller("program")))
    assert not one.serves(samples.open_key(**same, language="kk"))


def test_the_results_are_a_table_of_what_is_signed(panel):
    one = panel(3, may_leave_out=True)
    one.table.model.toggle(0)
    one.show_signed(1)
    assert [entry.is_signed for entry in one.batch.entries] == [False, True, False]
    results = one.results(prompts.Finished(2))
    assert [entry.is_signed for entry in results.batch.entries] == [False, True, True]
    assert not one.isAncestorOf(results)
    results.deleteLater()
    assert panel(1).results(prompts.Finished(1)) is None


def test_after_a_failure_the_table_stays_and_says_what_is_not_signed(panel):
    one = panel(3)
    one.show_signed(2)
    stopped = prompts.Finished(0, prompts.Problem("internal"), failed=(prompts.Failure(2, "internal"),))
    results = one.results(stopped)
    assert [entry.result for entry in results.batch.entries] == ["unsigned", "unsigned", "failed"]
    assert not any(entry.is_signed for entry in results.batch.entries)
    results.deleteLater()


def test_where_nothing_is_previewed_answers_go_nowhere(application, samples):
    one = documents.DocumentsPanel(texts.load("ru"), samples.open_key(action="show_key", documents=()))
    assert one.preview is None
    one.receive(preview.Known(0, batches.act(0)))
    one.freeze(is_frozen=True)
    one.take_key(samples.key)
    assert one.left_out == ()
