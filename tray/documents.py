"""What is signed: the list of documents, and what is known and said of the one that is looked at; or what else a yes is for."""

from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from protocol import prompts
from tray import keys, theme, who, widgets, words
from tray.question import count_of
from tray.rows import Row, RowList, RowModel
from tray.texts import Texts

_MOST_ROWS = 200  # beyond it the list's height does not grow any more
_ROWS_ABOVE_FACTS = 2  # that the list asks for
_MOST_FACTS = 100  # of one document that are shown
_FACTS_HEIGHT = 26 * theme.UNIT  # then they scroll
_FACT_HEIGHT = 3 * theme.UNIT  # of one that does not wrap


class DocumentsPanel(QWidget):
    def __init__(self, texts: Texts, prompt: prompts.OpenKey) -> None:
        super().__init__()
        self._texts = texts
        self._documents = prompt.documents
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.UNIT)
        self.list: RowList | None = None
        self.facts: FactsCard | None = None
        if prompt.action == "show_key":
            self._show_certificate()
        elif prompt.action == "import_certificate":
            self._show_addition(prompt)
        elif prompt.action == "log_in":
            self._show_statement(prompt)
        else:
            self._show_documents(prompt)
        self._column.addStretch()

    def _show_certificate(self) -> None:
        self._column.addWidget(widgets.heading(self._texts("what.certificate")))
        frame, inner = widgets.card()
        inner.addWidget(widgets.Notice("info", self._texts("what.certificate_facts")))
        inner.addWidget(widgets.Notice("info", self._texts("what.certificate_safe")))
        self._column.addWidget(frame)

    def _show_addition(self, prompt: prompts.OpenKey) -> None:
        """The certificate that will be joined to the key."""
        self._column.addWidget(widgets.heading(self._texts("what.addition")))
        if prompt.certificate is not None:
            self._column.addWidget(keys.card_of(self._texts, prompt.certificate))
        self._column.addWidget(widgets.Notice("info", self._texts("what.addition_note")))

    def _show_statement(self, prompt: prompts.OpenKey) -> None:
        """The statement that logs in: which site it names, and its checksum."""
        texts = self._texts
        self._column.addWidget(widgets.heading(texts("what.challenge")))
        frame, inner = widgets.card()
        inner.addWidget(widgets.label(texts("what.statement", site=who.name(texts, prompt.caller))))
        self._column.addWidget(frame)
        if prompt.documents:
            self._add_checksum()
            self._show(prompt.documents[0])
        self._column.addWidget(widgets.Notice("info", texts("what.statement_note")))

    def _show_documents(self, prompt: prompts.OpenKey) -> None:
        texts, count = self._texts, count_of(prompt)
        title = widgets.heading(title_of(texts, prompt))
        self._column.addWidget(title)
        if not count:
            self._column.addWidget(widgets.label(texts("what.no_documents"), quiet=True))
            return
        if prompt.documents:
            self._list_documents(prompt, title)
        if prompt.announced:
            self._column.addWidget(widgets.Notice("warning", texts("what.announced", count=prompt.announced)))
            self._column.addWidget(widgets.Notice("info", texts("what.announced_record")))
        # Without the number in it, a sentence speaks of one or of several: 21, whose form in Russian is that of 1, are several.
        one_or_more = min(count, 2)
        tone: theme.Tone = "warning" if prompt.placement == "bare" else "info"
        self._column.addWidget(widgets.Notice(tone, texts(f"what.{prompt.placement}", count=one_or_more)))
        if prompt.timestamps:
            self._column.addWidget(widgets.Notice("info", texts("what.timestamps", count=one_or_more)))

    def _list_documents(self, prompt: prompts.OpenKey, title: QLabel) -> None:
        texts, documents = self._texts, prompt.documents
        self.list = RowList(title.text(), _MOST_ROWS)
        title.setBuddy(self.list)
        self.list.show_rows(RowModel(len(documents), lambda number: row_of(texts, documents[number], number)))
        # The stretch is against the panel's final one: the list takes what it can use.
        self._column.addWidget(self.list, 1000)
        most_facts = max(len(document.facts) for document in documents)
        if most_facts:
            self.list.usual_rows = _ROWS_ABOVE_FACTS
            self.facts = FactsCard(texts, prompt, most_facts if len(documents) > 1 else 0)
            self._column.addWidget(self.facts)
        without_content = sum(document.is_digest for document in documents)
        if without_content:
            self._column.addWidget(
                widgets.Notice("warning", texts("what.only_digest", count=without_content))
            )
        self._add_checksum()
        self.list.selectionModel().selectionChanged.connect(self._show_selected)
        self.list.select(0)

    def _add_checksum(self) -> None:
        frame, inner = widgets.card()
        inner.setSpacing(4)
        self.path_name = widgets.label(self._texts("fact.path"), quiet=True)
        self.path = widgets.ElidedLabel("")
        self.checksum_name = widgets.label("", quiet=True)
        self.checksum = widgets.value("", is_code=True)
        self.checksum.setToolTip(self._texts("what.checksum_note"))
        for widget in (self.path_name, self.path, self.checksum_name, self.checksum):
            inner.addWidget(widget)
        self._column.addWidget(frame)

    def _show_selected(self) -> None:
        assert self.list is not None
        self._show(self._documents[self.list.selected_row() or 0])

    def _show(self, document: prompts.Document) -> None:
        path = words.path(document.path)
        self.path.show_text(path)
        self.path.setAccessibleName(f"{self.path_name.text()}: {path}")
        for label in (self.path_name, self.path):
            label.setVisible(bool(path))
        self.checksum_name.setText(self._texts("what.checksum", name=words.clean(document.digest_name)))
        self.checksum.setText(words.groups(words.clean(document.digest)))
        self.checksum.setAccessibleName(f"{self.checksum_name.text()}: {self.checksum.text()}")
        if self.facts is not None:
            self.facts.show_facts(document.facts)


