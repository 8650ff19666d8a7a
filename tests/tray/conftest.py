"""What tests of windows share: one QApplication for widgets in this process, and the real programs in processes of their own."""

import contextlib
import dataclasses
import gc
import importlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from protocol import control, pipes, preview, prompts
from tests.support import display

ROOT = Path(__file__).resolve().parents[2]
ANSWER_LIMIT_S = 20


@pytest.fixture(scope="session")
def application() -> Iterator[Any]:
    """The QApplication of this process, without a display, in the light theme."""
    widgets = pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")
    from tray import singletons, theme

    singletons.hold()
    made = widgets.QApplication.instance() or widgets.QApplication(["tests", "-platform", "offscreen"])
    theme.apply(made, "light")
    yield made
    made.closeAllWindows()


@pytest.fixture(scope="session")
def _old_heap() -> None:
    """What is there before the first widget is no garbage."""
    importlib.import_module(
        "hypothesis"
    )  # its plugin loads it at the end, and warns of what was frozen by then
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _widgets_end_with_their_test(_old_heap: None) -> Iterator[None]:
    """Garbage is collected while the test's widgets are the only ones; later, anywhere, Qt's and Python's orders of ending clash.

    What outlives its test is not looked through again after each of thousands that follow.
    """
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture
def put_up(application: Any) -> Iterator[Callable[..., Any]]:
    """Shows a panel until the test is over, of this width and height if they are given."""
    made = []

    def show(panel: Any, *size: int) -> Any:
        made.append(panel)
        if size:
            panel.resize(*size)
        panel.show()
        application.processEvents()
        return panel

    yield show
    for one in made:
        one.close()
        one.deleteLater()


@pytest.fixture(scope="session")
def screen() -> Iterator[display.Screen]:
    """A screen of the size that most people have."""
    with display.screen() as made:
        yield made


@dataclass
class Recorded:
    """Answers of a window in this process; `secrets` are copies taken before the window wiped them."""

    sent: list[prompts.FromWindow] = field(default_factory=list)
    secrets: list[bytes] = field(default_factory=list)
    buffers: list[bytearray] = field(default_factory=list)

    def send(self, answer: prompts.FromWindow) -> None:
        self.sent.append(answer)

    def send_secret(self, secret: bytearray) -> None:
        self.secrets.append(bytes(secret))
        self.buffers.append(secret)


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


class Program:
    """`python -m tray ...` at the other end of two pipes."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tray", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self._frames: queue.Queue[tuple[bytes, bytearray] | None] = queue.Queue()
        self.errors = b""
        self.questions: list[preview.Question] = []
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._read, self._read_errors)
        ]
        for thread in self._threads:
            thread.start()

    def say(self, message: dict[str, Any]) -> None:
        self.say_octets(pipes.pack_json(message))

    def say_octets(self, octets: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(octets)

    def ask(self, prompt: prompts.ToWindow) -> None:
        self.say(prompts.to_message(prompt))

    def frame(self, within_s: float = ANSWER_LIMIT_S) -> tuple[bytes, bytearray] | None:
        """The next frame, or None at the end of the output."""
        return self._frames.get(timeout=within_s)

    def answer(self, within_s: float = ANSWER_LIMIT_S) -> prompts.FromWindow | bytes | None:
        """The next answer; the octets of a secret; None at the end. Activity is passed over, for when it comes depends on time, and so
        is what the preview asks, which `questions` keeps."""
        while True:
            frame = self.frame(within_s)
            if frame is None:
                return None
            kind, payload = frame
            if kind == pipes.SECRET:
                return bytes(payload)
            answer = prompts.from_message(pipes.unpack_json(payload))
            if isinstance(answer, preview.Question):
                self.questions.append(answer)
            elif not isinstance(answer, prompts.Activity):
                return answer

    def close_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait(self) -> int:
        """The exit code."""
        code = self.process.wait(ANSWER_LIMIT_S)
        for thread in self._threads:
            thread.join(ANSWER_LIMIT_S)
        return code

    def end(self) -> None:
        self.process.kill()
        self.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()

    def _read(self) -> None:
        with contextlib.suppress(ValueError, OSError):
            while True:
                frame = pipes.read_frame(self.process.stdout)
                self._frames.put(frame)
                if frame is None:
                    return

    def _read_errors(self) -> None:
        with contextlib.suppress(ValueError, OSError):
            while chunk := self.process.stderr.read(4096):
                self.errors += chunk


@pytest.fixture
def program() -> Iterator[Callable[[list[str], dict[str, str]], Program]]:
    """Starts tray programs, and ends those that are left."""
    started: list[Program] = []

    def start(arguments: list[str], environment: dict[str, str]) -> Program:
        started.append(Program(arguments, environment))
        return started[-1]

    yield start
    for one in started:
        one.end()


LAUNCHERS = ("/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher")
SYSTEM_PYTHON = "/usr/bin/python3"


def every(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node of a screen reader's tree, and all below it."""
    yield node
    for child in node["children"]:
        yield from every(child)


