"""What is signed: the list of documents, and the checksum of the one that is looked at."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocol import prompts
from tray import theme, widgets, words
from tray.rows import Row, RowList, RowModel
from tray.texts import Texts

_MOST_ROWS = 200  # beyond it the list's height does not grow any more


class DocumentsPanel(QWidget):
    def __init__(self, texts: Texts, prompt: prompts.OpenKey) -> None:
        super().__init__()
        self._texts = texts
        self._documents = prompt.documents
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.UNIT)
        self.list: RowList | None = None
        if prompt.action == "show_key":
            self._show_certificate()
        else:
            self._show_documents(prompt)
        self._column.addStretch()

    def _show_certificate(self) -> None:
        self._column.addWidget(widgets.heading(self._texts("what.certificate")))
        frame, inner = widgets.card()
        inner.addWidget(widgets.Notice("info", self._texts("what.certificate_facts")))
        inner.addWidget(widgets.Notice("info", self._texts("what.certificate_safe")))
        self._column.addWidget(frame)

    def _show_documents(self, prompt: prompts.OpenKey) -> None:
        texts, count = self._texts, len(prompt.documents)
        title = widgets.heading(title_of(texts, prompt))
        self._column.addWidget(title)
        if not count:
            self._column.addWidget(widgets.label(texts("what.no_documents"), quiet=True))
            return
        self.list = RowList(title.text(), _MOST_ROWS)
        title.setBuddy(self.list)
        self.list.show_rows(RowModel(count, lambda number: row_of(texts, self._documents[number], number)))
        self._column.addWidget(
            self.list, 1000
        )  # against the panel's final stretch: the list takes what it can use
        without_content = sum(document.is_digest for document in prompt.documents)
        if without_content:
            self._column.addWidget(
                widgets.Notice("warning", texts("what.only_digest", count=without_content))
            )
        self._show_checksum()
        tone: theme.Tone = "warning" if prompt.placement == "bare" else "info"
        self._column.addWidget(widgets.Notice(tone, texts(f"what.{prompt.placement}", count=count)))
        if prompt.timestamps:
            self._column.addWidget(widgets.Notice("info", texts("what.timestamps", count=count)))

    def _show_checksum(self) -> None:
        frame, inner = widgets.card()
        inner.setSpacing(4)
        self.checksum_name = widgets.label("", quiet=True)
        self.checksum = widgets.value("", is_code=True)
        self.checksum.setToolTip(self._texts("what.checksum_note"))
        inner.addWidget(self.checksum_name)
        inner.addWidget(self.checksum)
        self._column.addWidget(frame)
        assert self.list is not None
        self.list.selectionModel().selectionChanged.connect(self._show_selected)
        self.list.select(0)

    def _show_selected(self) -> None:
        assert self.list is not None
        document = self._documents[self.list.selected_row() or 0]
        self.checksum_name.setText(self._texts("what.checksum", name=words.clean(document.digest_name)))
        self.checksum.setText(words.groups(words.clean(document.digest)))
        self.checksum.setAccessibleName(f"{self.checksum_name.text()}: {self.checksum.text()}")


def title_of(texts: Texts, prompt: prompts.OpenKey) -> str:
    """The heading, with the number of documents where there are several."""
    if prompt.purpose == "identify":
        return texts("what.challenge")
    count = len(prompt.documents)
    return texts("what.documents_many", count=count) if count > 1 else texts("what.documents")


def row_of(texts: Texts, document: prompts.Document, number: int) -> Row:
    """The document's line in the list."""
    no_content = document.is_digest or document.size is None
    size = texts("what.no_size") if no_content else words.size(document.size or 0, texts.language, texts)
    return Row(
        title=words.clean(document.name) or texts("what.untitled", number=number + 1),
        detail=size,
        detail_note=f"{words.groups(words.clean(document.digest)[:16])} …",
        glyph="hash" if document.is_digest else "document",
        detail_tone="warning" if document.is_digest else "info",
    )
