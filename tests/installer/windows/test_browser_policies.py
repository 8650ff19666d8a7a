"""Files of `qalamsap admin export --format reg`, imported by reg.exe into a registry (Wine's), beside lists that are there, and undone."""

import pytest

from agent.browser_policies import registry_file
from agent.browser_policies.browsers import BROWSERS
from agent.browser_policies.wanted import Wanted
from tests.support.windows_packages import Wine, windows_path

pytestmark = pytest.mark.slow
CHROME = "HKLM\\SOFTWARE\\Policies\\Google\\Chrome"
LOOPBACK = f"{CHROME}\\LoopbackNetworkAllowedForUrls"
FIREFOX = "HKLM\\SOFTWARE\\Policies\\Mozilla\\Firefox"
SKIPPED = f"{FIREFOX}\\LocalNetworkAccess\\SkipDomains"
PORTAL = "https://portal.example.kz"


def exported(computer: Wine, path) -> registry_file.State:
    """What `reg export` says of all policies, empty keys included."""
    done = computer.run("reg", "export", "HKLM\\SOFTWARE\\Policies", windows_path(path), "/y")
    assert done.returncode == 0, done.stdout
    return registry_file.read(path.read_bytes())


def values_of(state: registry_file.State, key: str) -> dict[str, str]:
    """The texts of a key, whatever its letters' case; none where it is not there."""
    found = {f"hklm\\{name.lower()}": values for name, values in state.items()}
    return dict(found.get(key.lower(), {}))


def test_a_registry_takes_our_texts_beside_its_own_and_gives_them_back(computer: Wine, tmp_path) -> None:
    for key, name, text in (
        (LOOPBACK, "1", "https://it.kz"),
        (LOOPBACK, "3", 'https://odd.kz/"\\'),
        (CHROME, "HomepageLocation", "https://it.kz"),
    ):
        assert computer.run("reg", "add", key, "/v", name, "/t", "REG_SZ", "/d", text, "/f").returncode == 0
    try:
        before = exported(computer, tmp_path / "before.reg")
        assert values_of(before, LOOPBACK) == {"1": "https://it.kz", "3": 'https://odd.kz/"\\'}
        values = registry_file.changes(list(BROWSERS.values()), Wanted((PORTAL,)), before)
        for name, removes in (("add.reg", False), ("remove.reg", True)):
            (tmp_path / name).write_bytes(registry_file.write(values, removes=removes, comment=["тест"]))

        imported = computer.run("reg", "import", windows_path(tmp_path / "add.reg"))
        assert imported.returncode == 0, imported.stdout
        with_ours = exported(computer, tmp_path / "with.reg")
        listed = values_of(with_ours, LOOPBACK)
        assert listed["2"] == PORTAL
        assert listed["1"] == "https://it.kz"
        assert values_of(with_ours, SKIPPED) == {"1": "portal.example.kz"}
        assert registry_file.changes(list(BROWSERS.values()), Wanted((PORTAL,)), with_ours) == ()

        assert computer.run("reg", "import", windows_path(tmp_path / "remove.reg")).returncode == 0
        after = exported(computer, tmp_path / "after.reg")
        left = {key: values for key, values in after.items() if values}
        assert left == {key: values for key, values in before.items() if values}
        assert values_of(after, SKIPPED) == {}
    finally:
        for browser in ("Google", "Microsoft\\Edge", "YandexBrowser", "Chromium", "Mozilla"):
            computer.run("reg", "delete", f"HKLM\\SOFTWARE\\Policies\\{browser}", "/f")
