"""What is signed: the documents, what is known and said of the one that is looked at, and its preview; or what else a yes is for."""

import dataclasses
from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from protocol import preview, prompts
from tray import keys, parties, theme, who, widgets, words
from tray.batch import Batch
from tray.batch_panel import BatchPanel
from tray.batch_table import BatchTable
from tray.preview.pane import PreviewPane
from tray.question import count_of
from tray.rows import Row
from tray.texts import Texts

_MOST_FACTS = 100  # of one document that are shown
_FACTS_HEIGHT = 14 * theme.UNIT  # then they scroll
_FACT_HEIGHT = 3 * theme.UNIT  # of one that does not wrap
_LEAST_PREVIEW = 36 * theme.UNIT
_TABLE_SHARE, _PREVIEW_SHARE = 260, 400
_PREVIEW_AFTER_MS = 120  # who holds an arrow key down wants to see where it stops


class DocumentsPanel(QWidget):
    """`ask` sends what the preview wants to know; the answers come by `receive`. `changed` tells that other documents will be signed, or
    that more is known of them. It stays for as long as the same documents are asked about."""

    changed = Signal()

    def __init__(
        self,
        texts: Texts,
        prompt: prompts.OpenKey,
        ask: Callable[[preview.Question], None] = lambda _question: None,
    ) -> None:
        super().__init__()
        self._texts = texts
        self._prompt = _essence(prompt)
        self._documents = prompt.documents
        self._ask = ask
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.UNIT)
        self.list: BatchTable | None = None
        self.table: BatchPanel | None = None
        self.preview: PreviewPane | None = None
        self.facts: FactsCard | None = None
        self.remarks: Remarks | None = None
        self.duty: Remarks | None = None
        self._seen: set[int] = set()
        titles = (row_of(texts, document, number).title for number, document in enumerate(prompt.documents))
        self.batch = Batch(prompt.documents, titles)
        self._shown = 0
        self._preview_timer = QTimer(self, singleShot=True, interval=_PREVIEW_AFTER_MS)
        self._preview_timer.timeout.connect(self._show_preview)
        if prompt.action == "show_key":
            self._show_certificate()
        elif prompt.action == "import_certificate":
            self._show_addition(prompt)
        elif prompt.action == "log_in":
            self._show_statement(prompt)
        else:
            self._show_documents(prompt)
        if self.preview is None:
            self._column.addStretch()

    def serves(self, prompt: prompts.OpenKey) -> bool:
        """Whether `prompt` asks about the very same, so that all that the person did here stays."""
        return _essence(prompt) == self._prompt

    def receive(self, answer: preview.Answer, pixels: bytes = b"") -> None:
        """What was found in a document."""
        if self.preview is None:
            return
        if (
            isinstance(answer, preview.Known)
            and not answer.place
            and self.batch.know(answer.document, answer.overview)
        ):
            if self.table is not None:
                self.table.show_known(answer.document)
            else:
                self.changed.emit()
        self.preview.receive(answer, pixels)
        if self._prompt.must_be_seen:
            self._note_seen(answer)

    @property
    def unseen(self) -> tuple[int, ...]:
        """Places of the documents that would be signed and were not looked at, where the administrator wants that."""
        if not self._prompt.must_be_seen:
            return ()
        return tuple(
            entry.place for entry in self.batch.entries if entry.is_in and entry.place not in self._seen
        )

    def _note_seen(self, answer: preview.Answer) -> None:
        if preview.shows(answer):
            self._seen.add(answer.document)
        self.show_duty()
        self.changed.emit()

    def show_duty(self) -> None:
        """What is left to be looked at, and what can't be signed because nobody can look at it."""
        if self.duty is not None:
            self.duty.show_sentences(self.duties)

    @property
    def duties(self) -> list[str]:
        """The same in sentences; none where a yes can be given."""
        unseen = [self.batch.entries[place] for place in self.unseen]
        hidden = [
            entry
            for entry in unseen
            if entry.overview is not None and entry.overview.kind in ("digest", "unknown")
        ]
        sentences = []
        if left := len(unseen) - len(hidden):
            sentences.append(self._texts("what.must_be_seen", count=left))
        if hidden:
            sentences.append(self._texts("what.can_not_be_seen", count=len(hidden)))
        return sentences

    def take_key(self, key: prompts.Key | None) -> None:
        """Judges the documents by this key, None: by none."""
        own = frozenset() if key is None else parties.numbers_of(key)
        if own != self.batch.own:
            self.batch.own = own
            if self.table is not None:
                self.table.settle()

    @property
    def left_out(self) -> tuple[int, ...]:
        """Places of the documents that will not be signed, because the person took them out."""
        return self.batch.left_out

    def freeze(self, *, is_frozen: bool) -> None:
        """While a yes is under way nothing of it changes."""
        if self.table is not None:
            self.table.freeze(is_frozen=is_frozen)

    def show_signed(self, done: int) -> None:
        """So many documents are signed by now."""
        self.batch.note_signed(done)
        if self.table is not None:
            self.table.model.refresh()

    def results(self, finished: prompts.Finished) -> BatchPanel | None:
        """The table with what became of each document, which the last word takes over; None where there is none to show."""
        self.batch.note_results(finished)
        if self.table is None:
            return None
        table = self.table
        self.table = self.list = None
        table.selected.disconnect(self._show)
        table.changed.disconnect()
        table.show_results()
        table.setParent(None)
        return table

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
            frame, inner = widgets.card()
            self.identity = Identity(texts, is_beside=False)
            inner.addWidget(self.identity)
            self._column.addWidget(frame)
            self.identity.show_document(prompt.documents[0])
        self._column.addWidget(widgets.Notice("info", texts("what.statement_note")))

    def _show_documents(self, prompt: prompts.OpenKey) -> None:
        texts, count = self._texts, count_of(prompt)
        title = widgets.heading(title_of(texts, prompt))
        title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        head = QHBoxLayout()
        head.setSpacing(2 * theme.UNIT)
        head.addWidget(title)
        self._column.addLayout(head)
        if not prompt.documents:
            head.addStretch()
        if not count:
            self._column.addWidget(widgets.label(texts("what.no_documents"), quiet=True))
            return
        if prompt.must_be_seen:
            # Above all else: it is why the button can't be pressed.
            self.duty = Remarks()
            self._column.addWidget(self.duty)
        if prompt.documents:
            if len(prompt.documents) > 1:
                self.table = self._list_batch(prompt, title.text())
                self.list = self.table.table
                head.addStretch()
                head.addWidget(self.table.all)
                title.setBuddy(self.list)
                self.list.select(0)
            else:
                self._show_one(prompt, head)
        self.show_duty()
        if prompt.announced:
            self._column.addWidget(widgets.Notice("warning", texts("what.announced", count=prompt.announced)))
            self._column.addWidget(widgets.Notice("info", texts("what.announced_record")))
        # Without the number in it, a sentence speaks of one or of several: 21, whose form in Russian is that of 1, are several.
        one_or_more = min(count, 2)
        tone: theme.Tone = "warning" if prompt.placement == "bare" else "info"
        self._column.addWidget(widgets.Notice(tone, texts(f"what.{prompt.placement}", count=one_or_more)))
        if prompt.timestamps:
            self._column.addWidget(widgets.Notice("info", texts("what.timestamps", count=one_or_more)))

    def _show_one(self, prompt: prompts.OpenKey, head: QHBoxLayout) -> None:
        """One document needs no list: its name stands in the head, and the preview gets the room."""
        (document,) = prompt.documents
        row = row_of(self._texts, document, 0)
        is_named = bool(document.name or document.path)  # else a number, which says nothing of the only one
        name = widgets.ElidedLabel(row.title if is_named else "")
        name.setFont(theme.font(theme.MEDIUM))
        size = widgets.label(row.detail, quiet=not document.is_digest, wraps=False)
        head.addWidget(name, 1)
        head.addWidget(size)
        self._add_facts(self._column, prompt)
        self._column.addWidget(_Room(self._make_preview()), 1)
        self._add_identity()
        self._show(0)

    def _list_batch(self, prompt: prompts.OpenKey, title: str) -> BatchPanel:
        """The table above, the preview below; what is between them can be moved."""
        table = BatchPanel(self._texts, self.batch, title, may_leave_out=prompt.may_leave_out)
        table.selected.connect(self._show)
        table.changed.connect(self._show_remarks)
        table.changed.connect(self.show_duty)
        table.changed.connect(self.changed)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        self.name = widgets.ElidedLabel("")
        self.name.setFont(theme.font(theme.SMALL, bold=True))
        self.remarks = Remarks()
        column.addWidget(self.name)
        column.addWidget(self.remarks)
        self._add_facts(column, prompt)
        pane = self._make_preview()
        pane.bar.details.setChecked(False)  # the table says the same
        column.addWidget(pane, 1)
        split = _Split(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(theme.UNIT)
        split.addWidget(table)
        split.addWidget(lower)
        split.setSizes([_TABLE_SHARE, _PREVIEW_SHARE])
        self._column.addWidget(split, 1)
        self._add_identity()
        if without_content := sum(document.is_digest for document in prompt.documents):
            self._warn_of_digests(without_content)
        return table

    def _warn_of_digests(self, count: int) -> None:
        self._column.addWidget(widgets.Notice("warning", self._texts("what.only_digest", count=count)))

    def _add_facts(self, column: QVBoxLayout, prompt: prompts.OpenKey) -> None:
        most_facts = max(len(document.facts) for document in prompt.documents)
        if most_facts:
            self.facts = FactsCard(self._texts, prompt, most_facts if len(prompt.documents) > 1 else 0)
            column.addWidget(self.facts)

    def _make_preview(self) -> PreviewPane:
        self.preview = PreviewPane(self._texts, self._ask)
        self.preview.setMinimumHeight(_LEAST_PREVIEW)
        return self.preview

    def _add_identity(self) -> None:
        self.identity = Identity(self._texts, is_beside=True)
        self._column.addWidget(self.identity)

    def _show(self, place: int) -> None:
        """Shows a document: all that is at hand now, what must be asked for once the person stays with it."""
        is_first = place == self._shown
        self._shown = place
        document = self._documents[place]
        self.identity.show_document(document)
        self.identity.setVisible(not document.is_digest)  # whose preview has nothing else to say
        if self.facts is not None:
            self.facts.show_facts(document.facts)
        if self.remarks is not None:
            self.name.show_text(self.batch.entries[place].title)
            self._show_remarks()
        if is_first:
            self._show_preview()
        else:
            self._preview_timer.start()

    def _show_remarks(self) -> None:
        if self.remarks is not None:
            entry = self.batch.entries[self._shown]
            self.remarks.show_sentences([self._texts(f"batch.mark.{mark}") for mark in entry.marks])

    def _show_preview(self) -> None:
        self._preview_timer.stop()
        if self.preview is not None:
            self.preview.show_document(self._shown, self._documents[self._shown])

    # What tests and screen readers look for.
    @property
    def checksum_name(self) -> QLabel:
        return self.identity.checksum_name

    @property
    def checksum(self) -> QLabel:
        return self.identity.checksum

    @property
    def path(self) -> widgets.ElidedLabel:
        return self.identity.path


class _Room(QWidget):
    """Holds a preview. It takes what there is; what that would like to have must not make the window scroll."""

    def __init__(self, preview_: PreviewPane) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(preview_)

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        return self.minimumSizeHint()


class _Split(QSplitter):
    """Likewise for the parts of a splitter."""

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        return self.minimumSizeHint()


class Remarks(QWidget):
    """Why a document stands out among the others, in words."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences: list[str] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.hide()

    def show_sentences(self, sentences: list[str]) -> None:
        if sentences == self.sentences:
            return
        self.sentences = sentences
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        for sentence in sentences:
            self._column.addWidget(widgets.Notice("warning", sentence, is_framed=False))
        self.setVisible(bool(sentences))


class Identity(QWidget):
    """Which octets exactly: the checksum of a document, and the path of one that was read from this computer."""

    def __init__(self, texts: Texts, *, is_beside: bool) -> None:
        super().__init__()
        self._texts = texts
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.path_name = widgets.label(texts("fact.path"), quiet=True, wraps=False)
        self.path = widgets.ElidedLabel("")
        self.checksum_name = widgets.label("", quiet=True, wraps=False)
        self.checksum = widgets.value("", is_code=True)
        self.checksum.setToolTip(texts("what.checksum_note"))
        direction = QHBoxLayout.Direction.LeftToRight if is_beside else QHBoxLayout.Direction.TopToBottom
        for name, text in ((self.path_name, self.path), (self.checksum_name, self.checksum)):
            row = QHBoxLayout()
            row.setDirection(direction)
            row.setSpacing(2 * theme.UNIT if is_beside else 4)
            row.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(text, 1 if is_beside else 0)
            column.addLayout(row)

    def show_document(self, document: prompts.Document) -> None:
        path = words.path(document.path)
        self.path.show_text(path)
        self.path.setAccessibleName(f"{self.path_name.text()}: {path}")
        for label in (self.path_name, self.path):
            label.setVisible(bool(path))
        self.checksum_name.setText(self._texts("what.checksum", name=words.clean(document.digest_name)))
        self.checksum.setText(words.groups(words.clean(document.digest)))
        self.checksum.setAccessibleName(f"{self.checksum_name.text()}: {self.checksum.text()}")


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
    if count > 1:
        return texts("what.documents_many", count=count)
    return texts("batch.document" if prompt.documents else "what.documents")


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


def _essence(prompt: prompts.OpenKey) -> prompts.OpenKey:
    """What does not change while the person is asked about the same thing again."""
    return dataclasses.replace(
        prompt, files=(), chosen="", folder="", storages=(), waiting=0, problem=None, replaced=None
    )
