"""The window about the agent itself."""

import json
from pathlib import Path

import pytest

from agent.errors import TimedOut, UserCancelled, WindowFailed
from agent.operations import about
from protocol import accessory, prompts
from protocol.messages import AboutRequest
from tests.support import people
from tests.support.memory_store import MemoryStore
from tests.support.people import raises


@pytest.mark.parametrize("end", [UserCancelled(), TimedOut("nobody was there")])
def test_a_window_that_is_closed_by_somebody_or_nobody_is_a_cancellation(
    tmp_path: Path, end: Exception
) -> None:
    asked = people.approval(tmp_path, MemoryStore({}), raises(end))
    with pytest.raises(UserCancelled):
        about.show(AboutRequest(), asked, 13579)
    (prompt,) = people.person_of(asked).asked
    assert isinstance(prompt, prompts.About)
    assert (prompt.version, prompt.port, prompt.language) == (accessory.BUNDLES["qalamsap"], 13579, "ru")
    lines = asked.journal.path.read_text("utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["asked", "decided"]
    assert json.loads(lines[0])["action"] == "show_agent"


def test_a_window_that_breaks_is_an_error(tmp_path: Path) -> None:
    asked = people.approval(tmp_path, MemoryStore({}), raises(WindowFailed()))
    with pytest.raises(WindowFailed):
        about.show(AboutRequest(), asked, 13579)
