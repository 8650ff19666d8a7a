"""The window of one approval: which key, whose key, what came of it.

The first OpenKey puts it on the screen. What the person answers goes out through `Answers`; after Cancelled or the last word
it is over.

    OpenKey ->  files: a file and its password  -- KeyOpened, S -->  busy
    ChooseKey -> keys: read and agree           -- Approved     -->  busy     -- BackToFiles --> busy
    Finished -> done: closes by itself after success, with a button after a problem
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
from tray.documents import DocumentsPanel
from tray.files import FilesPanel
from tray.keys import KeysPanel
from tray.outcome import OutcomePanel
from tray.texts import Texts, load
from tray.who import Header

SUCCESS_SHOWN_MS = 1200
PROBLEM_SHOWN_MS = 120_000  # then nobody is there to read it
_BUSY_AFTER_MS = 300  # shorter work shows nothing
_ACTIVITY_EVERY_S = 1.0
_WIDTH, _HEIGHT = 120 * theme.UNIT, 88 * theme.UNIT
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
State = Literal["waiting", "files", "keys", "busy", "done"]


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
        self._prompt: prompts.OpenKey | None = None
        self._files: FilesPanel | None = None
        self._keys: KeysPanel | None = None
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
        if self._prompt is not None:
            return
        for language in get_args(prompts.Language):
            load(language)
        self._prompt = _REHEARSAL
        panel = FilesPanel(self._texts, _REHEARSAL)
        self._lay_out(panel)
        self.grab()
        self._clear()
        self._prompt = None

    # --- prompts --------------------------------------------------------------------------------------------------

    def receive(self, prompt: prompts.ToWindow) -> None:
        """Shows a prompt, or the number of those that wait."""
        match prompt:
            case prompts.OpenKey():
                self._open_key(prompt)
            case prompts.ChooseKey():
                self._choose_key(prompt)
            case prompts.Finished():
                self._finish(prompt)
            case prompts.Waiting(count):
                self._show_waiting(count)

    def _open_key(self, prompt: prompts.OpenKey) -> None:
        if prompt.language != self._texts.language:
            self._texts = load(prompt.language)
        self._prompt = prompt
        panel = FilesPanel(self._texts, prompt)
        self._lay_out(panel)
        self._files = panel
        self.accent.setText(self._texts("button.open"))
        self._show_waiting(prompt.waiting)
        panel.changed.connect(self._refresh)
        panel.submitted.connect(self._agree)
        panel.password.field.textEdited.connect(self._show_focus)
        self._enter("files")
        panel.focus_first()
        if prompt.problem is not None:
            self._announce(self._texts.problem("error", prompt.problem.code))
            self.middle.verticalScrollBar().rangeChanged.connect(
                self._show_focus, Qt.ConnectionType.QueuedConnection
            )

    def _choose_key(self, prompt: prompts.ChooseKey) -> None:
        request = self._request
        panel = KeysPanel(self._texts, prompt, can_remember=request.caller.kind == "site")
        waiting = self.waiting.text()
        self._lay_out(panel)
        self._keys = panel
        self.accent.setText(self._agreement())
        self.waiting.setText(waiting)
        panel.changed.connect(self._refresh)
        panel.back.connect(self._go_back)
        if panel.list is not None:
            panel.list.on_return = self.accent.setFocus
        self._enter("keys")
        self.cancel.setFocus()

    def _finish(self, finished: prompts.Finished) -> None:
        if (
            self._prompt is None
        ):  # it failed before anything was asked: there is nothing to take down from the screen
            self.vanish()
            return
        texts = self._texts
        self._clear()
        panel = OutcomePanel(texts, self._request, finished)
        self._frame.addWidget(Header(texts, self._request, is_over=True))
        self._frame.addWidget(panel, 1)
        self._frame.addWidget(self._make_footer())
        self.cancel.setText(texts("button.close"))
        self.accent.hide()
        self._enter("done")
        self.cancel.setFocus()
        self._announce(panel.sentence)
        QTimer.singleShot(
            SUCCESS_SHOWN_MS if finished.problem is None else PROBLEM_SHOWN_MS, self, self.close
        )

    def _show_waiting(self, count: int) -> None:
        if self._prompt is not None:
            self.waiting.setText(self._texts("waiting", count=count) if count > 0 else "")

    def _agreement(self) -> str:
        count = len(self._request.documents)
        if self._request.action == "show_key":
            return self._texts("button.send")
        return self._texts("button.sign_many", count=count) if count > 1 else self._texts("button.sign")

    @property
    def _request(self) -> prompts.OpenKey:
        if self._prompt is None:
            raise RuntimeError("the first prompt must be OpenKey")
        return self._prompt

    # --- answers --------------------------------------------------------------------------------------------------

    def _agree(self) -> None:
        """The accent button, or Return in the password field."""
        if not self._guard.is_open:
            return
        if self.state == "files" and self._files is not None and self._files.is_ready:
            self._send_key_file(self._files)
        elif self.state == "keys" and self._keys is not None and (key := self._keys.chosen) is not None:
            remember = self._keys.remember is not None and self._keys.remember.isChecked()
            self._be_busy("key.sending" if self._request.action == "show_key" else "key.signing")
            self._answers.send(prompts.Approved(key.key_id, remember))

    def _send_key_file(self, panel: FilesPanel) -> None:
        file = panel.chosen
        assert file is not None
        secret = panel.password.field.take()
        self._be_busy("key.opening")
        try:
            self._answers.send(prompts.KeyOpened(file.path, file.storage))
            self._answers.send_secret(secret)
        finally:
            secret[:] = bytes(len(secret))

    def _go_back(self) -> None:
        if self.state == "keys":
            self._be_busy("key.opening")
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
        if self._files is not None:
            self._files.password.field.forget()
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

    def _lay_out(self, panel: QWidget) -> None:
        texts, prompt = self._texts, self._request
        self._clear()
        self.setWindowTitle(texts(f"window.{title_key(prompt)}"))
        self.header = Header(texts, prompt)
        self.documents = DocumentsPanel(texts, prompt)
        columns = widgets.Columns(self.documents, panel, _NARROW_BELOW)
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

    def _show_focus(self) -> None:
        """Scrolls to where the person goes on, should the screen be too small for all."""
        if (widget := self.focusWidget()) is not None and self.middle.isAncestorOf(widget):
            self.middle.ensureWidgetVisible(widget, 0, 12 * theme.UNIT)

    def _make_footer(self) -> QFrame:
        footer = QFrame()
        footer.setObjectName("footer")
        row = QHBoxLayout(footer)
        row.setContentsMargins(3 * theme.UNIT, 12, 3 * theme.UNIT, 12)
        row.setSpacing(12)
        self.waiting = widgets.label("", quiet=True)
        self.busy = widgets.label("", quiet=True, wraps=False)
        self.busy.hide()
        self.cancel = QPushButton(self._texts("button.cancel"))
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
        if self._files is not None:
            self._files.password.field.forget()
        self._files = None
        self._keys = None
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
        if not self.isVisible():
            self._appear()
        else:
            self._is_first_guard = False
            self._arm()
        self._refresh()

    def _appear(self) -> None:
        room = self._available()
        size = QSize(min(_WIDTH, room.width()), min(_HEIGHT, room.height()))
        self.setMinimumSize(QSize(40 * theme.UNIT, 30 * theme.UNIT).boundedTo(size))
        self.resize(size)
        self.move(room.center() - self.rect().center())
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

    def _be_busy(self, key: str) -> None:
        self.state = "busy"
        for panel in (self._files, self._keys):
            if panel is not None:
                panel.setEnabled(False)
        self.setFocus()  # on nothing: an impatient second Return must not hit Cancel
        self.busy.setText(self._texts(key))
        self._busy_timer.start()
        self._refresh()

    def _show_busy(self) -> None:
        self.busy.show()

    def _refresh(self) -> None:
        """The accent button can be pressed only when there is something to agree to, and the guard is open."""
        if self.state == "waiting":
            return
        ready = (self.state == "files" and self._files is not None and self._files.is_ready) or (
            self.state == "keys" and self._keys is not None and self._keys.chosen is not None
        )
        self.accent.setEnabled(ready and self._guard.is_open)

    def _announce(self, sentence: str) -> None:
        """Has a screen reader say what changed."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, sentence))


def title_key(prompt: prompts.OpenKey) -> str:
    """Which of the window titles fits."""
    if prompt.action == "show_key":
        return "show_key"
    return "identify" if prompt.purpose == "identify" else "sign"
