"""The fonts of a document card: those of agent.drawing.fonts, and a monospaced one for digests and serial numbers."""

import functools
from collections.abc import Iterable
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from agent.drawing import fonts

MONOSPACED = "Card-Mono"

CANDIDATES = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),  # Debian, Ubuntu
    Path("/usr/share/fonts/dejavu-sans-mono-fonts/DejaVuSansMono.ttf"),  # Fedora
    Path("/usr/share/fonts/TTF/DejaVuSansMono.ttf"),  # Arch
    Path("/usr/share/fonts/truetype/noto/NotoSansMono-Regular.ttf"),  # Debian package fonts-noto-mono
    Path("C:/Windows/Fonts/consola.ttf"),
    Path("/System/Library/Fonts/Supplemental/Courier New.ttf"),
)


@functools.cache
def register(candidates: Iterable[Path] = CANDIDATES) -> str:
    """Makes the fonts known to reportlab. Gives the name of the font for digests: where no monospaced one is installed, the
    regular one, whose digits are as wide as each other.

    Raises: fonts.NoFont.
    """
    fonts.register()
    for path in candidates:
        if path.is_file():
            try:
                pdfmetrics.registerFont(TTFont(MONOSPACED, str(path)))
            except TTFError:
                continue
            return MONOSPACED
    return fonts.REGULAR
