"""`qalamsap update check|install|download|status`: new versions of this program, from a signed repository."""

import argparse
import dataclasses
import json
import logging
from pathlib import Path

from agent import config, logs, paths
from agent.commands import exit_codes
from agent.errors import AgentError
from agent.system_log import handler as system_log
from agent.updates import installation, updating
from agent.updates.errors import Busy, UpdatesOff
from agent.updates.releases import Choice, Release
from agent.updates.updating import Updates, Wish

_OUTCOMES = {
    "": "nobody has looked yet",
    "up-to-date": "nothing newer was there",
    "available": "version {version} was there",
    "waits": "version {version} waits",
    "handed-over": "version {version} was handed to the system's installer",
    "installed": "version {version} was installed",
    "failed": "it failed: {code}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="say whether there is a newer version for this computer")
    install = verbs.add_parser("install", help="install it, if nobody is in the middle of anything")
    download = verbs.add_parser(
        "download", help="write a package into a folder, checked, to install it by other ways"
    )
    status = verbs.add_parser(
        "status", help="say how updates are set and what came of the last one; asks no server"
    )
    for verb in (check, install, download):
        verb.add_argument(
            "--from",
            dest="place",
            metavar="PLACE",
            help="another repository: a folder, a share, an https address",
        )
        verb.add_argument(
            "--proxy", metavar="URL", help="http://host:port, none, or system (default: as the system says)"
        )
    for verb in (check, install):
        verb.add_argument(
            "--now", action="store_true", help="don't wait for days of deferral, or for this computer's turn"
        )
    install.add_argument(
        "--wait",
        type=int,
        default=0,
        metavar="SECONDS",
        help="how long to wait for a moment in which nobody signs",
    )
    install.add_argument(
        "--background",
        action="store_true",
        help="say nothing where there is nothing to do, or where it must wait",
    )
    download.add_argument(
        "--package", metavar="NAME", help="such as deb-amd64 (default: this computer's own)"
    )
    download.add_argument(
        "--to", type=Path, default=Path(), metavar="DIR", help="where (default: the folder you are in)"
    )
    for verb in (check, install, download, status):
        verb.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent that is meant")
        verb.add_argument("--json", action="store_true", help="print the answer as JSON")


def run(options: argparse.Namespace) -> int:
    """Raises UpdatesOff, RepositoryRefused, Unreachable, Busy, InstallFailed, StorageFailed, BadConfig."""
    from agent import daemon  # noqa: PLC0415  # `--help` and the shell's completion need none of it

    wish = Wish(
        place=updating.checked_place(options.place) if getattr(options, "place", None) else "",
        is_now=getattr(options, "now", False),
        wait_s=float(getattr(options, "wait", 0)),
    )
    updates = Updates(config.load(options), installation.this_one(), daemon.version(), wish=wish)
    match options.verb:
        case "check":
            return _tell(options, updates.check())
        case "install":
            return _install(options, updates)
        case "download":
            package = options.package or installation.this_one().package
            release, file = updates.download(package, options.to.absolute())
            _print(options, {"version": release.version.text, "file": str(file)}, str(file))
            return exit_codes.DONE
        case _:
            return _status(options, updates)


def _install(options: argparse.Namespace, updates: Updates) -> int:
    if options.background:
        file = paths.resolve(options.state_dir).log
        system_log.begin("info", file, is_usual=options.state_dir is None, is_second=True)
    try:
        choice, done = updates.install()
    except (Busy, UpdatesOff):
        if options.background:
            return exit_codes.DONE  # another day, or never
        raise
    except AgentError as error:
        if options.background:
            logs.note(logging.getLogger(__name__), logging.WARNING, "the update ended", code=error.code)
        raise
    finally:
        if options.background:
            logs.close()
    if done is None:
        return exit_codes.DONE if options.background else _tell(options, choice)
    assert choice.release is not None
    text = {
        "installed": f"version {choice.release.version} is installed",
        "handed-over": f"version {choice.release.version} was handed to the system's installer; the agent starts again with the next log-in",
    }[done]
    _print(options, {"outcome": done, **_described(choice.release)}, text)
    return exit_codes.DONE


def _tell(options: argparse.Namespace, choice: Choice) -> int:
    lines = []
    if choice.release is not None:
        lines.append(
            f"version {choice.release.version} is there{_marks(choice.release)}: qalamsap update install"
        )
    if choice.held is not None:
        until = f" until {choice.until.date().isoformat()}" if choice.until else ""
        why = "the days of deferral" if choice.why == "deferral" else "this computer's turn"
        lines.append(f"version {choice.held.version}{_marks(choice.held)} waits for {why}{until}")
    outcome = "available" if choice.release else "waits" if choice.held else "up-to-date"
    answer = {
        "outcome": outcome,
        "release": _described(choice.release),
        "held": _described(choice.held),
        "why": choice.why,
        "until": choice.until.isoformat() if choice.until else "",
    }
    _print(options, answer, "\n".join(lines) or "this is the newest version for this computer")
    return exit_codes.DONE


def _status(options: argparse.Namespace, updates: Updates) -> int:
    found = updates.status()
    if options.json:
        _print(options, dataclasses.asdict(found), "")
        return exit_codes.DONE
    last = _OUTCOMES[found.record.outcome].format(version=found.record.version, code=found.record.code)
    print(f"installed:  {found.installed} ({found.package})")
    print(f"channel:    {found.channel}, deferred by {found.deferral_days} days")
    print(f"from:       {found.place or 'nowhere'}")
    if found.root_version:
        print(f"root:       version {found.root_version}, good until {found.root_until}")
    print(f"last look:  {found.record.checked or 'never'}: {last}")
    if found.record.log:
        print(f"log:        {found.record.log}")
    if found.record.bad:
        print(f"not again:  {', '.join(found.record.bad)} did not start here")
    if found.off:
        print(f"no updates: {found.off}")
    return exit_codes.DONE


def _marks(release: Release) -> str:
    security = ", it closes a hole" if release.is_security else ""
    security += ", and is urgent" if release.is_urgent else ""
    return (
        f" ({release.published.date().isoformat()}{security}{f', {release.notes}' if release.notes else ''})"
    )


def _described(release: Release | None) -> dict[str, object]:
    if release is None:
        return {}
    return {
        "version": release.version.text,
        "published": release.published.isoformat(),
        "security": release.is_security,
        "urgent": release.is_urgent,
        "notes": release.notes,
    }


def _print(options: argparse.Namespace, answer: object, text: str) -> None:
    print(json.dumps(answer, ensure_ascii=False, indent=2) if options.json else text)
