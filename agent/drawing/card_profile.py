"""The ICC profile of sRGB, made from the numbers of its standard (IEC 61966-2-1), in the form of ICC.1:2001-04 (version 2).

Made here rather than shipped: the profiles that come with systems have licences and dates of their own, and this one is the same
octets everywhere.
"""

import struct

# The primaries and the white of sRGB, adapted to the white D50 of the profile connection space (X, Y, Z).
_RED, _GREEN, _BLUE = (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
_D50, _D65 = (0.9642, 1.0, 0.8249), (0.9505, 1.0, 1.0891)
_CURVE_POINTS = 1024
_MADE = (2000, 1, 1, 0, 0, 0)
_NAME = b"sRGB IEC61966-2.1"
_HEADER_SIZE = 128


def profile() -> bytes:
    """The profile, a display profile of three components."""
    curve = _curve()
    tags = {
        b"desc": _description(),
        b"cprt": b"text\0\0\0\0No copyright\0",
        b"wtpt": _xyz(_D65),
        b"rXYZ": _xyz(_RED),
        b"gXYZ": _xyz(_GREEN),
        b"bXYZ": _xyz(_BLUE),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body = struct.pack(">I", len(tags)), b""
    start = _HEADER_SIZE + len(table) + 12 * len(tags)
    placed: dict[bytes, int] = {}
    for signature, data in tags.items():
        if data not in placed:
            placed[data] = start + len(body)
            body += data + b"\0" * (-len(data) % 4)
        table += struct.pack(">4sII", signature, placed[data], len(data))
    return _header(start + len(body)) + table + body


def _header(size: int) -> bytes:
    """ICC.1:2001-04 §6.1."""
    return struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQI12s48x",
        size, b"\0" * 4, 0x02100000, b"mntr", b"RGB ", b"XYZ ", *_MADE, b"acsp", b"\0" * 4, 0, b"\0" * 4, b"\0" * 4, 0, 0,
        b"".join(_fixed(value) for value in _D50),
    )  # fmt: skip


def _curve() -> bytes:
    """The transfer function of sRGB as a table (ICC.1:2001-04 §6.5.3)."""
    points = []
    for index in range(_CURVE_POINTS):
        value = index / (_CURVE_POINTS - 1)
        linear = value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        points.append(round(linear * 0xFFFF))
    return b"curv\0\0\0\0" + struct.pack(f">I{_CURVE_POINTS}H", _CURVE_POINTS, *points)


def _description() -> bytes:
    """ICC.1:2001-04 §6.5.17: ASCII, then empty Unicode and ScriptCode forms."""
    return b"desc\0\0\0\0" + struct.pack(">I", len(_NAME) + 1) + _NAME + b"\0" + b"\0" * (4 + 4 + 2 + 1 + 67)


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_fixed(value) for value in values)


def _fixed(value: float) -> bytes:
    """s15Fixed16Number."""
    return struct.pack(">i", round(value * 0x10000))
