"""The reference scenario, from sign-in to «Подписан», in a real browser with the agent's real windows."""

from pathlib import Path

import pytest

from demo import play
from demo.screen import Screen
from tests.support import browsers


@pytest.mark.browser
@pytest.mark.display
def test_an_act_is_signed_and_another_refused(hidden_screen: Screen, tmp_path: Path, artefacts: Path) -> None:
    for tool in ("chromium", "chromedriver", "certutil"):
        browsers.needs(tool)
    out = artefacts / "demo"
    play.play(tmp_path / "demo", out, hidden_screen)
    assert (out / "signed.cms").stat().st_size > 0
    assert (out / "refused.cms").stat().st_size > 0
