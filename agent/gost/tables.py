"""The constants of Streebog and GOST R 34.11-94, and the look-up tables that both implementations make of them.

Streebog is described by 64 + 256 octets and the twelve round constants; the C headers are written from here by
agent/gost/src/make_tables.py, so no table is typed in twice.
"""

# pi, the substitution of RFC 6986 §5.2.
PI = bytes.fromhex(
    "fceedd11cf6e3116fbc4fada23c5044de977f0db932e99ba1736f1bb14cd5fc1"
    "f918655ae25cef21811c3c428b018e4f058402aee36a8fa0060bed987fd4d31f"
    "eb342c51eac848abf22a68a2fd3aceccb5700e56080c7612bf7213479cb75d87"
    "15a19629107b9ac7f391786f9d9eb2b13275193dff358a7e6d54c680c3bd0d57"
    "dff524a93ea843c9d779d6f67c22b903e00fecde7a94b0bcdce828504e330a4a"
    "a79760731e0062441ab83882649f2641ad454692275e552f8ca3a57d69d5953b"
    "0758b34086ac1df730376be488d9e789e11b83494c3ff8fe8d53aa90cad88561"
    "207167a42d2b095bcb9b25d0bee56c5259a674d2e6f4b4c0d166afc2394b63b6"
)

# The linear map l of RFC 6986 §5.4 multiplies the eight octets of a word by an 8x8 matrix over
# GF(2)[x]/(x^8 + x^4 + x^3 + x^2 + 1): octet j of the input enters octet c of the output times MATRIX[j][c].
MATRIX = tuple(
    bytes.fromhex(row)
    for row in (
        "83e08e2b4b311c64",
        "18dcf59e4f478ba4",
        "2877328ad9867df9",
        "9ea81018658c065b",
        "38c193ba8c652103",
        "50898a32a99cccac",
        "8e98831a010fb646",
        "648746b2078b4783",
    )
)

# C_1 ... C_12 of RFC 6986 §5.5 as octets, least significant first.
_ROUND_OCTETS = bytes.fromhex("""
    0745a6f2596580dd234d74cc3674760515d360a4082a42a20169679291e07c4b
    fcc485758db84e7116d0452e43766a2f1f7c65c0812fcbebe9daca1eda5b08b1

    b79bb121700479e656cdcbd71ba2dd55caa70adbc261b55c5899d6126b17b59a
    3101b5160f5ed561982b230a72eafef3d7b5700f469de34f1a2f9da98ab5a36f

    b20aba0af5961e9931db7a8643f4b6c209db6260373ac9c1b19e3590e40fe2d3
    7b7b29b11475eaf28b1f9c525f5ef10635843d6a28fc390ac72fce2bacdc74f5

    2ed1e384bcbe0c22f137e893a1ea5334be0352933313b7d875d603ed822cd7a9
    3f355e68ad1c729d7d3c5c337e858e48dde4715da0e148f9d26615e8b3df1fef

    57fe6c7cfd581760f563eaa97ea2567a161a2723b700ffdfa3f53a254717cdbf
    bdff0f80d7359e354a1086161f1c157f6323a96c0c413f9a994747adac6bea4b

    6e7d64467a4068fa354f903672c571bfb6c6bec2661ff20ab4b79a1cb7a6facf
    c68ef09ab49a7f186ca44251f9c4662dc039307a3bc3a46fd9d33a1daeae4fae

    93d4143a4d568688f34a3ca24c45173504054a2883694706372c822dc5ab9209
    c9937a19333e47d3c987bfe6c7c69e39540924bffe86ac51ecc5aaee160ec7f4

    1ee702bfd40d7fa4d9a8515935c2ac362fc4a5d12b8dd16990069b92cb2b89f4
    9ac4db4d3b44b4891ede369c71f8b74e41416e0c02aae703a7c9934d425b1f9b

    db5a238351446172602a1fcb92dc380e549c07a69a8a2b7bb1ceb2db0b440a80
    84090de0b755d93c244289251b3a7d3ade5f16ecd89a4c949b223116545a8f37

    ed9c4598fbc7b474c3b63b15d1fa9836f452763b306c1e7a4b3369af0267e79f
    0361331b8ae1ff1fdb788aff1ce74189f3f3e4b248e52a38526f0580a6debeab

    1b2df381cda4ca6b5dd86fc04a59a2de986e477d1dcdbaefcab948eaef711d8a
    79668414218001206107abebbb6bfad894fe5a63cdc60230fb89c8efd09ecd7b

    20d71bf14a92bc48991bb2d9d517f4fa5228e188aaa41de786cc91189def805d
    9b9f2130d41220f8771ddfbc323ca4cd7ab14904b08013d2ba3116f167e78e37
""")
ROUND_CONSTANTS = tuple(_ROUND_OCTETS[start : start + 64] for start in range(0, len(_ROUND_OCTETS), 64))

# The substitution of GOST R 34.11-94's own test example, id-GostR3411-94-TestParamSet (RFC 4357 §11.2, RFC 5831 §7),
# the one Kazakhstan's GOST 34.311 uses: row i substitutes nibble i of the round's sum, least significant first.
TEST_SUBSTITUTION = (
    "4a92d80e6b1c7f53",
    "eb4c6dfa23810759",
    "581da342efc7609b",
    "7da1089fe46cb253",
    "6c715fd84a9e03b2",
    "4ba0721d36859cfe",
    "db413f590ae7682c",
    "1fd057a4923e6b8c",
)

_FIELD_POLYNOMIAL = 0x11D


def field_product(a: int, b: int) -> int:
    """a times b in the field of Streebog's linear map."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= _FIELD_POLYNOMIAL
        b >>= 1
    return product


def streebog_tables() -> list[list[int]]:
    """Eight tables of 256 words: what octet j of a word adds to the word that substitution and linear map give."""
    return [
        [sum(field_product(row[c], PI[x]) << (8 * c) for c in range(8)) for x in range(256)] for row in MATRIX
    ]


def gost94_tables() -> list[list[int]]:
    """Four tables of 256 words: octet b of the round's sum substituted nibble by nibble, put in its place in the
    32-bit word and turned left by eleven bits (GOST 28147-89)."""
    return [
        [_turned(int(low[x & 15], 16) | int(high[x >> 4], 16) << 4, 8 * b) for x in range(256)]
        for b, (low, high) in enumerate(zip(TEST_SUBSTITUTION[::2], TEST_SUBSTITUTION[1::2], strict=True))
    ]


def _turned(octet: int, place: int) -> int:
    word = octet << place
    return (word << 11 | word >> 21) & 0xFFFFFFFF
