"""The preview of a document: what a renderer found in it, asked for as the person looks at it.

pane   -> Look            where nothing is known of the document yet
worker -> Known           what it is: warnings, facts and signers are shown above, and below its pages, rows, or a large sentence
pane   -> Draw / Read     what is in sight, one thing at a time
pane   -> Enter / Leave   into what lies in it, and back
"""

import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from protocol import preview, prompts
from tray import theme, words
from tray.preview import labels
from tray.preview.blank import Blank
from tray.preview.drawings import Drawings, Use
from tray.preview.inquiry import LOST, PIECE, Inquiry
from tray.preview.page_list import PageList
from tray.preview.pages import ZOOMS, PagesView
from tray.preview.rows import Pieces, RowsView
from tray.preview.summary import Summary
from tray.preview.toolbar import Toolbar
from tray.texts import Texts

ANSWER_LIMIT_S = 60.0
"""After so long a question counts as unanswered; a renderer that hangs is ended long before."""
_SUMMARY_SHARE = 0.38  # of the height
_LEAST_SUMMARY = 9 * theme.UNIT
_CORNER = 6  # below what is shown, so that it leaves the round corners free
_LOADING_AFTER_MS = 300
_LIST_FROM = QSize(72, 40) * theme.UNIT  # from here on the list of pages is there without being asked for


