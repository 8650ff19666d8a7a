"""A font with every Kazakh letter and the tenge sign, found where systems keep their fonts."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from agent.errors import UnsupportedOperation

REGULAR = "Document"
BOLD = "Document-Bold"
NEEDED = "ӘәҒғҚқҢңӨөҰұҮүҺһІі№₸−\u00a0"


class NoFont(UnsupportedOperation):
    """No usable font is on this machine; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Pair:
    regular: Path
    bold: Path


CANDIDATES = (
    # Debian, Ubuntu (package fonts-dejavu-core)
    Pair(Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"), Path("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf")),
    # Fedora, Arch
    Pair(Path("/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf"), Path("/usr/share/fonts/dejavu-sans-fonts/DejaVuSans-Bold.ttf")),
    Pair(Path("/usr/share/fonts/TTF/DejaVuSans.ttf"), Path("/usr/share/fonts/TTF/DejaVuSans-Bold.ttf")),
    # Debian package fonts-noto-core
    Pair(Path("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"), Path("/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf")),
    # Windows
    Pair(Path("C:/Windows/Fonts/arial.ttf"), Path("C:/Windows/Fonts/arialbd.ttf")),
    Pair(Path("C:/Windows/Fonts/segoeui.ttf"), Path("C:/Windows/Fonts/segoeuib.ttf")),
    # macOS
    Pair(Path("/System/Library/Fonts/Supplemental/Arial.ttf"), Path("/System/Library/Fonts/Supplemental/Arial Bold.ttf")),
    Pair(Path("/Library/Fonts/Arial.ttf"), Path("/Library/Fonts/Arial Bold.ttf")),
)  # fmt: skip


def register(candidates: Iterable[Pair] = CANDIDATES) -> None:
    """Makes `REGULAR` and `BOLD` known to reportlab.

    Raises: NoFont.
    """
    for pair in candidates:
        if (
            pair.regular.is_file()
            and pair.bold.is_file()
            and _has_letters(pair.regular)
            and _has_letters(pair.bold)
        ):
            pdfmetrics.registerFont(TTFont(REGULAR, str(pair.regular)))
            pdfmetrics.registerFont(TTFont(BOLD, str(pair.bold)))
            pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
            return
    raise NoFont(
        "no font with Kazakh letters was found: install DejaVu Sans (Debian, Ubuntu: apt install fonts-dejavu-core)"
    )


def _has_letters(path: Path) -> bool:
    """Looks into the font: an old Arial lacks the tenge sign, and reportlab would draw a box in silence."""
    glyphs = TTFont("probe", str(path)).face.charToGlyph
    return all(ord(letter) in glyphs for letter in NEEDED)
