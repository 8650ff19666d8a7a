"""The desk's process, with a window that follows a script and pages made for the test."""

import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent import config, paths
from agent.config import BadConfig, Config
from agent.desk import base, process
from agent.errors import BadInput, NoOneToAsk, WindowFailed
from agent.instance import Lock
from agent.key_library import KeyLibrary
from protocol import pipes
from protocol.desk import files, frame, settings, sites
from tests.support import fake_desk
from tests.support.fake_desk import expect, hang, leave, say, send, wait_for_end
from tests.support.known_keys import known_file, known_key

pytestmark = pytest.mark.process


@dataclass
class Page:
    """What stands behind a page of the test: it answers, or fails, as it is told."""

    desk: base.Desk
    closed: list[str]

    def opened(self) -> None:
        self.desk.send(sites.Sites(()))

    def take(self, message: Any) -> None:
        match message:
            case sites.Forget():
                raise BadInput("no such site" + message.origin.removeprefix("https://a.kz"))
            case sites.Block():
                raise ValueError("a mistake")
            case sites.Unblock(origin):
                self.desk.send(sites.Sites((sites.Site(origin, "x", "x", "seen", is_protected=True),)))
            case files.Add(_, wish):
                self.desk.send(files.Listed((), wish))

    def close(self) -> None:
        self.closed.append("closed")


@dataclass
class World:
    """One desk: its folder, what its window heard, and how its settings change."""

    folder: Path
    closed: list[str] = field(default_factory=list)
    settings: list[Config | BadConfig] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def heard(self) -> list[Any]:
        return fake_desk.heard(self.log)

    def load(self) -> Config:
        """The settings as they are now; the last ones stay."""
        found = self.settings.pop(0) if len(self.settings) > 1 else self.settings[0]
        if isinstance(found, BadConfig):
            raise found
        return found

    def run(
        self, *steps: list[Any], summons: frame.Summons | None = None, command: Sequence[str] = ()
    ) -> None:
        process.run(
            process.Options(
                load=self.load,
                version="1.2.3",
                summons=summons or frame.Summons("sites"),
                window_command=command or fake_desk.command(self.log, *steps),
                pages={"files": "made_for_a_test", "sites": "made_for_a_test", "settings": "made_for_a_test"},
            )
        )


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    made.settings.append(Config(paths=paths.resolve(tmp_path / "state"), language="kk", theme="dark"))
    module = types.ModuleType("made_for_a_test")
    module.make = lambda desk: Page(desk, made.closed)  # type: ignore[attr-defined]  # that is how it is made
    monkeypatch.setitem(sys.modules, "made_for_a_test", module)
    return made


def test_the_window_is_told_where_to_begin_and_a_page_what_comes_for_it(world: World) -> None:
    world.run(
        expect("frame.Begin"),
        send(frame.Opened("sites")),
        expect("sites.Sites"),
        send(sites.Unblock("https://a.kz")),
        expect("sites.Sites"),
    )
    assert world.heard()[:2] == [frame.Begin("sites", "kk", "1.2.3", "dark"), sites.Sites(())]
    assert world.heard()[2].sites[0].origin == "https://a.kz"
    assert world.closed == ["closed"]


def test_what_a_page_cannot_do_is_trouble_and_the_page_goes_on(world: World) -> None:
    world.run(
        expect("frame.Begin"),
        send(sites.Forget("https://a.kz")),
        expect("frame.Trouble"),
        send(frame.Opened("sites")),
        expect("sites.Sites"),
    )
    assert world.heard()[1:] == [frame.Trouble("sites", "bad-input", "no such site"), sites.Sites(())]


def test_of_a_long_story_the_beginning_is_told(world: World) -> None:
    world.run(expect("frame.Begin"), send(sites.Forget("https://a.kz" + "y" * 5000)), expect("frame.Trouble"))
    (told,) = world.heard()[1:]
    assert told.detail.startswith("no such siteyyy")
    assert len(told.detail) == 2000


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_page_with_a_mistake_in_it_is_trouble_and_is_made_anew(world: World) -> None:
    world.run(
        expect("frame.Begin"),
        send(sites.Block("https://a.kz")),
        send(sites.Unblock("https://a.kz")),  # waits behind the mistake
        expect("frame.Trouble"),
        expect("sites.Sites"),
    )
    assert world.heard()[1] == frame.Trouble("sites", "internal")
    assert world.closed == ["closed", "closed"]


def test_files_of_the_command_line_reach_their_page(world: World) -> None:
    summons = frame.Summons("files", ("/a.pdf",), "sign")
    world.run(expect("files.Listed"), summons=summons)
    assert files.Listed((), "sign") in world.heard()


def test_a_change_of_language_or_colours_is_told_when_settings_were_changed_here(world: World) -> None:
    usual = world.settings[0]
    assert isinstance(usual, Config)
    changed = Config(paths=usual.paths, language="en", theme="light")
    world.settings = [usual, BadConfig("half a file"), changed]
    world.run(
        expect("frame.Begin"),
        send(settings.Reset("port")),  # the settings can't be read just now
        send(settings.Change("language", text="en")),
        expect("frame.Spoken"),
    )
    assert frame.Dressed("light") in world.heard()
    assert world.heard()[-1] == frame.Spoken("en")


