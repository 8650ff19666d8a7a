"""The page of sites: which are remembered and blocked, and who asked lately; each can be forgotten, blocked, let in again."""

from typing import Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from protocol.desk import frame
from protocol.desk import sites as page
from tray import theme, widgets, words
from tray.desk.empty import Empty
from tray.desk.page import DeskPage, Send
from tray.desk.table import Cell, Column, Table
from tray.texts import Texts

_STATES: dict[page.State, tuple[str, theme.Tone]] = {
    "remembered": ("good", "good"),
    "blocked": ("danger", "danger"),
    "seen": ("pending", "info"),
}


class SitesPage(DeskPage):
    """See tray.desk.page."""

    name: ClassVar[frame.Page] = "sites"

    def __init__(self, texts: Texts, send: Send) -> None:
        super().__init__(texts, send)
        self._sites: tuple[page.Site, ...] = ()
        self._shown: tuple[page.Site, ...] = ()
        self._chosen = ""
        self.about = widgets.label(texts("sites.about"), quiet=True)
        self.column.addWidget(self.about)
        self.text = QLineEdit()
        self.text.setPlaceholderText(texts("sites.search"))
        self.text.setAccessibleName(texts("sites.search"))
        self.text.setClearButtonEnabled(True)
        self.text.textChanged.connect(lambda _: self._show())
        self.column.addWidget(self.text)
        self.notices = QVBoxLayout()
        self.column.addLayout(self.notices)
        self.table = Table(
            texts("sites.title"),
            (
                Column(texts("sites.column.site"), 24, stretches=True),
                Column(texts("sites.column.state"), 22),
                Column(texts("sites.column.asked"), 18),
                Column(texts("sites.column.signed"), 11, is_number=True),
            ),
        )
        self.table.selected.connect(self._select)
        self.column.addWidget(self.table, 1)
        self.nothing = widgets.label(texts("sites.nothing"), quiet=True)
        self.nothing.hide()
        self.column.addWidget(self.nothing, 1, Qt.AlignmentFlag.AlignTop)
        self.empty = Empty("sites", texts("sites.empty"), texts("sites.empty_what"))
        self.empty.hide()
        self.column.addWidget(self.empty, 1)
        self._card, inner = widgets.card()
        self.details = widgets.FactsTable(texts("sites.details"), 20 * theme.UNIT)
        self.cautions = {
            name: widgets.Notice("warning", texts(f"sites.caution.{name}"))
            for name in ("mixed-script", "punycode", "unprotected")
        }
        inner.addWidget(self.details)
        for caution in self.cautions.values():
            inner.addWidget(caution)
        self.column.addWidget(self._card)
        self._card.hide()
        self._build_footer()

    def _build_footer(self) -> None:
        texts = self.texts
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addStretch(1)
        self.forget, self.block, self.unblock = (
            QPushButton(texts(f"sites.{name}")) for name in ("forget", "block", "unblock")
        )
        for button, message in (
            (self.forget, page.Forget),
            (self.block, page.Block),
            (self.unblock, page.Unblock),
        ):
            button.setToolTip(texts(f"sites.{message.__name__.lower()}_note"))
            button.clicked.connect(lambda _=False, message=message: self._decide(message))
            button.hide()
            row.addWidget(button)
        self.column.addLayout(row)

    def first_focus(self) -> QWidget:
        return self.table if self._shown else self.text

    def receive(self, message: Any) -> None:
        match message:
            case page.Sites(sites):
                self._say(None)
                self._sites = sites
                self._show()
            case frame.Trouble(_, code, detail):
                notice = widgets.Notice(
                    "danger", self.texts.problem("error", code), self.texts.problem("advice", code)
                )
                if detail:
                    notice.add_detail(words.clean(detail), self.texts)
                self._say(notice)

    @property
    def chosen(self) -> page.Site | None:
        """The selected site."""
        number = self.table.selected_row()
        return self._shown[number] if 0 <= number < len(self._shown) else None

    def _decide(self, message: type[Any]) -> None:
        if self.chosen is not None:
            self._chosen = self.chosen.origin
            self.send(message(self.chosen.origin))

    def _show(self) -> None:
        texts = self.texts
        wanted = self.text.text().strip().casefold()
        self._shown = tuple(site for site in self._sites if wanted in site.site.casefold())
        self.table.show_rows(len(self._shown), [_cells(texts, site) for site in self._shown])
        for number, site in enumerate(self._shown):
            if site.origin == self._chosen:
                self.table.select(number)
        self.table.setVisible(bool(self._shown))
        has_any = bool(self._sites)
        self.nothing.setVisible(has_any and not self._shown)
        self.empty.setVisible(not has_any)
        for part in (self.about, self.text):
            part.setVisible(has_any)

    def _select(self, _number: int) -> None:
        site = self.chosen
        self._card.setVisible(site is not None)
        state = site.state if site else ""
        self.forget.setVisible(state == "remembered")
        self.block.setVisible(state in {"remembered", "seen"})
        self.unblock.setVisible(state == "blocked")
        if site is None:
            return
        self.details.show_rows(_details(self.texts, site))
        wanted = site.warning or ("" if site.is_protected else "unprotected")
        for name, caution in self.cautions.items():
            caution.setVisible(name == wanted)

    def _say(self, notice: widgets.Notice | None) -> None:
        while (item := self.notices.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        if notice is not None:
            self.notices.addWidget(notice)
            self.announce(notice.accessibleName())


def _cells(texts: Texts, site: page.Site) -> tuple[Cell, ...]:
    glyph, tone = _STATES[site.state]
    is_odd = bool(site.warning) or not site.is_protected
    return (
        Cell(
            words.clean(site.site),
            glyph="warning" if is_odd else "",
            tone="warning" if is_odd else "info",
            is_bold=True,
        ),
        Cell(texts(f"sites.state.{site.state}"), glyph=glyph, tone=tone),
        Cell(words.time_of_year(site.asked) if site.asked else ""),
        Cell(words.number(site.signed, texts.language) if site.signed else ""),
    )


def _details(texts: Texts, site: page.Site) -> list[tuple[str, str, widgets.Style]]:
    facts: list[tuple[str, str, widgets.Style]] = [(texts("sites.address"), words.clean(site.origin), "text")]
    if site.registrable and site.registrable != site.site:
        facts.append((texts("sites.owner"), words.clean(site.registrable), "text"))
    if site.state == "blocked":
        facts.append((texts("sites.blocked_since"), words.date(site.since), "text"))
    if site.state == "remembered":
        facts.append(
            (
                texts("sites.remembered"),
                texts("sites.period", since=words.date(site.since), until=words.date(site.until)),
                "text",
            )
        )
    return facts
