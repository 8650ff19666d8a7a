"""Messages of the page of files."""

import pytest

from protocol import pipes
from protocol.desk import files, messages


def test_a_full_list_fits_a_frame() -> None:
    """With names as long as Linux allows for one, and something wrong with each."""
    name = "/" + "ы" * 120 + "/" + "ы" * 120
    file = files.File(name, 10**12, "detached-cms", ("sign", "cosign", "timestamp", "verify", "card"), ("cms", "asic", "jws", "raw"), name, "failed", name, code="timestamp-failed", detail="d" * 200)  # fmt: skip
    octets = pipes.pack_json(messages.to_message(files.Listed((file,) * files.MAX_FILES)))
    assert len(octets) < pipes.MAX_JSON_BYTES


def test_a_file_with_nothing_done_to_it_says_so() -> None:
    assert files.File("/a", 0, "other", (), ()).result == ""
    with pytest.raises(TypeError):
        files.File("/a")  # type: ignore[call-arg]  # what it is has to be known
