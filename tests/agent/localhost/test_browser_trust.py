"""Real browsers: what they trust after `qalamsap trust`, what they refuse, and that nothing is left behind.

No flag that ignores certificates is used anywhere. The servers show the very leaf that the daemon would show.
"""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from agent.localhost import authority, certutil, identity, private_profile
from tests.support import browsers, sites, trusting, worlds
from tests.support.trusting import NOW, REPOSITORY, Person

pytestmark = pytest.mark.browser
REFUSED_BY_CHROMIUM = "CLOSED 1006"
REFUSED_BY_FIREFOX = "CLOSED 1015"


def leaf(found: identity.Identity) -> sites.ServerCertificate:
    return sites.ServerCertificate(found.certificate_path, found.key_path)


def issued_in(state_dir: Path) -> identity.Identity:
    found = identity.current(state_dir / "tls")
    assert found is not None
    return found


@contextmanager
def agent_and_page(found: identity.Identity) -> Iterator[tuple[str, str]]:
    """URLs of an echo with the agent's leaf and of a page on http://localhost (a secure context, local for LNA)."""
    with sites.echo_server(leaf(found).tls()) as port, sites.page_server(None) as page_port:
        yield f"wss://127.0.0.1:{port}/", f"http://localhost:{page_port}/"


def asked_of_chromium(home: Path, page: str, *urls: str, prefix: tuple[str, ...] = ()) -> list[str]:
    with browsers.chromium(home, prefix=prefix) as driver:
        driver.get(page)
        return [browsers.websocket_in_chromium(driver, url) for url in urls]


def asked_of_firefox(home: Path, page: str, *urls: str, prefix: tuple[str, ...] = ()) -> list[str]:
    with browsers.firefox(home, prefix=prefix) as tab:
        tab.open(page)
        return [tab.websocket(url) for url in urls]


@contextmanager
def served(stack: ExitStack, thief: sites.SiteAuthority) -> Iterator[dict[str, str]]:
    """wss URLs of servers whose leaves our kind of authority must not be able to vouch for, and of one that it may."""
    wanted = {
        "good": ("127.0.0.1", ["127.0.0.1"]),
        "other name": ("portal.test", ["portal.test"]),
        "other address": ("127.0.0.2", ["127.0.0.2"]),
        "own address and other name": ("127.0.0.1", ["127.0.0.1", "portal.test"]),
    }
    urls = {}
    for case, (host, names) in wanted.items():
        listen = host if host[0].isdigit() else "127.0.0.1"
        port = stack.enter_context(sites.echo_server(thief.issue(*names).tls(), listen))
        urls[case] = f"wss://{host}:{port}/"
    yield urls


def test_chromium_trusts_the_agent_through_the_persons_database_until_it_is_removed(person: Person) -> None:
    browsers.needs("certutil")
    assert person.command("install", "--user")[0] == 0
    found = issued_in(person.state_dir)
    with agent_and_page(found) as (url, page):
        localhost = url.replace("127.0.0.1", "localhost")
        assert asked_of_chromium(person.home, page, url, localhost) == ["OK hello", "OK hello"]

        assert person.command("remove")[0] == 0
        assert not found.key_path.exists()  # the server still holds it in memory
        # Chromium only read our database, so it could be taken back; the next one makes its own.
        assert not (person.home / ".local/share/pki").exists()
        assert asked_of_chromium(person.home, page, url) == [REFUSED_BY_CHROMIUM]


def test_firefox_trusts_the_agent_through_its_profiles_database_until_it_is_removed(person: Person) -> None:
    browsers.needs("certutil")
    profile = person.home / ".mozilla/firefox/abcd.default-esr"
    profile.mkdir(parents=True)
    (profile.parent / "profiles.ini").write_text("[Profile0]\nName=x\nIsRelative=1\nPath=abcd.default-esr\n")
    assert person.command("install", "--user")[0] == 0
    with agent_and_page(issued_in(person.state_dir)) as (url, page):
        with browsers.firefox(person.home, profile=profile) as tab:
            tab.open(page)
            assert tab.websocket(url) == "OK hello"
        code, report = person.command("remove")
        assert code == 0
        assert any("stays" in store["detail"] for store in report["stores"]), (
            "Firefox keeps its own keys there by now"
        )
        assert certutil.is_database(profile)
        with browsers.firefox(person.home, profile=profile) as tab:
            tab.open(page)
            assert tab.websocket(url) == REFUSED_BY_FIREFOX


def test_browsers_refuse_the_agent_where_nobody_gave_trust(person: Person, issued: identity.Identity) -> None:
    with agent_and_page(issued) as (url, page):
        assert asked_of_chromium(person.home, page, url) == [REFUSED_BY_CHROMIUM]
        assert asked_of_firefox(person.home, page, url) == [REFUSED_BY_FIREFOX]


