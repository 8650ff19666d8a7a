"""Pictures of the preview pane with everything it can show: `python -m tests.tray.preview.gallery FOLDER [ru|kk|en] [light|dark|contrast] [WIDTHxHEIGHT]`.

It needs no display. Answers come from `Made`, which plays worker and renderer for documents of its own.
"""

import argparse
import dataclasses
import os
import time
from pathlib import Path

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen
from PySide6.QtWidgets import QApplication

from protocol import preview, prompts
from tray import singletons, texts, theme
from tray.preview.pane import PreviewPane

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
A4 = preview.Size(595, 842)
FACTS = (
    preview.Lifted("title", "Акт выполненных работ (оказанных услуг)"),
    preview.Lifted("number", "АВР-0000017"),
    preview.Lifted("date", "12.03.2026"),
    preview.Lifted("total", "11\u202f648,00\u00a0₸"),
    preview.Lifted("vat", "1\u202f248,00\u00a0₸"),
    preview.Lifted("contract", "№ 15/2026 от 09.01.2026"),
)
PARTIES = (
    preview.Party("supplier", "123456789021", "ТОО «Қарағанды Сервис»"),
    preview.Party("customer", "987654321012", "АО «Национальные информационные технологии»"),
)
SIGNERS = (
    preview.Signer(
        "ИВАНОВ ИВАН",
        "900101300123",
        "ТОО «Қарағанды Сервис»",
        "123456789021",
        "2026-03-12T10:15:00+05:00",
        has_timestamp=True,
    ),
)
FLAGS = (
    preview.Flag("javascript"),
    preview.Flag("launch", "https://example.kz/next"),
    preview.Flag("changed-after-signature"),
    preview.Flag("attachment", "таблица.xlsx"),
    preview.Flag("attachment", "договор.pdf"),
)
FORM = (
    preview.Row("form.act", "", kind="heading"),
    preview.Row("form.registration_number", "ESF-20260312-AVR-0000017-77001122"),
    preview.Row("form.number", "17"),
    preview.Row("form.date", "12.03.2026"),
    preview.Row("form.seller", "", kind="heading"),
    preview.Row("form.iin_bin", "123456789021"),
    preview.Row("form.name", "Товарищество с ограниченной ответственностью «Қарағанды Сервис»"),
    preview.Row(
        "form.address",
        "100000, Республика Казахстан, г. Караганда, район им. Казыбек би, проспект Бухар-Жырау, дом 47, офис 312",
    ),
    preview.Row("form.iik", "KZ75125KZT2069100101"),
    preview.Row("form.customer", "", kind="heading"),
    preview.Row("form.iin_bin", "987654321012"),
    preview.Row("form.name", "АО «Национальные информационные технологии»"),
    preview.Row("form.works", "", kind="heading"),
    preview.Row("form.work", "1", kind="heading", depth=1),
    preview.Row("form.product_name", "Техническое обслуживание серверного оборудования", depth=1),
    preview.Row("form.quantity", "1", depth=1),
    preview.Row("form.price", "10 400,00", depth=1),
    preview.Row("form.vat_rate", "12 %", depth=1),
    preview.Row("form.sum_with_tax", "11 648,00", depth=1),
    preview.Row("ТекстовоеПоле", "Собственное слово документа", depth=1),
    preview.Row("form.total_with_tax", "11 648,00"),
)
TREE = (
    preview.Row("kds:request", "", kind="element"),
    preview.Row("version", "1.2", 1, "attribute"),
    preview.Row("kds:header", "", 1, "element"),
    preview.Row("kds:messageId", "8f14e45f-ceea-467f-a8b7-5c1b0e2f6c11", 2, "element"),
    preview.Row("", "Черновик, не для подписи", 2, "comment"),
    preview.Row(
        "kds:description",
        "Настоящим заявитель подтверждает достоверность указанных сведений и согласие на их обработку " * 3,
        2,
        "element",
    ),
    preview.Row("kds:applicant", "", 1, "element"),
    preview.Row("iin", "900101300123", 2, "attribute"),
    preview.Row("kds:name", "Әбілқайыр Ғалымұлы Қуанышбеков", 2, "element"),
    preview.Row("attachment", "JVBERi0xLjcKJeLjz9MKMSAwIG9iago8PC9UeXBl" * 3, 2, "element", is_entry=True),
    preview.Row("", "", 2, "cut"),
)
ENTRIES = (
    preview.Row("META-INF/", "", is_entry=False),
    preview.Row("META-INF/manifest.xml", "1234", is_entry=True),
    preview.Row(
        "договоры/Договор поставки № 15-2026 с приложениями и спецификациями.pdf", "482 КБ", is_entry=True
    ),
    preview.Row("акт.xml", "12 КБ", is_entry=True),
    preview.Row("mimetype", "28 байт", is_entry=True),
)
CONTAINER = (
    preview.Row("mimetype", "31", is_entry=True),
    preview.Row(
        "Договор поставки № 15-2026 с приложениями и спецификациями.pdf",
        "493568",
        kind="covered",
        is_entry=True,
    ),
    preview.Row("акт.xml", "12288", kind="covered", is_entry=True),
    preview.Row("Дополнительное соглашение.pdf", "48213", kind="uncovered", is_entry=True),
    preview.Row("META-INF/signatures0.xml", "9012", is_entry=True),
)
STAMP = (
    preview.Row("form.timestamp", "", kind="heading"),
    preview.Row("form.moment", "2026-03-12T05:15:00+00:00"),
    preview.Row("form.digest_algorithm", "SHA-256"),
    preview.Row("form.digest", DIGEST),
    preview.Row("form.policy", "1.2.398.3.3.2.6.1"),
    preview.Row("form.token_number", "6CD779C92F27E02B"),
)
TSA = preview.Signer(
    "TSA ТОО «Удостоверяющий центр»", organisation="НУЦ РК", time="2026-03-12T05:15:00+00:00"
)
ATTACHED = (
    "счёт-фактура.xml",
    "Спецификация к договору поставки № 15-2026 от 09.01.2026 с дополнениями.xlsx",
    "",
)
TEXT = tuple(
    preview.Row("", line)
    for line in (
        "ӨТІНІШ", "", "Мен, Қуанышбеков Әбілқайыр Ғалымұлы, ЖСН 900101300123, мына мәліметтердің дұрыстығын растаймын:",
        "\t1. Мекенжай: Астана қ., Мәңгілік Ел даңғылы, 8", "\t2. Телефон: +7 701 000 00 00", "",
        "Прошу предоставить сведения о зарегистрированных правах на недвижимое имущество, " * 4, "", "12.03.2026",
    )
)  # fmt: skip


