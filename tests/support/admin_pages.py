"""The code blocks of docs/admin, what they are marked with, and what can be said of them without running them.

How blocks are marked is told at the top of docs/admin/README.md. Blocks of the `others`, which administrators and maintainers read
beside that book, are checked in the same way, and never run.
"""

import argparse
import configparser
import contextlib
import dataclasses
import io
import json
import re
import shlex
import shutil
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import yaml

from agent import __main__ as command_line
from agent.policy import base
from installer.windows import properties

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "docs" / "admin"

SHELLS = {"sh", "zsh"}
OTHER_SYSTEMS = {"powershell", "bat", "zsh"}
DATA = {"toml", "json", "xml", "yaml", "ini", "reg", "text", "md"}
WHY_ONLY_CHECKED = {"systemd", "network", "desktop", "fleet", "windows", "macos"}
FLAGS = {"root", "agent", "package", "policy", "settings", "output", "wrong"}
VALUES = {"exit", "check", "file"}

_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```[ ]*$", re.MULTILINE | re.DOTALL
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_EXAMPLE = re.compile(r"(?:such as|for example|например) `[^`\n]+`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclasses.dataclass(frozen=True)
class Block:
    page: str
    line: int
    """Of the first line of its text."""
    language: str
    flags: frozenset[str]
    values: dict[str, str]
    text: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_run(self) -> bool:
        """Whether the tests run it, in the copy of the machine or after installing the package."""
        return self.language == "sh" and self.values.keys().isdisjoint({"check", "file"})


@dataclasses.dataclass(frozen=True)
class Page:
    name: str
    text: str
    folder: Path = FOLDER
    """Where it lies, and its links begin."""

    def _visible(self) -> str:
        """The text without comments, every line where it was."""
        return _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), self.text)

    def blocks(self) -> list[Block]:
        """All code blocks, in the order of the page. ValueError for one that is marked with an unknown word."""
        found = []
        for each in _BLOCK.finditer(self._visible()):
            language, *marks = each["info"].split() or [""]
            values = dict(mark.split("=", 1) for mark in marks if "=" in mark)
            flags = frozenset(mark for mark in marks if "=" not in mark)
            line = self._visible().count("\n", 0, each.start("text")) + 1
            where = f"{self.name}:{line}"
            unknown = (flags - FLAGS) | (values.keys() - VALUES)
            if language not in SHELLS | OTHER_SYSTEMS | DATA or unknown:
                raise ValueError(f"{where}: a block can't be marked with {each['info']!r}")
            if values.get("check", "systemd") not in WHY_ONLY_CHECKED:
                raise ValueError(f"{where}: no reason for not running it: {values['check']!r}")
            indent = each["indent"]
            text = "".join(row.removeprefix(indent) for row in each["text"].splitlines(keepends=True))
            found.append(Block(self.name, line, language, flags, values, text))
        return found

    def prose(self) -> str:
        """The text without its code blocks and comments."""
        return _BLOCK.sub("", self._visible())

    def inline(self) -> list[str]:
        """What stands between `backticks` in the text, but for what is called an example there."""
        return _INLINE.findall(_EXAMPLE.sub("", self.prose()))

    def links(self) -> list[str]:
        return _LINK.findall(self.prose())


