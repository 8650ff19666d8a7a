"""The window of one approval: what is asked, one question after another, and what came of it.

The first prompt puts it on the screen. What the person answers goes out through `Answers`; after Cancelled or the last word
it is over.

    asking -> a panel for the prompt: a key file and its password, the keys, a file, ...   -- its answer --> busy
    busy   -> the worker works on the answer: another prompt, or Finished
    done   -> closes by itself after success, with a button after a problem or where there is more to read

The documents and their preview stand beside the panel from the first prompt about them to the last.
"""

import dataclasses
import functools
import time
from collections.abc import Callable
from typing import Protocol, get_args

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QCloseEvent,
    QKeySequence,
    QPaintEvent,
    QShortcut,
)
from PySide6.QtWidgets import QApplication, QWidget

from protocol import preview, prompts
from tray import parties, stage, words
from tray.about import AboutPanel
from tray.allow_file import AllowFilePanel
from tray.change_password import ChangePasswordPanel
from tray.choose_file import ChooseFilePanel
from tray.documents import DocumentsPanel
from tray.files import FilesPanel
from tray.keys import KeysPanel
from tray.new_key import NewKeyPanel, RequestPanel
from tray.outcome import OutcomePanel, needs_no_word
from tray.panel import Panel
from tray.question import Question, count_of, question_of, wish_of
from tray.read_key import ReadKeyPanel
from tray.texts import Texts, load
from tray.watch import State, Watch
from tray.who import Header, name

SUCCESS_SHOWN_MS = 1200
READING_S = 10.0  # the longest that a yes waits for documents that are still being read
LAST_WORD_SHOWN_MS = (
    120_000  # of a problem, and of what a person may want to write down; then nobody is there to read it
)
_BUSY_AFTER_MS = 300  # shorter work shows nothing
_LAID_OUT_MS = 50  # after a change; Qt does not say when all the lines that wrap have found their place
# What needs no more than a small window.
_SMALL = (prompts.AllowFile, prompts.ReadKey, prompts.ChangePassword, prompts.About)
_REHEARSAL = prompts.OpenKey(
    caller=prompts.Caller("site", "https://example.kz", "example.kz", "example.kz", is_new=True),
    action="sign",
    purpose="sign",
    documents=(prompts.Document("document", 1, "SHA-256", "00" * 32, is_digest=True),) * 2,
    placement="beside",
    language="ru",
    storages=("PKCS12",),
    folder="",
    files=(prompts.KeyFile("key.p12", "PKCS12", ""),),
)


class Answers(Protocol):
    """Where the person's answers go."""

    def send(self, answer: prompts.FromWindow) -> None: ...

    def send_secret(self, secret: bytearray) -> None: ...