def test_a_stolen_authority_can_not_vouch_for_another_name_or_address(tmp_path: Path) -> None:
    thief = trusting.rogue(tmp_path / "thief")
    home = tmp_path / "home"
    browsers.trust(browsers.chromium_store(home), thief.certificate_path)
    browsers.trust(home / "firefox-profile", thief.certificate_path)
    with ExitStack() as stack:
        urls = stack.enter_context(served(stack, thief))
        page = f"http://localhost:{stack.enter_context(sites.page_server(None))}/"
        in_chromium = dict(zip(urls, asked_of_chromium(home, page, *urls.values()), strict=True))
        in_firefox = dict(zip(urls, asked_of_firefox(home, page, *urls.values()), strict=True))
    bad = [case for case in urls if case != "good"]
    assert in_chromium == {"good": "OK hello"} | dict.fromkeys(bad, REFUSED_BY_CHROMIUM)
    assert in_firefox == {"good": "OK hello"} | dict.fromkeys(bad, REFUSED_BY_FIREFOX)


@pytest.mark.root
def test_both_browsers_trust_the_agent_through_machine_wide_policies_until_they_are_removed(
    tmp_path: Path,
) -> None:
    state_dir = tmp_path / "state"
    with worlds.own_world(tmp_path / "world") as world:
        # IT's own files, which set lists that we need too.
        theirs = {
            "/etc/chromium/policies/managed/it.json": '{\n    "CACertificates": [],\n    "BookmarkBarEnabled": false\n}\n',
            "/etc/firefox/policies/policies.json": '{"policies": {"DisableTelemetry": true}}',
        }
        for path, text in theirs.items():
            world.path(path).parent.mkdir(parents=True, exist_ok=True)
            world.path(path).write_text(text)
        before = trusting.tree(world.path("/etc"))

        installed = world.run(*trusting.program(state_dir, "install", "--machine"), folder=REPOSITORY)
        assert installed.returncode == 0, installed.stdout + installed.stderr
        with agent_and_page(issued_in(state_dir)) as (url, page):
            assert asked_of_chromium(world.home / "a", page, url, prefix=world.prefix) == ["OK hello"]
            assert asked_of_firefox(world.home / "a", page, url, prefix=world.prefix) == ["OK hello"]
            shown = world.run(*trusting.program(state_dir, "status"), folder=REPOSITORY)
            assert shown.returncode == 0, shown.stdout

            removed = world.run(*trusting.program(state_dir, "remove"), folder=REPOSITORY)
            assert removed.returncode == 0, removed.stdout + removed.stderr
            assert trusting.tree(world.path("/etc")) == before
            assert asked_of_chromium(world.home / "b", page, url, prefix=world.prefix) == [
                REFUSED_BY_CHROMIUM
            ]
            assert asked_of_firefox(world.home / "b", page, url, prefix=world.prefix) == [REFUSED_BY_FIREFOX]


