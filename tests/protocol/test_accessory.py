"""The accessory module: honest answers, M6-M9 of the conformance checklist."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from protocol import accessory, basics, codec, common_utils, messages


def ask(method: Any, **more: Any) -> dict[str, Any]:
    call = codec.decode(json.dumps({"module": accessory.MODULE, "method": method, **more}))
    outcome = codec.answer_without_worker(call)
    assert outcome is not None
    return json.loads(codec.encode(call, outcome))


def test_bundles_are_names_and_versions_without_envelope() -> None:
    answer = ask("getBundles")
    assert all(isinstance(version, str) for version in answer.values())
    assert not answer.keys() & {"code", "responseObject", "status"}


def test_our_version_is_that_of_the_distribution() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert {project["name"]: project["version"]} == accessory.BUNDLES


def test_services_name_the_modules_that_are_served() -> None:
    assert {basics.MODULE, common_utils.MODULE, "kz.qalamsap.v1"} <= set(ask("getServices")["services"])


@pytest.mark.parametrize("method", ["showSettings", "showBundleManager"])
def test_a_window_is_shown_and_its_end_is_a_success(method: str) -> None:
    call = codec.decode(json.dumps({"module": accessory.MODULE, "method": method}))
    assert call.request == messages.AboutRequest()
    assert codec.answer_without_worker(call) is None
    for outcome in (messages.Cancelled(), messages.Done()):
        assert codec.encode(call, outcome) == '{"success":true}'


def test_a_window_that_can_not_be_shown_is_an_error_without_a_status() -> None:
    frame = json.dumps({"module": accessory.MODULE, "method": "showSettings"})
    answer = json.loads(codec.failure_reply(frame, "no-one-to-ask"))
    assert (answer["success"], answer["errorCode"]) == (False, "NO_ONE_TO_ASK")
    assert answer["message"]
    assert not answer.keys() & {"code", "status"}


def test_what_this_dialect_can_not_say_is_a_mistake_of_ours() -> None:
    call = codec.decode(json.dumps({"module": accessory.MODULE, "method": "showSettings"}))
    with pytest.raises(ValueError, match="Tokens"):
        codec.encode(call, messages.Tokens())


def test_a_method_that_is_none_is_not_kept() -> None:
    """The method of a call is logged; what a page says instead of one may be anything, a password among it."""
    for method, kept in (("getBundles", "getBundles"), ("correct-horse-battery", ""), (5, "")):
        call = codec.decode(json.dumps({"module": accessory.MODULE, "method": method}))
        assert call.method == kept


@pytest.mark.parametrize("method", ["installBundle", "nonsense", None, 5])
def test_everything_else_is_refused_without_a_status(method: Any) -> None:
    answer = ask(method, symname="kz.ecc.NurSignBundle")
    assert answer["success"] is False
    assert answer["errorCode"]
    assert not answer.keys() & {"code", "status"}
