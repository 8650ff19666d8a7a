"""The window of one approval: what is asked, one question after another, and what came of it.

The first prompt puts it on the screen. What the person answers goes out through `Answers`; after Cancelled or the last word
it is over.

    asking -> a panel for the prompt: a key file and its password, the keys, a file, ...   -- its answer --> busy
    busy   -> the worker works on the answer: another prompt, or Finished
    done   -> closes by itself after success, with a button after a problem or where a new key lies
"""

import time
from collections.abc import Callable
from typing import Literal, Protocol, get_args

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QObject,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QCloseEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QAbstractSlider,
    QApplication,
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from protocol import prompts
from tray import guard, theme, widgets
from tray.about import AboutPanel
from tray.allow_file import AllowFilePanel
from tray.choose_file import ChooseFilePanel
from tray.documents import DocumentsPanel
from tray.files import FilesPanel
from tray.keys import KeysPanel
from tray.new_key import NewKeyPanel, RequestPanel
from tray.outcome import OutcomePanel, needs_no_word
from tray.panel import Panel
from tray.password import PasswordField
from tray.question import Question, question_of, wish_of
from tray.texts import Texts, load
from tray.who import Header, name

SUCCESS_SHOWN_MS = 1200
LAST_WORD_SHOWN_MS = (
    120_000  # of a problem, and of what a person may want to write down; then nobody is there to read it
)
_BUSY_AFTER_MS = 300  # shorter work shows nothing
_ACTIVITY_EVERY_S = 1.0
_WIDTH, _HEIGHT = 120 * theme.UNIT, 88 * theme.UNIT
_SMALL_WIDTH = 80 * theme.UNIT
_NARROW_BELOW = 88 * theme.UNIT  # one column
_LOW_BELOW = 56 * theme.UNIT  # the head scrolls with the rest
_MARGIN = 4 * theme.UNIT  # of the screen, for the title bar that the window manager adds
_CONFIRMING_KEYS = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space})
_TOUCHES = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.InputMethod,
    }
)
_REHEARSAL = prompts.OpenKey(
    caller=prompts.Caller("site", "https://example.kz", "example.kz", "example.kz", is_new=True),
    action="sign",
    purpose="sign",
    documents=(prompts.Document("document", 1, "SHA-256", "00" * 32, is_digest=True),),
    placement="beside",
    language="ru",
    storages=("PKCS12",),
    folder="",
    files=(prompts.KeyFile("key.p12", "PKCS12", ""),),
)
State = Literal["waiting", "asking", "busy", "done"]


class Answers(Protocol):
    """Where the person's answers go."""

    def send(self, answer: prompts.FromWindow) -> None: ...

    def send_secret(self, secret: bytearray) -> None: ...