def test_a_second_desk_calls_the_first_to_the_front(world: World) -> None:
    first = threading.Thread(
        target=world.run,
        args=(expect("frame.Begin"), expect("files.Listed", "frame.Show"), leave()),
        daemon=True,
    )
    first.start()
    until = time.monotonic() + 20
    while not (world.folder / "state" / "desk.sock").exists() and time.monotonic() < until:
        time.sleep(0.01)
    world.run(command=["/no/second/window"], summons=frame.Summons("files", ("/b.pdf",), "verify"))
    first.join(20)
    assert not first.is_alive()
    assert world.heard()[0] == frame.Begin("sites", "kk", "1.2.3", "dark")
    # The page is there before it is told: what is said to one that is not shown yet is passed over.
    assert world.heard()[1:] == [frame.Show("files"), files.Listed((), "verify")]
    assert not (world.folder / "state" / "desk.sock").exists()
    Lock.take(world.folder / "state" / "desk.lock").release()


@pytest.mark.parametrize("status", [3, 4])
def test_without_a_display_nobody_can_be_shown_anything(world: World, status: int) -> None:
    with pytest.raises(NoOneToAsk):
        world.run(leave(status))


def test_a_window_that_cannot_be_started_is_no_window(world: World) -> None:
    with pytest.raises(NoOneToAsk):
        world.run(command=["/no/such/program"])


@pytest.mark.parametrize(
    "nonsense",
    [
        b"X\0\0\0\0",
        pipes.pack_header(pipes.DATA, 1) + b"x",
        pipes.pack_json({"type": "frame.Nothing"}),
        pipes.pack_json({"type": "frame.Show", "page": "sites"}),  # that is ours to say
        pipes.pack_json({"type": "history.Check"}),  # a page that is not there
    ],
)
def test_a_window_that_talks_nonsense_is_ended(world: World, nonsense: bytes) -> None:
    with pytest.raises(WindowFailed):
        world.run(expect("frame.Begin"), say(nonsense), wait_for_end())


def test_a_window_that_crashes_is_said_to(world: World) -> None:
    with pytest.raises(WindowFailed, match="ended with 1"):
        world.run(expect("frame.Begin"), leave(1))


def test_a_window_that_hangs_when_its_output_is_closed_is_killed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_GRACE_S", 0.2)
    with pytest.raises(WindowFailed):
        world.run(expect("frame.Begin"), say(b"X\0\0\0\0"), hang())


@pytest.mark.parametrize("grace_s", [0.2, 0.0], ids=["by us", "by that thread"])
def test_what_leads_to_the_window_is_closed_although_a_thread_was_stuck_in_it(
    world: World, monkeypatch: pytest.MonkeyPatch, grace_s: float
) -> None:
    monkeypatch.setattr(process, "_GRACE_S", grace_s)
    options = process.Options(load=world.load, version="1", summons=frame.Summons("sites"), pages={})
    made = process._Process(options, world.load())
    deaf = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    window = subprocess.Popen(deaf, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    made._window = window
    much = sites.Sites((sites.Site("https://a.kz", "x" * 1_000_000, "x", "seen", is_protected=True),))
    stuck = threading.Thread(target=made._send, args=(much,), daemon=True)
    stuck.start()
    until = time.monotonic() + 20
    while not made._writing.locked():
        assert time.monotonic() < until
        time.sleep(0.01)
    assert made._end(window) != 0
    stuck.join(20)
    assert window.stdin is not None
    assert window.stdin.closed


NONSENSE = sites.Sites((sites.Site("https://\udcff.kz", "x", "x", "seen", is_protected=True),))
TOO_MUCH = sites.Sites(
    (sites.Site("https://a.kz", "x" * (pipes.MAX_JSON_BYTES + 1), "x", "seen", is_protected=True),)
)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (TOO_MUCH, frame.Trouble("sites", "not-shown")),
        (NONSENSE, frame.Trouble("sites", "not-shown")),
        (frame.Trouble("sites", "x", "y" * 5_000_000), frame.Trouble("sites", "x")),
    ],
)
def test_what_no_message_holds_is_trouble_and_never_silence(
    world: World, said: Any, told: frame.Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    sender: list[Callable[[Any], None]] = []
    module = sys.modules["made_for_a_test"]
    make = module.make

    def made(desk: base.Desk) -> Page:
        sender.append(desk.send)
        page: Page = make(desk)
        page.opened = lambda: [
            desk.send(said),
            desk.send(sites.Sites(())),
        ][1]  # type: ignore[method-assign]  # a page that says too much
        return page

    module.make = made  # type: ignore[attr-defined]  # likewise
    world.run(expect("frame.Begin"), send(frame.Opened("sites")), expect("sites.Sites"))
    assert world.heard()[1:] == [told, sites.Sites(())]
    assert f"a page says what no message holds kind={type(said).__name__}" in caplog.text
    sender[0](sites.Sites(()))  # the window is gone, and nobody minds


@pytest.mark.parametrize("name", process.PAGES)
def test_every_page_can_be_made(tmp_path: Path, name: frame.Page) -> None:
    import importlib

    desk = base.Desk(
        paths=paths.resolve(tmp_path),
        send=lambda _: None,
        now=lambda: pytest.fail("nobody asked for the time"),
        language="ru",
        command=(),
        home=tmp_path,
    )
    assert config.Theme
    importlib.import_module(process.PAGES[name]).make(desk).close()


def test_keys_that_end_soon_are_told_above_the_pages_until_the_person_closes_that(world: World) -> None:
    library = KeyLibrary(world.load().paths.key_library)
    soon = datetime.now(UTC) + timedelta(days=5)
    library.remember(known_file(known_key(1, not_after=soon)))
    world.run(expect("frame.Ending"))  # and the window closes, with the reminder unread
    world.run(expect("frame.Ending"), send(frame.Reminded((known_key(1).fingerprint,))))
    told = [message for message in world.heard() if isinstance(message, frame.Ending)]
    assert [line.keys for message in told for line in message.lines] == [(known_key(1).fingerprint,)] * 2
    assert library.read().told == {known_key(1).fingerprint: 14}