class ScreenReader:
    """What a screen reader finds of the program: called, its tree."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def __call__(self) -> dict[str, Any]:
        tree: dict[str, Any] | None = self._ask("tree")
        assert tree is not None, "a screen reader finds no program"
        return tree

    def heard(self) -> list[str]:
        """Sentences that the program had it say since the last time."""
        sentences: list[str] = self._ask("heard")
        return sentences

    def _ask(self, what: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{what}\n".encode())
        self._process.stdin.flush()
        return json.loads(display.first_line(self._process.stdout, "the screen reader"))


@pytest.fixture
def screen_reader(program, screen) -> Iterator[Callable[[str], tuple[Program, ScreenReader]]]:
    """Starts a tray program that a screen reader can see; gives it, and the reader."""
    launcher = next((path for path in LAUNCHERS if Path(path).exists()), None)
    if launcher is None:
        pytest.skip("needs tool: at-spi2-core")
    probe = [SYSTEM_PYTHON, "-c", "import gi; gi.require_version('Atspi', '2.0')"]
    if (
        not Path(SYSTEM_PYTHON).exists()
        or subprocess.run(probe, capture_output=True, timeout=20, check=False).returncode
    ):
        pytest.skip("needs tool: python3-gi and gir1.2-atspi-2.0")
    with display.session_bus() as address:
        environment = screen.environment(
            {"DBUS_SESSION_BUS_ADDRESS": address, "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}
        )
        script = [SYSTEM_PYTHON, str(Path(__file__).parent / "accessible_tree.py"), "Qalamsap"]
        pipes_of = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": environment}
        with (
            display.child([launcher, "--launch-immediately"], env=environment),
            display.child(script, **pipes_of) as process,
        ):
            assert process.stdout is not None
            display.first_line(process.stdout, "the screen reader")
            started: list[Program] = []

            def start(name: str) -> tuple[Program, ScreenReader]:
                started.append(program([name], environment))
                return started[-1], ScreenReader(process)

            yield start
            for one in started:
                one.end()


class Samples:
    """Prompts as a worker would send them."""

    site = prompts.Caller("site", "https://kds.ismet.kz", "kds.ismet.kz", "ismet.kz", is_new=True)
    act = prompts.Document("АВР-000482 за октябрь 2026.pdf", 19_843, "SHA-256", "66bee8b0194311eb" * 4)
    only_digest = prompts.Document("waybill.xml", None, "SHA-256", "915bebaff3bc9da2" * 4, is_digest=True)
    long_name = prompts.Document(
        "Приложение № 14 к договору поставки № 118-2026 от 23.11.2026 — спецификация, исправленная и дополненная.docx",
        7_340_032,
        "SHA-256",
        "682b7ab68a66f3f4" * 4,
    )
    first_file = prompts.KeyFile(
        "/home/aigerim/Загрузки/GOST512_2f6c1e0a9b7d4c3e8f5a6b7c8d9e0f1a2b3c4d5e.p12",
        "PKCS12",
        "2026-05-14T10:00:00+05:00",
        "GOST 2015",
        "АХМЕТОВА АЙГЕРІМ",
        "2027-05-14T12:00:00+05:00",
    )
    second_file = prompts.KeyFile(
        "/media/usb/AUTH_RSA256_91bc.p12", "PKCS12", "2026-03-02T10:00:00+05:00", "RSA AUTH"
    )
    key = prompts.Key(
        key_id="first",
        storage="PKCS12",
        path=first_file.path,
        owner="АХМЕТОВА АЙГЕРІМ СЕРІКҚЫЗЫ",
        iin="850101400001",
        organisation="ТОО «Пример Трейд»",
        bin="990440001234",
        roles=("legal", "head"),
        uses=("sign", "identify"),
        algorithm="ГОСТ 34.10-2015 (512)",
        issuer="ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST) 2022",
        serial_number="1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
        not_before="2026-05-14T12:00:00+05:00",
        not_after="2099-05-14T12:00:00+05:00",
    )

    def open_key(self, **changes: Any) -> prompts.OpenKey:
        usual = prompts.OpenKey(
            caller=self.site,
            action="sign",
            purpose="sign",
            documents=(self.act, self.only_digest, self.long_name),
            placement="beside",
            language="ru",
            storages=("PKCS12",),
            folder="/",
            files=(self.first_file, self.second_file),
        )
        return dataclasses.replace(usual, **changes)

    def new_key(self, folder: str, **changes: Any) -> prompts.NewKey:
        subject = (
            prompts.Fact("CN", "АХМЕТОВА АЙГЕРІМ"),
            prompts.Fact("SERIALNUMBER", "IIN850101400001"),
            prompts.Fact("1.2.3.4", "х"),
        )
        usual = prompts.NewKey(
            self.site, subject, "ГОСТ 34.10-2015 (512)", folder, "GOST512_new.p12", language="ru"
        )
        return dataclasses.replace(usual, **changes)

    def other_key(self, **changes: Any) -> prompts.Key:
        return dataclasses.replace(self.key, **changes)

    def state(self, **changes: Any) -> control.State:
        receipt = control.Receipt("2026-11-23T14:05:00+05:00", "kds.ismet.kz", "АХМЕТОВА АЙГЕРІМ", 3)
        usual = control.State(
            "ready", "ru", "0.1.0", 13579, status_url="https://127.0.0.1:13579/", recent=(receipt,)
        )
        return dataclasses.replace(usual, **changes)


@pytest.fixture(scope="session")
def samples() -> Samples:
    return Samples()
