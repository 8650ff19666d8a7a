"""Answers of authorities' servers, kept on the disk."""

import errno
import hashlib
import logging
import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import paths
from agent.authority_cache import AuthorityCache

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def cache(folder: Path, at: datetime = NOW, most_bytes: int = 10_000) -> AuthorityCache:
    return AuthorityCache(folder / "cache", lambda: at, most_bytes)


def the_file(folder: Path) -> Path:
    (found,) = (folder / "cache").iterdir()
    return found


def test_what_was_put_is_there_until_its_time_is_over(tmp_path: Path) -> None:
    octets = b"a list\nwith lines\n\n"
    cache(tmp_path).put("http://crl.pki.gov.kz/x.crl", octets, NOW + HOUR)
    assert cache(tmp_path).get("http://crl.pki.gov.kz/x.crl") == octets
    assert cache(tmp_path, NOW + HOUR - timedelta(seconds=1)).get("http://crl.pki.gov.kz/x.crl") == octets
    assert cache(tmp_path, NOW + HOUR).get("http://crl.pki.gov.kz/x.crl") is None
    assert cache(tmp_path).get("http://crl.pki.gov.kz/y.crl") is None


def test_an_empty_answer_is_one_and_a_newer_one_takes_its_place(tmp_path: Path) -> None:
    cache(tmp_path).put("key", b"", NOW + HOUR)
    assert cache(tmp_path).get("key") == b""
    cache(tmp_path).put("key", b"new", NOW + 2 * HOUR)
    assert cache(tmp_path).get("key") == b"new"


def test_what_is_too_old_already_is_not_written(tmp_path: Path) -> None:
    cache(tmp_path).put("key", b"x", NOW)
    assert not (tmp_path / "cache").exists()


def test_files_are_private_and_named_by_a_hash(tmp_path: Path) -> None:
    cache(tmp_path).put("http://ocsp.pki.gov.kz/", b"x", NOW + HOUR)
    assert the_file(tmp_path).name == hashlib.sha256(b"http://ocsp.pki.gov.kz/").hexdigest()
    assert stat.S_IMODE(the_file(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE(the_file(tmp_path).parent.stat().st_mode) == 0o700


def test_every_changed_or_missing_octet_of_a_file_makes_it_worthless(tmp_path: Path) -> None:
    cache(tmp_path).put("key", b"answer", NOW + HOUR)
    path = the_file(tmp_path)
    whole = path.read_bytes()
    start = whole.index(b"\n") + 1
    end = start + len((NOW + HOUR).isoformat())
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        # Another moment may be a good one: whoever can write here can write an answer, too.
        assert start <= at < end or cache(tmp_path).get("key") is None
        path.write_bytes(whole[:at])
        assert cache(tmp_path).get("key") is None
    path.write_bytes(whole.replace(b"+00:00", b""))
    assert cache(tmp_path).get("key") is None


def test_the_oldest_give_way_when_there_is_no_room(tmp_path: Path) -> None:
    kept = cache(tmp_path, most_bytes=3000)
    for number in range(4):
        kept.put(str(number), bytes(900), NOW + HOUR)
        os.utime(kept._path(str(number)), (number, number))
    assert [number for number in range(4) if kept.get(str(number)) is None] == [0, 1]
    assert sum(path.stat().st_size for path in (tmp_path / "cache").iterdir()) <= 3000


def test_what_a_killed_writer_left_gives_way_as_well(tmp_path: Path) -> None:
    kept = cache(tmp_path, most_bytes=3000)
    kept.put("key", b"x", NOW + HOUR)
    left = tmp_path / "cache" / ".something.tmp"
    left.write_bytes(bytes(2900))
    os.utime(left, (1, 1))
    kept.put("other", bytes(900), NOW + HOUR)
    assert not left.exists()
    assert kept.get("key") == b"x"


def test_what_is_larger_than_the_cache_is_not_kept(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    kept.put("small", b"x", NOW + HOUR)
    kept.put("large", bytes(10_000), NOW + HOUR)
    assert kept.get("large") is None
    assert kept.get("small") == b"x"


def test_a_full_disk_fails_nothing_and_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(paths, "write_private", full)
    with caplog.at_level(logging.WARNING):
        cache(tmp_path).put("key", b"x", NOW + HOUR)
    assert "the cache can't be written" in caplog.text
    assert cache(tmp_path).get("key") is None


def test_a_folder_that_can_not_be_used_fails_nothing_and_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_bytes(b"a file")
    with caplog.at_level(logging.WARNING):
        assert cache(tmp_path).get("key") is None
        cache(tmp_path).put("key", b"x", NOW + HOUR)
    assert "the cache can't be read" in caplog.text
    assert "the cache can't be written" in caplog.text


def test_workers_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Eight threads put and get under the same few keys, in a cache that holds two of them."""
    start = threading.Barrier(8)
    wrong: list[bytes] = []

    def work() -> None:
        kept = cache(tmp_path, most_bytes=2500)
        start.wait()
        for number in range(25):
            key = str(number % 3)
            kept.put(key, key.encode() * 1000, NOW + HOUR)
            found = kept.get(key)
            if found not in (None, key.encode() * 1000):
                wrong.append(found)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
