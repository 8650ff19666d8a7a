"""The reference scenario, from sign-in to «Подписан», in a real browser with the agent's real windows."""

from pathlib import Path

import pytest

from demo import play
from demo.screen import Screen
from tests.support import browsers


@pytest.mark.browser
@pytest.mark.display
def test_acts_are_signed_in_both_ways_and_another_is_refused(
    hidden_screen: Screen, tmp_path: Path, artefacts: Path
) -> None:
    for tool in ("chromium", "chromedriver", "certutil"):
        browsers.needs(tool)
    out = artefacts / "demo"
    play.play(tmp_path / "demo", out, hidden_screen)
    assert (out / "signed.cms").stat().st_size > 0
    assert (out / "refused.cms").stat().st_size > 0
    for name in ("signed", "signed-inside", "refused"):
        assert (out / f"{name}-card.pdf").stat().st_size > 0