class FactsCard(QFrame):
    """What the caller says of a document: set apart, because nobody checked it.

    Among several documents it keeps the height that `most_facts` need, so that nothing moves while the person goes through them.
    """

    def __init__(self, texts: Texts, prompt: prompts.OpenKey, most_facts: int) -> None:
        super().__init__()
        self.setObjectName("card")
        self._texts = texts
        is_site = prompt.caller.kind in {"site", "unprotected"}
        title = texts("what.facts_site" if is_site else "what.facts_other")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * theme.UNIT, 12, 2 * theme.UNIT, 12)
        column.setSpacing(4)
        column.addWidget(widgets.label(title, quiet=True))
        self.none = widgets.label(texts("what.no_facts"), quiet=True)
        self.table = widgets.FactsTable(title, _FACTS_HEIGHT)
        column.addWidget(self.none)
        column.addWidget(self.table)
        if most_facts:
            column.addStretch()
            self.setMinimumHeight(min(most_facts * _FACT_HEIGHT, _FACTS_HEIGHT) + 6 * theme.UNIT)

    def show_facts(self, facts: tuple[prompts.Fact, ...]) -> None:
        rows: list[tuple[str, str, widgets.Style]] = [
            (words.clean(fact.label), words.clean(fact.value), "text") for fact in facts[:_MOST_FACTS]
        ]
        if len(facts) > _MOST_FACTS:
            rows.append(("", self._texts("what.more_facts", count=len(facts) - _MOST_FACTS), "text"))
        self.none.setVisible(not rows)
        self.table.setVisible(bool(rows))
        self.table.show_rows(rows)


def title_of(texts: Texts, prompt: prompts.OpenKey) -> str:
    """The heading, with the number of documents where there are several."""
    if prompt.purpose == "identify":
        return texts("what.challenge")
    count = count_of(prompt)
    return texts("what.documents_many", count=count) if count > 1 else texts("what.documents")


def row_of(texts: Texts, document: prompts.Document, number: int) -> Row:
    """The document's line in the list."""
    file = words.split_path(words.path(document.path))[0]
    no_content = document.is_digest or document.size is None
    size = texts("what.no_size") if no_content else words.size(document.size or 0, texts.language, texts)
    return Row(
        title=words.clean(document.name) or file or texts("what.untitled", number=number + 1),
        detail=size,
        detail_note=f"{words.groups(words.clean(document.digest)[:16])} …",
        glyph="hash" if document.is_digest else "document",
        detail_tone="warning" if document.is_digest else "info",
    )