class PreviewPane(QFrame):
    """Shows one document of several. `ask` sends a question; each answer comes by `receive`, for whichever document."""

    def __init__(
        self,
        texts: Texts,
        ask: Callable[[preview.Question], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._texts = texts
        self._ask = ask
        self._clock = clock
        self._inquiries: dict[int, Inquiry] = {}
        self._asked_at: dict[int, float] = {}
        self._small: set[int] = set()  # documents whose question that stands is for the list of pages
        self._document: prompts.Document | None = None
        self._number = -1
        self._wants_list: bool | None = None  # None: where there is room
        self._is_asking = False
        self.drawings = Drawings()
        self.pieces = Pieces()
        self._build()
        self._limit = QTimer(self, singleShot=True)
        self._limit.timeout.connect(self._when_late)
        self._stepping = QTimer(self, singleShot=True, interval=_LOADING_AFTER_MS)
        self._stepping.timeout.connect(self._show_step)
        for keys, act in (
            ("Ctrl++", self.pages.zoom_in),
            ("Ctrl+=", self.pages.zoom_in),
            ("Ctrl+-", self.pages.zoom_out),
            ("Ctrl+0", self._fit),
            ("Alt+Left", self._leave),
        ):
            QShortcut(QKeySequence(keys), self, act)

    def _build(self) -> None:
        texts = self._texts
        self.bar = Toolbar(texts)
        self.summary = Summary(texts)
        self.list = PageList(texts, self.drawings)  # before the pages: so the keyboard goes
        self.pages = PagesView(texts, self.drawings)
        self.rows = RowsView(texts, self.pieces)
        self.blank = Blank(texts)
        self.body = QStackedWidget()
        self.body.setObjectName("pictured")
        self._book = QWidget()
        beside = QHBoxLayout(self._book)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(0)
        beside.addWidget(self.list)
        beside.addWidget(self.pages, 1)
        for shown in (self.blank, self._book, self.rows):
            self.body.addWidget(shown)
        self._above = QFrame()
        self._above.setObjectName("above")
        inner = QVBoxLayout(self._above)
        inner.setContentsMargins(12, theme.UNIT, 12, theme.UNIT)
        inner.addWidget(self.summary)
        self.setObjectName("preview")
        self.setStyleSheet(_sheet())
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, _CORNER)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self._above)
        column.addWidget(self.body, 1)
        self._above.hide()
        self.bar.details.setChecked(True)
        self.bar.back_wanted.connect(self._leave)
        self.bar.page_wanted.connect(self.pages.go_to)
        self.bar.in_wanted.connect(self.pages.zoom_in)
        self.bar.out_wanted.connect(self.pages.zoom_out)
        self.bar.fit_wanted.connect(self._fit)
        self.bar.list_wanted.connect(self._show_list)
        self.bar.details_wanted.connect(self._show_details)
        self.pages.moved.connect(self.bar.show_page)
        self.pages.moved.connect(self.list.follow)
        self.pages.zoomed.connect(self._show_scale)
        self.list.chosen.connect(self.pages.go_to)
        self.rows.entered.connect(self._enter)
        self.summary.entered.connect(self._enter)
        for view in (self.pages, self.list, self.rows):
            view.wants.connect(self._ask_next)

    # --- what comes in --------------------------------------------------------------------------------------------

    def show_document(self, number: int, document: prompts.Document) -> None:
        """Shows a document, counted from 0, in place of the one before. The same one again changes nothing."""
        if (number, document) == (self._number, self._document):
            return
        self._keep_view()
        self._number, self._document = number, document
        self._inquiries.setdefault(number, Inquiry(number))
        self._refresh()

    def receive(self, answer: preview.Answer, pixels: bytes = b"") -> None:
        """An answer, or an overview that nobody asked for. `pixels` are those of a drawing."""
        inquiry = self._inquiries.setdefault(answer.document, Inquiry(answer.document))
        is_shown = answer.document == self._number
        match answer:
            case preview.Known():
                if is_shown:
                    self._keep_view()
                before = inquiry.overview, inquiry.place
                is_new = inquiry.know(answer)
                if is_new and inquiry.place == before[1] and _is_other(before[0], inquiry.overview):
                    self.pieces.forget(inquiry.number)
                if is_new and is_shown:
                    self._refresh()
            case preview.Drawn():
                self._take_drawing(inquiry, answer, pixels)
            case preview.RowsRead():
                self._take_rows(inquiry, answer)
            case preview.Unshown():
                self._fail(inquiry, answer.why)
        if is_shown:
            self._ask_next()

    def _take_drawing(self, inquiry: Inquiry, drawn: preview.Drawn, pixels: bytes) -> None:
        asked = inquiry.pending
        if not (isinstance(asked, preview.Draw) and asked.page == drawn.page):
            return  # nobody waits for it any more
        use: Use = "small" if inquiry.number in self._small else "page"
        if not self.drawings.put(inquiry.where, use, asked, drawn, pixels):
            self._fail(inquiry, "broken")
            return
        inquiry.pending = None
        if inquiry.number == self._number:
            self._repaint_pages()

    def _take_rows(self, inquiry: Inquiry, read: preview.RowsRead) -> None:
        asked = inquiry.pending
        if not (isinstance(asked, preview.Read) and asked.start == read.start):
            return
        inquiry.pending = None
        overview = inquiry.overview
        if asked.count < PIECE and overview is not None and asked.start + asked.count < overview.rows:
            return  # the document has grown since; it is asked again
        self.pieces.put(inquiry.where, read.start, read.rows)
        if inquiry.number == self._number:
            self.rows.refresh(read.start)

    def _fail(self, inquiry: Inquiry, why: preview.Why) -> None:
        """The question that stands has no answer."""
        is_shown = inquiry.number == self._number
        where = inquiry.where
        failed = inquiry.fail(why)
        if is_shown and failed is not None and where != inquiry.where:
            self._refresh()
            return
        match failed:
            case preview.Draw(_, page):
                self.drawings.fail(where, page, why or "broken")
                if is_shown:
                    self._repaint_pages()
            case preview.Read(_, start):
                self.pieces.fail(where, start, why or "broken")
                if is_shown:
                    self.rows.refresh(start)
            case preview.Look():
                if is_shown:
                    self._refresh()
            case preview.Enter() | preview.Leave():
                if is_shown:
                    self._show_above(inquiry)
                    self._show_bar(inquiry)
                    self.bar.back.setEnabled(True)

    def _when_late(self) -> None:
        """The question about the document that is shown stands for too long."""
        inquiry = self._inquiries.get(self._number)
        if inquiry is not None and inquiry.pending is not None:
            self._fail(inquiry, "timed-out")
            self._ask_next()

    # --- what is asked --------------------------------------------------------------------------------------------

    def _ask_next(self) -> None:
        """Asks for what is needed next, unless something is asked already."""
        inquiry = self._inquiries.get(self._number)
        if inquiry is None or self._document is None or self._document.is_digest or self._is_asking:
            return
        if inquiry.pending is not None:
            if self._clock() - self._asked_at[self._number] < ANSWER_LIMIT_S:
                return
            self._fail(inquiry, "timed-out")
        question, use = self._next(inquiry)
        if question is None:
            self._limit.stop()
            return
        if question is inquiry.step:
            inquiry.step = None
        inquiry.pending = question
        (self._small.add if use == "small" else self._small.discard)(inquiry.number)
        self._asked_at[inquiry.number] = self._clock()
        self._limit.start(round(1000 * ANSWER_LIMIT_S))
        # An answer may come before `ask` is back; what it wants then is asked for afterwards.
        self._is_asking = True
        try:
            self._ask(question)
        finally:
            self._is_asking = False
        if inquiry.pending is not question:
            self._ask_next()

    def _next(self, inquiry: Inquiry) -> tuple[preview.Question | None, Use]:
        if inquiry.step is not None:
            return inquiry.step, "page"
        if inquiry.overview is None:
            return (None if inquiry.trouble else preview.Look(inquiry.number)), "page"
        return next(self._wanted(inquiry), (None, "page"))

    def _wanted(self, inquiry: Inquiry) -> Iterator[tuple[preview.Question, Use]]:
        assert inquiry.overview is not None
        if self.body.currentWidget() is self._book:
            if not self.pages.where == self.list.where == inquiry.where or not self.pages.is_settled:
                return
            large = list(self.pages.wanted())
            small = list(self.list.wanted())
            # What has no picture yet, then what should be sharper, then the list.
            for page, width in large:
                if self.drawings.picture(inquiry.where, page) is None:
                    yield preview.Draw(inquiry.number, page, width), "page"
            for page, width in large:
                yield preview.Draw(inquiry.number, page, width), "page"
            for page, width in small:
                yield preview.Draw(inquiry.number, page, width), "small"
        elif self.body.currentWidget() is self.rows and self.rows.where == inquiry.where:
            for start in self.rows.wanted():
                count = min(PIECE, inquiry.overview.rows - start)
                yield preview.Read(inquiry.number, start, count), "page"

    def _enter(self, row: int) -> None:
        self._step(preview.Enter(self._number, row))

    def _leave(self) -> None:
        inquiry = self._inquiries.get(self._number)
        if inquiry is not None and inquiry.place:
            self._step(preview.Leave(self._number))

    def _step(self, step: preview.Enter | preview.Leave) -> None:
        """Into an entry or out of it; until the answer comes what is there stays, but leads nowhere."""
        inquiry = self._inquiries[self._number]
        if inquiry.step is not None or isinstance(inquiry.pending, preview.Enter | preview.Leave):
            return
        inquiry.step = step
        inquiry.note = ""
        self.bar.back.setEnabled(False)
        self._stepping.start()
        self._ask_next()

    def _show_step(self) -> None:
        """An entry takes its time."""
        if self._inquiries[self._number].is_looking:
            self.bar.show_title(self._texts("preview.loading"), can_go_back=not self.bar.back.isHidden())

    def _begin_again(self) -> None:
        inquiry = self._inquiries[self._number]
        inquiry.begin_again()
        self.drawings.forget(inquiry.number)
        self.pieces.forget(inquiry.number)
        self._refresh()

    # --- what is shown --------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Shows the document as far as it is known."""
        inquiry, document = self._inquiries[self._number], self._document
        assert document is not None
        overview = inquiry.overview
        self.bar.back.setEnabled(True)
        self._stepping.stop()
        if document.is_digest or (overview is not None and overview.kind == "digest"):
            self._show_digest(document, overview)
        elif inquiry.trouble:
            self._show_unknown(document, None, inquiry.trouble)
        elif overview is None:
            self._show_bar(inquiry)
            self.summary.show_nothing()
            self._above.hide()
            self.blank.show_nothing()
            self.body.setCurrentWidget(self.blank)
        else:
            self._show_known(inquiry, document, overview)
        self._ask_next()

    def _show_known(self, inquiry: Inquiry, document: prompts.Document, overview: preview.Overview) -> None:
        view = inquiry.views.get(inquiry.place, (0, 0))
        match overview.kind:
            case "pages" if overview.pages:
                self._show_above(inquiry)
                self._show_bar(inquiry)
                self._show(self._book)
                self.list.show_pages(inquiry.where, overview.pages)
                self._show_list(None)
                # At once: the first drawing should have the right size.
                for layout in (self.layout(), self._book.layout()):
                    assert layout is not None
                    layout.activate()
                self.pages.show_pages(inquiry.where, overview.pages, view[0])
            case ("form" | "tree" | "text" | "entries") as kind if overview.rows or overview.is_growing:
                self._show_above(inquiry)
                self._show_bar(inquiry)
                self._show(self.rows)
                self.rows.setAccessibleName(self.bar.title.text())
                self.rows.show_rows(inquiry.where, kind, overview.rows, view, is_growing=overview.is_growing)
            case "pages" | "form" | "tree" | "text" | "entries":
                self._show_above(inquiry)
                self._show_bar(inquiry)
                self._show(self.blank)
                key = "empty_archive" if overview.kind == "entries" else "empty"
                self.blank.show_message("document", "info", self._texts(f"preview.{key}"), size=overview.size)
            case _:
                self._show_unknown(document, overview, overview.why)

    def _show_digest(self, document: prompts.Document, overview: preview.Overview | None) -> None:
        texts = self._texts
        inquiry = self._inquiries[self._number]
        self._show_above(
            None if document.is_digest else inquiry
        )  # of a signature without its document: who signed
        self._show_bar(inquiry)
        self._show(self.blank)
        digest = document.digest_name, document.digest
        if not document.is_digest and overview is not None and overview.digest:
            digest = "", overview.digest  # of whatever hash its signers chose
        self.blank.show_message(
            "hash",
            "warning",
            texts("preview.digest_only"),
            (
                texts("preview.digest_why" if document.is_digest else "preview.digest_detached"),
                texts("preview.unseen_advice"),
            ),
            digest=digest,
        )

    def _show_unknown(
        self, document: prompts.Document, overview: preview.Overview | None, why: preview.Why
    ) -> None:
        texts = self._texts
        inquiry = self._inquiries[self._number]
        self._show_above(inquiry if overview is not None else None)
        self._show_bar(inquiry)
        self._show(self.blank)
        size, digest = document.size, (document.digest_name, document.digest)
        if overview is not None and (inquiry.place or overview.wrappers):
            size, digest = overview.size, ("SHA-256", overview.digest)
        sentence = texts(f"preview.why.{why}") if why else texts("preview.unknown_why")
        advice = texts(f"preview.advice.{why}") if why else texts("preview.unseen_advice")
        self.blank.show_message(
            "warning",
            "warning",
            texts("preview.unknown"),
            (sentence, advice),
            size=size,
            digest=digest,
            on_again=self._begin_again if why in LOST else None,
        )

    def _show(self, widget: QWidget) -> None:
        """Puts something in the middle; the keyboard goes along where it was there before."""
        focus = self.window().focusWidget()
        is_focused = focus is not None and self.body.isAncestorOf(focus)
        if widget is not self.blank:
            self.blank.leave()
        self.body.setCurrentWidget(widget)
        if is_focused:
            target: QWidget = self.pages if widget is self._book else widget
            if target.focusPolicy() != Qt.FocusPolicy.NoFocus:
                target.setFocus()

    def _show_bar(self, inquiry: Inquiry) -> None:
        overview = inquiry.overview
        title = self._title(inquiry)
        self.setAccessibleName(title)
        self.bar.show_title(title, can_go_back=bool(inquiry.place))
        is_pages = overview is not None and overview.kind == "pages"
        self.bar.show_pages(len(overview.pages) if overview is not None and is_pages else 0)

    def _title(self, inquiry: Inquiry) -> str:
        """What is shown, in a line: where it lies, what it is, how large."""
        texts, overview = self._texts, inquiry.overview
        if overview is None or not (overview.format or overview.form or inquiry.place):
            return texts("preview.title")
        parts = [" › ".join(words.clean(name) for name in inquiry.place)]
        what = labels.kind_of(texts, overview.form, overview.format)
        # The CMS of a signature without its document is taken out of nothing.
        for wrapper in reversed(overview.wrappers if overview.kind != "digest" else ()):
            key = f"preview.in.{wrapper}"
            what = texts(key if key in texts.entries else "preview.in.other", what=what)
        parts.append(what)
        if overview.size:
            parts.append(words.size(overview.size, texts.language, texts))
        if overview.is_growing:
            parts.append(texts("preview.still_reading"))
        return " · ".join(part for part in parts if part)

    def _show_above(self, inquiry: Inquiry | None) -> None:
        """Warnings, facts and signers."""
        if inquiry is None or inquiry.overview is None:
            self.summary.show_nothing()
            self.bar.show_details(has_details=False)
        else:
            note = ""
            if inquiry.note:
                note = f"{self._texts('preview.entry_unshown')} {self._texts(f'preview.why.{inquiry.note}')}"
            self.summary.show_overview(inquiry.overview, note, with_details=self.bar.details.isChecked())
            self.bar.show_details(has_details=self.summary.details is not None)
        self._above.setVisible(not self.summary.isHidden())

    def _show_details(self, are_shown: bool) -> None:
        self.summary.show_details(are_shown=are_shown)
        self._above.setVisible(not self.summary.isHidden())

    def _show_list(self, is_wanted: bool | None) -> None:
        """The list of pages, where it is wanted, or nobody said and there is room."""
        if is_wanted is not None:
            self._wants_list = is_wanted
        has_room = self.width() >= _LIST_FROM.width() and self.height() >= _LIST_FROM.height()
        wanted = has_room if self._wants_list is None else self._wants_list
        self.bar.list.blockSignals(True)
        self.bar.list.setChecked(wanted)
        self.bar.list.blockSignals(False)
        self.list.setVisible(wanted and self.pages_count > 1 and not self.bar.list.isHidden())
        self._ask_next()

    @property
    def pages_count(self) -> int:
        inquiry = self._inquiries.get(self._number)
        return len(inquiry.overview.pages) if inquiry is not None and inquiry.overview is not None else 0

    def _show_scale(self, scale: float) -> None:
        self.bar.show_scale(
            scale,
            can_grow=scale < ZOOMS[-1] - 0.005,
            can_shrink=scale > ZOOMS[0] + 0.005,
        )

    def _fit(self) -> None:
        self.pages.set_zoom(None)

    def _repaint_pages(self) -> None:
        self.pages.refresh()
        self.list.refresh()

    def _keep_view(self) -> None:
        """Remembers where the person was."""
        inquiry = self._inquiries.get(self._number)
        if inquiry is None or inquiry.overview is None:
            return
        if self.body.currentWidget() is self._book and self.pages.where == inquiry.where:
            inquiry.views[inquiry.place] = self.pages.verticalScrollBar().value(), 0
        elif self.body.currentWidget() is self.rows and self.rows.where == inquiry.where:
            inquiry.views[inquiry.place] = self.rows.view

    # --- events ---------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        return QSize(80, 60) * theme.UNIT

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        super().resizeEvent(event)
        self.summary.set_most(max(_LEAST_SUMMARY, round(event.size().height() * _SUMMARY_SHARE)))
        if self.body.currentWidget() is self._book:
            self._show_list(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        inquiry = self._inquiries.get(self._number)
        if event.key() == Qt.Key.Key_Backspace and inquiry is not None and inquiry.place:
            event.accept()
            self._leave()
            return
        super().keyPressEvent(event)


def _is_other(before: preview.Overview | None, now: preview.Overview | None) -> bool:
    """Whether rows that are here are none of this document any more: what seemed a tree was none in the end."""
    return before is not None and now is not None and before.kind != now.kind


def _sheet() -> str:
    colours = theme.current()
    return f"""
QFrame#preview {{ background: {colours.base}; border: 1px solid {colours.line}; border-radius: 8px; }}
QFrame#above {{ background: {colours.base}; border: 0; border-top: 1px solid {colours.line}; }}
QStackedWidget#pictured {{ border: 0; border-top: 1px solid {colours.line}; }}
"""
