"""`pip install .` without extras, as somebody else does it: what is installed, and whether the commands work."""

import base64
import json
import os
import shutil
import ssl
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from websockets.sync.client import connect

from agent.formats import cms
from tests.support import agents, authority, pdf_files

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("agent", "protocol", "tray", "demo")
ELSEWHERE = (
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
    "tests",
    "benchmarks",
    "sdk",
)
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
# What pip says when it can't reach an index, or the index has nothing.
NO_INDEX = ("No matching distribution", "Could not find a version", "NewConnectionError", "Read timed out")
LIMIT_S = 150
COMMAND_S = 30
KEY = "gost2015-individual"
DOCUMENT = "акт".encode()


def clean_copy(folder: Path) -> Path:
    """The project as it is in a fresh clone: nothing that was built here. Building writes into it."""
    folder.mkdir(exist_ok=True)
    built = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "*.egg-info", "node_modules")
    for name in (*PACKAGES, *ELSEWHERE):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=built)
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def pip(*words: object, **environment: str) -> None:
    """Runs pip; skips where it can't reach a package index (building needs setuptools from there)."""
    done = subprocess.run(
        [*PIP, *map(str, words)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    if done.returncode and any(sign in done.stdout + done.stderr for sign in NO_INDEX):
        pytest.skip(f"needs tool: a package index ({done.stderr.strip()[-200:]})")
    assert done.returncode == 0, done.stdout + done.stderr


class Installed:
    """An environment with nothing in it but the project and what it asks for."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=LIMIT_S)
        self.programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
        self.python = self.programs / Path(sys.executable).name
        paths = {"base": str(folder), "platbase": str(folder)}
        self.library = Path(sysconfig.get_path("platlib", "venv", paths))

    def run(self, *words: object, folder: Path, text: str = "", **environment: str) -> tuple[int, str]:
        """Exit code and output of a command in an environment with HOME and PATH only."""
        done = subprocess.run(
            list(map(str, words)),
            cwd=folder,
            env={"HOME": str(folder), "PATH": os.environ["PATH"], **environment},
            input=text,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def qalamsap(self, *words: object, folder: Path, text: str = "") -> tuple[int, str]:
        return self.run(self.programs / "qalamsap", *words, folder=folder, text=text)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clean_copy(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def installed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    made = Installed(tmp_path_factory.mktemp("installed"))
    pip("--python", made.python, "install", "--quiet", source)
    return made


def test_every_file_of_the_packages_is_installed_and_no_test_or_c_source(
    source: Path, installed: Installed
) -> None:
    expected = {
        str(path.relative_to(source))
        for package in PACKAGES
        for path in (source / package).rglob("*")
        if path.is_file() and path.relative_to(source).parts[:3] != ("agent", "gost", "src")
    }
    expected.remove("demo/README.md")  # for who reads the sources
    expected |= {f"demo/static/sdk/{path.name}" for path in (source / "sdk/src").glob("*.js")}
    found = {
        str(path.relative_to(installed.library))
        for package in PACKAGES
        for path in (installed.library / package).rglob("*")
        if path.is_file() and path.suffix not in {".pyc", ".so", ".pyd"}
    }
    assert found == expected
    assert not (installed.library / "tests").exists()
    assert not (installed.library / "benchmarks").exists()


def test_the_installed_portal_has_the_very_client_that_the_source_tree_has(installed: Installed) -> None:
    installed_files = {
        path.name: path.read_bytes() for path in (installed.library / "demo/static/sdk").iterdir()
    }
    assert installed_files == {path.name: path.read_bytes() for path in (ROOT / "sdk/src").glob("*.js")}
    assert len(installed_files) > 5


def test_without_extras_neither_windows_nor_a_portal_are_pulled_in(installed: Installed) -> None:
    names = {path.name.partition("-")[0].lower() for path in installed.library.glob("*.dist-info")}
    assert "qalamsap" in names
    assert names.isdisjoint({"pyside6_essentials", "pystray", "jinja2", "python_multipart", "pytest"})


def test_gost_runs_natively_by_one_extension_for_all_later_pythons(
    installed: Installed, tmp_path: Path
) -> None:
    if shutil.which("cc") is None or not Path(sysconfig.get_path("include"), "Python.h").is_file():
        pytest.skip("needs tool: C compiler and Python.h")
    assert [path.name for path in (installed.library / "agent/gost").glob("*.so")] == ["_native.abi3.so"]
    (wheel,) = installed.library.glob("qalamsap-*.dist-info/WHEEL")
    assert "Tag: cp311-abi3-" in wheel.read_text(encoding="utf-8")
    code, words = installed.qalamsap("version", folder=tmp_path)
    assert (code, "GOST: native" in words) == (0, True), words


@pytest.mark.skipif(sys.platform == "win32", reason="CC is for compilers of the Unix kind")
def test_without_a_compiler_it_installs_all_the_same_and_signs_by_the_twin(
    installed: Installed, tmp_path: Path
) -> None:
    source, twin = clean_copy(tmp_path / "source"), tmp_path / "twin"
    pip("install", "--quiet", "--no-deps", "--target", twin, source, CC=shutil.which("false") or "false")
    assert list(twin.rglob("*.so")) == []
    here = {"folder": tmp_path, "PYTHONPATH": str(twin)}
    code, words = installed.run(installed.python, "-m", "agent", "version", **here)
    assert (code, "GOST: python" in words) == (0, True), words
    (tmp_path / "act.txt").write_bytes(DOCUMENT)
    sign = ["sign", "act.txt", "--key", authority.path(KEY), "--password-stdin", "--state-dir", "state"]
    code, words = installed.run(
        installed.python, "-m", "agent", *sign, text=f"{authority.PASSWORD}\n", **here
    )
    assert code == 0, words
    assert_signed((tmp_path / "act.txt.cms").read_bytes(), None)


def assert_signed(signature: bytes, document: bytes | None) -> None:
    (evidence,) = cms.verify(cms.read(signature), document)
    assert evidence.signature == "valid"


def test_keys_are_found(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    shutil.copy(authority.path(KEY), tmp_path / "keys")
    code, words = installed.qalamsap("keys", "--json", tmp_path / "keys", folder=tmp_path)
    assert (code, [Path(row["path"]).name for row in json.loads(words)]) == (0, [f"{KEY}.p12"])


def test_a_file_is_signed_and_the_signature_verified(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "act.txt").write_bytes(DOCUMENT)
    key = ["--key", authority.path(KEY), "--password-stdin", "--state-dir", "state"]
    code, words = installed.qalamsap(
        "sign", "act.txt", "--detached", *key, folder=tmp_path, text=f"{authority.PASSWORD}\n"
    )
    assert code == 0, words
    assert_signed((tmp_path / "act.txt.cms").read_bytes(), DOCUMENT)
    code, words = installed.qalamsap(
        "verify", "act.txt.cms", "--document", "act.txt", "--json", folder=tmp_path
    )
    report = json.loads(words)
    assert (code, report["verdict"]) == (2, "indeterminate")
    assert report["signers"][0]["signature"] == "valid"


def test_words_and_drawings_come_along(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "act.pdf").write_bytes(pdf_files.pdf_2())
    key = ["--key", authority.path(KEY), "--password-stdin", "--state-dir", "state", "--offline"]
    code, words = installed.qalamsap(
        "sign", "act.pdf", "--format", "pdf", "--stamp", *key, folder=tmp_path, text=f"{authority.PASSWORD}\n"
    )
    assert code == 0, words
    for language, word in (("kk", "Тексеру"), ("ru", "Проверка"), ("en", "Check")):
        told = ["--language", language, "--offline", "--state-dir", "state"]
        code, words = installed.qalamsap("verify", "act.signed.pdf", *told, folder=tmp_path)
        assert (code, words.startswith(word)) == (2, True), words
    code, words = installed.qalamsap("card", "act.signed.pdf", *told, folder=tmp_path)
    assert (code, words) == (2, "act.signed.pdf.card.pdf\n")


def test_a_wrong_password_has_its_own_exit_code(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "act.txt").write_bytes(DOCUMENT)
    key = ["--key", authority.path(KEY), "--password-stdin", "--state-dir", "state"]
    code, words = installed.qalamsap("sign", "act.txt", *key, folder=tmp_path, text="wrong\n")
    assert code == 3, words


def test_a_simulated_agent_signs_for_a_page(installed: Installed, tmp_path: Path) -> None:
    answers = [{"key": authority.path(KEY), "password": authority.PASSWORD, "decision": "sign"}]
    path = agents.write_answers(tmp_path / "answers.toml", answers)
    command = [str(installed.programs / "qalamsap"), "simulate", "--answers", str(path), "--port", "0"]
    command += ["--state-dir", str(tmp_path / "state")]
    for issuing in authority.issuing_paths():
        command += ["--test-ca", str(issuing)]
    with agents.running(command, tmp_path / "state", {"HOME": str(tmp_path)}) as agent:
        trust = ssl.create_default_context(cafile=str(agent.authority_path))
        with connect(agent.url, ssl=trust, origin="https://portal.test", open_timeout=COMMAND_S) as page:
            greeting = json.loads(page.recv(COMMAND_S))
            assert greeting["result"]["version"] == "1.4"
            document = base64.b64encode(DOCUMENT).decode()
            call = {"module": "kz.gov.pki.knca.commonUtils", "method": "createCAdESFromBase64"}
            page.send(json.dumps({**call, "args": ["PKCS12", "SIGNATURE", document, True]}))
            reply = json.loads(page.recv(COMMAND_S))
    assert reply["code"] == "200", reply
    assert_signed(reply["responseObject"].encode(), None)
