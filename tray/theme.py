"""Colours, fonts and the style sheet: the one calm hand of the agent's windows, in a light, a dark and a strong-contrast dress.

Everything that is drawn asks `current()` for its colours; nothing relies on the palette that the system offers, because Qt
without a desktop's own theme keeps a light one whatever the person chose.
"""

import dataclasses
from pathlib import Path
from typing import Literal, TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

Name: TypeAlias = Literal["light", "dark", "contrast"]
Tone: TypeAlias = Literal["danger", "warning", "good", "info"]

UNIT = 8  # pixels: every distance is a multiple, or half of it inside a control
SMALL, MEDIUM, LARGE = 13, 15, 20  # pixels at 100 %


@dataclasses.dataclass(frozen=True, slots=True)
class Theme:
    name: Name
    window: str
    base: str
    text: str
    quiet: str  # secondary text; 4.5:1 and more on base and window
    line: str
    edge: str  # borders of controls; 3:1 on base
    accent: str
    accent_hover: str
    on_accent: str
    selection: str
    danger: str
    danger_back: str
    warning: str
    warning_back: str
    good: str
    good_back: str
    hover: str
    disabled: str
    disabled_back: str

    def tone(self, tone: Tone) -> tuple[str, str]:
        """Foreground and background of a notice."""
        return {
            "danger": (self.danger, self.danger_back),
            "warning": (self.warning, self.warning_back),
            "good": (self.good, self.good_back),
            "info": (self.quiet, self.window),
        }[tone]


LIGHT = Theme(
    name="light",
    window="#F4F7F8", base="#FFFFFF", text="#172124", quiet="#55646A", line="#D8E0E3", edge="#87979D",
    accent="#00758A", accent_hover="#005F70", on_accent="#FFFFFF", selection="#DDF0F3",
    danger="#B3261E", danger_back="#FCEEED", warning="#8A5A00", warning_back="#FFF5E0",
    good="#1B6E3C", good_back="#E7F5EC", hover="#EDF2F4", disabled="#71828A", disabled_back="#E3E9EB",
)  # fmt: skip
DARK = Theme(
    name="dark",
    window="#12181A", base="#1B2326", text="#E8EEF0", quiet="#A6B5BA", line="#303B3F", edge="#6B7B81",
    accent="#54BDD0", accent_hover="#7ACFDE", on_accent="#04262D", selection="#17414A",
    danger="#F2A7A0", danger_back="#3A1D1B", warning="#EBC06D", warning_back="#352810",
    good="#86D3A1", good_back="#15301F", hover="#263033", disabled="#84949A", disabled_back="#283236",
)  # fmt: skip
CONTRAST = Theme(
    name="contrast",
    window="#000000", base="#000000", text="#FFFFFF", quiet="#FFFFFF", line="#FFFFFF", edge="#FFFFFF",
    accent="#3FF2FF", accent_hover="#FFFFFF", on_accent="#000000", selection="#003C9E",
    danger="#FFB3AB", danger_back="#000000", warning="#FFE14D", warning_back="#000000",
    good="#7CFF9B", good_back="#000000", hover="#2B2B2B", disabled="#BFBFBF", disabled_back="#000000",
)  # fmt: skip
_THEMES = (LIGHT, DARK, CONTRAST)

_ASSETS = Path(__file__).with_name("assets")

_chosen: list[Theme] = [LIGHT]


def current() -> Theme:
    """The theme of this process."""
    return _chosen[0]


def apply(application: QApplication, name: str) -> None:
    """Dresses the application: `name` is a theme, or "system" for what the system says it prefers."""
    theme = _system_theme(application) if name == "system" else next(t for t in _THEMES if t.name == name)
    _chosen[0] = theme
    application.setStyle("Fusion")
    application.setFont(font(SMALL))
    application.setPalette(_palette(theme))
    application.setStyleSheet(_style_sheet(theme))