@pytest.mark.root
def test_where_it_uses_firefoxs_distribution_folder_its_policies_stay_in_force(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    theirs = sites.SiteAuthority.create(tmp_path / "it", "IT's own authority")
    with worlds.own_world(tmp_path / "world") as world:
        folder = Path("/usr/share/firefox-esr/distribution")
        if not world.path(str(folder)).is_dir():
            pytest.skip("needs tool: firefox-esr of Debian")
        policies = {"policies": {"Certificates": {"Install": [str(theirs.certificate_path)]}}}
        world.path(str(folder / "policies.json")).write_text(json.dumps(policies))
        installed = world.run(*trusting.program(state_dir, "install", "--machine"), folder=REPOSITORY)
        assert installed.returncode == 0, installed.stdout + installed.stderr
        with (
            agent_and_page(issued_in(state_dir)) as (url, page),
            sites.echo_server(theirs.issue("127.0.0.1").tls()) as port,
        ):
            urls = (url, f"wss://127.0.0.1:{port}/")
            assert asked_of_firefox(world.home, page, *urls, prefix=world.prefix) == ["OK hello", "OK hello"]


@pytest.mark.root
def test_a_public_page_reaches_the_agent_without_a_question_only_where_policy_names_its_origin(
    tmp_path: Path,
) -> None:
    state_dir = tmp_path / "state"
    site = sites.SiteAuthority.create(tmp_path / "site")
    with (
        worlds.own_world(tmp_path / "world") as world,
        sites.page_server(site.issue("portal.test", "other.test").tls()) as page_port,
    ):
        store = browsers.chromium_store(world.home)
        browsers.trust(store, site.certificate_path)
        origin, other = f"https://portal.test:{page_port}", f"https://other.test:{page_port}"
        installed = world.run(
            *trusting.program(state_dir, "install", "--machine", "--origin", origin), folder=REPOSITORY
        )
        assert installed.returncode == 0, installed.stdout + installed.stderr
        with (
            sites.echo_server(leaf(issued_in(state_dir)).tls()) as port,
            browsers.chromium(
                world.home, hosts={"other.test": "127.0.0.1"}, public_ports=[page_port], prefix=world.prefix
            ) as driver,
        ):
            url = f"wss://127.0.0.1:{port}/"
            driver.get(f"{origin}/")
            assert browsers.websocket_in_chromium(driver, url) == "OK hello"
            driver.get(f"{other}/")
            browsers.console_of(driver)
            assert browsers.websocket_in_chromium(driver, url) == REFUSED_BY_CHROMIUM
            assert "ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS" in browsers.console_of(driver)


@pytest.mark.root
def test_firefox_lets_the_named_origin_reach_the_agent_where_it_gates_sockets(tmp_path: Path) -> None:
    """ESR 153 does not gate WebSockets yet; its preference for that is switched on here, as later versions do."""
    state_dir = tmp_path / "state"
    site = sites.SiteAuthority.create(tmp_path / "site")
    with (
        worlds.own_world(tmp_path / "world") as world,
        sites.page_server(site.issue("portal.test", "other.test").tls()) as page_port,
    ):
        origin = f"https://portal.test:{page_port}"
        installed = world.run(
            *trusting.program(state_dir, "install", "--machine", "--origin", origin), folder=REPOSITORY
        )
        assert installed.returncode == 0, installed.stdout + installed.stderr
        browsers.trust(world.home / "firefox-profile", site.certificate_path)
        gates = {
            "network.lna.websocket.enabled": True,
            "network.lna.address_space.public.override": f"127.0.0.1:{page_port}",
        }
        with (
            sites.echo_server(leaf(issued_in(state_dir)).tls()) as port,
            browsers.firefox(
                world.home, local_names=("portal.test", "other.test"), preferences=gates, prefix=world.prefix
            ) as tab,
        ):
            tab.open(f"{origin}/")
            assert tab.websocket(f"wss://127.0.0.1:{port}/") == "OK hello"
            tab.open(f"https://other.test:{page_port}/")
            assert tab.websocket(f"wss://127.0.0.1:{port}/", limit_ms=3000) != "OK hello"


@pytest.mark.root
def test_machine_wide_trust_in_a_namespace_leaves_the_real_machine_and_home_as_they_are(
    tmp_path: Path,
) -> None:
    before = real_places()
    state_dir = tmp_path / "state"
    with worlds.own_world(tmp_path / "world") as world:
        for words in (
            ["install", "--machine", "--origin", "https://portal.test"],
            ["renew", "--force"],
            ["remove"],
        ):
            done = world.run(*trusting.program(state_dir, *words), folder=REPOSITORY)
            assert done.returncode == 0, done.stdout + done.stderr
            if words[0] == "install":
                assert world.path("/etc/chromium/policies/managed/qalamsap.json").is_file()
        with browsers.chromium(world.home, prefix=world.prefix) as driver:
            driver.get("about:blank")
    assert real_places() == before


def real_places() -> dict[str, str]:
    """A digest of everything in the real /etc, Firefox's folders, and the places of browsers in the real HOME."""
    home = Path.home()
    places = [Path("/etc"), Path("/usr/share/firefox-esr"), Path("/usr/lib/firefox-esr/distribution")]
    places += [
        home / name for name in (".pki", ".local/share/pki", ".mozilla", ".config/mozilla", "snap", ".var")
    ]
    places += [home / ".config/chromium", home / ".local/state/qalamsap"]
    return {
        str(place): hashlib.sha256(repr(sorted(trusting.tree(place).items())).encode()).hexdigest()
        for place in places
        if place.exists()
    }


def test_a_private_profile_trusts_the_agent_and_touches_nothing_of_the_persons_own(
    person: Person, issued: identity.Identity, tmp_path: Path
) -> None:
    browsers.needs("certutil")
    before = trusting.tree(person.home)
    profile = private_profile.prepare_profile(tmp_path / "private", issued.authority_path)
    with agent_and_page(issued) as (url, page):
        assert asked_of_chromium(profile.home, page, url) == ["OK hello"]
        with browsers.firefox(profile.home, profile=profile.firefox_profile) as tab:
            tab.open(page)
            assert tab.websocket(url) == "OK hello"
    assert trusting.tree(person.home) == before


def test_a_server_program_that_knows_no_browser_trusts_the_leaf_too(issued: identity.Identity) -> None:
    """OpenSSL, which shares no code with either browser, follows the same constraints."""
    command = [browsers.needs("openssl"), "verify", "-x509_strict", "-purpose", "sslserver"]
    command += [
        "-verify_ip",
        "127.0.0.1",
        "-CAfile",
        str(issued.authority_path),
        str(issued.certificate_path),
    ]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert checked.returncode == 0, checked.stderr
    assert NOW < issued.not_after <= NOW + authority.LIFE
