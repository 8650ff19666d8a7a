"""QR codes of a document card: the document's digest, and a signature in numbered parts.

The digest is our own text, the same as on the stamp of a signed PDF: QALAMSAP:1:<algorithm>:<hex>. The parts of a signature are
those of the national specification of the document card (github.com/kaarkz/ddcard): JSON objects with signId, total, index and
data, where all data together are base64 of a ZIP archive that holds the signature as <signId>.cms.
"""

import base64
import functools
import io
import itertools
import json
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.platypus import Flowable

from agent.errors import BadInput

VERSION, LEVEL = 25, "M"
"""What the specification recommends: 117 modules a side, a quarter more octets to mend what the paper lost."""
CAPACITY = 997
"""Octets in a code of that version and level (ISO/IEC 18004 table 7)."""
RESERVED = 10
"""Characters that the specification sets aside for the values of total and index."""
MAX_PARTS = 12
"""More codes than fill the rest of a page nobody would read from paper."""
MAX_SIZE = 1 << 20
"""Octets of a signature that is put together from codes."""

# What zipfile makes of octets that are no archive, of a damaged one, and of one that is encrypted or of another time.
_DAMAGE = (
    ValueError, EOFError, OSError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip
_QUIET = 4  # modules left white around a code
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that ZIP knows: the same signature gives the same codes


def split(signature: bytes, number: int) -> tuple[str, ...]:
    """The texts of the codes that together hold `signature`, the card's `number`th; none where there would be more than MAX_PARTS."""
    if len(signature) > MAX_SIZE:
        return ()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        entry = zipfile.ZipInfo(f"{number}.cms", _EPOCH)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = 3  # Unix, wherever this runs
        file.writestr(entry, signature)
    text = base64.b64encode(archive.getvalue()).decode("ascii")
    room = CAPACITY - len(_part(number, 0, 0, "")) - RESERVED
    pieces = [text[start : start + room] for start in range(0, len(text), room)]
    if len(pieces) > MAX_PARTS:
        return ()
    return tuple(_part(number, len(pieces), index, piece) for index, piece in enumerate(pieces, 1))


def join(texts: Iterable[str]) -> bytes:
    """The signature out of the texts of its codes, in any order.

    Raises: BadInput where a part is missing, belongs to another signature, or is damaged.
    """
    parts = [_read(text) for text in texts]
    identities = {(part["signId"], part["total"]) for part in parts}
    by_index = {part["index"]: part["data"] for part in parts}
    if len(identities) != 1:
        raise BadInput("codes of several signatures, or none")
    total = next(iter(identities))[1]
    if len(by_index) != total or by_index.keys() != set(range(1, total + 1)):
        raise BadInput("codes of the signature are missing")
    return _unpacked("".join(by_index[index] for index in range(1, total + 1)))


def _part(number: int, total: int, index: int, data: str) -> str:
    return json.dumps({"signId": number, "total": total, "index": index, "data": data}, separators=(",", ":"))


def _read(text: str) -> dict[str, Any]:
    try:
        part = json.loads(text[: 2 * CAPACITY])
    except (ValueError, RecursionError) as error:
        raise BadInput("a code that is not part of a signature") from error
    if (
        not isinstance(part, dict)
        or not part.keys() >= {"signId", "total", "index", "data"}
        or not isinstance(part["data"], str)
        or not isinstance(part["signId"], int | str)
        or not all(type(part[name]) is int for name in ("total", "index"))
    ):
        raise BadInput("a code that is not part of a signature")
    return part


def _unpacked(text: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(text, validate=True))) as archive:
            (entry,) = archive.infolist()
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise BadInput("the codes hold an archive of an unknown method")
            with archive.open(entry) as file:
                octets = file.read(MAX_SIZE + 1)
    except _DAMAGE as error:
        raise BadInput("the codes hold no archive with one signature") from error
    if len(octets) > MAX_SIZE:
        raise BadInput("the codes hold too large a signature")
    return octets


class Code(Flowable):
    """A QR code of `side` points with its quiet zone. Without `version` it is as small as the text allows."""

    def __init__(self, text: str, side: float, version: int | None = None) -> None:
        super().__init__()
        self.text, self.version = text, version
        self.width = self.height = side

    def wrap(self, *_: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        """One path for the whole code: where two rectangles of one path meet, no viewer leaves a line between."""
        runs, modules = _runs(self.text, self.version)
        canvas = self.canv
        canvas.saveState()
        canvas.scale(self.width / modules, self.height / modules)
        path = canvas.beginPath()
        for column, row, length in runs:
            path.rect(column, modules - row - 1, length, 1)
        canvas.drawPath(path, stroke=0, fill=1)
        canvas.restoreState()


@functools.lru_cache(maxsize=256)
def _runs(text: str, version: int | None) -> tuple[Sequence[tuple[int, int, int]], int]:
    """Dark modules as (column, row, length), counted from the upper left corner of the quiet zone; and modules a side."""
    code = QrCodeWidget(text, qrVersion=version, barLevel=LEVEL).qr
    code.make()
    runs = []
    for row, modules in enumerate(code.modules):
        for dark, run in itertools.groupby(enumerate(modules), key=lambda module: bool(module[1])):
            columns = [column for column, _ in run]
            if dark:
                runs.append((columns[0] + _QUIET, row + _QUIET, len(columns)))
    return tuple(runs), code.getModuleCount() + 2 * _QUIET
