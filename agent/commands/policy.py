"""`qalamsap policy show` and `qalamsap policy check FILE`: for whoever runs computers, and for whoever wonders why a setting is locked."""

import argparse
import dataclasses
import json
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agent import config, paths
from agent.commands import exit_codes
from agent.config import SETTINGS, Config
from agent.errors import BadInput
from agent.origin_rules import OriginRule
from agent.policy import base, reader
from agent.policy.base import BadPolicy, Place, Table, Value
from agent.policy.files import TrialFile, is_read
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
        "files",
        type=Path,
        metavar="FILE",
        nargs="+",
        help="in TOML, or a property list of macOS (.plist); several count together",
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
    paths_given: list[Path] = options.files
    for path in paths_given:
        if not path.is_file():
            raise BadInput(f"{path} is no file")
    problems: list[str] = []
    tables = [table for place in _places(paths_given) for table in _tables(place, problems)]
    found: dict[str, Value] = {}
    try:
        found = base.gather(tables, is_whole=False)
    except BadPolicy as error:
        problems += error.problems
    together = _in_force() | found
    if not problems:
        here = {value.place for value in found.values()}
        problems += [text for place, text in base.contradictions(together) if place in here]
    remarks = (
        *_remarks(found, together),
        *(remark for path in paths_given for remark in _remarks_on_file(path)),
    )
    own = (table.entries for table in tables if any(_is_of(table, path) for path in paths_given))
    names = sorted({name for entries in own for name in entries} & found.keys())
    if options.json:
        table = {"usable": not problems, "problems": problems, "remarks": remarks, "settings": names}
        print(json.dumps(table, ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            print(f"problem: {problem}")
        for remark in remarks:
            print(f"remark: {remark}")
        if not problems:
            print(f"{', '.join(map(str, paths_given))} can be used; it sets {', '.join(names) or 'nothing'}")
    return exit_codes.BAD_INPUT if problems else exit_codes.DONE


def _places(files: Sequence[Path]) -> Iterator[Place]:
    """What is to be read: the files, and where one of them counts on this computer, all that does, by the rules that hold there."""
    in_force = reader.places_of_policies()
    is_meant = False
    for path in files:
        if any(place.holds(path) for place in in_force):
            is_meant = True
        else:
            yield _place(path)
    if is_meant:
        yield from in_force


def _in_force() -> dict[str, Value]:
    """What the policy of this computer sets; nothing where it can't be used."""
    try:
        return base.gather(
            (table for place in reader.places_of_policies() for table in place.tables()), is_whole=False
        )
    except BadPolicy:
        return {}


def _tables(place: Place, problems: list[str]) -> Iterator[Table]:
    """What can be read there; what can't goes to the problems."""
    try:
        yield from place.tables()
    except BadPolicy as error:
        problems += error.problems


def _is_of(table: Table, path: Path) -> bool:
    try:
        return path.samefile(table.place)
    except OSError:  # a key of the registry
        return False


def _place(path: Path) -> Place:
    """Whoever owns it now: where it will lie, root must."""
    if path.suffix == ".plist":
        owner = path.stat().st_uid
        return ManagedPreferences((path.absolute(),), owner=owner, top=path.absolute().parent)
    return TrialFile(path)


def _remarks_on_file(path: Path) -> Iterator[str]:
    """What would keep it from being read."""
    if os.name != "posix":
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if any(place.holds(path) for place in reader.places_of_policies()):
        if not mode & stat.S_IROTH:
            yield f"{path} can't be read by everybody (mode {mode:04o}): whose agent can't read it signs nothing"
        return
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield f"{path} may be written by others (mode {mode:04o}): so it would be refused where policies lie"
    if not is_read(path) and any(
        place.holds(path.with_name("x.toml")) for place in reader.places_of_policies()
    ):
        yield f"{path} is not read where it lies: its name has to end in .toml, and not to begin with a dot"


def _remarks(found: dict[str, Value], together: dict[str, Value]) -> Iterator[str]:
    """What is allowed, and likely not meant, of what was found; `together` with the policy of this computer."""
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
    if values.get("only_key_folders") and "key_folders" not in found and "key_folders" in together:
        yield f"only_key_folders goes by the key_folders in {together['key_folders'].place}: other computers need both"
    for folder in values.get("key_folders", ()):
        if values.get("only_key_folders") and not folder.is_dir():
            yield f"{folder} is no folder on this computer: keys could be opened nowhere"
    if os.name == "posix" and "journal_path" in values and values["journal_path"]:
        place = paths.of_person(values["journal_path"])
        yield f"the journal of {paths.account()} would lie in {place}"