@dataclasses.dataclass
class Item:
    """A document that `Made` knows: what it is, and what is in it."""

    overview: preview.Overview
    rows: tuple[preview.Row, ...] = ()
    inner: "Item | None" = None
    document: prompts.Document = dataclasses.field(
        default_factory=lambda: prompts.Document("документ", 48_213, "SHA-256", DIGEST)
    )
    name: str = ""


def of_rows(kind, rows, **more):
    return Item(preview.Overview(kind, size=12_345, digest=DIGEST, rows=len(rows), **more), rows)


PDF = Item(
    preview.Overview(
        "pages", "PDF 1.7", size=482_113, digest=DIGEST, pages=(A4,) * 12, facts=FACTS, parties=PARTIES
    )
)
ITEMS = {
    "pdf": PDF,
    "plain-pdf": Item(preview.Overview("pages", "PDF 1.4", size=48_213, digest=DIGEST, pages=(A4,))),
    "wary-pdf": Item(dataclasses.replace(PDF.overview, flags=FLAGS, signers=SIGNERS)),
    "signed-pdf": Item(dataclasses.replace(PDF.overview, signers=SIGNERS * 3, wrappers=("cms",))),
    "picture": Item(preview.Overview("pages", "JPEG", size=2_482_113, digest=DIGEST, pages=(preview.Size(1200, 800),))),
    "form": of_rows("form", FORM, format="XML", form="act", facts=FACTS[1:5], parties=PARTIES),
    "tree": of_rows("tree", TREE, format="XML"),
    "text": of_rows("text", TEXT, format="windows-1251", flags=(preview.Flag("hidden-text", "line 3"),)),
    "archive": Item(preview.Overview("entries", "ZIP", size=512_000, digest=DIGEST, rows=len(ENTRIES)), ENTRIES, PDF),
    "container": of_rows(
        "entries", CONTAINER, format="ASiC", signers=SIGNERS, flags=(preview.Flag("not-covered", "Дополнительное соглашение.pdf"),)
    ),
    "timestamp": of_rows(
        "form", STAMP, form="timestamp", facts=(preview.Lifted("moment", "2026-03-12T05:15:00+00:00"),), signers=(TSA,)
    ),
    "attached-pdf": Item(
        dataclasses.replace(
            PDF.overview, attachments=ATTACHED, flags=tuple(preview.Flag("attachment", name) for name in ATTACHED if name)
        )
    ),
    "growing": of_rows("tree", TREE, format="XML", is_growing=True),
    "unknown": Item(preview.Overview("unknown", size=48_213, digest=DIGEST)),
    "crashed": Item(preview.Overview("unknown", size=48_213, digest=DIGEST, why="crashed")),
    "digest": Item(preview.Overview("digest"), document=prompts.Document("хеш", None, "ГОСТ Р 34.11-2012 (256)", DIGEST, is_digest=True)),
    "detached": Item(preview.Overview("digest", "CMS", size=3_211, digest=DIGEST, wrappers=("cms",), signers=SIGNERS)),
    "empty": Item(preview.Overview("text", "UTF-8", size=0, digest=DIGEST)),
}  # fmt: skip


