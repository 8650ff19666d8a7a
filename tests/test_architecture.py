"""The shape of the house: who may import whom, which library stands in which file, what stays pure, where tests live.

Every rule is a function from modules to complaints. Below the rules, each one is shown a tree that breaks it.
"""

import ast
import dataclasses
import functools
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("agent", "protocol", "tray", "demo")


@dataclasses.dataclass(frozen=True)
class Module:
    name: str  # "agent.formats.cms"
    source: str
    path: str = ""

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    def imports(self) -> set[str]:
        """Dotted names of all that is imported anywhere in the module; `from a import b` counts as a.b."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}: relative import"
                found.update(f"{node.module}.{alias.name}" for alias in node.names)
        return found


@functools.cache
def modules() -> list[Module]:
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append(Module(name, path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))))
    return found


# --- layers -----------------------------------------------------------------------------------------------------

# Top to bottom. A module may import its own place, and what stands on a lower line.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("agent.__main__",),
    ("agent.commands",),
    ("agent.desk",),
    ("agent.support",),
    ("agent.doctor",),
    ("agent.updates",),
    ("agent.daemon",),
    ("agent.server", "agent.tray_icon", "agent.cassettes"),
    ("agent.own_api",),
    ("agent.dispatch",),
    ("agent.workers", "agent.control"),
    ("agent.approvals",),
    ("agent.errands",),
    ("agent.worker",),
    ("agent.daemon_pipe",),
    ("agent.operations",),
    ("agent.history", "agent.file_digests"),
    ("agent.testca", "agent.browser_policies"),
    ("agent.renderer",),
    (
        "agent.formats",
        "agent.keystores",
        "agent.trust",
        "agent.user",
        "agent.journal",
        "agent.grants",
        "agent.autostart",
        "agent.chosen_files",
        "agent.recent_keys",
        "agent.key_library",
        "agent.holder",
        "agent.password_guesses",
        "agent.localhost",
        "agent.instance",
        "agent.own_sockets",
        "agent.authority_cache",
        "agent.http_fetch",
        "agent.drawing",
        "agent.words",
    ),
    ("agent.http_exchange", "agent.previews"),
    (
        "agent.signer",
        "agent.settings_file",
        "agent.rules",
        "agent.gate",
        "agent.system_log",
    ),
    (
        "agent.config",
        "agent.logs",
        "agent.locks",
        "agent.anew",
        "agent.loopback",
        "agent.turns",
        "agent.spool",
        "agent.authority_files",
        "agent.fetch",
    ),
    ("agent.policy",),
    ("agent.settings",),
    ("agent.origin_rules",),
    ("agent.certificate", "agent.origins"),
    ("agent.x509",),
    ("agent.algorithms",),
    ("agent.broker",),
    (
        "agent.gost",
        "agent.errors",
        "agent.peers",
        "agent.event_ids",
        "agent.secret",
        "agent.paths",
        "agent.programs",
        "agent.hardening",
        "agent.locked_memory",
        "agent.fetch_hosts",
    ),
    ("protocol",),
)
# The daemon's side of the process border: nothing there may import the worker's side, and the other way round.
DAEMON_SIDE = (
    "agent.daemon",
    "agent.server",
    "agent.tray_icon",
    "agent.cassettes",
    "agent.dispatch",
    "agent.own_api",
    "agent.workers",
    "agent.approvals",
    "agent.errands",
    "agent.control",
)
DAEMON_MAY_IMPORT = (
    *DAEMON_SIDE,
    "protocol",
    "agent.origins",
    "agent.origin_rules",
    "agent.gate",
    "agent.rules",
    "agent.policy",
    "agent.settings",
    "agent.config",
    "agent.logs",
    "agent.event_ids",
    "agent.system_log",
    "agent.turns",
    "agent.spool",
    "agent.programs",
    "agent.paths",
    "agent.errors",
    "agent.instance",
    "agent.loopback",
    "agent.own_sockets",
    "agent.anew",
    "agent.journal",
    "agent.grants",
    "agent.key_library",
    "agent.autostart",
    "agent.hardening",
    "agent.localhost.identity",
    "agent.broker.wire",
    "agent.peers",
    "agent.fetch",
    "agent.fetch_hosts",
    "agent.http_fetch",
)
TRAY_MAY_IMPORT = ("tray", "protocol")
DEMO_MAY_IMPORT = (
    "demo",
    "agent.formats",
    "agent.trust",
    "agent.operations.verify",
    "agent.operations.judging",
    "agent.fetch_hosts",
    "agent.certificate",
    "agent.errors",
    "agent.testca",
    "agent.algorithms",
    "agent.fetch",
    "agent.http_fetch",
    "agent.authority_cache",
    "agent.operations.card",
    "agent.operations.report",
    "agent.drawing.fonts",
)
# What plays the demo puts the programs together; it makes a browser profile that trusts the agent.
DEMO_PLAYERS = ("demo.cast", "demo.scenario", "demo.play")
DEMO_PLAYERS_MAY_IMPORT = (*DEMO_MAY_IMPORT, "agent.localhost.private_profile", "agent.localhost.identity")


def within(name: str, place: str) -> bool:
    return name == place or name.startswith(place + ".")


def within_any(name: str, places: Iterable[str]) -> bool:
    return any(within(name, place) for place in places)


def layer_of(name: str) -> int | None:
    for number, places in enumerate(LAYERS):
        if within_any(name, places):
            return number
    return None


def place_of(name: str) -> str:
    return next(place for places in LAYERS for place in places if within(name, place))


def layer_complaints(found: Iterable[Module]) -> list[str]:
    complaints = []
    for module in found:
        ours = {name for name in module.imports() if within_any(name, PACKAGES)}
        if within(module.name, "tray"):
            complaints += [f"{module.name} imports {n}" for n in ours if not within_any(n, TRAY_MAY_IMPORT)]
        elif within(module.name, "demo"):
            allowed = DEMO_PLAYERS_MAY_IMPORT if module.name in DEMO_PLAYERS else DEMO_MAY_IMPORT
            complaints += [f"{module.name} imports {n}" for n in ours if not within_any(n, allowed)]
        elif module.name != "agent":
            complaints += _agent_complaints(module, ours)
    return complaints


def _agent_complaints(module: Module, ours: set[str]) -> list[str]:
    level = layer_of(module.name)
    if level is None:
        return [f"{module.name} has no place in LAYERS"]
    complaints = []
    for name in ours:
        target = layer_of(name)
        if target is None or target < level or (target == level and place_of(name) != place_of(module.name)):
            complaints.append(f"{module.name} imports {name}")
        elif within_any(module.name, DAEMON_SIDE) and not within_any(name, DAEMON_MAY_IMPORT):
            complaints.append(f"{module.name} (daemon) imports {name} (worker)")
    return complaints


def test_a_module_imports_only_what_stands_below_it() -> None:
    assert layer_complaints(modules()) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("protocol.codec", "from agent import errors"),
        ("agent.formats.cms", "from agent.trust import anchors"),
        ("agent.certificate", "from agent.formats import cms"),
        ("agent.daemon", "from agent.operations import sign"),
        ("agent.dispatch", "from agent import certificate"),
        ("agent.gost.digest", "from agent import errors"),
        ("tray.window", "from agent import errors"),
        ("demo.app", "from agent.keystores import pkcs12"),
        ("agent.newcomer", "import json"),
        ("agent.worker", "from tray import window"),
    ],
)
def test_the_layer_rule_sees_a_breach(name: str, source: str) -> None:
    assert layer_complaints([Module(name, source)])


# --- library fences ---------------------------------------------------------------------------------------------

FENCES = {
    "websockets": ("agent.server",),
    "asn1crypto": ("agent.certificate", "agent.x509", "agent.keystores", "agent.trust", "agent.testca"),
    "cryptography": (
        "agent.certificate",
        "agent.keystores",
        "agent.testca",
        "agent.localhost.authority",
    ),
    "lxml": ("agent.formats.xml", "agent.formats.wsse", "agent.formats.manifest", "agent.renderer"),
    "pypdfium2": ("agent.renderer",),
    "tomlkit": ("agent.settings_file",),
    "pyhanko": ("agent.formats.pdf",),
    "urllib3": ("agent.http_exchange",),
    "tuf": ("agent.updates.client",),
    "PySide6": ("tray",),
    "pystray": ("tray",),
    "PIL": ("tray", "agent.renderer"),
    "platformdirs": ("agent.paths",),
    "publicsuffixlist": ("agent.origins",),
    "starlette": ("demo", "agent.server.https_api_app"),
    "uvicorn": ("demo", "agent.server.https_api"),
    "jinja2": ("demo",),
    "reportlab": ("demo", "agent.drawing"),
    "selenium": ("demo.play",),
    "sqlite3": ("demo",),
    "ctypes": (
        "agent.system_log.windows_events",
        "agent.updates.installers",
        "agent.peers.windows",
        "agent.peers.windows_service",
        "agent.broker.windows",
        "agent.localhost.windows",
        "agent.hardening",
        "agent.locked_memory",
        "agent.renderer",
        "tray",
    ),
}


def fence_complaints(found: Iterable[Module]) -> list[str]:
    complaints = []
    for module in found:
        for name in module.imports():
            library = name.split(".")[0]
            if library in FENCES:
                if not within_any(module.name, FENCES[library]):
                    complaints.append(f"{module.name} imports {library}")
            elif library not in sys.stdlib_module_names and library not in PACKAGES:
                complaints.append(f"{module.name} imports {library}, which has no fence")
            if within(module.name, "protocol") and library not in (*sys.stdlib_module_names, "protocol"):
                complaints.append(f"{module.name} imports {library}: protocol is standard library only")
    return complaints


def test_each_library_stands_behind_its_fence() -> None:
    assert fence_complaints(modules()) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("agent.daemon", "import websockets"),
        ("agent.daemon", "import cryptography.x509"),
        ("agent.operations.sign", "from PySide6 import QtCore"),
        ("agent.worker", "import requests"),
        ("protocol.codec", "import attrs"),
        ("tray.window", "import asn1crypto"),
    ],
)
def test_the_fence_rule_sees_a_breach(name: str, source: str) -> None:
    assert fence_complaints([Module(name, source)])


# --- the network ------------------------------------------------------------------------------------------------

# A worker holds keys, so it has no network: it is the daemon that asks servers for it, and what runs without a daemon.
ASKS_SERVERS = ("agent.http_fetch", "agent.http_exchange")
MAY_ASK_SERVERS = (
    *ASKS_SERVERS,
    "agent.daemon",
    "agent.commands",
    "agent.doctor",
    "agent.updates.sources",
    "demo",
)


def network_complaints(found: Iterable[Module]) -> list[str]:
    return [
        f"{module.name} imports {name}"
        for module in found
        for name in module.imports()
        if within_any(name, ASKS_SERVERS) and not within_any(module.name, MAY_ASK_SERVERS)
    ]


def test_only_the_daemon_and_commands_ask_servers() -> None:
    assert network_complaints(modules()) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("agent.worker", "from agent import http_fetch"),
        ("agent.operations.timestamping", "from agent.http_fetch import HttpFetch"),
        ("agent.errands", "import agent.http_exchange"),
        ("agent.trust.revocation", "def f():\n    from agent import http_fetch"),
        ("tray.window", "from agent import http_fetch"),
    ],
)
def test_the_network_rule_sees_a_breach(name: str, source: str) -> None:
    assert network_complaints([Module(name, source)])


# --- purity -----------------------------------------------------------------------------------------------------

PURE = (
    "protocol",
    "agent.gost",
    "agent.algorithms",
    "agent.certificate",
    "agent.x509",
    "agent.signer",
    "agent.formats",
    "agent.origins",
    "agent.trust",
    "agent.fetch",
    "agent.fetch_hosts",
    "agent.errors",
)
IMPURE_LIBRARIES = {
    "asyncio", "socket", "ssl", "subprocess", "threading", "multiprocessing", "time", "logging", "tempfile",
    "shutil", "urllib.request", "http", "random", "signal", "select", "selectors", "os", "pathlib", "platform",
}  # fmt: skip
# A nonce needs fresh randomness: the one impure thing in gost, in one named place.
PURITY_EXCEPTIONS = {("agent.gost.nonce", "os")}
IMPURE_FUNCTIONS = {"open", "input", "print"}
CLOCKS = (".now", ".utcnow", ".today")


def purity_complaints(found: Iterable[Module]) -> list[str]:
    complaints = []
    for module in found:
        if not within_any(module.name, PURE):
            continue
        for name in module.imports():
            for library in IMPURE_LIBRARIES:
                if within(name, library) and (module.name, library) not in PURITY_EXCEPTIONS:
                    complaints.append(f"{module.name} imports {library}")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                function = ast.unparse(node.func)
                if function in IMPURE_FUNCTIONS or function.endswith(CLOCKS):
                    complaints.append(f"{module.name} calls {function}")
    return complaints


def test_pure_code_stays_pure() -> None:
    assert purity_complaints(modules()) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("agent.formats.cms", "import logging"),
        ("agent.trust.path", "from datetime import datetime\nx = datetime.now()"),
        ("protocol.codec", "open('x')"),
        ("agent.gost.digest", "import threading"),
        ("agent.certificate", "from urllib import request"),
    ],
)
def test_the_purity_rule_sees_a_breach(name: str, source: str) -> None:
    assert purity_complaints([Module(name, source)])


# --- tests mirror the packages -------------------------------------------------------------------------------

# Modules that another test file covers, each with that file.
MIRROR_EXCEPTIONS = {
    "demo.play": "tests/journeys/test_portal.py",
    "demo.scenario": "tests/test_dev.py",
    "demo.screen": "tests/journeys/test_windows.py",
    "agent.signer": "tests/agent/keystores/test_software.py",  # an interface; its adapter is tested there
}


def has_code(module: Module) -> bool:
    """Whether there is more than a docstring and imports."""
    return any(
        not isinstance(node, ast.Import | ast.ImportFrom)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in module.tree.body
    )


def is_table(module: Module) -> bool:
    """Whether it holds constants only: the module that reads the table is where it is tested."""
    return not any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in module.tree.body
    )


def mirror_complaints(found: Iterable[Module], root: Path) -> list[str]:
    complaints = []
    for module in found:
        if not has_code(module) or is_table(module):
            continue
        *folders, leaf = module.name.split(".")
        expected = MIRROR_EXCEPTIONS.get(
            module.name, f"tests/{'/'.join(folders)}/test_{leaf.strip('_').removesuffix('__')}.py"
        )
        if not (root / expected).is_file():
            complaints.append(f"{module.name} has no {expected}")
    return complaints


def test_every_module_has_its_own_test_file() -> None:
    assert mirror_complaints(modules(), ROOT) == []


def test_the_mirror_rule_sees_a_breach(tmp_path: Path) -> None:
    assert mirror_complaints([Module("agent.lonely", "def f() -> None: ...")], tmp_path)


# --- smaller rules ----------------------------------------------------------------------------------------------

OID = re.compile(r'"[012](\.\d+){4,}"')
OID_PLACES = (
    "agent.algorithms",
    "agent.certificate",
    "agent.formats.asn1",
    "agent.formats.cms",
    "agent.formats.cms_build",
    "agent.formats.cms_read",
    "agent.formats.csr",
    "agent.formats.login",
    "agent.formats.tsp",
    "agent.x509",
    "agent.trust",
    "agent.testca",
    "agent.keystores",
    "demo.parties",
    "protocol.basics",
)


def init_complaints(found: Iterable[Module]) -> list[str]:
    return [
        f"{module.path} holds more than a docstring"
        for module in found
        if module.path.endswith("__init__.py")
        and (has_code(module) or module.imports() or not ast.get_docstring(module.tree))
    ]


def test_an_init_file_holds_a_docstring_and_nothing_else() -> None:
    assert init_complaints(modules()) == []


def test_the_init_rule_sees_a_breach() -> None:
    assert init_complaints([Module("agent", '"""Doc."""\nX = 1', "agent/__init__.py")])
    assert init_complaints([Module("agent", "", "agent/__init__.py")])


def broad_except_complaints(found: Iterable[Module]) -> list[str]:
    """`except Exception` hides mistakes: it stands where errors become replies, and at the top of a process."""
    allowed = ("agent.dispatch", "agent.own_api", "agent.worker", "agent.daemon")
    return [
        f"{module.name}:{node.lineno} catches everything"
        for module in found
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and not within_any(module.name, allowed)
        and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    ]


def test_errors_are_caught_by_name() -> None:
    assert broad_except_complaints(modules()) == []


def test_the_except_rule_sees_a_breach() -> None:
    assert broad_except_complaints([Module("agent.journal", "try:\n    f()\nexcept Exception:\n    g()")])


def environment_complaints(found: Iterable[Module]) -> list[str]:
    """Settings come from flags and files; the environment is read in named places only, and never for a secret."""
    allowed = (
        "agent.workers",
        "agent.paths",
        "agent.programs",  # whether an AppImage runs us
        "agent.daemon",
        "agent.tray_icon",
        "agent.renderer.sandbox",  # empties it
        "agent.localhost",
        "agent.broker.__main__",  # what systemd hands over
        "agent.doctor.examination",  # where screen and browsers are
        "agent.updates.installation",  # which file an AppImage is
        "agent.__main__",
        "tray",
        "demo.cast",
        "demo.scenario",
        "demo.play",
        "demo.screen",
    )
    return [
        f"{module.name} reads the environment"
        for module in found
        if re.search(r"os\.(environ|getenv)", module.source) and not within_any(module.name, allowed)
    ]


def test_the_environment_is_read_in_named_places_only() -> None:
    assert environment_complaints(modules()) == []


def test_the_environment_rule_sees_a_breach() -> None:
    assert environment_complaints([Module("agent.keystores.pkcs12", "import os\nos.environ['PASSWORD']")])


_STARTS = {"Popen", "run", "call", "check_call", "check_output", "create_subprocess_exec"}


def start_complaints(found: Iterable[Module]) -> list[str]:
    """Python looks for modules where a program was called from: one planted in ~/Downloads would be the window. Our own start at home."""
    others = (
        # Programs that are not ours.
        "agent.localhost.certutil",
        "agent.doctor.programs",
        # Installers, and the next version of this program: each in a folder that is the system's.
        "agent.updates.installers",
        "agent.updates.swap",
        "agent.localhost.windows",  # icacls.exe, from the system's folder
        # The very command line that runs now, with paths as they were given.
        "agent.anew",
    )
    return [
        f"{module.name}:{node.lineno} starts a program in the caller's folder"
        for module in found
        if within_any(module.name, ("agent", "tray")) and not within_any(module.name, others)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _STARTS
        and ast.unparse(node.func.value) in {"subprocess", "asyncio"}
        and all(
            keyword.arg != "cwd" or ast.unparse(keyword.value) != "paths.CODE_ROOT"
            for keyword in node.keywords
        )
        and not (node.func.attr == "run" and ast.unparse(node.func.value) == "asyncio")
    ]


def test_our_own_programs_start_where_our_code_lies() -> None:
    assert start_complaints(modules()) == []


def test_the_start_rule_sees_a_breach() -> None:
    assert start_complaints([Module("agent.user.window", "import subprocess\nsubprocess.Popen(command)")])
    assert start_complaints(
        [Module("agent.previews", "import subprocess\nsubprocess.Popen(command, cwd='.')")]
    )


def oid_complaints(found: Iterable[Module]) -> list[str]:
    return [
        f"{module.name} holds a dotted OID"
        for module in found
        if OID.search(module.source) and not within_any(module.name, OID_PLACES)
    ]


def test_dotted_oids_stand_in_tables_only() -> None:
    assert oid_complaints(modules()) == []


def test_the_oid_rule_sees_a_breach() -> None:
    assert oid_complaints([Module("agent.operations.sign", 'X = "1.2.398.3.10.1.1.2.3.2"')])
