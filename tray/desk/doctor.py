"""The page of what stands between this computer and a signature: a verdict, what is in the way and what mends it, and below, shut, all
that is in order.

A repair is asked for once more where its button is, and what came of it is shown above. The report that can be copied holds no names.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from protocol.desk import doctor as page
from protocol.desk import frame
from tray import glyphs, theme, widgets, words
from tray.desk.bundle import BundlePanel
from tray.desk.page import DeskPage, Send
from tray.flow import Flow
from tray.texts import Texts

_TONES: dict[page.State, theme.Tone] = {"ok": "good", "hint": "warning", "trouble": "danger"}
_SEVERAL: tuple[page.State, ...] = ("trouble", "hint")
_OF_ONE: frozenset[page.Repair] = frozenset({"", "make-private"})  # what each mends is that finding alone
_UNTRUSTING = frozenset(
    {"store-absent", "store-partly"}
)  # of one profile; what mends them is offered with the finding on all
_BUSY_AFTER_MS = 300
_GLYPH, _LARGE_GLYPH = 18, 32


class DoctorPage(DeskPage):
    """See tray.desk.page."""

    name: ClassVar[frame.Page] = "doctor"

    def __init__(self, texts: Texts, send: Send) -> None:
        super().__init__(texts, send)
        self.cards: list[FindingCard] = []
        self._shown: tuple[page.Finding, ...] = ()
        self._is_open = False
        self._build_top()
        self.notices = QVBoxLayout()
        self.column.addLayout(self.notices)
        self.bundle: BundlePanel | None = None
        self._place_of_bundle = QVBoxLayout()
        self.column.addLayout(self._place_of_bundle)
        self._results = QVBoxLayout()
        self._results.setSpacing(theme.UNIT)
        self.column.addLayout(self._results)
        self.more = QPushButton()
        self.more.setObjectName("link")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._open_rest)
        line = QHBoxLayout()
        line.addWidget(self.more)
        line.addStretch(1)
        self.column.addLayout(line)
        self.rest, self._rest_column = widgets.card()
        self._rest_column.setSpacing(12)
        self.column.addWidget(self.rest)
        self.column.addStretch(1)
        self.more.hide()
        self.rest.hide()
        self._busy = QTimer(self, singleShot=True, interval=_BUSY_AFTER_MS)
        self._busy.timeout.connect(self._show_busy)
        self._wait()

    def _build_top(self) -> None:
        texts = self.texts
        frame_, column = widgets.card()
        row = QHBoxLayout()
        row.setSpacing(2 * theme.UNIT)
        self._picture = QLabel()
        self._picture.setFixedSize(_LARGE_GLYPH, _LARGE_GLYPH)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        said = QVBoxLayout()
        said.setSpacing(4)
        self.verdict = widgets.label("", pixels=theme.MEDIUM, bold=True)
        self.note = widgets.label("", quiet=True)
        said.addWidget(self.verdict)
        said.addWidget(self.note)
        row.addLayout(said, 1)
        column.addLayout(row)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(4)
        self.progress.setAccessibleName(texts("doctor.looking"))
        self.progress.hide()
        column.addWidget(self.progress)
        self.share = QPushButton(texts("doctor.share"))
        self.share.setToolTip(texts("doctor.share_note"))
        self.share.clicked.connect(lambda: self.send(page.Share()))
        self.support = QPushButton(texts("doctor.support.bundle"))
        self.support.setToolTip(texts("doctor.support.bundle_note"))
        self.support.clicked.connect(lambda: self._gather(keep_sites=False))
        self.again = QPushButton(texts("doctor.again"))
        self.again.clicked.connect(self._examine)
        column.addLayout(Flow(self.again, self.share, self.support, spacing=12))
        self.column.addWidget(frame_)

    def first_focus(self) -> QWidget:
        for card in self.cards:
            if card.repair is not None:
                return card.repair
        return self.again

    # --- what the desk says ---------------------------------------------------------------------------------------

    def receive(self, message: Any) -> None:
        match message:
            case page.Examined():
                self._show(message)
            case page.Mended():
                self._tell_outcome(message)
                self._wait()
            case page.Gathered():
                self._show_bundle(message)
            case page.Saved(path):
                self._close_bundle()
                self._say(widgets.Notice("good", self.texts("doctor.support.saved", path=words.path(path))))
            case page.Report(text):
                QGuiApplication.clipboard().setText(text)
                self._say(widgets.Notice("good", self.texts("doctor.shared")))
            case frame.Trouble(_, code, detail):
                self._settle()
                self._fill()
                self._enable(is_on=True)
                if self.bundle is not None:
                    self.bundle.enable(is_on=True)
                texts = self.texts
                notice = widgets.Notice("danger", texts.problem("error", code), texts.problem("advice", code))
                if detail:
                    notice.add_detail(words.clean(detail), texts)
                self._say(notice)

    def _show(self, examined: page.Examined) -> None:
        texts = self.texts
        if examined.is_all:
            self._settle()
            self._draw(_TONES[examined.state])
            self.verdict.setText(examined.verdict)
            self.announce(examined.verdict)
            self.note.setText(texts("doctor.moment", moment=words.time(examined.moment)))
        if examined.findings != self._shown:
            self._shown = examined.findings
            self._fill()
        self._enable(is_on=examined.is_all)

    def _fill(self) -> None:
        texts = self.texts
        had_focus = any(card.isAncestorOf(self.focusWidget() or self) for card in self.cards)
        _clear(self._results)
        _clear(self._rest_column)
        self.cards = []
        for state in _SEVERAL:
            of_state = [finding for finding in self._shown if finding.state == state]
            if of_state:
                if self._results.count():
                    self._results.addSpacing(theme.UNIT)
                self._results.addWidget(widgets.heading(texts(f"doctor.group.{state}")))
            for finding, *others in _by_repair(of_state):
                card = FindingCard(texts, finding, self._mend, others)
                self.cards.append(card)
                self._results.addWidget(card)
        good = [finding for finding in self._shown if finding.state == "ok"]
        for finding in good:
            self._rest_column.addWidget(_GoodRow(texts, finding))
        self.more.setVisible(bool(good))
        self._name_rest(len(good))
        # Where nothing is in the way, what was looked at is all there is to see.
        self.more.setChecked(self._is_open)
        self.rest.setVisible(bool(good) and self.more.isChecked())
        if had_focus:
            self.first_focus().setFocus()

    def _name_rest(self, count: int) -> None:
        key = "doctor.hide_rest" if self.more.isChecked() else "doctor.show_rest"
        self.more.setText(self.texts(key, count=count))

    def _open_rest(self, is_open: bool) -> None:
        self._is_open = is_open
        count = sum(finding.state == "ok" for finding in self._shown)
        self._name_rest(count)
        self.rest.setVisible(is_open and count > 0)

    def _tell_outcome(self, mended: page.Mended) -> None:
        texts = self.texts
        if mended.is_done:
            notice = widgets.Notice(
                "good",
                texts(f"doctor.done.{mended.repair}"),
                texts("doctor.restart_browsers") if mended.repair in {"install-trust", "renew-trust"} else "",
            )
        else:
            notice = widgets.Notice("danger", texts("doctor.not_done"), texts("doctor.not_done_advice"))
        if mended.detail:
            notice.add_detail(words.clean(mended.detail), texts)
        self._say(notice)

    # --- what the person does -------------------------------------------------------------------------------------

    def _examine(self) -> None:
        self._say(None)
        if self.bundle is not None:
            self._close_bundle()
        self._wait()
        self.send(page.Examine())

    def _mend(self, number: int) -> None:
        self._say(None)
        self._enable(is_on=False)
        self.send(page.Mend(number))

    def _gather(self, *, keep_sites: bool) -> None:
        self._say(None)
        self.support.setEnabled(False)
        self.support.setText(self.texts("doctor.support.gathering"))
        if self.bundle is not None:
            self.bundle.enable(is_on=False)
        self.send(page.Gather(keep_sites))

    def _show_bundle(self, gathered: page.Gathered) -> None:
        self._name_support()
        if self.bundle is None:
            self.bundle = BundlePanel(
                self.texts,
                lambda keep_sites: self._gather(keep_sites=keep_sites),
                self._save_bundle,
                self._close_bundle,
            )
            self._place_of_bundle.addWidget(self.bundle)
            self.bundle.parts.setFocus()
            self.announce(self.bundle.accessibleName())
        self.bundle.show_bundle(gathered)
        panel = self.bundle
        QTimer.singleShot(0, panel, lambda: self._bring_into_sight(panel))

    def _save_bundle(self, path: str) -> None:
        if self.bundle is not None:
            self.bundle.enable(is_on=False)
        self.send(page.Save(path))

    def _close_bundle(self) -> None:
        self.bundle = None
        _clear(self._place_of_bundle)
        self.support.setFocus()

    def _name_support(self) -> None:
        self.support.setText(self.texts("doctor.support.bundle"))
        self.support.setEnabled(self.again.isEnabled())

    # --- waiting --------------------------------------------------------------------------------------------------

    def _wait(self) -> None:
        """Until all is known: said after a moment, so that nothing flickers."""
        self._enable(is_on=False)
        self._busy.start()

    def _show_busy(self) -> None:
        self.verdict.setText(self.texts("doctor.looking"))
        self.note.setText(self.texts("doctor.looking_note"))
        self._draw("info")
        self.progress.show()

    def _settle(self) -> None:
        self._busy.stop()
        self.progress.hide()

    def _enable(self, *, is_on: bool) -> None:
        self.again.setEnabled(is_on)
        self.share.setEnabled(is_on and bool(self._shown))
        self._name_support()
        for card in self.cards:
            card.setEnabled(is_on)

    def _draw(self, tone: theme.Tone) -> None:
        colour, _ = theme.current().tone(tone)
        self._picture.setPixmap(glyphs.pixmap("pending" if tone == "info" else tone, colour, _LARGE_GLYPH))

    def _say(self, notice: widgets.Notice | None) -> None:
        _clear(self.notices)
        if notice is not None:
            self.notices.addWidget(notice)
            self.announce(notice.accessibleName())
            QTimer.singleShot(0, self, lambda: self._bring_into_sight(notice))

    def _bring_into_sight(self, notice: QWidget) -> None:
        """What was pressed may stand far below; what came of it is said above."""
        around = self.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        if around is not None and notice.isVisible():
            around.ensureWidgetVisible(notice, 0, 2 * theme.UNIT)


class FindingCard(QFrame):
    """Something in the way, or worth knowing: what it is, what to do, and where we can mend it, a button that asks once more. `others`
    are mended by the same."""

    def __init__(
        self,
        texts: Texts,
        finding: page.Finding,
        mend: Callable[[int], None],
        others: Sequence[page.Finding] = (),
    ) -> None:
        super().__init__()
        self.setObjectName("card")
        self.finding = finding
        self._others = others
        self._texts = texts
        self._mend = mend
        self.repair: QPushButton | None = None
        self.confirm: QPushButton | None = None
        self.cancel: QPushButton | None = None
        tone = _TONES[finding.state]
        colour, _ = theme.current().tone(tone)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.UNIT, 12, 2 * theme.UNIT, 12)
        row.setSpacing(12)
        picture = QLabel()
        picture.setPixmap(glyphs.pixmap(tone, colour, _GLYPH))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        self._column = QVBoxLayout()
        self._column.setSpacing(4)
        row.addLayout(self._column, 1)
        self._column.addWidget(widgets.label(finding.title, quiet=True))
        self.sentence = widgets.label(finding.sentence, bold=True)
        self._column.addWidget(self.sentence)
        self._name(finding)
        for other in others:
            self._column.addWidget(widgets.label(other.sentence))
            self._name(other)
        if finding.advice:
            self._column.addWidget(widgets.label(finding.advice))
        self._build_buttons()
        sentences = " ".join(each.sentence for each in (finding, *others))
        self.setAccessibleName(f"{finding.title}: {sentences}")

    def _name(self, finding: page.Finding) -> None:
        """Which one of several is meant."""
        if finding.subject:
            subject = widgets.ElidedLabel(words.clean(finding.subject))
            subject.setAccessibleName(words.clean(finding.subject))
            self._column.addWidget(subject)

    def _build_buttons(self) -> None:
        texts, finding = self._texts, self.finding
        lines = [words.clean(f"{each.code}: {each.detail}") for each in (finding, *self._others)]
        technical = widgets.value("\n".join(lines), is_code=True)
        technical.hide()
        self.details = widgets.link(texts("button.details"))
        self.details.setCheckable(True)
        self.details.setAccessibleName(f"{texts('button.details')}: {finding.title}")
        self.details.toggled.connect(technical.setVisible)
        self._buttons = QHBoxLayout()
        self._buttons.setContentsMargins(0, 4, 0, 0)
        self._buttons.setSpacing(12)
        self._buttons.addWidget(self.details)
        self._buttons.addStretch(1)
        if finding.repair:
            self.repair = QPushButton(texts(f"doctor.repair.{finding.repair}"))
            self.repair.clicked.connect(self._ask)
            self._buttons.addWidget(self.repair)
        self._column.addLayout(self._buttons)
        self._column.addWidget(technical)
        if finding.repair:
            self._build_question()

    def _build_question(self) -> None:
        texts = self._texts
        self.question = QFrame()
        self.question.setObjectName("plain")
        column = QVBoxLayout(self.question)
        column.setContentsMargins(0, theme.UNIT, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addWidget(widgets.label(texts(f"doctor.question.{self.finding.repair}")))
        buttons = QHBoxLayout()
        buttons.setSpacing(12)
        self.cancel = QPushButton(texts("button.cancel"))
        self.cancel.clicked.connect(self._take_back)
        self.confirm = QPushButton(texts(f"doctor.repair.{self.finding.repair}"))
        self.confirm.setObjectName("accent")
        self.confirm.clicked.connect(self._confirmed)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.confirm)
        column.addLayout(buttons)
        self._column.addWidget(self.question)
        self.question.hide()

    def _ask(self) -> None:
        if self.repair is not None and self.cancel is not None:
            self.repair.hide()
            self.question.show()
            self.cancel.setFocus()

    def _take_back(self) -> None:
        if self.repair is not None:
            self.question.hide()
            self.repair.show()
            self.repair.setFocus()

    def _confirmed(self) -> None:
        if self.confirm is not None:
            self.confirm.setText(self._texts("doctor.mending"))
        self._mend(self.finding.number)


def _by_repair(findings: Sequence[page.Finding]) -> list[list[page.Finding]]:
    """Findings that one repair mends together, so that nobody has to ask which of its buttons to press."""
    groups: dict[tuple[str, int], list[page.Finding]] = {}
    offered = {finding.repair for finding in findings}
    for finding in findings:
        repair = finding.repair
        if finding.code in _UNTRUSTING and "install-trust" in offered:
            repair = "install-trust"
        groups.setdefault((repair, finding.number if repair in _OF_ONE else -1), []).append(finding)
    return list(groups.values())


class _GoodRow(QWidget):
    """Something that is in order, in two lines at most; what the browser will ask is told with it."""

    def __init__(self, texts: Texts, finding: page.Finding) -> None:
        super().__init__()
        colour, _ = theme.current().tone("good")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        picture = QLabel()
        picture.setPixmap(glyphs.pixmap("good", colour, _GLYPH))
        picture.setAccessibleName(texts("doctor.in_order"))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(2)
        row.addLayout(column, 1)
        column.addWidget(widgets.label(finding.title, quiet=True))
        column.addWidget(widgets.label(f"{finding.sentence} {finding.advice}".strip()))
        if finding.subject:
            column.addWidget(widgets.ElidedLabel(words.clean(finding.subject)))
        self.setAccessibleName(f"{finding.title}: {finding.sentence}")


def _clear(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (old := item.widget()) is not None:
            old.hide()
            old.deleteLater()
