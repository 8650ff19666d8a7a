"""`qalamsap health`: whether the agent is well, for monitoring. Exit codes 0, 1, 2, 3: ok, warning, critical, unknown."""

import argparse
import json
from pathlib import Path

from agent import config, paths
from agent.doctor import examination
from agent.support import everybody, health
from agent.words import texts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "exit codes: 0 ok, 1 warning, 2 critical, 3 unknown; 64 wrong usage"
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent that is meant")
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    whom = parser.add_mutually_exclusive_group()
    whom.add_argument("--person", metavar="NAME", help="of this person's agent (as root)")
    whom.add_argument(
        "--everybody", action="store_true", help="of the agents of all people of this computer (as root)"
    )


def run(options: argparse.Namespace) -> int:
    """One of health.EXIT_CODES. What can't be told is "unknown", not an error."""
    if options.person or options.everybody:
        found, numbers = _of_others(options.person)
    else:
        one = examination.computer(paths.resolve(options.state_dir), lambda: config.load(options))
        found, numbers = health.examine(one)
    if options.json:
        print(json.dumps(health.to_json(found, numbers), ensure_ascii=False, indent=2))
    else:
        print("\n".join(map(texts.plain, health.lines(found, numbers))))
    return health.EXIT_CODES[health.worst(found)]


def _of_others(name: str | None) -> tuple[tuple[health.Check, ...], dict[str, int]]:
    if not everybody.can_look():
        text = "on this system each person's agent is asked as that person"
        return (health.Check("agent", "unknown", "not-here", text),), {}
    if not everybody.may_look():
        return (health.Check("agent", "unknown", "not-root", "only root can ask other people's agents"),), {}
    them = everybody.people()
    if name is not None:
        them = everybody.named(them, name)
    if name is not None and not them:
        return (health.Check("agent", "unknown", "nobody", "no such person has used the agent here"),), {}
    found = everybody.checks(them)
    running = sum(check.code not in {"away", "stopped", "silent", "closed"} for check in found)
    if not found:
        found = (health.Check("agent", "ok", "nobody", "nobody has used the agent here"),)
    return found, {"people": len(them), "running": running}