def pages(folder: Path = FOLDER) -> list[Page]:
    """Every page, the index first."""
    found = [Page(path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.md"))]
    return sorted(found, key=lambda page: page.name != "README.md")


_OTHERS = (
    "README.md",
    "installer/README.md",
    "installer/*/README.md",
    "installer/*/CHECKLIST.md",
    "docs/architecture.md",
    "docs/threats.md",
    "docs/words.md",
    "docs/decisions/*.md",
)


def others() -> list[Page]:
    """The pages elsewhere that name paths, settings, commands and events of ours, each under its place in the repository."""
    return [
        Page(path.relative_to(REPOSITORY).as_posix(), path.read_text(encoding="utf-8"), path.parent)
        for pattern in _OTHERS
        for path in sorted(REPOSITORY.glob(pattern))
    ]


# --- our own command line -----------------------------------------------------------------------------------------


class _WrongUsage(Exception):
    pass


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # raises instead of ending the process
        raise _WrongUsage(message)


def _parser(command: str) -> _Parser | None:
    if command not in command_line._COMMANDS:
        return None
    parser = _Parser(prog=f"qalamsap {command}")
    command_line._COMMANDS[command][1](parser)
    return parser


def usage_complaint(words: list[str]) -> str:
    """What our command line would say against these words after `qalamsap`; "" if it would take them."""
    if words in (["--help"], ["-h"]):
        return ""
    parser = _parser(words[0]) if words else None
    if parser is None:
        return f"no such command: {' '.join(words[:1])!r}"
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            parser.parse_args(words[1:])
        except _WrongUsage as error:
            return str(error)
        except SystemExit as ended:  # --help
            return "" if not ended.code else f"ends with {ended.code}"
    return ""


def outline_complaint(words: list[str]) -> str:
    """The same for words in running text, where arguments may be left out, bracketed or stand as PLACEHOLDERS."""
    if not words or words[0].startswith("-"):
        return "" if words in ([], ["--help"]) else f"no such command: {words[0]!r}"
    parser: argparse.ArgumentParser | None = _parser(words[0])
    if parser is None:
        return f"no such command: {words[0]!r}"
    for word in words[1:]:
        plain = word.strip("[]…").rstrip(",")
        if plain.startswith("-"):
            options = {name for action in parser._actions for name in action.option_strings}
            if plain.split("=")[0] not in options:
                return f"{parser.prog} has no option {plain}"
            continue
        verbs = next(
            (action for action in parser._actions if isinstance(action, argparse._SubParsersAction)), None
        )
        if verbs is not None and plain:
            unknown = [verb for verb in plain.split("|") if verb not in verbs.choices]
            if unknown:
                return f"{parser.prog} has no {unknown[0]!r}"
            parser = verbs.choices[plain.split("|")[0]]
    return ""


_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1([^\n]*)\n.*?^\s*\2[ ]*$", re.MULTILINE | re.DOTALL)
_REDIRECTION = re.compile(r"(?<!\S)[0-9&]?[<>]{1,2}&?\s*[^\s|;&)]+")
_BEFORE = {
    "sudo",
    "env",
    "exec",
    "timeout",
    "runuser",
    "setpriv",
    "if",
    "while",
    "until",
    "!",
    "then",
    "do",
    "else",
    "&",
    "time",
}


def commands_of_shell(text: str) -> list[list[str]]:
    """The words of every simple command in a piece of POSIX shell. ValueError where its quotes do not match."""
    text = _HEREDOC.sub(r"\3", text).replace("\\\n", " ").replace("$(", " ( ")
    found = []
    for line in text.splitlines():
        reader = shlex.shlex(_REDIRECTION.sub(" ", line), posix=True, punctuation_chars="();|&")
        reader.whitespace_split = True
        reader.commenters = "#"
        words: list[str] = []
        for word in [*reader, ";"]:
            if set(word) <= set("();|&"):
                if words:
                    found.append(words)
                words = []
            else:
                words.append(word)
    return found


def own_words_of_shell(text: str) -> list[list[str]]:
    """The words after `qalamsap` of every command line of ours in a piece of shell."""
    found = []
    for words in commands_of_shell(text):
        for number, word in enumerate(words):
            if re.fullmatch(r"(.*/)?qalamsap", word) and (
                number == 0 or words[0] in _BEFORE or "=" in words[0]
            ):
                found.append(words[number + 1 :])
                break
    return found


_OWN_PROGRAM = re.compile(r"(?:^|[\s\\\"'&(])qalamsap(?:\.exe)?[\"']?[ \t]+(?P<words>[^|;\n>)]*)")
"""With a capital it is no command but a name, as of the task "Qalamsap trust renewal"."""


def own_words_of_windows(text: str) -> list[list[str]]:
    """The same for PowerShell and cmd.exe, whose lines go on after a backtick or a caret."""
    joined = re.sub(r"[ \t]*[`^]\n[ \t]*", " ", text)
    lines = [line for line in joined.splitlines() if not re.match(r"\s*(#|rem\b|::)", line, re.IGNORECASE)]
    return [
        [
            word.strip("\"'")
            for word in shlex.split(found["words"].strip().rstrip("\"'").replace("\\", "/"), posix=False)
        ]
        for line in lines
        for found in _OWN_PROGRAM.finditer(line)
    ]


# --- what is said against a block ---------------------------------------------------------------------------------


def shell_complaint(text: str, language: str = "sh") -> str:
    """What the shell says against the piece without running it; "" if nothing, or that shell is not here."""
    program = shutil.which("bash" if language == "zsh" else "sh")
    if program is None:
        return ""
    done = subprocess.run(
        [program, "-n"], input=text, capture_output=True, text=True, timeout=30, check=False
    )
    return done.stderr.strip()


def block_complaints(block: Block) -> list[str]:
    """What is wrong with the block as it stands; nothing where the page says that it is wrong on purpose."""
    if "wrong" in block.flags:
        return []
    found = []
    words: list[list[str]] = []
    if block.language in SHELLS:
        found += [complaint] if (complaint := shell_complaint(block.text, block.language)) else []
        try:
            words = own_words_of_shell(block.text)
        except ValueError as error:
            found.append(str(error))
    elif block.language in OTHER_SYSTEMS:
        found += _windows_complaints(block)
        try:
            words = own_words_of_windows(block.text)
        except ValueError as error:
            found.append(str(error))
    elif block.language in {"toml", "json", "xml", "yaml", "ini", "reg"}:
        found += [complaint] if (complaint := _form_complaint(block)) else []
    if block.language == "toml" and not found and is_settings(block):
        found += _settings_complaints(block)
    found += [
        f"qalamsap {' '.join(each)}: {complaint}" for each in words if (complaint := usage_complaint(each))
    ]
    return [f"{block.where}: {each}" for each in found]


def is_settings(block: Block) -> bool:
    """Whether the block is a policy, or a person's settings."""
    return bool(block.flags & {"policy", "settings"}) or "/qalamsap/" in block.values.get("file", "")


def _settings_complaints(block: Block) -> list[str]:
    """What the agent would say of it."""
    entries = tomllib.loads(block.text)
    # Files of authorities are not here to be looked into.
    entries.pop("authorities", None)
    try:
        base.gather([base.Table(block.where, entries)])
    except base.BadPolicy as error:
        return list(error.problems)
    return []


_OF_WINDOWS_INSTALLER = {"ALLUSERS", "MSIINSTALLPERUSER", "REBOOT", "REINSTALL", "REINSTALLMODE", "REMOVE"}


def _property_complaints(text: str) -> Iterator[str]:
    """Public properties on command lines of msiexec that our installer does not have, or whose value it would not take."""
    known: dict[str, list[properties.Property]] = {properties.INSTALLDIR.name: [properties.INSTALLDIR]}
    for each in (*properties.public("machine"), *properties.public("user")):
        known.setdefault(each.name, []).append(each)
    for line in re.sub(r"[ \t]*[`^]\n[ \t]*", " ", text).splitlines():
        if not re.search(r"\bmsiexec\b", line, re.IGNORECASE):
            continue
        for name, value in re.findall(r"\s([A-Z][A-Z_]+)=(\"[^\"]*\"|\S*)", line):
            if name not in known and name not in _OF_WINDOWS_INSTALLER:
                yield f"the installer has no property {name}"
            elif name in known and not any(_takes(each, value.strip('"')) for each in known[name]):
                yield f"{name} can't be {value}"


def _takes(prop: properties.Property, value: str) -> bool:
    return not prop.allowed or value in (*prop.allowed, properties.FORGET)


def _windows_complaints(block: Block) -> Iterator[str]:
    yield from _property_complaints(block.text)
    closing = {"(": ")", "{": "}", "[": "]"}
    for number, line in enumerate(block.text.splitlines()):
        bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", line)
        if '"' in bare or ("'" in bare and not bare.lstrip().startswith(("#", "rem", "::"))):
            yield f"line {number + 1}: a quote is not closed: {line.strip()}"
    if block.language == "powershell":
        code = re.sub(r"\"[^\"]*\"|'[^']*'|#[^\n]*", "", block.text)
        open_ = []
        for letter in code:
            if letter in closing:
                open_.append(closing[letter])
            elif letter in closing.values() and (not open_ or open_.pop() != letter):
                yield f"{letter} closes nothing"
        if open_:
            yield f"{open_[-1]} is missing"


def _form_complaint(block: Block) -> str:
    text = block.text
    try:
        if block.language == "toml":
            tomllib.loads(text)
        elif block.language == "json" and "output" not in block.flags:
            json.loads(text)
        elif block.language == "xml":
            ET.fromstring(text)
        elif block.language == "yaml":
            yaml.safe_load(text)
        elif block.language == "ini":
            configparser.ConfigParser(strict=False, interpolation=None).read_string(text)
        elif block.language == "reg":
            return _reg_complaint(text)
    except (ValueError, ET.ParseError, configparser.Error, yaml.YAMLError) as error:
        return f"not well-formed: {error}"
    return ""


_REG_LINE = re.compile(
    r'\[-?HKEY_[A-Z_]+(\\[^\]]+)+\]|(@|"(?:[^"\\]|\\.)+")=(-|"(?:[^"\\]|\\.)*"|dword:[0-9a-f]{8}|hex(\([0-9a-f]\))?:.*)|;.*|'
)


def _reg_complaint(text: str) -> str:
    first, *rest = text.splitlines() or [""]
    if first != "Windows Registry Editor Version 5.00":
        return "a .reg file begins with: Windows Registry Editor Version 5.00"
    bad = [line for line in rest if not _REG_LINE.fullmatch(line)]
    return f"no line of a .reg file: {bad[0]}" if bad else ""


# --- what a block printed -----------------------------------------------------------------------------------------


def text_complaint(expected: str, printed: str) -> str:
    """How the output differs from what the page shows; "…" stands for anything in a line, a line "…" for any lines."""
    pattern = "".join(
        r"(?:[^\n]*\n)*?"
        if line.strip() == "…"
        else ".*".join(map(re.escape, line.rstrip().split("…"))) + r"[ \t]*\n"
        for line in expected.strip("\n").splitlines()
    )
    if re.fullmatch(pattern, printed.strip("\n") + "\n"):
        return ""
    return f"the page shows\n{expected}\nbut it printed\n{printed}"


def json_complaint(expected: str, printed: str) -> str:
    """The same for JSON: the same names in the same places; a value "…" may be anything, a list's items are like its first."""
    try:
        shown, told = json.loads(expected), json.loads(printed)
    except ValueError as error:
        return f"not JSON: {error}\n{printed}"
    return "; ".join(_value_complaints(shown, told, "$"))


def _value_complaints(shown: object, told: object, where: str) -> Iterator[str]:
    if shown == "…":
        return
    if isinstance(shown, dict) and isinstance(told, dict):
        open_ended = "…" in shown
        names = shown.keys() - {"…"}
        if names - told.keys() or (told.keys() - names and not open_ended):
            yield f"{where} has the names {sorted(told)}, the page shows {sorted(shown)}"
        for name in names & told.keys():
            yield from _value_complaints(shown[name], told[name], f"{where}.{name}")
    elif isinstance(shown, list) and isinstance(told, list):
        if shown[-1:] == ["…"]:
            for number, item in enumerate(told):
                yield from _value_complaints(shown[0], item, f"{where}[{number}]")
        elif len(shown) != len(told):
            yield f"{where} has {len(told)} items, the page shows {len(shown)}"
        else:
            for number, (one, other) in enumerate(zip(shown, told, strict=True)):
                yield from _value_complaints(one, other, f"{where}[{number}]")
    elif isinstance(shown, str) and isinstance(told, str) and "…" in shown:
        if not re.fullmatch(".*".join(map(re.escape, shown.split("…"))), told, re.DOTALL):
            yield f"{where} is {told!r}, the page shows {shown!r}"
    elif shown != told or type(shown) is not type(told):
        yield f"{where} is {told!r}, the page shows {shown!r}"
