import dataclasses

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtWidgets import QLabel

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
                "Сайт получит голую подпись, в которой не сказано, что подписано: её можно вставить в другую подпись. "
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
