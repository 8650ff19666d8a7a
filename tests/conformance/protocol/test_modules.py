"""M1 to M11: modules that are not here, and the one about modules."""

import json
from pathlib import Path

import pytest

from protocol import basics, common_utils, handshake, prompts
from tests.conformance.protocol.asking import MODULE_NOT_FOUND, ORIGIN, PATIENCE_S, ask, page, text_of
from tests.conformance.protocol.persons import NOBODY, AgentOf
from tests.support import fake_window
from tests.support.agents import RunningAgent
from tests.support.fake_window import expect, send
from tests.support.worker_process import WorkerProcess

ACCESSORY = "kz.gov.pki.ncalayerservices.accessory"


@pytest.fixture
def agent(agent_of: AgentOf) -> RunningAgent:
    return agent_of(NOBODY)


def test_m01_the_probe_for_kaztoken_is_answered_at_once(agent: RunningAgent) -> None:
    with page(agent) as connection:
        connection.send('{"module":"kz.digiflow.mobile.extensions","method":"getVersion"}')
        assert connection.recv(1) == MODULE_NOT_FOUND


def test_m02_an_unknown_module_is_not_found(agent: RunningAgent) -> None:
    assert ask(agent, {"module": "no.such.module", "method": "x"}) == MODULE_NOT_FOUND


def test_m03_half_the_name_of_a_module_is_not_found(agent: RunningAgent) -> None:
    assert ask(agent, {"module": "kz.gov.pki.knca", "method": "getActiveTokens"}) == MODULE_NOT_FOUND


def test_m04_the_module_of_the_procurement_portal_is_not_found(agent: RunningAgent) -> None:
    assert ask(agent, {"module": "NURSign", "type": "version"}) == MODULE_NOT_FOUND


def test_m05_the_module_of_the_taxpayers_cabinet_is_not_found(agent: RunningAgent) -> None:
    frame = {
        "module": "kz.inessoft.kgd.knp.ncalayer.KNPModuleService",
        "command": "info",
        "requestId": "1",
    }
    assert ask(agent, frame) == MODULE_NOT_FOUND


def test_m06_bundles_are_names_with_versions(agent: RunningAgent) -> None:
    answer = json.loads(ask(agent, {"module": ACCESSORY, "method": "getBundles"}))
    assert answer
    assert all(isinstance(version, str) for version in answer.values())
    assert not answer.keys() & {"code", "responseObject", "status"}


def test_m07_services_name_the_modules_that_sign(agent: RunningAgent) -> None:
    answer = json.loads(ask(agent, {"module": ACCESSORY, "method": "getServices"}))
    assert answer.keys() == {"services"}
    assert {common_utils.MODULE, basics.MODULE} <= set(answer["services"])


@pytest.mark.parametrize("method", ["showSettings", "showBundleManager"])
def test_m08_a_window_of_ours_is_shown_and_the_answer_has_no_status(tmp_path: Path, method: str) -> None:
    log = tmp_path / "window.log"
    steps = (expect("about"), send(prompts.Shown()), send(prompts.Cancelled()))
    with WorkerProcess(tmp_path, fake_window.command(log, *steps)) as process:
        process.begin(text_of({"module": ACCESSORY, "method": method}).encode(), origin=ORIGIN)
        assert process.reply() == {"success": True}
    (shown,) = fake_window.heard(log)
    assert isinstance(shown, prompts.About)
    assert shown.caller.site == "kds.example.kz"


def test_an_agent_answers_when_its_window_is_closed(agent: RunningAgent) -> None:
    assert json.loads(ask(agent, {"module": ACCESSORY, "method": "showSettings"})) == {"success": True}


def test_m09_nothing_is_installed(agent: RunningAgent) -> None:
    frame = {"module": ACCESSORY, "method": "installBundle", "symname": "kz.ecc.NurSignBundle"}
    assert json.loads(ask(agent, frame))["success"] is False


def test_m10_the_first_dialect_is_refused_with_an_error_code(agent: RunningAgent) -> None:
    answer = json.loads(ask(agent, {"method": "browseKeyStore", "args": ["PKCS12", "P12", ""]}))
    assert answer["errorCode"] not in ("NONE", "", None)


def test_m11_set_locale_of_the_first_dialect_gets_no_frame(agent: RunningAgent) -> None:
    with page(agent) as connection:
        connection.send('{"method":"setLocale","args":["ru"]}')
        connection.send(handshake.HEARTBEAT)
        assert connection.recv(PATIENCE_S) == handshake.HEARTBEAT
        connection.send('{"module":"no.such.module"}')
        assert connection.recv(PATIENCE_S) == MODULE_NOT_FOUND
