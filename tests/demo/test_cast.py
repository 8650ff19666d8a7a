"""The programs of the demo, started together and without a person."""

import json
import os
import urllib.request
from pathlib import Path

import pytest

from agent.certificate import Certificate
from agent.fetch import Question
from agent.fetch_hosts import parse_rule
from agent.http_fetch import FetchSettings, HttpFetch
from agent.testca import profiles
from demo import cast
from tests.support import simulated_authorities

pytestmark = pytest.mark.service

PATIENCE_S = 30


def state_of(players: cast.Cast) -> dict[str, object]:
    """What the simulator tells whoever has its token."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(
        f"{players.authorities_url}/control/", headers={"X-Simulator-Token": players.authorities_token}
    )
    with opener.open(request, timeout=PATIENCE_S) as response:
        found: dict[str, object] = json.load(response)
        return found


def test_the_authoritys_servers_are_there_before_those_who_ask_them(tmp_path: Path) -> None:
    with cast.cast(tmp_path / "demo", 0, 0, os.environ, tray="off") as players:
        assert list(players.keys_dir.glob("GOST512_*.p12"))
        assert players.authority_path.is_file()
        assert players.agent_url.startswith("wss://127.0.0.1:")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(players.portal_url, timeout=PATIENCE_S) as page:
            assert page.status == 200
        fetch = HttpFetch(
            FetchSettings((parse_rule(profiles.ADDRESS.removeprefix("http://")),), players.authorities_url)
        )
        played = fetch(Question("certificate", simulated_authorities.issuing("gost2015")))
        made = players.keys_dir.parent / "authority" / "gost2015-issuing.pem"
        assert played == Certificate.from_pem_or_der(made.read_bytes()).der
        assert state_of(players)["questions"] == {"tsp": 0, "ocsp": 0, "crl": 0, "cert": 1}


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "portal").write_text("in the way")
    with (
        pytest.raises(cast.DemoFailed, match="folder"),
        cast.cast(tmp_path, 0, 0, os.environ, tray="off"),
    ):
        pass