def font(pixels: int, *, bold: bool = False) -> QFont:
    """The system's interface font, with tabular figures and fallbacks that hold every Kazakh letter."""
    chosen = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    chosen.setFamilies([chosen.family(), "Segoe UI", "Noto Sans", "DejaVu Sans"])
    chosen.setPixelSize(pixels)
    chosen.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    chosen.setFeature(QFont.Tag("tnum"), 1)
    return chosen


def monospaced(pixels: int) -> QFont:
    """For digests and serial numbers."""
    chosen = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    chosen.setPixelSize(pixels)
    return chosen


def _system_theme(application: QApplication) -> Theme:
    hints = application.styleHints()
    if hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast:
        return CONTRAST
    return DARK if hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for place, colour in (
        (role.Window, theme.window), (role.WindowText, theme.text), (role.Base, theme.base), (role.AlternateBase, theme.window),
        (role.Text, theme.text), (role.PlaceholderText, theme.quiet), (role.Button, theme.base), (role.ButtonText, theme.text),
        (role.BrightText, theme.danger), (role.Highlight, theme.selection), (role.HighlightedText, theme.text),
        (role.ToolTipBase, theme.base), (role.ToolTipText, theme.text), (role.Link, theme.accent), (role.Mid, theme.edge),
        (role.Midlight, theme.hover), (role.Light, theme.base), (role.Dark, theme.edge), (role.Shadow, theme.edge),
    ):  # fmt: skip
        palette.setColor(place, QColor(colour))
    for place in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, place, QColor(theme.disabled))
    return palette


def _style_sheet(theme: Theme) -> str:
    values = {item.name: getattr(theme, item.name) for item in dataclasses.fields(theme)}
    values["chevron"] = (_ASSETS / f"chevron-{theme.name}.svg").as_posix()
    return _SHEET % values


