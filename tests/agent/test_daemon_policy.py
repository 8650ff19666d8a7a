"""The daemon under a policy: whom it lets in, how it tells the others, and what it does when the policy changes or breaks."""

import asyncio
import base64
import contextlib
import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import control as control_endpoint
from agent import daemon, paths
from agent.config import Config
from agent.errors import AgentError
from agent.journal import Journal
from agent.rules import Rules
from protocol import control
from protocol.v1 import limits
from tests.agent.test_daemon import open_page, prepared, tell
from tests.support import agents, policies, stage
from tests.support import authority as national
from tests.support.worker_process import sign_frame

pytestmark = pytest.mark.service

# `qalamsap run` with fake workers and a policy of the test's own: python -c ... PORT_OF_DIRECTOR ETC flags
LAUNCH = f"""
import argparse, dataclasses, os, pathlib, sys
from agent import config, daemon
from agent.policy import reader
from agent.policy.files import OwnedFiles
etc = pathlib.Path(sys.argv[2])
place = OwnedFiles(etc / "policy.toml", etc / "policy.d", owner=os.getuid(), top=etc.parent)
reader.places_of_policies = lambda: (place,)
reader.places_of_defaults = lambda: ()
daemon.POLICY_CHECK_S = 0.2
parser = argparse.ArgumentParser()
config.add_arguments(parser)
options = parser.parse_args(sys.argv[3:])
load = lambda: config.load_or_refuse(options)
settings = load()
children = dataclasses.replace(
    daemon.programs(settings),
    worker=(sys.executable, {str(stage.FAKE_WORKER)!r}, *sys.argv[1].split()),
)
sys.exit(daemon.run(settings, children, reload=load))
"""
TOKENS_CALL = json.dumps({"module": "kz.gov.pki.knca.commonUtils", "method": "getActiveTokens"})
LOCKED = 'allowed_origins = ["https://kds.example.kz"]\nlock_origins = true\n'


@contextlib.contextmanager
def running(state_dir: Path, etc: Path, director_port: int = 0) -> Iterator[agents.RunningAgent]:
    command = [sys.executable, "-c", LAUNCH, str(director_port), str(etc), "--state-dir", str(state_dir)]
    command += ["--port", "0", "--tray", "off"]
    environment = {"HOME": str(state_dir), "PATH": os.environ["PATH"], "PYTHONPATH": str(paths.CODE_ROOT)}
    with agents.running(command, state_dir, environment) as agent:
        yield agent


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    return folder


async def refusal(page: Any, call: str = "") -> dict[str, Any]:
    await page.send(call or stage.sign_call())
    return dict(json.loads(await page.recv()))


def code_of(answer: dict[str, Any]) -> str:
    assert answer["status"] is False
    return str(answer["details"]).partition(":")[0]


def own_call(method: str) -> str:
    return json.dumps({"module": limits.MODULE, "id": "1", "method": method, "params": {}})


def test_a_locked_agent_serves_whom_the_policy_names_and_tells_all_others_why_not(
    tmp_path: Path, etc: Path
) -> None:
    policies.write(etc / "policy.toml", LOCKED)

    async def scenario() -> None:
        director = stage.Director()
        with running(prepared(tmp_path / "state"), etc, await director.open()) as agent:
            async with open_page(agent, "https://evil.kz") as page:
                assert code_of(await refusal(page)) == "policy-blocked"
                await page.send("--heartbeat--")
                assert await page.recv() == "--heartbeat--"
                answer = await refusal(page, own_call("capabilities"))
                assert answer["error"]["code"] == "policy-blocked"
                assert "администратор" in answer["error"]["message"].lower() or answer["error"]["message"]
                assert director.is_quiet
            async with open_page(agent) as page:
                await page.send(stage.sign_call())
                await (await director.worker()).order("reply", text="signed")
                assert await page.recv() == "signed"
        await director.close()

    stage.run(scenario())
    assert "a caller is refused by policy origin=https://evil.kz" in (
        tmp_path / "state" / "agent.log"
    ).read_text("utf-8")


def test_a_blocked_origin_is_refused_and_others_are_not(tmp_path: Path, etc: Path) -> None:
    policies.write(etc / "policy.toml", 'blocked_origins = ["https://*.evil.kz"]\n')

    async def scenario() -> None:
        director = stage.Director()
        with running(prepared(tmp_path / "state"), etc, await director.open()) as agent:
            async with open_page(agent, "https://a.evil.kz") as page:
                assert code_of(await refusal(page)) == "policy-blocked"
            async with open_page(agent, "https://evil.kz") as page:
                await page.send(stage.sign_call())
                await (await director.worker()).order("reply", text="signed")
                assert await page.recv() == "signed"
        await director.close()

    stage.run(scenario())


