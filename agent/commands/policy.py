"""`qalamsap policy show` and `qalamsap policy check FILE`: for whoever runs computers, and for whoever wonders why a setting is locked."""

import argparse
import dataclasses
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent import config, paths
from agent.commands import exit_codes
from agent.config import SETTINGS, Config
from agent.errors import BadInput
from agent.origin_rules import OriginRule
from agent.policy import base, reader
from agent.policy.base import BadPolicy, Place, Value
from agent.policy.files import TrialFile
from agent.policy.managed import ManagedPreferences
from protocol.readings import Readings

_NOBODY = {"default": "default", "flag": "command line", "tray": "icon's menu"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    show = verbs.add_parser("show", help="every setting with its value, who set it, and whether it is locked")
    show.add_argument("--json", action="store_true", help="for programs")
    show.add_argument(
        "--only-policy", action="store_true", help="only what a policy sets, and what only a policy may set"
    )
    show.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent that is meant")
    check = verbs.add_parser("check", help="say whether a policy could be used, before it is rolled out")
    check.add_argument(
        "file", type=Path, metavar="FILE", help="in TOML, or a property list of macOS (.plist)"
    )
    check.add_argument("--json", action="store_true", help="for programs")


def run(options: argparse.Namespace) -> int:
    """0 where all is well; what stands in the way is BAD_INPUT for a file that is checked, NOT_POSSIBLE for this computer's own policy.

    Raises BadConfig where the person's own settings can't be read, BadInput.
    """
    return _show(options) if options.verb == "show" else _check(options)


def _show(options: argparse.Namespace) -> int:
    settings = config.load_or_refuse(argparse.Namespace(state_dir=options.state_dir))
    rows = [row for row in _rows(settings) if not options.only_policy or row["locked"] or row["policy_only"]]
    if options.json:
        trouble = {"place": settings.policy_place, "detail": settings.policy_trouble}
        found = {"settings": rows, "trouble": trouble if settings.policy_trouble else None}
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for line in _lines(rows):
            print(line)
    if not settings.policy_trouble:
        return exit_codes.DONE
    for problem in _problems():
        print(f"qalamsap policy: {problem}", file=sys.stderr)
    print("qalamsap policy: nothing is signed until that is mended", file=sys.stderr)
    return exit_codes.NOT_POSSIBLE


def _problems() -> tuple[str, ...]:
    """All that is wrong with the policy of this computer."""
    try:
        reader.read()
        reader.read_distribution()
    except BadPolicy as error:
        return error.problems
    return ()


def _rows(settings: Config) -> Iterator[dict[str, Any]]:
    for name, setting in SETTINGS.items():
        yield {
            "name": name,
            "value": _without_password(name, _plain(getattr(settings, name))),
            "source": settings.sources[name],
            "place": settings.places.get(name, ""),
            "locked": settings.sources[name] == "policy",
            "policy_only": setting.is_policy_only,
        }


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    """A table: value, who set it, and a mark for what people can't change."""
    shown = [
        (
            f"{'*' if row['locked'] else ' '} {row['name']}",
            json.dumps(row["value"], ensure_ascii=False),
            row["place"] or _NOBODY.get(row["source"], row["source"]),
        )
        for row in rows
    ]
    width = max((len(name) for name, _, _ in shown), default=0)
    for name, value, place in shown:
        yield f"{name.ljust(width)}  {value}  ({place})"
    if any(row["locked"] for row in rows):
        yield "* set by policy, and locked"


def _without_password(name: str, value: Any) -> Any:
    """A proxy's address may hold one."""
    return re.sub(r"//[^/@]*@", "//…@", value) if name == "proxy" else value


def _plain(value: Any) -> Any:
    """As it would stand in TOML."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Readings):
        usual = Readings()
        return {name: own for name, own in dataclasses.asdict(value).items() if own != getattr(usual, name)}
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def _check(options: argparse.Namespace) -> int:
    path: Path = options.file
    if not path.is_file():
        raise BadInput(f"{path} is no file")
    problems: tuple[str, ...] = ()
    found: dict[str, Value] = {}
    try:
        found = base.gather(_place(path).tables())
    except BadPolicy as error:
        problems = error.problems
    remarks = tuple(_remarks(found))
    if options.json:
        table = {"usable": not problems, "problems": problems, "remarks": remarks, "settings": sorted(found)}
        print(json.dumps(table, ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            print(f"problem: {problem}")
        for remark in remarks:
            print(f"remark: {remark}")
        if not problems:
            print(f"{path} can be used; it sets {', '.join(sorted(found)) or 'nothing'}")
    return exit_codes.BAD_INPUT if problems else exit_codes.DONE


def _place(path: Path) -> Place:
    """Whoever owns it now: where it will lie, root must."""
    if path.suffix == ".plist":
        owner = path.stat().st_uid
        return ManagedPreferences((path.absolute(),), owner=owner, top=path.absolute().parent)
    return TrialFile(path)


def _remarks(found: dict[str, Value]) -> Iterator[str]:
    """What is allowed, and likely not meant."""
    values = {name: each.value for name, each in found.items()}
    allowed = values.get("allowed_origins", ())
    if values.get("lock_origins") and not allowed:
        yield "lock_origins is true and allowed_origins is empty: nobody may ask for a signature"
    if allowed and not values.get("lock_origins"):
        yield "allowed_origins without lock_origins: other sites may ask, too, and are introduced as new"
    blocked = tuple(map(OriginRule.parse, values.get("blocked_origins", ())))
    for text in allowed:
        rule = OriginRule.parse(text)
        if any(each.matches(rule.origin) for each in blocked):
            yield f"{text} is allowed and blocked: the block is stronger"
        if rule.origin.kind == "file":
            yield f"{text} is allowed: any page on the web can pass for one from the disk, so nobody is kept out"
        if rule.origin.kind == "unprotected":
            yield f"{text} comes without encryption: anybody on the way may have written the page"
    if values.get("require_preview") and values.get("https_api"):
        yield "require_preview refuses all of https_api: its documents come after the yes"
    for folder in values.get("key_folders", ()):
        if values.get("only_key_folders") and not folder.is_dir():
            yield f"{folder} is no folder on this computer: keys could be opened nowhere"
    if os.name == "posix" and "journal_path" in values and values["journal_path"]:
        place = paths.of_person(values["journal_path"])
        yield f"the journal of {paths.account()} would lie in {place}"
