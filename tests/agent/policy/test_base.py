"""What policies say together."""

import pytest

from agent.policy import base
from agent.policy.base import BadPolicy, Table
from agent.settings import MAX_FILE_BYTES, BadConfig


def test_what_comes_later_is_stronger_setting_by_setting() -> None:
    found = base.gather(
        [
            Table("/a", {"port": 1, "offline": True}),
            Table("/b", {"port": 2}),
        ]
    )
    assert (found["port"].value, found["port"].place) == (2, "/b")
    assert (found["offline"].value, found["offline"].place) == (True, "/a")


def test_everything_that_is_wrong_is_told_and_nothing_of_it_counts() -> None:
    with pytest.raises(BadPolicy) as caught:
        base.gather(
            [Table("/a", {"port": 1}), Table("/b", {"prot": 1, "offline": 1}), Table("/c", {"theme": 2})]
        )
    assert caught.value.place == "/b"
    assert [text.partition(":")[0] for text in caught.value.problems] == ["/b", "/b", "/c"]
    assert caught.value.detail.endswith("(and 2 more)")
    assert isinstance(caught.value, BadConfig)


def test_a_lock_to_folders_that_nobody_named_is_a_mistake() -> None:
    with pytest.raises(BadPolicy, match="no policy sets key_folders"):
        base.gather([Table("/a", {"only_key_folders": True})])
    assert base.gather([Table("/a", {"only_key_folders": True, "key_folders": ["/k"]})])
    assert base.gather([Table("/a", {"only_key_folders": False})])


@pytest.mark.parametrize(
    "text",
    [
        b"\xff",
        b"port",
        b"port = ",
        b"port = " + b"9" * 5000,
        b"sites = " + b"[" * 5000,
        b"#" * (MAX_FILE_BYTES + 1),
    ],
)
def test_what_is_no_table_is_an_error_that_names_the_file(text: bytes) -> None:
    with pytest.raises(BadConfig, match="/x"):
        base.parse(text, "/x")