@pytest.mark.parametrize("what", ["unknown", "writable"])
def test_a_broken_policy_lets_nobody_in_and_the_agent_says_which_file_it_is(
    tmp_path: Path, etc: Path, what: str
) -> None:
    file = etc / "policy.d" / "50-sites.toml"
    policies.write(file, "lock_orgins = true\n" if what == "unknown" else LOCKED)
    if what == "writable":
        file.chmod(0o666)

    async def scenario() -> None:
        director = stage.Director()
        with running(prepared(tmp_path / "state"), etc, await director.open()) as agent:
            async with open_page(agent) as page:
                assert code_of(await refusal(page)) == "bad-policy"
                answer = await refusal(page, own_call("capabilities"))
                assert answer["error"]["code"] == "bad-policy"
                assert str(tmp_path) not in json.dumps(answer)
            state = await asyncio.to_thread(tell, agent, "query")
            assert (state.state, state.trouble, state.trouble_place) == ("trouble", "bad-policy", str(file))
            assert director.is_quiet
            policies.write(file, LOCKED)
            async with open_page(agent) as page:
                await page.send(stage.sign_call())
                await (await director.worker()).order("reply", text="signed")
                assert await page.recv() == "signed"
            assert (await asyncio.to_thread(tell, agent, "query")).trouble == ""
        await director.close()

    stage.run(scenario())
    log = (tmp_path / "state" / "agent.log").read_text("utf-8")
    assert "the policy can't be used path=" in log
    assert "the policy was changed" in log


def test_a_policy_that_changes_while_a_page_is_there_counts_for_its_next_request(
    tmp_path: Path, etc: Path
) -> None:
    async def scenario() -> None:
        director = stage.Director()
        with running(prepared(tmp_path / "state"), etc, await director.open()) as agent:
            async with open_page(agent, "https://y.kz") as page:
                await page.send(stage.sign_call())
                await (await director.worker()).order("reply", text="signed")
                assert await page.recv() == "signed"
                policies.write(etc / "policy.toml", "max_documents = 3\n")
                await page.send(stage.sign_call())
                worker = await director.worker()
                assert (await worker.event("begin"))["rules"] == json.loads(
                    json.dumps(dataclasses.asdict(Rules(max_documents=3).sent()))
                )
                await worker.order("reply", text="signed")
                assert await page.recv() == "signed"
                policies.write(etc / "policy.toml", LOCKED)
                assert code_of(await refusal(page)) == "policy-blocked"
                answer = await refusal(page, own_call("capabilities"))
                assert answer["error"]["code"] == "policy-blocked"
                policies.write(etc / "policy.toml", "port =")
                assert code_of(await refusal(page)) == "bad-policy"
                assert "bad-policy" in json.dumps(
                    await refusal(page, TOKENS_CALL)
                )  # no worker is asked for that
                # Whom the policy lets in again need not come anew.
                (etc / "policy.toml").unlink()
                await page.send(stage.sign_call())
                await (await director.worker()).order("reply", text="signed")
                assert await page.recv() == "signed"
        await director.close()

    stage.run(scenario())


def test_a_language_that_the_policy_sets_is_not_the_icons_to_change(tmp_path: Path, etc: Path) -> None:
    policies.write(etc / "policy.toml", 'language = "kk"\n')
    with running(prepared(tmp_path / "state"), etc) as agent:
        refused = control_endpoint.ask(
            agent.state_dir / "control.sock", control.Command("set-language", "ru")
        )
        assert refused == control.Refused("the language is set by policy")
        assert tell(agent, "query").is_language_locked
        assert (
            tell(agent, "set-language", "kk").language == "kk"
        )  # the page of settings says so after each change


def test_settings_of_the_persons_that_are_broken_meanwhile_are_named_and_not_the_policy(
    tmp_path: Path, etc: Path
) -> None:
    async def scenario() -> None:
        director = stage.Director()
        with running(prepared(tmp_path / "state"), etc, await director.open()) as agent:
            file = agent.state_dir / "config.toml"
            async with open_page(agent) as page:
                file.write_text("port =", encoding="utf-8")
                policies.write(etc / "policy.toml", "max_documents = 3\n")
                assert code_of(await refusal(page)) == "bad-policy"
                state = await asyncio.to_thread(tell, agent, "query")
                assert (state.trouble, state.trouble_place) == ("bad-settings", str(file))
                file.unlink()
                await page.send(stage.sign_call())
                await (await director.worker()).order("reply", text="signed")
                assert await page.recv() == "signed"
            assert (await asyncio.to_thread(tell, agent, "query")).trouble == ""
        await director.close()

    stage.run(scenario())
    log = (tmp_path / "state" / "agent.log").read_text("utf-8")
    assert "the settings can't be read any more path=" in log
    assert "the policy can't be used" not in log


def test_what_counts_after_a_new_start_only_gets_one_when_no_page_is_there(tmp_path: Path, etc: Path) -> None:
    def state(agent: agents.RunningAgent) -> control.State | None:
        with contextlib.suppress(AgentError):  # it starts anew just now
            return tell(agent, "query")
        return None

    async def scenario() -> None:
        with running(prepared(tmp_path / "state"), etc) as agent:
            before = await asyncio.to_thread(state, agent)
            assert before is not None
            async with open_page(agent):
                policies.write(etc / "policy.toml", 'language = "kk"\nmax_documents = 3\n')
                log = tmp_path / "state" / "agent.log"
                await stage.until(lambda: "the policy was changed" in log.read_text("utf-8"))
                now = await asyncio.to_thread(state, agent)
                assert now is not None
                assert (now.started, now.language) == (before.started, before.language)
            while (now := await asyncio.to_thread(state, agent)) is None or now.started == before.started:  # noqa: ASYNC110  # another process is waited for
                await asyncio.sleep(0.05)
            assert now.language == "kk"

    stage.run(scenario())
    assert "starting anew for the policy" in (tmp_path / "state" / "agent.log").read_text("utf-8")


