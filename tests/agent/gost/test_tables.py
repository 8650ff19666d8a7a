import hashlib

from agent.gost import tables


def test_the_constants_are_the_ones_that_were_checked() -> None:
    """The digests of RFC 6986 and RFC 5831 stand or fall with these; a changed octet is named here first."""
    octets = tables.PI + b"".join(tables.MATRIX) + b"".join(tables.ROUND_CONSTANTS)
    assert (
        hashlib.sha256(octets).hexdigest()
        == "2aa6127f2f9319b2a7234f5a2d91486ac3c5bd608cc42b17930fd9e687570234"
    )
    rows = "".join(tables.TEST_SUBSTITUTION)
    assert (
        hashlib.sha256(rows.encode()).hexdigest()
        == "f2fe99035b9401b1ee0b41eb9749d7cbfc307ddd339fa6f7281ada646ea13d9a"
    )


def test_substitutions_are_permutations() -> None:
    assert sorted(tables.PI) == list(range(256))
    assert all(sorted(row) == sorted("0123456789abcdef") for row in tables.TEST_SUBSTITUTION)


def test_the_linear_map_has_the_rows_that_rfc_6986_prints() -> None:
    """RFC 6986 section 5.4 lists 64 rows of the bit matrix: the first is that of the word's top bit."""
    narrow = tables.streebog_tables()
    of_zero = [narrow[j][tables.PI.index(0)] for j in range(8)]
    assert of_zero == [0] * 8
    assert narrow[7][tables.PI.index(0x80)] == 0x8E20FAA72BA0B470
    assert narrow[0][tables.PI.index(0x01)] == 0x641C314B2B8EE083


def test_the_field_is_a_field() -> None:
    one = [[b for b in range(256) if tables.field_product(a, b) == 1] for a in range(1, 256)]
    assert all(len(inverses) == 1 for inverses in one)
    assert tables.field_product(0x80, 2) == 0x1D


def test_gost94_tables_turn_by_eleven_bits() -> None:
    first = tables.gost94_tables()[0]
    row = tables.TEST_SUBSTITUTION
    assert first[0x21] == (int(row[0][1], 16) | int(row[1][2], 16) << 4) << 11