class Made:
    """Worker and renderer in one: answers each question a moment later, from the event loop."""

    def __init__(self, items, delay_ms=0):
        self.items = list(items)
        self.delay_ms = delay_ms
        self.asked = []
        self.pane = None
        self._places = {}

    def ask(self, question):
        self.asked.append(question)
        QTimer.singleShot(self.delay_ms, lambda: self._answer(question))

    def _answer(self, question):
        number = question.document
        place = self._places.get(number, ())
        item = self.items[number].inner if place else self.items[number]
        match question:
            case preview.Look():
                self.pane.receive(preview.Known(number, item.overview, place))
            case preview.Draw(_, page, width):
                drawn, pixels = draw(item.overview.pages[page], page, width, number)
                self.pane.receive(drawn, pixels)
            case preview.Read(_, start, count):
                self.pane.receive(preview.RowsRead(number, start, item.rows[start : start + count]))
            case preview.Enter(_, row) if item.inner is not None:
                self._places[number] = (item.rows[row].label,)
                self.pane.receive(preview.Known(number, item.inner.overview, self._places[number]))
            case preview.Leave():
                del self._places[number]
                self.pane.receive(preview.Known(number, self.items[number].overview))
            case _:
                self.pane.receive(preview.Unshown(number, "broken"))


def draw(size, page, width, number=0):
    """A page that looks like an act."""
    height = max(1, round(width * size.height / size.width))
    image = QImage(width, height, QImage.Format.Format_RGB888)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(width / size.width, width / size.width)
    font = QFont("DejaVu Serif")
    font.setPixelSize(15)
    font.setBold(True)
    painter.setFont(font)
    painter.drawText(
        QRectF(60, 60, size.width - 120, 24), Qt.AlignmentFlag.AlignCenter, f"АКТ № 17, лист {page + 1}"
    )
    font.setPixelSize(10)
    font.setBold(False)
    painter.setFont(font)
    line = "Исполнитель оказал, а Заказчик принял услуги по техническому обслуживанию оборудования. "
    painter.drawText(QRectF(60, 110, size.width - 120, 220), Qt.TextFlag.TextWordWrap, line * 6)
    painter.setPen(QPen(QColor("#444"), 0.6))
    for row in range(8):
        painter.drawRect(QRectF(60, 300 + 24 * row, size.width - 120, 24))
        painter.drawText(
            QRectF(66, 300 + 24 * row, 300, 24), Qt.AlignmentFlag.AlignVCenter, f"{row + 1}. Услуга"
        )
    painter.end()
    rows = [bytes(image.constScanLine(line))[: 3 * width] for line in range(height)]
    return preview.Drawn(number, page, width, height), b"".join(rows)


def settle(application, seconds=0.5):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        application.processEvents()
        time.sleep(0.005)


def main():
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("folder", type=Path)
    reader.add_argument("language", nargs="?", default="ru", choices=("kk", "ru", "en"))
    reader.add_argument("theme", nargs="?", default="light", choices=("light", "dark", "contrast"))
    reader.add_argument("size", nargs="?", default="760x620")
    reader.add_argument("only", nargs="*")
    wanted = reader.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    singletons.hold()
    application = QApplication([])
    theme.apply(application, wanted.theme)
    wanted.folder.mkdir(parents=True, exist_ok=True)
    width, height = map(int, wanted.size.split("x"))
    made = Made(ITEMS.values())
    pane = made.pane = PreviewPane(texts.load(wanted.language), made.ask)
    pane.resize(width, height)
    pane.show()
    for number, (name, item) in enumerate(ITEMS.items()):
        if wanted.only and name not in wanted.only:
            continue
        pane.show_document(number, item.document)
        settle(application)
        pane.grab().save(str(wanted.folder / f"{name}-{wanted.language}-{wanted.theme}-{wanted.size}.png"))
        if name == "archive":
            pane.rows.setCurrentIndex(pane.rows.rows.index(2, 0))
            pane.rows.entered.emit(2)
            settle(application)
            pane.grab().save(
                str(wanted.folder / f"entered-{wanted.language}-{wanted.theme}-{wanted.size}.png")
            )


if __name__ == "__main__":
    main()
