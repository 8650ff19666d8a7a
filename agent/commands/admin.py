"""`qalamsap admin export` and `qalamsap admin profile`: files that IT deploys.

    export     browsers' policies by which the pages of named sites reach the agent without a question to the person. With --merge they
               go into IT's own file, and with --remove out of it again
    profile    the agent's own policies, written in TOML, as a configuration profile for Macs

What is made goes to standard output or --output.
"""

import argparse
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from agent import paths
from agent.browser_policies import documents, merging, registry_file
from agent.browser_policies.browsers import ALL, BROWSERS, Browser
from agent.browser_policies.documents import Document
from agent.browser_policies.wanted import Wanted
from agent.commands import exit_codes
from agent.errors import BadInput, FileUnusable, StorageFailed
from agent.localhost import authority, trust
from agent.localhost.record import RegistryValue
from agent.policy import profile

Format: TypeAlias = Literal["json", "policies.json", "reg", "lgpo", "plist", "mobileconfig"]

FORMATS = {
    "json": "Chromium's file on Linux",
    "policies.json": "Firefox's file, on every system",
    "reg": "Windows, `reg import`",
    "lgpo": "Windows, Microsoft's LGPO.exe",
    "plist": "macOS, a device management's custom settings",
    "mobileconfig": "macOS, one configuration profile",
}
_OF_FAMILY = {"json": "chromium", "policies.json": "firefox"}
_REGISTRY = ("reg", "lgpo")
_IN_PLACE = ("json", "policies.json", "plist")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the verbs to the parser of `qalamsap admin`."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="export|profile")
    export = verbs.add_parser(
        "export", help="make browsers' policies that let named sites reach the agent without asking"
    )
    export.add_argument(
        "--origins",
        action="append",
        nargs="+",
        default=[],
        metavar="https://HOST[:PORT]",
        help="the sites; several, or separated by commas",
    )
    export.add_argument(
        "--browser",
        action="append",
        nargs="+",
        default=[],
        choices=(*BROWSERS, ALL),
        metavar="BROWSER",
        help=f"for which: {', '.join(BROWSERS)} or {ALL}; several may be named",
    )
    export.add_argument(
        "--format",
        choices=FORMATS,
        help="; ".join(f"{name}: {text}" for name, text in FORMATS.items())
        + "; without it: what each browser reads on Linux",
    )
    export.add_argument(
        "--merge",
        type=Path,
        metavar="FILE",
        help="a file that is there: json, policies.json and plist are changed in place (with --output they are not, and the result"
        " goes there); for reg and lgpo FILE is what `reg export` or `LGPO.exe /parse` wrote, and what is made fits beside it",
    )
    export.add_argument(
        "--remove",
        action="store_true",
        help="the way back: takes out of FILE what --merge put in; for reg and lgpo: makes the file that does, from the same words",
    )
    export.add_argument(
        "--authority",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a computer's own authority that browsers are to trust (each computer has another: leave it out for many)",
    )
    export.add_argument(
        "--output",
        metavar="PATH",
        help="the file to write; a folder (one that is there, or PATH ends with /) gets each file where it belongs below it",
    )
    export.add_argument(
        "--state-dir",
        type=Path,
        metavar="DIR",
        help="where it is written down what was merged into which file",
    )
    own = verbs.add_parser(
        "profile",
        help="make a configuration profile of macOS of the agent's own policies (docs/admin/policies.md)",
    )
    own.add_argument(
        "policies", type=Path, metavar="FILE.toml", help="the policies, as in /etc/qalamsap/policy.toml"
    )
    own.add_argument("--output", metavar="PATH", help="the file to write")


def run(options: argparse.Namespace) -> int:
    """Raises BadInput, BadConfig, ForeignFile, StorageFailed."""
    return _profile(options) if options.verb == "profile" else _export(options)


def _profile(options: argparse.Namespace) -> int:
    octets = profile.of_policies(_read(options.policies), str(options.policies))
    return _write([Document(f"{paths.BUNDLE}.mobileconfig", "", octets)], options.output)


def _export(options: argparse.Namespace) -> int:
    kind: Format | None = options.format
    browsers = _browsers(options, kind)
    wanted = _wanted(options)
    for note in dict.fromkeys(browser.note for browser in browsers if browser.note and not options.remove):
        _say(note)
    if kind in _REGISTRY:
        return _write([_registry(options, kind, browsers, wanted)], options.output)
    if options.merge is not None:
        return _merge(options, kind, browsers, wanted)
    if options.remove:
        raise BadInput("--remove takes our texts out of a file: name it with --merge")
    if kind == "mobileconfig":
        return _write([documents.profile(browsers, wanted)], options.output)
    make = documents.for_macos if kind == "plist" else documents.for_linux
    return _write(make(browsers, wanted), options.output)


