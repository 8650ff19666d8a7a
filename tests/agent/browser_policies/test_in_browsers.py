"""Real browsers read what `qalamsap admin export` made: a page of a named site reaches loopback unasked, and only as long as it is there.

Chromium gates WebSockets by itself. Firefox ESR 153 does it where a preference says so, as later versions do.
"""

import contextlib
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.localhost import authority as localhost_authority
from tests.support import browsers, sites, trusting, worlds
from tests.support.trusting import REPOSITORY
from tests.support.worlds import World

pytestmark = [pytest.mark.browser, pytest.mark.root]
CHROMIUM = "/etc/chromium/policies/managed"
FIREFOX = "/etc/firefox/policies/policies.json"


@dataclasses.dataclass(frozen=True)
class Scene:
    """A public site under two names and a program on loopback, both with certificates of one authority that a profile may trust."""

    world: World
    authority: Path
    page_port: int
    url: str

    @property
    def origin(self) -> str:
        return f"https://portal.test:{self.page_port}"

    @property
    def other(self) -> str:
        return f"https://other.test:{self.page_port}"

    def export(self, *words: str) -> str:
        """`qalamsap admin export` inside the world, as root; gives what it printed."""
        command = [sys.executable, "-m", "agent", "admin", "export", *words]
        command += ["--state-dir", str(self.world.home / "state")]
        done = self.world.run(*command, folder=REPOSITORY)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def write(self, path: str, content: object) -> None:
        inside = self.world.path(path)
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.write_text(json.dumps(content, indent=4))

    def in_chromium(self, person: str, *origins: str) -> list[str]:
        """What pages of these origins get in a fresh profile of that name."""
        home = self.world.home / person
        browsers.trust(browsers.chromium_store(home), self.authority)
        with browsers.chromium(
            home,
            hosts={"other.test": "127.0.0.1"},
            public_ports=[self.page_port],
            prefix=self.world.prefix,
        ) as driver:
            found = []
            for origin in origins:
                driver.get(f"{origin}/")
                found.append(browsers.websocket_in_chromium(driver, self.url))
            return found

    def in_firefox(self, person: str, *origins: str) -> list[str]:
        home = self.world.home / person
        browsers.trust(home / "firefox-profile", self.authority)
        gates = {
            "network.lna.websocket.enabled": True,
            "network.lna.address_space.public.override": f"127.0.0.1:{self.page_port}",
        }
        with browsers.firefox(
            home,
            local_names=("portal.test", "other.test"),
            preferences=gates,
            prefix=self.world.prefix,
        ) as tab:
            found = []
            for origin in origins:
                tab.open(f"{origin}/")
                found.append(tab.websocket(self.url, limit_ms=3000))
            return found


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    authority = sites.SiteAuthority.create(tmp_path / "site")
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(worlds.own_world(tmp_path / "world"))
        page = authority.issue("portal.test", "other.test").tls()
        page_port = stack.enter_context(sites.page_server(page))
        port = stack.enter_context(sites.echo_server(authority.issue("127.0.0.1").tls()))
        yield Scene(world, authority.certificate_path, page_port, f"wss://127.0.0.1:{port}/")


def test_chromium_obeys_what_was_merged_into_its_own_list_and_no_longer_once_it_is_removed(
    scene: Scene,
) -> None:
    its_own = {"LoopbackNetworkAllowedForUrls": [scene.other], "BookmarkBarEnabled": False}
    scene.write(f"{CHROMIUM}/it.json", its_own)
    before = trusting.tree(scene.world.path("/etc"))
    words = ("--browser", "chromium", "--merge", f"{CHROMIUM}/it.json")
    assert scene.in_chromium("before", scene.origin, scene.other) == ["CLOSED 1006", "OK hello"]

    assert scene.export("--origins", scene.origin, *words) == f"{CHROMIUM}/it.json: changed\n"
    assert scene.in_chromium("with", scene.origin, scene.other) == ["OK hello", "OK hello"]

    scene.export(*words, "--remove")
    assert trusting.tree(scene.world.path("/etc")) == before
    assert scene.in_chromium("after", scene.origin, scene.other) == ["CLOSED 1006", "OK hello"]


def test_firefox_obeys_what_was_merged_into_its_own_file_and_no_longer_once_it_is_removed(
    scene: Scene,
) -> None:
    scene.write(FIREFOX, {"policies": {"LocalNetworkAccess": {"SkipDomains": ["intranet.test"]}}})
    before = trusting.tree(scene.world.path("/etc"))
    words = ("--browser", "firefox", "--merge", FIREFOX)
    scene.export("--origins", scene.origin, *words)
    named, other = scene.in_firefox("with", scene.origin, scene.other)
    assert named == "OK hello"
    assert other != "OK hello"
    scene.export(*words, "--remove")
    assert trusting.tree(scene.world.path("/etc")) == before
    assert scene.in_firefox("after", scene.origin) != ["OK hello"]


def test_both_browsers_obey_the_files_that_were_copied_to_where_they_belong(scene: Scene) -> None:
    printed = scene.export("--origins", scene.origin, "--browser", "all", "--output", "/")
    assert f"{CHROMIUM}/qalamsap.json" in printed.split()
    named, other = scene.in_chromium("chromium", scene.origin, scene.other)
    assert (named, other) == ("OK hello", "CLOSED 1006")
    named, other = scene.in_firefox("firefox", scene.origin, scene.other)
    assert named == "OK hello"
    assert other != "OK hello"


def test_chromium_knows_every_policy_by_its_name(scene: Scene, tmp_path: Path) -> None:
    """Its own page of policies marks a name that it does not know as an error, in whatever language it speaks."""
    ours = localhost_authority.issue(tmp_path / "tls", trusting.NOW).authority_path
    words = ("--browser", "chromium", "--authority", str(ours), "--output", "/")
    scene.export("--origins", scene.origin, *words)
    names = json.loads(scene.world.path(f"{CHROMIUM}/qalamsap.json").read_bytes()).keys()
    assert len(names) == 3
    scene.write(f"{CHROMIUM}/nonsense.json", {"QalamsapNonsense": True})
    with browsers.chromium(scene.world.home / "person", prefix=scene.world.prefix) as driver:
        driver.get("chrome://policy")
        standings = dict(driver.execute_async_script(POLICY_STANDINGS))
    unknown = standings["QalamsapNonsense"]
    assert {standings[name] for name in names} == {standings["LoopbackNetworkAllowedForUrls"]} != {unknown}


# Name and last word ("OK", "Error") of each policy that is set.
POLICY_STANDINGS = """
const done = arguments[0];
const inside = (root, found) => {
  for (const node of root.querySelectorAll('*')) {
    const row = node.tagName === 'POLICY-ROW' && node.shadowRoot?.querySelector('.policy.row');
    if (row) {
      const words = row.innerText.trim().split(/\\s*\\n\\s*/);
      found.push([words[0], words.at(-1)]);
    }
    if (node.shadowRoot) inside(node.shadowRoot, found);
  }
  return found;
};
const look = () => {
  const found = inside(document, []);
  if (found.length) done(found); else setTimeout(look, 100);
};
look();
"""
