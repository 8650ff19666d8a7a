"""The daemon as a real process: how it starts, what it is made of, how it stops."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from agent import control as endpoint
from agent import daemon, paths
from agent.config import Config, Simulation
from agent.formats import cms
from agent.grants import Grants
from agent.localhost import authority, identity
from agent.origins import Origin
from protocol import control, handshake
from tests.support import agents, https_pages, simulated_authorities, stage, timestamps
from tests.support import authority as national
from tests.support.http_server import HttpServer, ok
from tests.support.simulated_authorities import TSP
from tests.support.worker_process import sign_frame

pytestmark = pytest.mark.service

# `qalamsap run` with fake workers: python -c ... PORT_OF_DIRECTOR RENEWAL flags
LAUNCH = f"""
import argparse, dataclasses, sys
from agent import config, daemon
parser = argparse.ArgumentParser()
config.add_arguments(parser)
settings = config.load(parser.parse_args(sys.argv[3:]))
children = dataclasses.replace(
    daemon.programs(settings),
    worker=(sys.executable, {str(stage.FAKE_WORKER)!r}, *sys.argv[1].split()),
)
if sys.argv[2]:
    children = dataclasses.replace(children, renew=(sys.executable, "-c", sys.argv[2]))
sys.exit(daemon.run(settings, children))
"""
HEAVY = (
    "cryptography", "asn1crypto", "PySide6", "lxml", "sqlite3", "PIL", "tray",
    "urllib3", "agent.http_exchange", "uvicorn", "starlette", "h11", "agent.server.https_api", "agent.worker", "agent.operations", "agent.formats", "agent.keystores", "agent.certificate", "agent.gost.backend",
)  # fmt: skip


def prepared(state_dir: Path, *, issued_days_ago: int = 0) -> Path:
    """A state folder with a TLS identity, so that a test need not wait for one to be made."""
    authority.issue(state_dir / "tls", dt.datetime.now(dt.UTC) - dt.timedelta(days=issued_days_ago))
    return state_dir


@contextlib.contextmanager
def running(
    state_dir: Path, director_port: int = 0, *flags: str, renewal: str = ""
) -> Iterator[agents.RunningAgent]:
    command = [sys.executable, "-c", LAUNCH, str(director_port), renewal, "--state-dir", str(state_dir)]
    command += ["--port", "0", "--tray", "off", *flags]
    environment = {"HOME": str(state_dir), "PATH": os.environ["PATH"], "PYTHONPATH": str(paths.CODE_ROOT)}
    with agents.running(command, state_dir, environment) as agent:
        yield agent


def trusting(state_dir: Path) -> ssl.SSLContext:
    current = identity.current(state_dir / "tls")
    assert current is not None
    return ssl.create_default_context(cafile=current.authority_path)


@contextlib.asynccontextmanager
async def open_page(
    agent: agents.RunningAgent, origin: str = "https://kds.example.kz"
) -> AsyncIterator[ClientConnection]:
    async with connect(agent.url, ssl=trusting(agent.state_dir), origin=origin) as page:  # type: ignore[arg-type]
        assert await page.recv() == handshake.GREETING
        yield page


def tell(agent: agents.RunningAgent, name: str, value: str = "") -> control.State:
    answer = endpoint.ask(agent.state_dir / "control.sock", control.Command(name, value))  # type: ignore[arg-type]
    assert isinstance(answer, control.State)
    return answer


def test_it_makes_its_identity_listens_and_says_how_it_is(tmp_path: Path) -> None:
    with running(tmp_path / "state") as agent:

        async def scenario() -> None:
            async with open_page(agent):
                state = await asyncio.to_thread(tell, agent, "query")
                assert state.state == "ready"
                assert state.port == agent.port
                assert state.connections == 1
                assert state.status_url == f"https://127.0.0.1:{agent.port}/"
                assert state.version == daemon.version()
                assert not state.is_simulation

        stage.run(scenario())
        with urllib.request.urlopen(
            f"https://127.0.0.1:{agent.port}/", context=trusting(agent.state_dir), timeout=10
        ) as page:
            assert "Қаламсап" in page.read().decode()


@pytest.mark.parametrize("flags", [(), ("--plain-websocket",)])
def test_pages_come_without_tls_only_where_the_settings_let_them(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    async def scenario(agent: agents.RunningAgent) -> bool:
        try:
            async with connect(f"ws://127.0.0.1:{agent.port}/") as page:
                return await page.recv() == handshake.GREETING
        except InvalidStatus:
            return False

    with running(prepared(tmp_path), 0, *flags) as agent:
        assert stage.run(scenario(agent)) is bool(flags)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, "quit"])
def test_it_stops_in_good_order(tmp_path: Path, how: signal.Signals | str) -> None:
    async def scenario() -> None:
        director = stage.Director()
        with running(prepared(tmp_path), await director.open()) as agent:
            async with open_page(agent) as page:
                await page.send(stage.sign_call())
                actor = await director.worker()
                await actor.event("begin")
                await actor.event("frame")
                if isinstance(how, str):
                    await asyncio.to_thread(tell, agent, how)
                else:
                    agent.process.send_signal(how)
                with pytest.raises(ConnectionClosed):
                    await page.recv()
                assert page.close_code == 1001
            await actor.event("end")
            await actor.gone()
            assert await asyncio.to_thread(agent.process.wait, 15) == 0
        await director.close()
        assert not (tmp_path / "control.sock").exists()
        assert "Traceback" not in "".join(agent.log)

    stage.run(scenario())


def test_its_workers_end_when_it_is_killed(tmp_path: Path) -> None:
    async def scenario() -> None:
        director = stage.Director()
        with running(prepared(tmp_path), await director.open()) as agent:
            async with open_page(agent) as page:
                await page.send(stage.sign_call())
                actor = await director.worker()
                await actor.event("begin")
                await actor.event("frame")
                agent.process.kill()
                await actor.event("end")
                with pytest.raises(ConnectionClosed):
                    await page.recv()
        await director.close()

    stage.run(scenario())


def test_a_paused_agent_refuses_until_it_is_resumed(tmp_path: Path) -> None:
    async def scenario() -> None:
        director = stage.Director()
        with running(prepared(tmp_path), await director.open()) as agent:
            assert (await asyncio.to_thread(tell, agent, "pause")).state == "paused"
            async with open_page(agent) as page:
                await page.send(stage.sign_call())
                assert json.loads(await page.recv())["status"] is False
                assert (await asyncio.to_thread(tell, agent, "resume")).state == "ready"
                await page.send(stage.sign_call())
                actor = await director.worker()
                assert (await asyncio.to_thread(tell, agent, "query")).state == "asking"
                await actor.order("reply", text="signed")
                assert await page.recv() == "signed"
        await director.close()

    stage.run(scenario())


def test_an_agent_that_starts_anew_has_the_settings_as_they_are_then(tmp_path: Path) -> None:
    with running(prepared(tmp_path)) as agent:
        assert tell(agent, "query").language != "kk"
        (tmp_path / "config.toml").write_text('language = "kk"\n')
        pid = agent.process.pid
        tell(agent, "restart")
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with contextlib.suppress(endpoint.NotRunning):
                if tell(agent, "query").language == "kk":
                    break
            time.sleep(0.1)
        else:
            pytest.fail("it did not come back")
        assert agent.process.pid == pid
        assert agent.process.poll() is None
        assert tell(agent, "quit").language == "kk"


def test_start_at_login_is_switched_for_the_person_whose_agent_it_is(tmp_path: Path) -> None:
    with running(prepared(tmp_path)) as agent:  # its HOME is the state folder
        assert tell(agent, "query").autostart == "off"
        assert tell(agent, "set-autostart", "on").autostart == "on"
        assert (tmp_path / ".config/autostart/qalamsap.desktop").is_file()
        assert tell(agent, "set-autostart", "off").autostart == "off"
        answer = endpoint.ask(tmp_path / "control.sock", control.Command("set-autostart", "maybe"))
        assert isinstance(answer, control.Refused)


def test_keys_stay_open_only_where_the_icon_watches_the_session(tmp_path: Path) -> None:
    async def scenario() -> None:
        director = stage.Director()
        folder = prepared(tmp_path)
        (folder / "config.toml").write_text("unlock_minutes = 10\n")
        with running(folder, await director.open()) as agent:
            answer = await asyncio.to_thread(
                endpoint.ask, folder / "control.sock", control.Command("watch-session")
            )
            assert isinstance(answer, control.Refused)
            async with open_page(agent) as page:
                await page.send(stage.sign_call())
                actor = await director.worker()
                assert (await actor.event("begin"))["unlock_minutes"] == 0
                await actor.order("reply", text="signed", holds_s=0)
                await page.recv()
            assert (await asyncio.to_thread(tell, agent, "lock")).unlocked_until == ""
        await director.close()

    stage.run(scenario())


def test_a_page_of_the_desk_that_is_none_is_refused(tmp_path: Path) -> None:
    with running(prepared(tmp_path)) as agent:
        answer = endpoint.ask(tmp_path / "control.sock", control.Command("open", "/etc/passwd"))
        assert isinstance(answer, control.Refused)
        answer = endpoint.ask(tmp_path / "control.sock", control.Command("open", "keys"))
        assert answer == control.Refused("there is nothing to show the desk on")
        assert agent.process.poll() is None


def test_a_blocked_site_is_refused_before_anything_starts_until_it_is_let_in_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        director = stage.Director()
        folder = prepared(tmp_path)
        grants = Grants(paths.resolve(folder).grants)
        site = Origin.parse("https://kds.example.kz")
        with running(folder, await director.open()) as agent:
            async with open_page(agent) as page:
                grants.block(site, dt.datetime.now(dt.UTC))
                await page.send(stage.sign_call())
                refusal = json.loads(await page.recv())
                assert (refusal["status"], refusal["details"].split(":")[0]) == (False, "site-blocked")
                grants.unblock(site)
                await page.send(stage.sign_call())
                await (await director.worker()).order("reply", text="signed")
                assert await page.recv() == "signed"
        await director.close()

    stage.run(scenario())


def test_a_pause_refuses_what_waits_and_leaves_the_open_window(tmp_path: Path) -> None:
    async def scenario() -> None:
        director = stage.Director()
        with running(prepared(tmp_path), await director.open()) as agent:
            async with open_page(agent) as page, open_page(agent) as other:
                await page.send(stage.sign_call())
                actor = await director.worker()
                await actor.event("begin")
                await actor.event("frame")
                await other.send(stage.sign_call())
                await actor.event("waiting")
                assert (await asyncio.to_thread(tell, agent, "pause")).waiting == 0
                refusal = json.loads(await other.recv())
                assert (refusal["status"], refusal["details"].split(":")[0]) == (False, "paused")
                await actor.order("reply", text="signed")
                assert await page.recv() == "signed"
        await director.close()

    stage.run(scenario())


def test_a_page_that_asks_again_at_once_waits_behind_one_that_comes_later(tmp_path: Path) -> None:
    async def scenario() -> None:
        director = stage.Director()
        with running(prepared(tmp_path), await director.open()) as agent:
            async with open_page(agent) as pest, open_page(agent, "https://other.kz") as other:
                for _ in range(10):
                    await pest.send(stage.sign_call())
                actor = await director.worker()
                await actor.event("begin")
                await actor.event("frame")
                await other.send(stage.sign_call())
                await actor.order("reply", text="no", outcome="cancelled")
                following = await director.worker()
                assert (await following.event("begin"))["origin"] == "https://other.kz"
                await following.order("reply", text="yes")
                assert await other.recv() == "yes"
        await director.close()

    stage.run(scenario())


def test_the_language_of_windows_can_be_changed_and_is_remembered(tmp_path: Path) -> None:
    async def scenario() -> None:
        director = stage.Director()
        with running(prepared(tmp_path), await director.open()) as agent:
            assert (await asyncio.to_thread(tell, agent, "set-language", "kk")).language == "kk"
            refused = await asyncio.to_thread(
                endpoint.ask, tmp_path / "control.sock", control.Command("set-language", "de")
            )
            assert isinstance(refused, control.Refused)
            async with open_page(agent) as page:
                await page.send(stage.sign_call())
                actor = await director.worker()
                assert (await actor.event("begin"))["language"] == "kk"
                await actor.order("reply", text="x")
                await page.recv()
        await director.close()
        with running(tmp_path) as agent:
            assert (await asyncio.to_thread(tell, agent, "query")).language == "kk"

    stage.run(scenario())


def test_the_log_of_the_system_is_told_of_the_agent_of_a_person_alone(tmp_path: Path) -> None:
    usual = paths.resolve()
    assert daemon.is_usual(Config(paths=usual))
    assert daemon.is_usual(Config(paths=dataclasses.replace(usual, moved_journal=tmp_path / "journal")))
    assert not daemon.is_usual(Config(paths=paths.resolve(tmp_path)))
    assert not daemon.is_usual(Config(paths=usual, simulation=Simulation(tmp_path / "answers.toml")))


def test_a_second_agent_and_a_busy_port_are_said_plainly(tmp_path: Path) -> None:
    with running(prepared(tmp_path / "one")) as agent:
        same_state = launched(tmp_path / "one", "--port", "0")
        assert "AlreadyRunning" in same_state.stderr
        assert f"process {agent.process.pid}" in same_state.stderr
        same_port = launched(prepared(tmp_path / "two"), "--port", str(agent.port))
        assert "PortBusy" in same_port.stderr
        assert f"port {agent.port} is held by" in same_port.stderr


def launched(state_dir: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LAUNCH, "0", "", "--state-dir", str(state_dir), "--tray", "off", *flags],
        cwd=paths.CODE_ROOT, env={"HOME": str(state_dir), "PATH": os.environ["PATH"]},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_without_an_identity_and_no_way_to_make_one_it_does_not_start(tmp_path: Path) -> None:
    config = Config(paths.resolve(tmp_path), port=0, tray="off", spare_minutes=0)
    broken = daemon.Programs(worker=("false",), issue=("/nonexistent/program",), renew=("false",))
    before = os.umask(0o077)
    try:
        with pytest.raises(daemon.NoIdentity):
            daemon.run(config, broken)
        with pytest.raises(daemon.NoIdentity):
            daemon.run(config, daemon.Programs(worker=("false",), issue=("false",), renew=("false",)))
    finally:
        os.umask(before)


def test_a_state_folder_that_can_not_be_used_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "agent.lock").mkdir()
    result = launched(tmp_path, "--port", "0")
    assert "StorageFailed" in result.stderr


def test_an_identity_that_is_due_is_renewed_before_it_serves(tmp_path: Path) -> None:
    old = prepared(tmp_path, issued_days_ago=800)
    before = identity.current(old / "tls")
    issues = (
        "import datetime, pathlib; from agent.localhost import authority; "
        f"authority.issue(pathlib.Path({str(tmp_path / 'tls')!r}), datetime.datetime.now(datetime.UTC))"
    )
    with running(tmp_path, renewal=issues) as agent:
        assert identity.current(tmp_path / "tls") != before
        assert tell(agent, "query").state == "ready"

        async def scenario() -> None:
            async with open_page(agent):
                pass

        stage.run(scenario())


def test_an_identity_that_could_not_be_renewed_goes_on_serving_and_says_so(tmp_path: Path) -> None:
    prepared(tmp_path, issued_days_ago=800)
    before = identity.current(tmp_path / "tls")
    with running(tmp_path, renewal="raise SystemExit(7)") as agent:
        assert identity.current(tmp_path / "tls") == before
        state = tell(agent, "query")
        assert (state.state, state.trouble) == ("trouble", "identity-renewal")


def test_an_identity_that_no_browser_knows_is_simply_made_anew(tmp_path: Path) -> None:
    prepared(tmp_path, issued_days_ago=800)
    before = identity.current(tmp_path / "tls")
    with running(tmp_path, renewal="pass") as agent:
        assert identity.current(tmp_path / "tls") != before
        assert tell(agent, "query").state == "ready"


def test_it_loads_no_cryptography_no_windows_and_nothing_of_a_worker() -> None:
    printed = subprocess.run(
        [sys.executable, "-c", "import sys; from agent import daemon; print('\\n'.join(sys.modules))"],
        cwd=paths.CODE_ROOT, capture_output=True, text=True, timeout=60, check=True,
    ).stdout.split()  # fmt: skip
    assert "websockets" in printed
    assert [name for name in printed if any(f"{name}.".startswith(f"{heavy}.") for heavy in HEAVY)] == []


def test_the_https_interface_is_served_where_the_settings_say_so(tmp_path: Path) -> None:
    with running(prepared(tmp_path), 0, "--https-api", "--https-api-port", "0") as agent:
        url = f"https://127.0.0.1:{https_pages.port_of(agent)}/"
        with urllib.request.urlopen(url, context=trusting(agent.state_dir), timeout=10) as page:
            assert page.status == 200
        state = tell(agent, "query")
        assert (state.state, state.trouble) == ("ready", "")
        tell(agent, "quit")
        assert agent.process.wait(15) == 0
    assert "Traceback" not in "".join(agent.log)


def test_where_its_port_is_taken_the_agent_goes_on_and_says_so(tmp_path: Path) -> None:
    async def scenario(agent: agents.RunningAgent) -> None:
        async with open_page(agent):
            state = await asyncio.to_thread(tell, agent, "query")
            assert (state.state, state.trouble) == ("trouble", "https-api-port")

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with running(prepared(tmp_path), 0, "--https-api", "--https-api-port", port) as agent:
            stage.run(scenario(agent))
    assert any("no HTTPS interface" in line for line in agent.log)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs tool: /proc")
def test_while_a_window_is_open_it_holds_no_end_of_its_pipes_and_no_library_of_secrets(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        director = stage.Director()
        with running(prepared(tmp_path), f"{await director.open()} with-window") as agent:
            async with open_page(agent) as page:
                await page.send(stage.sign_call())
                actor = await director.worker()
                begin = await actor.event("begin")
                await actor.order("shown")
                await page.send(handshake.HEARTBEAT)
                await page.recv()
                look_inside(agent.process.pid, begin["process"], begin["window"])
                await actor.order("reply", text="x")
                await page.recv()
        await director.close()

    stage.run(scenario())


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="needs tool: /proc")
def test_where_frames_may_hold_passwords_no_core_is_dumped(tmp_path: Path) -> None:
    with running(prepared(tmp_path), 0, "--flat-api") as agent:
        limits = Path(f"/proc/{agent.process.pid}/limits").read_text()
        assert re.search(r"Max core file size +1 +1 ", limits)
        assert tell(agent, "query").state == "ready"


def look_inside(daemon_process: int, worker: int, window: int) -> None:
    errors = {str(Path(f"/proc/{window}/fd/2").readlink())}  # the standard error that all of them share
    assert len(pipes_of(window) - errors) == 2
    assert len(pipes_of(worker) & pipes_of(window) - errors) == 2
    assert pipes_of(daemon_process) & pipes_of(window) - errors == set()
    maps = Path(f"/proc/{daemon_process}/maps").read_text()
    assert "ssl" in maps
    assert [name for name in ("cryptography", "Qt6", "lxml", "agent/gost") if name in maps] == []


def pipes_of(process: int) -> set[str]:
    found = set()
    for link in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(link.readlink())
            if target.startswith("pipe:"):
                found.add(target)
    return found


def test_a_simulation_gives_its_workers_the_answers_and_leaves_its_authority(tmp_path: Path) -> None:
    answers = agents.write_answers(
        tmp_path / "answers.toml", [{"key": "none.p12", "password": "x", "decision": "cancel"}]
    )
    places = paths.resolve(prepared(tmp_path / "state"))
    config = Config(places, port=0, simulation=Simulation(answers, (tmp_path / "ca.pem",)))
    children = daemon.programs(config)
    assert children.worker[1:] == (
        "-m", "agent", "worker", "--answers", str(answers), "--test-ca", str(tmp_path / "ca.pem"), "--state-dir", str(places.state_dir),
    )  # fmt: skip


def test_a_simulation_says_what_it_is(tmp_path: Path) -> None:
    answers = [{"key": "none.p12", "password": "x", "decision": "cancel"}]
    prepared(tmp_path / "state")
    with agents.simulated(tmp_path, answers) as agent:
        assert agent.log[0].startswith("simulation: ")
        context = ssl.create_default_context(cafile=agent.authority_path)
        address = f"https://127.0.0.1:{agent.port}/?lang=en"
        with urllib.request.urlopen(address, context=context, timeout=10) as page:
            assert "This is a simulation" in page.read().decode()
        assert tell(agent, "query").is_simulation
        refused = endpoint.ask(agent.state_dir / "control.sock", control.Command("open-status"))
        assert isinstance(refused, control.Refused)


def test_a_condition_that_it_does_not_know_makes_it_stay(tmp_path: Path) -> None:
    with running(prepared(tmp_path)) as agent:
        for name in ("quit", "restart", "query"):
            command = control.Command(name, "if-idel")  # type: ignore[arg-type]
            answer = endpoint.ask(agent.state_dir / "control.sock", command)
            assert answer == control.Refused("no condition 'if-idel': if-idle or none")
        assert agent.process.poll() is None
        assert tell(agent, "query").state == "ready"
        tell(agent, "quit")
        assert agent.process.wait(20) == 0


def test_it_goes_for_a_new_version_only_when_nobody_is_in_the_middle_of_anything(tmp_path: Path) -> None:
    def ask(name: str = "quit") -> control.State | control.Refused:
        return endpoint.ask(tmp_path / "control.sock", control.Command(name, "if-idle"))  # type: ignore[arg-type]

    async def scenario() -> None:
        director = stage.Director()
        with running(prepared(tmp_path), await director.open()) as agent:
            async with open_page(agent) as page:
                await page.send(stage.sign_call())
                actor = await director.worker()
                await actor.event("begin")
                refused = await asyncio.to_thread(ask)
                assert refused == control.Refused("an approval runs, a window is open or a key is: not now")
                assert await asyncio.to_thread(ask, "query") == refused
                await actor.order("reply", text="signed", linger=True)
                assert await page.recv() == "signed"
                # Its window stands still, and says something.
                assert isinstance(await asyncio.to_thread(ask), control.Refused)
                assert agent.process.poll() is None
                await actor.order("crash")
                until = time.monotonic() + 30
                while isinstance(await asyncio.to_thread(ask, "query"), control.Refused):
                    assert time.monotonic() < until
                    await asyncio.sleep(0.05)
                assert agent.process.poll() is None
                assert isinstance(await asyncio.to_thread(ask), control.State)
            assert agent.process.wait(20) == 0
        await director.close()

    stage.run(scenario())


def test_who_looks_for_a_new_version_lives_on_when_the_daemon_ends(tmp_path: Path) -> None:
    look = (
        "import pathlib, sys, time; here = pathlib.Path(sys.argv[1]); (here / 'looks').touch()\n"
        "until = time.monotonic() + 60  # where the test is cut short, nobody ever says go\n"
        "while not (here / 'go').exists():\n"
        "    if time.monotonic() > until: sys.exit(1)\n"
        "    time.sleep(0.02)\n"
        "(here / 'done').touch()"
    )
    launch = LAUNCH.replace(
        "sys.exit(",
        f"daemon.UPDATE_FIRST_S, daemon.UPDATE_SPREAD_S = 0.0, 1\n"
        f"children = dataclasses.replace(children, update=(sys.executable, '-c', {look!r}, {str(tmp_path)!r}))\nsys.exit(",
    )
    command = [
        sys.executable,
        "-c",
        launch,
        "0",
        "",
        "--state-dir",
        str(prepared(tmp_path)),
        "--port",
        "0",
        "--tray",
        "off",
    ]
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": str(paths.CODE_ROOT)}

    def wait_for(name: str) -> None:
        until = time.monotonic() + 30
        while not (tmp_path / name).exists():
            assert time.monotonic() < until
            time.sleep(0.02)

    with agents.running(command, tmp_path, environment) as agent:
        wait_for("looks")
        tell(agent, "quit")
        assert agent.process.wait(20) == 0
        assert not (tmp_path / "done").exists()
        (tmp_path / "go").touch()
        wait_for("done")


def test_who_looks_for_a_new_version_keeps_open_what_keeps_an_appimage_mounted_and_nothing_of_ours() -> None:
    kept, end = os.pipe()  # as the runtime of an AppImage leaves one open
    ours = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(kept, True)
    try:
        look = "import os, sys; os.fstat(int(sys.argv[1]))\ntry: os.fstat(int(sys.argv[2]))\nexcept OSError: sys.exit(7)"
        child = daemon._start_alone((sys.executable, "-c", look, str(kept), str(ours)))
        assert child.wait(30) == 7
    finally:
        for each in (kept, end, ours):
            os.close(each)


@pytest.mark.parametrize(
    ("packaging", "channel", "looks"),
    [
        ("appimage", "stable", True),
        ("msi", "beta", True),
        ("appimage", "off", False),
        ("deb", "stable", False),
        (None, "stable", False),
    ],
)
def test_new_versions_are_looked_for_where_they_are_ours_to_bring(
    packaging: str | None, channel: str, looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.programs.packaged_as", lambda: packaging)
    config = Config(paths.resolve(), update_channel=channel)  # type: ignore[arg-type]
    found = daemon.programs(config).update
    assert bool(found) == looks
    assert not looks or found[-3:] == ("update", "install", "--background")


def test_named_folders_of_keys_reach_the_workers() -> None:
    config = Config(paths.resolve(), key_folders=(Path("/media/stick"), Path("/keys")))
    assert daemon.programs(config).worker[4:] == ("--key-folder", "/media/stick", "--key-folder", "/keys")


def test_windows_are_dressed_as_the_person_wants_them() -> None:
    config = Config(paths.resolve(), theme="dark")
    assert daemon.programs(config).worker[4:] == ("--theme", "dark")


def test_a_worker_is_told_whom_to_ask_and_nothing_of_the_proxy() -> None:
    config = Config(
        paths.resolve(),
        timestamp_url="http://tsa.kz/",
        ocsp_url="http://ocsp.kz/",
        authorities=(Path("/a.cer"), Path("/more")),
        offline=True,
        proxy="http://me:secret@proxy.kz",
        fetch_hosts=("*.bank.kz",),
    )
    assert daemon.programs(config).worker[4:] == (
        "--authority", "/a.cer", "--authority", "/more", "--timestamp-url", "http://tsa.kz/", "--ocsp-url", "http://ocsp.kz/",
        "--offline",
    )  # fmt: skip


def test_it_asks_servers_for_its_workers(tmp_path: Path) -> None:
    async def scenario() -> None:
        director = stage.Director()
        with HttpServer(lambda _: ok(b"answer")) as server:
            flags = ("--fetch-host", server.place, "--proxy", "none")
            with running(prepared(tmp_path), await director.open(), *flags) as agent:
                async with open_page(agent) as page:
                    await page.send(stage.sign_call())
                    actor = await director.worker()
                    await actor.event("begin")
                    await actor.event("frame")
                    await actor.order("fetch", number=1, url=server.url("/ocsp"), body="?")
                    assert (await actor.event("fetched"))["octets"] == len(b"answer")
                    await actor.order("fetch", number=2, url="http://127.0.0.1:1/", body="?")
                    assert (await actor.event("fetched"))["failure"] == "not-allowed: 127.0.0.1:1"
                    await actor.order("reply", text="x")
                    await page.recv()
        await director.close()

    stage.run(scenario())


# --- timestamps, by way of everything that is real --------------------------------------------------------------------

SIGNS = {"key": str(national.path("gost2015-individual")), "password": national.PASSWORD, "decision": "sign"}


async def asks_for_a_timestamp(agent: agents.RunningAgent) -> dict[str, object]:
    frame = json.loads(sign_frame("act"))
    frame["args"]["signingParams"] = {"tsaProfile": {}}
    async with open_page(agent) as page:
        await page.send(json.dumps(frame))
        reply: dict[str, object] = json.loads(await page.recv())
    return reply


@pytest.mark.parametrize("is_proxy", [True, False], ids=["through a proxy", "directly"])
def test_a_page_gets_a_signature_with_a_timestamp_or_none_at_all(tmp_path: Path, is_proxy: bool) -> None:
    """Page, daemon, worker, and over HTTP a timestamp authority that the operator trusts."""
    now = dt.datetime.now(dt.UTC)
    authorities = simulated_authorities.new(now=now)

    async def scenario(agent: agents.RunningAgent) -> None:
        good = await asks_for_a_timestamp(agent)
        (message,) = good["body"]["result"]  # type: ignore[index]
        (evidence,) = cms.verify(cms.read(message.encode()))
        (timestamp,) = timestamps.of(evidence)
        assert timestamp.is_over(evidence.stamped)
        assert timestamp.moment == now.replace(microsecond=0)
        authorities.switch("tsp", "http-500")
        bad = await asks_for_a_timestamp(agent)
        assert (bad["status"], bad["code"]) == (False, "SIGNING_FAILURE")
        assert str(bad["details"]).startswith("timestamp-failed: no timestamp could be had: status: ")
        assert "body" not in bad

    prepared(tmp_path / "state")
    with simulated_authorities.served(authorities.simulator, now=now) as server:
        by_proxy = ("--proxy", server.url, "--fetch-host", "qalamsap.invalid", "--timestamp-url", TSP)
        directly = ("--proxy", "none", "--timestamp-url", f"{server.url}tsp/")
        trusted = ("--authority", str(national.FOLDER / "ca"))
        flags = (*(by_proxy if is_proxy else directly), *trusted)
        test_authorities = national.root_paths()
        with agents.simulated(tmp_path, [SIGNS], test_authorities=test_authorities, flags=flags) as agent:
            stage.run(scenario(agent))
    assert authorities.simulator.questions["tsp"] == 2


def test_the_usual_folders_are_not_named_to_the_children() -> None:
    children = daemon.programs(Config(paths.resolve()))
    assert children.worker == (sys.executable, "-m", "agent", "worker")
    assert children.renew == (sys.executable, "-m", "agent", "trust", "renew")
