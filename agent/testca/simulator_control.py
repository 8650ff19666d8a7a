"""Leads a running simulator: what its services do wrong, and who is revoked. HTTP asks for the token first.

    GET  /control/                             the state: {"faults": {"tsp": "none", ...}, "questions": {"tsp": 3, ...}}
    POST /control/faults                       {"tsp": "http-500", "ocsp": "slow:20"}; services not named stay as they are
    POST /control/revocations?reason=WORD      a certificate, PEM or DER; WORD as in RFC 5280, removeFromCRL ends a hold

Each answers with the state as it is then, in JSON, or with status 400 and the reason.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from agent.certificate import Certificate
from agent.errors import BadInput
from agent.testca.simulator import Answer, Simulator, plain
from agent.testca.simulator_faults import Fault, checked
from agent.trust.reasons import UNSPECIFIED

PATH = "/control/"


def answer(simulator: Simulator, method: str, path: str, body: bytes, *, at: datetime) -> Answer:
    """Does what is said, and tells how things stand."""
    place, _, query = path.partition("?")
    try:
        match method, place.removeprefix(PATH):
            case "GET", "":
                return _state(simulator)
            case "POST", "faults":
                _switch(simulator, _object(body))
                return _state(simulator)
            case "POST", "revocations":
                simulator.revoke(Certificate.from_pem_or_der(body), at=at, reason=_reason(query))
                return _state(simulator)
    except BadInput as error:
        return plain(HTTPStatus.BAD_REQUEST, error.detail)
    return plain(HTTPStatus.NOT_FOUND, f"there are GET {PATH}, POST {PATH}faults, POST {PATH}revocations")


def _state(simulator: Simulator) -> Answer:
    state = {
        "faults": {service: str(fault) for service, fault in simulator.faults.items()},
        "questions": dict(simulator.questions),
    }
    return Answer(HTTPStatus.OK, "application/json", f"{json.dumps(state)}\n".encode())


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInput("that is no JSON") from error
    if not isinstance(value, dict):
        raise BadInput("a JSON object is expected")
    return value


def _switch(simulator: Simulator, wanted: Mapping[str, Any]) -> None:
    """All of it, or nothing."""
    switches = [checked(service, _fault(word)) for service, word in wanted.items()]
    for service, fault in switches:
        simulator.switch(service, fault)


def _reason(query: str) -> str:
    """What stands in reason=..., if anything does."""
    try:
        words = parse_qs(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=2)
    except ValueError as error:
        raise BadInput("that is no query") from error
    if set(words) - {"reason"}:
        raise BadInput("there is only ?reason=")
    return words.get("reason", [UNSPECIFIED])[0]


def _fault(value: object) -> Fault:
    if not isinstance(value, str):
        raise BadInput("a fault is a string")
    return Fault.parse(value)