def test_workers_get_the_place_of_the_journal_and_no_rule_of_the_policy_on_their_command_line() -> None:
    plain = Config(paths.resolve())
    origins = tuple(f"https://site{number}.kz" for number in range(500))
    ruled = dataclasses.replace(plain, lock_origins=True, allowed_origins=origins, formats=("cms",))
    assert daemon.programs(plain).worker == daemon.programs(ruled).worker
    moved = dataclasses.replace(paths.resolve(), moved_journal=Path("/srv/a/journal.jsonl"))
    words = daemon.programs(dataclasses.replace(plain, paths=moved)).worker
    assert words[: len(daemon.programs(plain).worker)] == daemon.programs(plain).worker
    assert words[words.index("--journal") + 1] == "/srv/a/journal.jsonl"
    assert "--state-dir" not in words  # it is the usual agent all the same


def test_rules_about_callers_and_signatures_need_no_new_start() -> None:
    plain = Config(paths.resolve())
    at_once = dataclasses.replace(
        plain,
        lock_origins=True,
        formats=("cms",),
        unlock_minutes=5,
        policy_trouble="x",
        sources={"port": "policy"},
    )
    assert daemon._rest(at_once) == daemon._rest(plain)
    for change in ({"port": 1}, {"tray": "off"}, {"key_folders": (Path("/a"),)}, {"proxy": "none"}):
        assert daemon._rest(dataclasses.replace(plain, **change)) != daemon._rest(plain)  # type: ignore[arg-type]


# --- with real workers, by a policy that is tried out ----------------------------------------------------------------


def signing(*documents: bytes, **changes: Any) -> str:
    """A call of basics.sign for these documents."""
    texts = [base64.b64encode(document).decode() for document in documents]
    frame = sign_frame(*texts, **{"signingParams": {"decode": "true", "encapsulate": "true"}, **changes})
    return frame.decode()


def tried_out(tmp_path: Path, policy: str, *calls: str) -> list[dict[str, Any]]:
    """What a page gets for each of these calls under a policy, with a person who says yes to everything."""
    file = tmp_path / "trial.toml"
    file.write_text(policy, encoding="utf-8")
    answers = [{"key": str(national.path("gost2015-individual")), "password": "Qwerty12"}]

    async def scenario(agent: agents.RunningAgent) -> list[dict[str, Any]]:
        async with open_page(agent) as page:
            return [await refusal(page, call) for call in calls]

    prepared(tmp_path / "state")
    flags = ("--offline", "--policy", str(file), "--authority", str(national.FOLDER / "ca"))
    with agents.simulated(tmp_path, answers, test_authorities=national.root_paths(), flags=flags) as agent:
        return asyncio.run(asyncio.wait_for(scenario(agent), 120))


def test_a_real_worker_keeps_to_formats_and_numbers(tmp_path: Path) -> None:
    policy = 'formats = ["cms"]\nmax_documents = 2\n'
    few, many, xml = tried_out(
        tmp_path, policy, signing(b"a", b"b"), signing(b"a", b"b", b"c"), signing(b"<a/>", format="xml")
    )
    assert (few["status"], len(few["body"]["result"])) == (True, 2)
    assert code_of(many) == "policy-forbids"
    assert "max_documents" in many["details"]
    assert code_of(xml) == "policy-forbids"


def test_a_real_worker_opens_keys_only_where_the_policy_says(tmp_path: Path) -> None:
    (allowed := tmp_path / "allowed").mkdir()
    policy = f'only_key_folders = true\nkey_folders = ["{allowed}"]\n'
    (answer,) = tried_out(tmp_path, policy, signing(b"a"))
    assert answer["status"] is True
    assert answer["body"] == {}  # the scripted person gives up, as for a password that does not fit
    policy = f'only_key_folders = true\nkey_folders = ["{national.path("gost2015-individual").parent}"]\n'
    (answer,) = tried_out(tmp_path, policy, signing(b"a"))
    assert len(answer["body"]["result"]) == 1


def test_a_moved_journal_is_where_the_policy_says(tmp_path: Path) -> None:
    place = tmp_path / "journals" / paths.account() / "journal.jsonl"
    (answer,) = tried_out(
        tmp_path, f'journal_path = "{tmp_path}/journals/{{user}}/journal.jsonl"\n', signing(b"a")
    )
    assert len(answer["body"]["result"]) == 1
    assert Journal(place).verify_chain() == 3
    assert not (tmp_path / "state" / "journal.jsonl").exists()
    assert place.parent.stat().st_mode & 0o077 == 0