_SHEET = """
QDialog, QWidget#body { background: %(window)s; color: %(text)s; }
QFrame#header { background: %(base)s; border: 0; border-bottom: 1px solid %(line)s; }
QFrame#footer { background: %(base)s; border: 0; border-top: 1px solid %(line)s; }
QScrollArea { border: 0; background: %(window)s; }
QScrollArea#facts, QWidget#plain { background: transparent; }
QScrollArea#facts { border: 1px solid transparent; border-radius: 4px; }
QScrollArea#facts:focus { border-color: %(accent)s; }
QLabel { color: %(text)s; }
QLabel#quiet { color: %(quiet)s; }
QLabel#badge { color: %(warning)s; background: %(warning_back)s; border: 1px solid %(warning)s; border-radius: 4px; padding: 1px 7px; }
QFrame#card { background: %(base)s; border: 1px solid %(line)s; border-radius: 8px; }
QFrame#danger { background: %(danger_back)s; border: 1px solid %(danger)s; border-radius: 8px; }
QFrame#warning { background: %(warning_back)s; border: 1px solid %(warning)s; border-radius: 8px; }
QFrame#good { background: %(good_back)s; border: 1px solid %(good)s; border-radius: 8px; }
QListView { background: %(base)s; border: 1px solid %(line)s; border-radius: 8px; padding: 4px; outline: 0; }
QListView:focus { border: 2px solid %(accent)s; padding: 3px; }
QTreeView { background: %(base)s; border: 1px solid %(line)s; outline: 0; }
QTreeView:focus { border: 2px solid %(accent)s; }
QTableView { background: %(base)s; border: 1px solid %(line)s; outline: 0; margin: 1px; }
QTableView:focus { border: 2px solid %(accent)s; margin: 0; }
QTableView QHeaderView { background: %(base)s; border: 0; }
QTableView QHeaderView::section { background: %(base)s; color: %(quiet)s; border: 0; border-bottom: 1px solid %(line)s; padding: 0 8px; }
QTableView QHeaderView::section:hover { background: %(hover)s; color: %(text)s; }
QComboBox { background: %(base)s; color: %(text)s; border: 1px solid %(edge)s; border-radius: 6px; padding: 0 10px; min-height: 34px; }
QComboBox::drop-down { border: 0; width: 24px; }
QComboBox::down-arrow { image: url("%(chevron)s"); width: 12px; height: 12px; }
QComboBox:focus { border: 2px solid %(accent)s; padding: 0 9px; min-height: 32px; }
QComboBox:disabled { background: %(disabled_back)s; color: %(disabled)s; border-color: %(line)s; }
QProgressBar { background: %(disabled_back)s; border: 1px solid %(edge)s; border-radius: 4px; min-height: 6px; max-height: 6px; }
QProgressBar::chunk { background: %(accent)s; border-radius: 3px; }
QSplitter::handle:vertical { background: transparent; }
QPlainTextEdit { background: %(base)s; color: %(text)s; border: 1px solid %(edge)s; border-radius: 6px; padding: 4px;
    placeholder-text-color: %(quiet)s;
    selection-background-color: %(selection)s; selection-color: %(text)s; }
QPlainTextEdit:focus { border: 2px solid %(accent)s; padding: 3px; }
QPlainTextEdit:disabled { background: %(disabled_back)s; color: %(disabled)s; border-color: %(line)s; }
QLineEdit { background: %(base)s; color: %(text)s; border: 1px solid %(edge)s; border-radius: 6px; padding: 0 10px; min-height: 34px;
    placeholder-text-color: %(quiet)s;
    selection-background-color: %(selection)s; selection-color: %(text)s; }
QLineEdit:focus { border: 2px solid %(accent)s; padding: 0 9px; min-height: 32px; }
QLineEdit:disabled { background: %(disabled_back)s; color: %(disabled)s; border-color: %(line)s; }
QPushButton { background: %(base)s; color: %(text)s; border: 1px solid %(edge)s; border-radius: 6px; padding: 0 16px; min-height: 34px; }
QPushButton:hover { background: %(hover)s; }
QPushButton:focus { border: 2px solid %(accent)s; padding: 0 15px; min-height: 32px; }
QPushButton:disabled { color: %(disabled)s; border-color: %(line)s; background: %(disabled_back)s; }
QPushButton#accent { background: %(accent)s; color: %(on_accent)s; border: 1px solid %(accent)s; font-weight: 600; padding: 0 23px; }
QPushButton#accent:hover { background: %(accent_hover)s; border-color: %(accent_hover)s; }
QPushButton#accent:focus { border: 2px solid %(text)s; padding: 0 22px; }
QPushButton#accent:disabled { background: %(disabled_back)s; color: %(disabled)s; border-color: %(line)s; }
QPushButton#link { background: transparent; color: %(accent)s; border: 1px solid transparent; border-radius: 4px; padding: 0 1px; min-height: 20px; }
QPushButton#link:hover { text-decoration: underline; }
QPushButton#link:focus { border: 1px solid %(accent)s; min-height: 20px; padding: 0 1px; }
QPushButton#link:disabled { color: %(disabled)s; background: transparent; }
QToolButton#eye { background: %(base)s; border: 1px solid %(edge)s; border-radius: 6px; min-width: 34px; min-height: 34px; padding: 0; }
QToolButton#eye:hover { background: %(hover)s; }
QToolButton#eye:focus { border: 2px solid %(accent)s; min-width: 32px; min-height: 32px; }
QToolButton#eye:disabled { background: %(disabled_back)s; border-color: %(line)s; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QCheckBox { color: %(text)s; spacing: 8px; }
QToolTip { background: %(base)s; color: %(text)s; border: 1px solid %(edge)s; padding: 4px; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar::handle:vertical { background: %(edge)s; border-radius: 4px; min-height: 32px; margin: 2px; }
QScrollBar::add-line:vertical, QScrollBar::sub-line:vertical { height: 0; }
QScrollBar::add-page:vertical, QScrollBar::sub-page:vertical { background: transparent; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle:horizontal { background: %(edge)s; border-radius: 4px; min-width: 32px; margin: 2px; }
QScrollBar::add-line:horizontal, QScrollBar::sub-line:horizontal { width: 0; }
QScrollBar::add-page:horizontal, QScrollBar::sub-page:horizontal { background: transparent; }
"""