def _browsers(options: argparse.Namespace, kind: Format | None) -> list[Browser]:
    named = [name for names in options.browser for name in names] or [ALL]
    found = list(BROWSERS.values()) if ALL in named else [BROWSERS[name] for name in dict.fromkeys(named)]
    family = _OF_FAMILY.get(kind or "")
    fitting = [browser for browser in found if family in {None, browser.family}]
    if not fitting:
        raise BadInput(f"--format {kind} is not for {found[0].name}")
    return fitting


def _wanted(options: argparse.Namespace) -> Wanted:
    texts = [text for words in options.origins for word in words for text in word.split(",") if text]
    origins = trust.checked_origins(texts)
    if not origins and not options.authority and not (options.remove and options.merge):
        raise BadInput("name the sites: --origins https://portal.example.kz")
    authorities = []
    for path in options.authority:
        der = authority.constrained(_read(path))
        authorities.append((hashlib.sha256(der).hexdigest()[:8], der))
    return Wanted(origins, tuple(authorities))


def _merge(
    options: argparse.Namespace, kind: Format | None, browsers: Sequence[Browser], wanted: Wanted
) -> int:
    if kind is not None and kind not in _IN_PLACE:
        raise BadInput(f"nothing can be merged into a file of the format {kind}")
    if len({browser.family for browser in browsers}) > 1 or (kind == "plist" and len(browsers) > 1):
        raise BadInput("--merge changes the file of one browser: name that browser")
    browser, path = browsers[0], options.merge
    manner = kind or ("policies.json" if browser.family == "firefox" else "json")
    state_dir = paths.resolve(options.state_dir).state_dir
    if options.remove:
        if options.output is not None:
            raise BadInput("--remove changes the file itself; --output makes no sense beside it")
        merged = merging.remove(path, manner, state_dir)
    elif options.output is not None:
        octets, notes = merging.preview(path, browser, wanted, manner)
        for note in notes:
            _say(note)
        certificates = (
            wanted.certificate_files() if browser.family == "firefox" and manner == "policies.json" else ()
        )
        for name, _ in certificates:
            _say(f"the file names /{browser.linux}/{name}: --merge without --output writes it, too")
        return _write([Document(path.name, "", octets)], options.output)
    else:
        merged = merging.merge(path, browser, wanted, manner, state_dir)
    for note in merged.notes:
        _say(note)
    print(f"{merged.path}: {'changed' if merged.changed else 'as it was'}")
    return exit_codes.DONE


def _registry(
    options: argparse.Namespace, kind: Format | None, browsers: Sequence[Browser], wanted: Wanted
) -> Document:
    state: registry_file.State = {}
    if options.merge is not None:
        octets = _read(options.merge)
        state = registry_file.read(octets) if kind == "reg" else registry_file.read_lgpo(octets)
    values = registry_file.changes(browsers, wanted, state)
    if not values:
        _say("all of it stands there already")
    if kind == "lgpo":
        return Document(
            f"qalamsap-browsers{'-remove' if options.remove else ''}.txt",
            "",
            registry_file.write_lgpo(values, removes=options.remove),
        )
    return Document(
        f"qalamsap-browsers{'-remove' if options.remove else ''}.reg",
        "",
        registry_file.write(values, removes=options.remove, comment=_comment(options, values)),
    )


def _comment(options: argparse.Namespace, values: Sequence[RegistryValue]) -> list[str]:
    ground = "the state that was exported" if options.merge else "computers that have none of these lists"
    if not options.remove:
        return [f"Qalamsap: sites that reach the signing agent without asking. Made for {ground}."]
    lines = [f"Qalamsap: the way back. Made for {ground}."]
    if any(value.key in value.made for value in values):
        lines.append(
            "Takes away whole lists that were not there before: look first whether others use them by now."
        )
    return lines


def _write(found: Sequence[Document], output: str | None) -> int:
    if output is None:
        if len({document.octets for document in found}) > 1:
            raise BadInput(f"that is {len(found)} files: name a folder with --output")
        sys.stdout.flush()
        sys.stdout.buffer.write(found[0].octets)
        sys.stdout.buffer.flush()
        return exit_codes.DONE
    is_folder = len(found) > 1 or output.endswith(("/", os.sep)) or Path(output).is_dir()
    for document in found:
        path = Path(output) / document.path if is_folder else Path(output)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            paths.write_whole(path, document.octets)
        except OSError as error:
            raise StorageFailed(f"'{path}': {error.strerror}") from error
        print(path)
    return exit_codes.DONE


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileUnusable(f"'{path}': {error.strerror}") from error


def _say(text: str) -> None:
    print(text, file=sys.stderr)