class SigningWindow(QDialog):
    """Shows prompts, one after another, and sends each answer. `over` is emitted when nothing more will come."""

    over = Signal()

    def __init__(self, answers: Answers, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(None, Qt.WindowType.Dialog | Qt.WindowType.WindowStaysOnTopHint)
        self.state: State = "waiting"
        self._answers = answers
        self._clock = clock
        self._guard = guard.InputGuard(clock)
        self._is_first_guard = True
        self._is_shown = False
        self._was_active = False
        self._last_activity = float("-inf")
        self._texts: Texts = load("ru")
        self._question: Question | None = None
        self._waiting = 0
        self._new_key = ""
        self._wanted = QSize()
        self.panel: Panel | None = None
        self._frame = QVBoxLayout(self)
        self._frame.setContentsMargins(0, 0, 0, 0)
        self._frame.setSpacing(0)
        self._guard_timer = QTimer(self, singleShot=True, interval=round(guard.DELAY_S * 1000) + 10)
        self._guard_timer.timeout.connect(self._refresh)
        self._busy_timer = QTimer(self, singleShot=True, interval=_BUSY_AFTER_MS)
        self._busy_timer.timeout.connect(self._show_busy)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self, self._agree)

    def rehearse(self) -> None:
        """Builds and draws what a prompt needs, unseen: fonts, drawings, texts and styles are at hand when it comes."""
        if self._question is not None:
            return
        for language in get_args(prompts.Language):
            load(language)
        self._question = _REHEARSAL
        panel = FilesPanel(self._texts, _REHEARSAL)
        self._lay_out(panel)
        self.grab()
        self._clear()
        self._question = None

    # --- prompts --------------------------------------------------------------------------------------------------

    def receive(self, prompt: prompts.ToWindow) -> None:
        """Shows a prompt, or the number of those that wait."""
        if (question := question_of(prompt)) is not None:
            self._take_up(question)
        match prompt:
            case prompts.OpenKey():
                self._ask(FilesPanel(self._texts, prompt), prompt.problem)
                if prompt.replaced is not None and prompt.problem is None:
                    self._announce(self._texts("what.addition_replaces"))
            case prompts.ChooseKey():
                self._choose_key(self._request, prompt, can_go_back=True)
            case prompts.Approve(request, keys, remember_days):
                self._choose_key(request, prompts.ChooseKey(keys, remember_days), can_go_back=False)
            case prompts.ChooseFile():
                self._ask(ChooseFilePanel(self._texts, prompt))
            case prompts.AllowFile():
                self._ask(AllowFilePanel(self._texts, prompt))
            case prompts.NewKey():
                self._ask(NewKeyPanel(self._texts, prompt), prompt.problem)
            case prompts.About():
                self._ask(AboutPanel(self._texts, prompt))
            case prompts.Finished():
                self._finish(prompt)
            case prompts.Waiting(count):
                self._show_waiting(count)

    def _take_up(self, question: Question) -> None:
        if question.language != self._texts.language:
            self._texts = load(question.language)
        self._question = question
        self._waiting = question.waiting

    def _ask(self, panel: Panel, problem: prompts.Problem | None = None) -> None:
        """Puts a panel on the screen, and the keyboard where it is needed."""
        self._lay_out(panel)
        self.panel = panel
        self.accent.setText(panel.agreement)
        self.accent.setVisible(bool(panel.agreement))
        self._show_waiting(self._waiting)
        panel.changed.connect(self._refresh)
        panel.submitted.connect(self._agree)
        for field in panel.findChildren(PasswordField):
            field.textEdited.connect(self._show_focus)
        self._enter("asking")
        (panel.first_focus() or self.cancel).setFocus()
        if problem is not None:
            self._announce(self._texts.problem("error", problem.code))
            self.middle.verticalScrollBar().rangeChanged.connect(
                self._show_focus, Qt.ConnectionType.QueuedConnection
            )

    def _choose_key(self, request: prompts.OpenKey, prompt: prompts.ChooseKey, *, can_go_back: bool) -> None:
        panel = KeysPanel(self._texts, request, prompt, can_go_back=can_go_back)
        self._ask(panel)
        panel.back.connect(self._go_back)
        if panel.list is not None:
            panel.list.on_return = self.accent.setFocus

    def _finish(self, finished: prompts.Finished) -> None:
        if self._question is None or needs_no_word(self._question, finished):
            # It failed before anything was asked, so nothing is on the screen; or all is said.
            self.vanish()
            return
        texts = self._texts
        self._clear()
        panel = OutcomePanel(texts, self._question, finished, self._new_key)
        self._frame.addWidget(Header(texts, self._question, is_over=True))
        self._frame.addWidget(panel, 1)
        self._frame.addWidget(self._make_footer())
        self.cancel.setText(texts("button.close"))
        self.accent.hide()
        self._enter("done")
        self.cancel.setFocus()
        self._announce(panel.sentence)
        QTimer.singleShot(SUCCESS_SHOWN_MS if panel.is_passing else LAST_WORD_SHOWN_MS, self, self.close)

    def _show_waiting(self, count: int) -> None:
        if self._question is not None:
            self._waiting = count
            self.waiting.setText(self._texts("waiting", count=count) if count > 0 else "")

    @property
    def _request(self) -> prompts.OpenKey:
        if not isinstance(self._question, prompts.OpenKey):
            raise RuntimeError("ChooseKey comes only after OpenKey")  # noqa: TRY004  # a mistake in the conversation, not of a type
        return self._question

    # --- answers --------------------------------------------------------------------------------------------------

    def _agree(self) -> None:
        """The accent button, or what the panel takes for the same."""
        if self.state != "asking" or self.panel is None or not self._guard.is_open or not self.panel.is_ready:
            return
        answer, secret = self.panel.answer()
        try:
            self._be_busy(self.panel.busy)
            self._answers.send(answer)
            if isinstance(answer, prompts.KeyNamed):
                self._new_key = answer.path
            if secret is not None:
                self._answers.send_secret(secret)
        finally:
            if secret is not None:
                secret[:] = bytes(len(secret))

    def _go_back(self) -> None:
        if self.state == "asking":
            self._be_busy(self._texts("key.opening"))
            self._answers.send(prompts.BackToFiles())

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
        self._application().removeEventFilter(self)
        self.over.emit()

    # --- guard and activity ---------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Sees every event of the application before it arrives."""
        kind = event.type()
        if kind in _TOUCHES and self.state != "waiting":
            self._tell_activity()
            if isinstance(event, QKeyEvent) and kind == QEvent.Type.KeyPress and self._is_too_early(event):
                return True
            if kind == QEvent.Type.InputMethod and self._is_first_guard and not self._guard.is_open:
                return True
        elif kind == QEvent.Type.WindowActivate and watched is self and not self._was_active:
            self._was_active = True
            self._arm()  # the keyboard came only now, and with it whatever the person was typing elsewhere
        return super().eventFilter(watched, event)

    def _is_too_early(self, event: QKeyEvent) -> bool:
        """Whether a key must be ignored: any letter right after the window appeared, agreement after each change."""
        if event.key() == Qt.Key.Key_Escape:
            return False
        if self.state == "busy" and event.key() in _CONFIRMING_KEYS and not self.cancel.hasFocus():
            return True
        if self._guard.is_open:
            return event.isAutoRepeat() and event.key() in _CONFIRMING_KEYS - {Qt.Key.Key_Space}
        return self._is_first_guard or event.key() in _CONFIRMING_KEYS

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Page keys that nothing else wanted scroll the window: on a small screen there may be more to read than to focus."""
        step = {
            Qt.Key.Key_PageUp: QAbstractSlider.SliderAction.SliderPageStepSub,
            Qt.Key.Key_PageDown: QAbstractSlider.SliderAction.SliderPageStepAdd,
        }.get(Qt.Key(event.key()))
        if step is not None and self.state in {"asking", "busy"}:
            self.middle.verticalScrollBar().triggerAction(step)
            return
        super().keyPressEvent(event)

    def _tell_activity(self) -> None:
        now = self._clock()
        if now - self._last_activity >= _ACTIVITY_EVERY_S and self.state != "done":
            self._last_activity = now
            self._answers.send(prompts.Activity())

    def _arm(self) -> None:
        self._guard.arm()
        self._guard_timer.start()
        self._refresh()

    # --- layout ---------------------------------------------------------------------------------------------------

    def _lay_out(self, panel: Panel) -> None:
        texts, question = self._texts, self._question
        assert question is not None
        self._clear()
        self.setWindowTitle(title_of(texts, question))
        self.header = Header(texts, question)
        self.beside = self._beside(question)
        panels: list[QWidget] = [panel] if self.beside is None else [self.beside, panel]
        columns = widgets.Columns(panels, _NARROW_BELOW)
        body = QWidget()
        body.setObjectName("body")
        inside = QVBoxLayout(body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        self.middle = scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(body)
        (inside if self._available().height() < _LOW_BELOW else self._frame).addWidget(self.header)
        inside.addWidget(columns, 1)
        self._frame.addWidget(scroll, 1)
        self._frame.addWidget(self._make_footer())

    def _beside(self, question: Question) -> QWidget | None:
        """What stands at the left of the panel: what it is all about."""
        match question:
            case prompts.OpenKey():
                return DocumentsPanel(self._texts, question)
            case prompts.NewKey():
                return RequestPanel(self._texts, question)
            case _:
                return None

    def _show_focus(self) -> None:
        """Scrolls to where the person goes on, should the screen be too small for all."""
        if (widget := self.focusWidget()) is not None and self.middle.isAncestorOf(widget):
            self.middle.ensureWidgetVisible(widget, 0, 12 * theme.UNIT)

    def _make_footer(self) -> QFrame:
        self.footer = footer = QFrame()
        footer.setObjectName("footer")
        row = QHBoxLayout(footer)
        row.setContentsMargins(3 * theme.UNIT, 12, 3 * theme.UNIT, 12)
        row.setSpacing(12)
        self.waiting = widgets.label("", quiet=True)
        self.busy = widgets.label("", quiet=True, wraps=False)
        self.busy.hide()
        is_about = isinstance(self._question, prompts.About)  # which asks for nothing that could be cancelled
        self.cancel = QPushButton(self._texts("button.close" if is_about else "button.cancel"))
        self.cancel.clicked.connect(self.reject)
        self.accent = QPushButton()
        self.accent.setObjectName("accent")
        self.accent.clicked.connect(self._agree)
        row.addWidget(self.waiting, 1)
        row.addWidget(self.busy)
        row.addWidget(self.cancel)
        row.addWidget(self.accent)
        return footer

    def _clear(self) -> None:
        """Takes everything down; what was typed goes first."""
        if self.panel is not None:
            self.panel.forget()
        self.panel = None
        self._busy_timer.stop()
        while (item := self._frame.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()

    def _enter(self, state: State) -> None:
        self.state = state
        # Here, because it counts only for a button that is in the window already.
        self.cancel.setDefault(True)
        self._fit()
        if not self.isVisible():
            self._appear()
        else:
            self._is_first_guard = False
            self._arm()
        self._refresh()

    def _fit(self) -> None:
        """Gives the window the size that the question needs, in the middle of the screen; what the person changed stays."""
        room = self._available()
        wanted = QSize(_WIDTH, _HEIGHT)
        if isinstance(self._question, prompts.AllowFile | prompts.About):
            wanted = QSize(_SMALL_WIDTH, self._height_for(_SMALL_WIDTH))
        if wanted == self._wanted:
            return
        self._wanted = wanted
        size = wanted.boundedTo(room.size())
        self.setMinimumSize(QSize(40 * theme.UNIT, 30 * theme.UNIT).boundedTo(size))
        self.resize(size)
        self.move(room.center() - self.rect().center())

    def _height_for(self, width: int) -> int:
        """What all the panels need if nothing is to be scrolled."""
        if self.state == "done":
            return self.height()
        parts: list[QWidget | None] = [self.header, self.middle.widget(), self.footer]
        if self.middle.isAncestorOf(self.header):
            parts.pop(0)
        return sum(
            part.heightForWidth(width) if part.hasHeightForWidth() else part.sizeHint().height()
            for part in parts
            if part is not None
        )

    def _appear(self) -> None:
        self.show()
        # Only now: building the window causes thousands of events, of which none is a person's.
        self._application().installEventFilter(self)
        self._was_active = self.isActiveWindow()
        self.raise_()
        self.activateWindow()
        QApplication.alert(self)

    @staticmethod
    def _application() -> QCoreApplication:
        application = QCoreApplication.instance()
        assert application is not None
        return application

    def _available(self) -> QRect:
        screen = self.screen() or QGuiApplication.primaryScreen()
        return screen.availableGeometry().adjusted(0, 0, 0, -_MARGIN)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        super().paintEvent(event)
        if self.state != "waiting" and not self._is_shown:
            self._is_shown = True
            self._arm()
            QTimer.singleShot(0, self, lambda: self._answers.send(prompts.Shown()))

    def _be_busy(self, sentence: str) -> None:
        self.state = "busy"
        if self.panel is not None:
            self.panel.setEnabled(False)
        self.setFocus()  # on nothing: an impatient second Return must not hit Cancel
        self.busy.setText(sentence)
        self._busy_timer.start()
        self._refresh()

    def _show_busy(self) -> None:
        self.busy.show()

    def _refresh(self) -> None:
        """The accent button can be pressed only when there is something to agree to, and the guard is open."""
        if self.state == "waiting":
            return
        is_ready = self.state == "asking" and self.panel is not None and self.panel.is_ready
        self.accent.setEnabled(is_ready and self._guard.is_open)

    def _announce(self, sentence: str) -> None:
        """Has a screen reader say what changed."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, sentence))


def title_of(texts: Texts, question: Question) -> str:
    """What stands in the title bar."""
    return texts(f"window.{wish_of(question)}", site=name(texts, question.caller))
