# ruff: noqa: INP001  # a folder of C sources with its generator, not a package that is installed
"""Writes the C headers of tables: from the project's root,

    python -m agent.gost.src.make_tables streebog > agent/gost/src/streebog_tables.h
    python -m agent.gost.src.make_tables gost94 > agent/gost/src/gost94_tables.h

A test compares the checked-in headers with what this gives.
"""

import sys
from collections.abc import Iterable, Sequence

from agent.gost import tables


def streebog_header() -> str:
    """The look-up tables, the round constants, and what the AVX-512 code needs: pi in octets and the linear map as
    8x8 bit matrices."""
    look_up = [_words(table, 16, 4) for table in tables.streebog_tables()]
    constants = [_words(_split(octets), 16, 4) for octets in tables.ROUND_CONSTANTS]
    matrices = [_words([bit_matrix(factor) for factor in row], 16, 4) for row in tables.MATRIX]
    return "\n".join(
        [
            *_heading("the substitution pi, the linear map l and the constants C of RFC 6986"),
            *_array("uint64_t STREEBOG_TABLES[8][256]", look_up),
            *_array("uint64_t STREEBOG_CONSTANTS[12][8]", constants),
            "#ifdef STREEBOG_GFNI",
            "STREEBOG_ALIGNED",
            *_array(
                "uint8_t STREEBOG_PI[4][64]", [_octets(tables.PI[i : i + 64]) for i in range(0, 256, 64)]
            ),
            "STREEBOG_ALIGNED",
            *_array("uint64_t STREEBOG_MATRICES[8][8]", matrices),
            "#endif",
            "",
        ]
    )


def gost94_header() -> str:
    """The substitution of the test parameters, with its turn by eleven bits."""
    rows = [_words(table, 8, 8) for table in tables.gost94_tables()]
    return "\n".join(
        [
            *_heading("the substitution of id-GostR3411-94-TestParamSet, RFC 4357 11.2"),
            *_array("uint32_t GOST94_TABLES[4][256]", rows),
            "",
        ]
    )


def bit_matrix(factor: int) -> int:
    """Multiplication by a factor in Streebog's field as VGF2P8AFFINEQB wants it: octet 7 - k of the word holds the
    input bits that add up to output bit k."""
    word = 0
    for k in range(8):
        row = sum((tables.field_product(factor, 1 << bit) >> k & 1) << bit for bit in range(8))
        word |= row << (8 * (7 - k))
    return word


HEADERS = {"streebog": streebog_header, "gost94": gost94_header}


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in HEADERS:
        sys.stderr.write(f"usage: make_tables {'|'.join(HEADERS)}\n")
        return 2
    sys.stdout.write(HEADERS[arguments[0]]())
    return 0


def _heading(what: str) -> list[str]:
    return [f"/* Written by make_tables.py from {what}; do not edit. */", "#include <stdint.h>"]


def _split(octets: bytes) -> list[int]:
    return [int.from_bytes(octets[i : i + 8], "little") for i in range(0, len(octets), 8)]


def _words(numbers: Sequence[int], digits: int, across: int) -> Iterable[str]:
    suffix = "ULL" if digits == 16 else ""
    for start in range(0, len(numbers), across):
        row = ", ".join(f"0x{number:0{digits}x}{suffix}" for number in numbers[start : start + across])
        yield f"        {row},"


def _octets(octets: bytes) -> Iterable[str]:
    for start in range(0, len(octets), 16):
        yield f"        {', '.join(str(octet) for octet in octets[start : start + 16])},"


def _array(declaration: str, rows: Iterable[Iterable[str]]) -> list[str]:
    lines = [f"static const {declaration} = {{"]
    for row in rows:
        lines += ["    {", *row, "    },"]
    return [*lines, "};"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
