import itertools
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.gost import digest, python_twin
from tests.support.gost_oracles import NO_EXTENSION

# RFC 6986 section 10.1 and 10.2. The RFC writes octet strings as numbers, that is the other way round.
M1 = bytes.fromhex(
    "323130393837363534333231303938373635343332313039383736353433323130"
    "393837363534333231303938373635343332313039383736353433323130"
)[::-1]
M2 = bytes.fromhex(
    "fbe2e5f0eee3c820fbeafaebef20fffbf0e1e0f0f520e0ed20e8ece0ebe5f0f2f120fff0"
    "eeec20f120faf2fee5e2202ce8f6f3ede220e8e6eee1e8f0f2d1202ce8f0f2e5e220e5d1"
)[::-1]
STREEBOG = [
    (
        "streebog512",
        M1,
        (
            "486f64c1917879417fef082b3381a4e211c324f074654c38823a7b76f830ad00"
            "fa1fbae42b1285c0352f227524bc9ab16254288dd6863dccd5b9f54a1ad0541b"
        ),
    ),
    ("streebog256", M1, "00557be5e584fd52a449b16b0251d05d27f94ab76cbaa6da890b59d8ef1e159d"),
    (
        "streebog512",
        M2,
        (
            "28fbc9bada033b1460642bdcddb90c3fb3e56c497ccd0f62b8a2ad4935e85f03"
            "7613966de4ee00531ae60f3b5a47f8dae06915d5f2f194996fcabf2622e6881e"
        ),
    ),
    ("streebog256", M2, "508f7e553c06501d749a66fc28c6cac0b005746d97537fa85d9e40904efed29d"),
]

# GOST R 34.11-94 with the test substitution: the two messages of the standard's annex (RFC 5831 section 7.3), and
# values that formats.md of the research fixed from national material (the empty string) and libgcrypt and nettle
# confirm (all; test_oracles.py compares with them wherever they are installed).
GOST94 = [
    (
        b"This is message, length=32 bytes",
        "b1c466d37519b82e8319819ff32595e047a28cb6f83eff1c6916a815a637fffa",
    ),
    (
        b"Suppose the original message has length = 50 bytes",
        "471aba57a60a770d3a76130635c1fbea4ef14de51f78b4ae57dd893b62f55208",
    ),
    (b"", "ce85b99cc46752fffee35cab9a7b0278abb4c2d2055cff685af4912c49490f8d"),
    (b"a", "d42c539e367c66e9c88a801f6649349c21871b4344c6a573f849fdce62f314dd"),
    (b"abc", "f3134348c44fb1b2a277729e2285ebb5cb5e0f29c975bc753b70497c06a4d51d"),
    (b"message digest", "ad4434ecb18f2c99b60cbe59ec3d2469582b65273f48de72db2fde16a4889a4d"),
]

# Lengths about the block borders of all three.
LENGTHS = [0, 1, 31, 32, 33, 63, 64, 65, 95, 96, 97, 127, 128, 129, 300]


@pytest.mark.parametrize(("name", "message", "expected"), STREEBOG)
def test_streebog_gives_the_digests_of_rfc_6986(implementation, name, message, expected) -> None:
    assert digest.new(name, message).digest()[::-1].hex() == expected


@pytest.mark.parametrize(("message", "expected"), GOST94)
def test_gost94_gives_the_digests_of_the_standard_with_the_test_substitution(
    implementation, message, expected
) -> None:
    assert digest.new("gost94", message).hexdigest() == expected


@pytest.mark.parametrize("path", ["table", "avx512-gfni"])
@pytest.mark.parametrize(("name", "message", "expected"), STREEBOG)
def test_every_path_through_streebog_gives_the_digests_of_rfc_6986(
    native, path, name, message, expected
) -> None:
    if path not in native.streebog_paths():
        pytest.skip(f"this processor has no {path}")
    assert native.new(name, message, path=path).digest()[::-1].hex() == expected


@pytest.mark.parametrize("length", LENGTHS)
def test_every_path_through_streebog_agrees_with_the_twin(native, length) -> None:
    data = bytes(7 * i & 255 for i in range(length))
    for name in ("streebog512", "streebog256"):
        expected = python_twin.new(name, data).digest()
        for path in native.streebog_paths():
            assert native.new(name, data, path=path).digest() == expected, path