class SigningWindow(stage.Stage):
    """Shows prompts, one after another, and sends each answer. `over` is emitted when nothing more will come."""

    over = Signal()

    def __init__(self, answers: Answers, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.state: State = "waiting"
        self._answers = answers
        self._is_shown = False
        self._texts: Texts = load("ru")
        self._question: Question | None = None
        self._waiting = 0
        self._new_key = ""
        self._has_problem = False
        self._clock = clock
        self._read_until = 0.0
        self._watch = Watch(self, lambda: self.state, self._is_on_cancel, clock)
        self._watch.opened.connect(self._refresh)
        self._watch.touched.connect(lambda: self._answers.send(prompts.Activity()))
        self._busy_timer = QTimer(self, singleShot=True, interval=_BUSY_AFTER_MS)
        self._busy_timer.timeout.connect(self._show_busy)
        self._closing = QTimer(self, singleShot=True)
        self._closing.timeout.connect(self.close)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self, self._agree)

    def rehearse(self) -> None:
        """Builds and draws what a prompt needs, unseen: fonts, drawings, texts and styles are at hand when it comes."""
        if self._question is not None:
            return
        for language in get_args(prompts.Language):
            load(language)
        self._question = _REHEARSAL
        self._lay_out(FilesPanel(self._texts, _REHEARSAL))
        self.grab()
        self.take_down()
        self._question = None

    # --- prompts --------------------------------------------------------------------------------------------------

    def receive(self, prompt: prompts.ToWindow, pixels: bytes = b"") -> None:
        """Shows a prompt, what was found in a document (with the pixels of a drawing), or how far the work is."""
        if (question := question_of(prompt)) is not None:
            self._take_up(question)
        match prompt:
            case prompts.OpenKey():
                self._ask(FilesPanel(self._texts, prompt), prompt.problem)
                if prompt.replaced is not None and prompt.problem is None:
                    self._announce(self._texts("what.addition_replaces"))
            case prompts.ChooseKey():
                self._choose_key(self._request, prompt, can_go_back=True)
            case prompts.Approve(request, keys, remember_days, can_go_back):
                self._choose_key(request, prompts.ChooseKey(keys, remember_days), can_go_back=can_go_back)
            case prompts.ChooseFile():
                self._ask(ChooseFilePanel(self._texts, prompt))
            case prompts.AllowFile():
                self._ask(AllowFilePanel(self._texts, prompt))
            case prompts.NewKey():
                self._ask(NewKeyPanel(self._texts, prompt), prompt.problem)
            case prompts.ReadKey():
                self._ask(ReadKeyPanel(self._texts, prompt), prompt.problem)
            case prompts.ChangePassword():
                self._ask(ChangePasswordPanel(self._texts, prompt), prompt.problem)
            case prompts.About():
                self._ask(AboutPanel(self._texts, prompt))
            case prompts.Finished():
                self._finish(prompt)
            case prompts.Waiting(count):
                self._show_waiting(count)
            case prompts.Progress(done, total):
                self._show_progress(done, total)
            case preview.Known() | preview.Drawn() | preview.RowsRead() | preview.Unshown():
                if (documents := self._documents) is not None:
                    was_being_read = documents.batch.is_being_read
                    documents.receive(prompt, pixels)
                    if documents.batch.is_being_read != was_being_read:
                        self._refresh()

    def _take_up(self, question: Question) -> None:
        if question.language != self._texts.language:
            self._texts = load(question.language)
        self._question = question
        self._waiting = question.waiting

    def _ask(self, panel: Panel, problem: prompts.Problem | None = None) -> None:
        """Puts a panel on the screen, and the keyboard where it is needed."""
        self._lay_out(panel)
        self.accent.setVisible(bool(panel.agreement))
        self._show_waiting(self._waiting)
        panel.changed.connect(self._judge)
        panel.submitted.connect(self._agree)
        for field in stage.fields_of(panel):
            field.textEdited.connect(self.show_focus)
        self._judge()
        self._enter("asking")
        (panel.first_focus() or self.cancel).setFocus()
        self._has_problem = problem is not None
        if problem is not None:
            self._announce(self._texts.problem("error", problem.code))
            QTimer.singleShot(_LAID_OUT_MS, self, self._when_grown)

    def _choose_key(self, request: prompts.OpenKey, prompt: prompts.ChooseKey, *, can_go_back: bool) -> None:
        panel = KeysPanel(self._texts, request, prompt, can_go_back=can_go_back)
        self._read_until = self._clock() + READING_S
        QTimer.singleShot(round(READING_S * 1000) + 10, panel, self._refresh)
        self._ask(panel)
        panel.back.connect(self._go_back)
        if panel.list is not None:
            panel.list.on_return = self.accent.setFocus

    def _finish(self, finished: prompts.Finished) -> None:
        if self._question is None or needs_no_word(self._question, finished):
            # It failed before anything was asked, so nothing is on the screen; or all is said.
            self.vanish()
            return
        texts, documents = self._texts, self._documents
        results = documents.results(finished) if documents is not None else None
        batch = documents.batch if documents is not None else None
        panel = OutcomePanel(
            texts, self._question, finished, new_key=self._new_key, results=results, batch=batch
        )
        self._busy_timer.stop()
        self.set_up_end(Header(texts, self._question, is_over=True), panel)
        self.cancel.setText(texts("button.close"))
        self.cancel.clicked.connect(self.reject)
        self.accent.hide()
        self._enter("done")
        self.cancel.setFocus()
        self._announce(panel.sentence)
        self._closing.start(SUCCESS_SHOWN_MS if panel.is_passing else LAST_WORD_SHOWN_MS)
        if results is not None and panel.is_passing:
            self._watch.read.connect(lambda: self._stay(panel), Qt.ConnectionType.SingleShotConnection)

    def _stay(self, panel: OutcomePanel) -> None:
        """The person reads the results."""
        panel.stay()
        self._closing.start(LAST_WORD_SHOWN_MS)

    def _show_waiting(self, count: int) -> None:
        if self._question is not None:
            self._waiting = count
            self.waiting.setText(self._texts("waiting", count=count) if count > 0 else "")
            self.waiting.setVisible(count > 0)

    def _show_progress(self, done: int, total: int) -> None:
        """How many are signed. One document needs no bar."""
        if self.state != "busy" or total <= 1:
            return
        self.busy.setText(
            self._texts("batch.progress", count=done, all=words.number(total, self._texts.language))
        )
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.progress.setAccessibleName(self.busy.text())
        self.progress.setVisible(
            self.width() >= stage.BAR_FROM
        )  # where there is little room the words are enough
        self.busy.show()
        if (documents := self._documents) is not None:
            documents.show_signed(done)

    @property
    def _request(self) -> prompts.OpenKey:
        if not isinstance(self._question, prompts.OpenKey):
            raise RuntimeError("ChooseKey comes only after OpenKey")  # noqa: TRY004  # a mistake in the conversation, not of a type
        return self._question

    @property
    def _documents(self) -> DocumentsPanel | None:
        return self.beside if isinstance(self.beside, DocumentsPanel) else None

    # --- answers --------------------------------------------------------------------------------------------------

    def _agree(self) -> None:
        """The accent button, or what the panel takes for the same."""
        if not self._watch.is_open or not self._is_ready or self.panel is None:
            return
        answer, secret = self.panel.answer()
        secrets = (*(() if secret is None else (secret,)), *self.panel.further_secrets())
        if isinstance(answer, prompts.Approved) and self._documents is not None:
            answer = dataclasses.replace(answer, left_out=self._documents.left_out)
        try:
            self._be_busy(self.panel.busy)
            self._answers.send(answer)
            if isinstance(answer, prompts.KeyNamed):
                self._new_key = answer.path
            for each in secrets:
                self._answers.send_secret(each)
        finally:
            for each in secrets:
                each[:] = bytes(len(each))

    def _go_back(self) -> None:
        if self.state == "asking":
            self._be_busy(self._texts("key.opening"))
            self._answers.send(prompts.BackToFiles())

    def _look(self, question: preview.Question) -> None:
        """The preview wants to know something; in a rehearsal and at the end nobody is there to tell it."""
        if self.state != "done" and self._question is not _REHEARSAL:
            self._answers.send(question)

    def reject(self) -> None:
        """Cancel, Esc and the window's own close button all mean no."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  # Qt's name
        event.accept()
        if self.state not in {"waiting", "done"}:
            self._answers.send(prompts.Cancelled())
        self.vanish()

    def vanish(self) -> None:
        """Closes without a word: nobody waits for it any more."""
        self.state = "waiting"
        if self.panel is not None:
            self.panel.forget()
        self.hide()
        self._watch.end()
        self.over.emit()

    # --- on the screen --------------------------------------------------------------------------------------------

    def _lay_out(self, panel: Panel) -> None:
        """The panel, with what it is all about beside it: that stays where the same is asked about as before."""
        texts, question = self._texts, self._question
        assert question is not None
        self._busy_timer.stop()
        documents = self._documents
        if documents is not None and isinstance(question, prompts.OpenKey) and documents.serves(question):
            documents.freeze(is_frozen=False)
            self.change_panel(panel)
            self._dress_buttons()
            return
        self.setWindowTitle(title_of(texts, question))
        beside = self._make_beside(question)
        is_wide = isinstance(beside, DocumentsPanel) and beside.preview is not None
        self.set_up(Header(texts, question), beside, panel, is_wide=is_wide)
        self._dress_buttons()
        self.middle.verticalScrollBar().rangeChanged.connect(
            self._when_grown, Qt.ConnectionType.QueuedConnection
        )

    def _dress_buttons(self) -> None:
        is_about = isinstance(self._question, prompts.About)  # which asks for nothing that could be cancelled
        self.cancel.setText(self._texts("button.close" if is_about else "button.cancel"))
        self.cancel.clicked.connect(self.reject)
        self.accent.clicked.connect(self._agree)

    def _make_beside(self, question: Question) -> QWidget | None:
        """What stands at the left of the panel: what it is all about."""
        match question:
            case prompts.OpenKey():
                documents = DocumentsPanel(self._texts, question, self._look)
                documents.changed.connect(self._judge)
                return documents
            case prompts.NewKey():
                return RequestPanel(self._texts, question)
            case _:
                return None

    def _when_grown(self) -> None:
        """A problem pushes what is to be filled in out of sight on a small screen."""
        if self._has_problem and self.state == "asking":
            self.show_focus()

    def _judge(self) -> None:
        """What the documents say of the key that is chosen; and how many of them will be signed with it."""
        documents, panel = self._documents, self.panel
        if panel is not None and documents is not None:
            key = panel.chosen if isinstance(panel, KeysPanel) else None
            documents.take_key(key)
            if isinstance(panel, KeysPanel):
                panel.show_count(count_of(self._request) - len(documents.left_out))
                if panel.show_verdict(parties.judge(key, documents.batch.entries)):
                    assert panel.warning is not None
                    self._announce(panel.warning.accessibleName())
                    QTimer.singleShot(
                        _LAID_OUT_MS, panel.warning, functools.partial(self.show_part, panel.warning)
                    )
                    if self.state == "asking":
                        self._arm()
        self._refresh()

    def _enter(self, state: State) -> None:
        self.state = state
        # Here, because it counts only for a button that is in the window already.
        self.cancel.setDefault(True)
        self.fit(self._wanted_size())
        if not self.isVisible():
            self._appear()
        else:
            self._watch.arm_again()
        self._refresh()

    def _wanted_size(self) -> QSize:
        if self.state == "done":
            return self._wanted
        if isinstance(self._question, _SMALL):
            return QSize(stage.SMALL_WIDTH, self.height_for(stage.SMALL_WIDTH))
        has_preview = self._documents is not None and self._documents.preview is not None
        return stage.WIDE if has_preview else stage.USUAL

    def _appear(self) -> None:
        self.show()
        # Only now: building the window causes thousands of events, of which none is a person's.
        self._watch.begin()
        self.raise_()
        self.activateWindow()
        QApplication.alert(self)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        super().paintEvent(event)
        if self.state != "waiting" and not self._is_shown:
            self._is_shown = True
            self._arm()
            QTimer.singleShot(0, self, lambda: self._answers.send(prompts.Shown()))

    def _arm(self) -> None:
        self._watch.arm()
        self._refresh()

    def _be_busy(self, sentence: str) -> None:
        self.state = "busy"
        if self.panel is not None:
            self.panel.setEnabled(False)
        if self._documents is not None and isinstance(self.panel, KeysPanel):
            self._documents.freeze(is_frozen=True)
        self.setFocus()  # on nothing: an impatient second Return must not hit Cancel
        self.busy.setText(sentence)
        self._busy_timer.start()
        self._refresh()

    @property
    def _is_ready(self) -> bool:
        """Whether there is something to agree to."""
        if self.state != "asking" or self.panel is None or not self.panel.is_ready:
            return False
        documents = self._documents
        if documents is None:
            return True
        if isinstance(self.panel, KeysPanel) and (documents.unseen or self._waits_for(documents)):
            return False
        return not documents.left_out or count_of(self._request) > len(documents.left_out)

    def _waits_for(self, documents: DocumentsPanel) -> bool:
        """Whether it is too early for a yes: documents are being read, and one of them may not be the key owner's. Not for long: a person
        who waits for a renderer that hangs can still decide."""
        return documents.batch.is_being_read and self._clock() < self._read_until

    def _show_busy(self) -> None:
        self.busy.show()

    def _is_on_cancel(self) -> bool:
        return self.cancel.hasFocus()

    def _refresh(self) -> None:
        """The accent button can be pressed only when there is something to agree to, and the guard is open."""
        if self.state == "waiting":
            return
        if self.panel is not None:
            self.accent.setText(self.panel.agreement)
        self.accent.setEnabled(self._is_ready and self._watch.is_open)
        documents = self._documents
        if self.state == "asking" and isinstance(self.panel, KeysPanel) and documents is not None:
            is_early = self._waits_for(documents)
            count = {"done": documents.batch.known, "all": len(documents.batch.entries)}
            waits = self._texts("batch.reading", **count) if is_early else ""
            self.accent.setToolTip(" ".join(documents.duties) or waits)

    def _announce(self, sentence: str) -> None:
        """Has a screen reader say what changed."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, sentence))


def title_of(texts: Texts, question: Question) -> str:
    """What stands in the title bar."""
    return texts(f"window.{wish_of(question)}", site=name(texts, question.caller))
