"""Windows' registry as text: what `reg export` and LGPO.exe write, and what `reg import` and LGPO.exe take.

Such a file can't look what is there already, so it is made for a state that is known: that of an export, or an empty one. The file that
takes it back is computed from the same state. Where each computer's own state counts, `qalamsap trust install --machine --origin` on
that computer is the right tool: it keeps a record.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from agent.browser_policies.browsers import Browser
from agent.browser_policies.wanted import Wanted
from agent.errors import BadInput
from agent.localhost import registry_policies
from agent.localhost.record import RegistryValue

HIVE = "HKEY_LOCAL_MACHINE"
_HEADER = "Windows Registry Editor Version 5.00"
_VALUE = re.compile(r'"((?:[^"\\]|\\.)*)"="((?:[^"\\]|\\.)*)"')
_OTHER_VALUE = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|@)=')

State: TypeAlias = dict[str, dict[str, object]]
"""Keys below HKEY_LOCAL_MACHINE, with names and data of their values; data that is no text is None."""


def changes(browsers: Sequence[Browser], wanted: Wanted, state: State) -> tuple[RegistryValue, ...]:
    """What has to be set so that every text stands in its list."""
    texts: list[registry_policies.ListedText] = []
    for browser in browsers:
        additions = [(each.keys, each.value) for each in wanted.additions_of_system(browser)]
        texts += registry_policies.listed(browser.key, additions)
    found = {key.lower(): values for key, values in state.items()}
    present: Mapping[str, Mapping[str, object] | None] = {
        key: found.get(key.lower()) for key in registry_policies.keys_of(texts)
    }
    return registry_policies.plan(present, texts)


def read(octets: bytes) -> State:
    """What `reg export` wrote, in UTF-16 or (REGEDIT4) in octets. Raises BadInput."""
    text = _decoded(octets)
    lines = _joined(text.splitlines())
    first = next((line for line in lines if line.strip()), "")
    if first.strip() not in {_HEADER, "REGEDIT4"}:
        raise BadInput("this is no file of `reg export`")
    state: State = {}
    values: dict[str, object] = {}
    for line in lines[lines.index(first) + 1 :]:
        stripped = line.strip()
        if not stripped or stripped.startswith(";"):
            continue
        if stripped.startswith("[") and stripped.endswith("]"):
            hive, _, key = stripped[1:-1].partition("\\")
            if stripped.startswith("[-"):
                raise BadInput("this file deletes keys: it is no export")
            values = state.setdefault(key, {}) if hive in {HIVE, "HKLM"} else {}
            for above in _above(key) if hive in {HIVE, "HKLM"} else ():
                state.setdefault(above, {})
        elif match := _VALUE.fullmatch(stripped):
            values[_unquoted(match[1])] = _unquoted(match[2])
        elif match := _OTHER_VALUE.match(stripped):
            values[_unquoted(match[1] or "")] = None
        else:
            raise BadInput("this file of `reg export` has a line that makes no sense")
    return state


def write(values: Iterable[RegistryValue], *, removes: bool, comment: Sequence[str] = ()) -> bytes:
    """A file for `reg import`, or the one that takes those values (and the lists made for them) away again."""
    lines = [_HEADER, "", *(f"; {line}" for line in comment)]
    by_key: dict[str, list[RegistryValue]] = {}
    for value in values:
        by_key.setdefault(value.key, []).append(value)
    for key, listed in by_key.items():
        is_made = any(key in value.made for value in listed)
        lines.append("")
        if removes and is_made:
            lines.append(f"[-{HIVE}\\{key}]")
            continue
        lines.append(f"[{HIVE}\\{key}]")
        lines += [
            f'"{_quoted(value.name)}"=-' if removes else f'"{_quoted(value.name)}"="{_quoted(value.text)}"'
            for value in listed
        ]
    text = "\r\n".join(lines) + "\r\n"
    return b"\xff\xfe" + text.encode("utf-16-le")


def read_lgpo(octets: bytes) -> State:
    """What `LGPO.exe /parse /m registry.pol` prints: four lines a value. Raises BadInput."""
    text = _decoded(octets)
    lines = [line.strip() for line in text.splitlines() if not line.lstrip().startswith(";")]
    blocks = [block.split("\n") for block in re.split(r"\n\n+", "\n".join(lines).strip("\n")) if block]
    state: State = {}
    for block in blocks:
        if len(block) != 4:
            raise BadInput("LGPO's text has four lines for each value")
        scope, key, name, data = block
        if scope.lower() != "computer":
            continue
        kind, _, words = data.partition(":")
        state.setdefault(key, {})[name] = words if kind == "SZ" else None
        for above in _above(key):
            state.setdefault(above, {})
    return state


def write_lgpo(values: Iterable[RegistryValue], *, removes: bool) -> bytes:
    """A text for `LGPO.exe /t`, which sets local policy, or the one that takes it back."""
    blocks = [
        "\n".join(("Computer", value.key, value.name, "DELETE" if removes else f"SZ:{value.text}"))
        for value in values
    ]
    return ("\n\n".join(blocks) + "\n").replace("\n", "\r\n").encode()


def _above(key: str) -> list[str]:
    words = key.split("\\")
    return ["\\".join(words[:length]) for length in range(1, len(words))]


def _decoded(octets: bytes) -> str:
    try:
        if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
            return octets.decode("utf-16")
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput("this is no text of the registry") from error


def _joined(lines: Sequence[str]) -> list[str]:
    """Long octets go over several lines, each but the last with a backslash at its end."""
    found: list[str] = []
    is_open = False
    for line in lines:
        if is_open:
            found[-1] += line.strip()
        else:
            found.append(line)
        is_open = found[-1].endswith("\\") and not found[-1].endswith("]")
        if is_open:
            found[-1] = found[-1][:-1]
    return found


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