def test_the_table_path_is_always_there_and_an_unknown_one_is_refused(native) -> None:
    assert "table" in native.streebog_paths()
    with pytest.raises(ValueError, match="no path called 'steam'"):
        native.new("streebog512", path="steam")
    with pytest.raises(ValueError, match="one path only"):
        native.new("gost94", path="table")


@pytest.mark.parametrize("name", digest.NAMES)
@pytest.mark.parametrize("length", LENGTHS)
def test_native_and_twin_agree(native, name, length) -> None:
    data = bytes(31 * i + 5 & 255 for i in range(length))
    assert native.new(name, data).digest() == python_twin.new(name, data).digest()


@pytest.mark.parametrize("name", digest.NAMES)
def test_sums_that_carry_through_all_words_are_right(native, name) -> None:
    data = b"\xff" * 320
    assert native.new(name, data).digest() == python_twin.new(name, data).digest()


@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=6))
@settings(max_examples=30, deadline=None)
@pytest.mark.parametrize("name", digest.NAMES)
@pytest.mark.parametrize("backend_name", ["native", "python"])
def test_a_hash_fed_in_any_pieces_is_the_same_hash(name, backend_name, data, cuts) -> None:
    implementation = python_twin
    if backend_name == "native":
        implementation = pytest.importorskip("agent.gost._native", reason=NO_EXTENSION)
    running = implementation.new(name)
    borders = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(borders):
        running.update(data[start:end])
    assert running.digest() == implementation.new(name, data).digest()


@pytest.mark.parametrize(
    ("name", "digest_size", "block_size"),
    [("streebog512", 64, 64), ("streebog256", 32, 64), ("gost94", 32, 32)],
)
def test_it_looks_like_a_hash_of_hashlib(implementation, name, digest_size, block_size) -> None:
    running = digest.new(name)
    assert (running.name, running.digest_size, running.block_size) == (name, digest_size, block_size)
    assert len(running.digest()) == digest_size
    assert running.hexdigest() == running.digest().hex()


@pytest.mark.parametrize("name", digest.NAMES)
def test_asking_for_the_digest_does_not_end_the_hash(implementation, name) -> None:
    running = digest.new(name, b"one")
    running.digest()
    running.update(b"two")
    assert running.digest() == digest.new(name, b"onetwo").digest()


@pytest.mark.parametrize("name", digest.NAMES)
def test_a_copy_goes_its_own_way(implementation, name) -> None:
    running = digest.new(name, b"together")
    branch = running.copy()
    branch.update(b"alone")
    assert running.digest() == digest.new(name, b"together").digest()
    assert branch.digest() == digest.new(name, b"togetheralone").digest()
    assert branch.name == name


@pytest.mark.parametrize("name", digest.NAMES)
def test_it_takes_every_kind_of_octets_and_no_text(implementation, name) -> None:
    expected = digest.new(name, b"0123456789").digest()
    assert digest.new(name, bytearray(b"0123456789")).digest() == expected
    assert digest.new(name, memoryview(b"x0123456789x")[1:-1]).digest() == expected
    with pytest.raises(TypeError):
        digest.new(name, "0123456789")
    with pytest.raises(TypeError):
        digest.new(name).update("0123456789")


def test_an_unknown_hash_is_refused(implementation) -> None:
    with pytest.raises(ValueError, match="no hash is called 'md5'"):
        digest.new("md5")


def test_hash_objects_come_from_new_only(native) -> None:
    with pytest.raises(TypeError):
        type(native.new("gost94"))()


@pytest.mark.parametrize("name", digest.NAMES)
def test_one_hash_fed_by_several_threads_loses_nothing(native, name) -> None:
    """All pieces are alike, so whatever their order, the digest is that of so many of them."""
    piece, feeders, rounds = bytes(96 * 1024), 4, 4
    running = native.new(name)

    def feed() -> None:
        for _ in range(rounds):
            running.update(piece)
            running.update(b"")
            running.copy().digest()

    threads = [threading.Thread(target=feed) for _ in range(feeders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert running.digest() == native.new(name, piece * feeders * rounds).digest()


def test_others_run_while_a_large_piece_is_hashed(native) -> None:
    piece = bytes(24 << 20)
    span: list[float] = []

    def hash_it() -> None:
        running = native.new("streebog512", path="table")
        span.append(time.perf_counter())
        running.update(piece)
        span.append(time.perf_counter())

    thread = threading.Thread(target=hash_it)
    moments = []
    thread.start()
    while thread.is_alive():
        moments.append(time.perf_counter())
        thread.join(0.002)
    start, end = span
    assert sum(start < moment < end for moment in moments) >= 5
