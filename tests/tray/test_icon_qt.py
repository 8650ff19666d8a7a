"""The icon as a panel sees it: StatusNotifierItem and its menu over a private D-Bus, with no panel and no pixels."""

import asyncio
import contextlib

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")
pytest.importorskip("dbus_fast", reason="needs tool: dbus-fast")

from dbus_fast import Message, MessageType, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from protocol import control, pipes
from tests.support import display

pytestmark = pytest.mark.display
LIMIT_S = 20
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"


class Watcher(ServiceInterface):
    """The panel's side: programs register their icons here."""

    def __init__(self, *, has_host=True):
        super().__init__("org.kde.StatusNotifierWatcher")
        self.registered = asyncio.Queue()
        self.has_host = has_host

    @dbus_signal()
    def StatusNotifierHostRegistered(self) -> None:
        """A panel came."""

    @dbus_signal()
    def StatusNotifierHostUnregistered(self) -> None:
        """It went."""

    @dbus_method()
    def RegisterStatusNotifierItem(self, service: "s"):  # noqa: F821  # D-Bus signatures
        self.registered.put_nowait(service)

    @dbus_property(PropertyAccess.READ)
    def IsStatusNotifierHostRegistered(self) -> "b":  # noqa: F821
        return self.has_host

    @dbus_property(PropertyAccess.READ)
    def ProtocolVersion(self) -> "i":  # noqa: F821
        return 0

    @dbus_property(PropertyAccess.READ)
    def RegisteredStatusNotifierItems(self) -> "as":  # noqa: F722
        return []


class Panel:
    """Looks at an icon, and clicks in its menu."""

    def __init__(self, bus, service):
        self.bus = bus
        self.service = service
        self.updated = asyncio.Event()
        bus.add_message_handler(self._hear)

    def _hear(self, message):
        if message.member in {"LayoutUpdated", "NewToolTip", "NewIcon"}:
            self.updated.set()

    async def call(self, path, interface, member, signature="", body=()):
        message = Message(
            destination=self.service,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
        )
        reply = await asyncio.wait_for(self.bus.call(message), LIMIT_S)
        assert reply.message_type == MessageType.METHOD_RETURN, reply.body
        return reply.body

    async def facts(self):
        (found,) = await self.call(
            "/StatusNotifierItem", "org.freedesktop.DBus.Properties", "GetAll", "s", [ITEM]
        )
        return {name: variant.value for name, variant in found.items()}

    async def lines(self):
        """Numbers and properties of the menu's lines, by label, submenus included."""
        path = (await self.facts())["Menu"]
        _revision, root = await self.call(path, MENU, "GetLayout", "iias", [0, -1, []])
        return dict(self._flat(root))

    def _flat(self, node):
        number, properties, children = node
        facts = {name: variant.value for name, variant in properties.items()}
        if facts.get("label"):
            yield facts["label"], {"number": number, **facts}
        for child in children:
            yield from self._flat(child.value)

    async def click(self, label):
        path = (await self.facts())["Menu"]
        line = (await self.lines())[label]
        await self.call(path, MENU, "Event", "isvu", [line["number"], "clicked", Variant("i", 0), 0])

    async def until(self, seen):
        """Looks again whenever the icon says that it changed, until `seen` likes the menu."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                self.updated.clear()
                lines = await self.lines()
                if seen(lines):
                    return lines
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.updated.wait(), 0.5)


@contextlib.asynccontextmanager
async def panel(program, screen, samples, **state):
    """A running icon in some state, and the panel that looks at it."""
    with display.session_bus() as address:
        bus = await MessageBus(address).connect()
        watcher = Watcher()
        bus.export("/StatusNotifierWatcher", watcher)
        await bus.request_name("org.kde.StatusNotifierWatcher")
        one = program(["icon"], screen.environment({"DBUS_SESSION_BUS_ADDRESS": address}))
        one.say(control.to_message(samples.state(**state)))
        try:
            service = await asyncio.wait_for(watcher.registered.get(), LIMIT_S)
            yield one, Panel(bus, service)
        finally:
            bus.disconnect()
            one.end()


def command(one):
    """The next one that the person gave: the icon says by itself that it watches the session, and that it is shown."""
    while True:
        kind, payload = one.frame()
        assert kind == pipes.JSON
        given = control.from_message(pipes.unpack_json(payload))
        if given.name not in {"watch-session", "icon"}:
            return given


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("kk", {"Жұмысқа дайын", "Күй бетін ашу", "Соңғы қолтаңбалар", "Тіл", "Уақытша тоқтату", "Шығу"}),
        (
            "ru",
            {
                "Готов к работе",
                "Открыть страницу состояния",
                "Последние подписи",
                "Язык",
                "Приостановить",
                "Выйти",
            },
        ),
        ("en", {"Ready", "Open the status page", "Last signatures", "Language", "Pause", "Quit"}),
    ],
)
def test_title_tooltip_and_menu_are_there_in_the_persons_language(
    program, screen, samples, language, expected
):
    async def look():
        async with panel(program, screen, samples, language=language) as (_one, seen):
            facts = await seen.facts()
            assert facts["Title"] == "Qalamsap"
            assert facts["Status"] == "Active"
            assert facts["ToolTip"][2].startswith("Qalamsap 0.1.0: ")
            assert {(width, height) for width, height, _ in facts["IconPixmap"]} >= {(22, 22)}
            lines = await seen.lines()
            assert expected <= lines.keys()
            assert {"Қазақша", "Русский", "English"} <= lines.keys()
            assert any("kds.ismet.kz · АХМЕТОВА АЙГЕРІМ" in label for label in lines)
            marked = [label for label, line in lines.items() if line.get("toggle-state") == 1]
            assert marked == [{"kk": "Қазақша", "ru": "Русский", "en": "English"}[language]]

    asyncio.run(look())


def test_each_line_sends_its_command(program, screen, samples):
    async def click():
        async with panel(program, screen, samples, autostart="on") as (one, seen):
            assert (await seen.lines())["Запускать при входе в систему"]["toggle-state"] == 1
            await seen.call(
                "/StatusNotifierItem", ITEM, "Activate", "ii", [0, 0]
            )  # a click on the icon itself
            assert await asyncio.to_thread(command, one) == control.Command("open", "files")
            for label, expected in (
                ("Ключи", control.Command("open", "keys")),
                ("Открыть страницу состояния", control.Command("open-status")),
                ("Запускать при входе в систему", control.Command("set-autostart", "off")),
                ("Қазақша", control.Command("set-language", "kk")),
                ("Приостановить", control.Command("pause")),
                ("Выйти", control.Command("quit")),
            ):
                await seen.click(label)
                assert await asyncio.to_thread(command, one) == expected

    asyncio.run(click())


def test_a_new_state_changes_the_menu_and_the_picture(program, screen, samples):
    async def look():
        async with panel(program, screen, samples) as (one, seen):
            before = (await seen.facts())["IconPixmap"]
            one.say(control.to_message(samples.state(state="paused", language="en")))
            lines = await seen.until(lambda lines: "Resume" in lines)
            assert "Paused" in lines
            assert lines["Paused"]["enabled"] is False
            facts = await seen.facts()
            assert facts["IconPixmap"] != before
            assert facts["ToolTip"][2] == "Qalamsap 0.1.0: paused"
            await seen.click("Resume")
            assert await asyncio.to_thread(command, one) == control.Command("resume")

    asyncio.run(look())


def test_the_icon_goes_with_the_end_of_its_input(program, screen, samples):
    async def leave():
        async with panel(program, screen, samples) as (one, _seen):
            one.close_input()
            assert await asyncio.to_thread(one.wait) == 0
            assert [control.from_message(pipes.unpack_json(each[1])) for each in iter(one.frame, None)] == [
                control.Command("watch-session"),
                control.Command("icon", "shown"),
            ]

    asyncio.run(leave())


def test_without_a_place_for_icons_it_says_so_once_and_goes_on_quietly(program, screen, samples):
    with display.session_bus() as address:
        one = program(["icon"], screen.environment({"DBUS_SESSION_BUS_ADDRESS": address}))
        for state in ("ready", "paused", "ready"):
            one.say(control.to_message(samples.state(state=state)))
        one.close_input()
        assert one.wait() == 0
        assert one.errors.count(b"\n") == 1
        assert one.errors.startswith(b"tray: this desktop has no place for tray icons")


class Messages(ServiceInterface):
    """Who shows messages on the desktop."""

    def __init__(self):
        super().__init__("org.freedesktop.Notifications")
        self.said = asyncio.Queue()

    @dbus_method()
    def GetServerInformation(self) -> "ssss":  # noqa: F821
        return ["test", "test", "1", "1.2"]

    @dbus_method()
    def GetCapabilities(self) -> "as":  # noqa: F722
        return ["body"]

    @dbus_method()
    def Notify(  # noqa: PLR0917  # as the standard has it
        self,
        name: "s",  # noqa: F821
        replaces: "u",  # noqa: F821
        icon: "s",  # noqa: F821
        title: "s",  # noqa: F821
        text: "s",  # noqa: F821
        actions: "as",  # noqa: F722
        hints: "a{sv}",  # noqa: F722
        expire: "i",  # noqa: F821
    ) -> "u":  # noqa: F821
        self.said.put_nowait((title, text))
        return 1


def reported(one):
    """What the icon says next of being seen, or of what it said."""
    while True:
        kind, payload = one.frame()
        assert kind == pipes.JSON
        given = control.from_message(pipes.unpack_json(payload))
        if given.name in {"icon", "reminded"}:
            return given


@contextlib.asynccontextmanager
async def icon_on_a_bus(program, screen):
    """An icon that came before any panel, and the bus on which one may come."""
    with display.session_bus() as address:
        bus = await MessageBus(address).connect()
        one = program(["icon"], screen.environment({"DBUS_SESSION_BUS_ADDRESS": address}))
        try:
            yield one, bus
        finally:
            bus.disconnect()
            one.end()


def test_a_panel_that_comes_late_or_starts_anew_gets_the_icon(program, screen, samples):
    async def look():
        async with icon_on_a_bus(program, screen) as (one, bus):
            one.say(control.to_message(samples.state()))
            assert await asyncio.to_thread(reported, one) == control.Command("icon", "hidden")
            watcher = Watcher(has_host=False)
            bus.export("/StatusNotifierWatcher", watcher)
            await bus.request_name(
                "org.kde.StatusNotifierWatcher"
            )  # which shows nothing as long as no panel is there
            watcher.has_host = True
            watcher.StatusNotifierHostRegistered()
            for _ in range(2):
                assert await asyncio.to_thread(reported, one) == control.Command("icon", "shown")
                seen = Panel(bus, await asyncio.wait_for(watcher.registered.get(), LIMIT_S))
                assert "Готов к работе" in await seen.lines()
                await bus.release_name("org.kde.StatusNotifierWatcher")
                assert await asyncio.to_thread(reported, one) == control.Command("icon", "hidden")
                await bus.request_name("org.kde.StatusNotifierWatcher")

    asyncio.run(look())


def test_a_reminder_counts_once_somebody_could_show_it(program, screen, samples):
    line = control.EndingKey("ТЕСТОВ ТЕСТ", "2026-12-01T00:00:00+00:00", 3, keys=("aa", "bb"))

    async def look():
        async with panel(program, screen, samples) as (one, seen):
            assert await asyncio.to_thread(reported, one) == control.Command("icon", "shown")
            messages = Messages()
            seen.bus.export("/org/freedesktop/Notifications", messages)
            await seen.bus.request_name("org.freedesktop.Notifications")
            one.say(control.to_message(samples.state(ending=(line,))))
            assert await asyncio.to_thread(reported, one) == control.Command("reminded", "aa bb")
            title, text = await asyncio.wait_for(messages.said.get(), LIMIT_S)
            assert title == "Ключ ЭЦП закончится через 3 дня"
            assert "ТЕСТОВ" in text

    asyncio.run(look())


def test_a_broken_stream_is_a_crash(program, screen):
    one = program(["icon"], screen.environment())
    one.say_octets(b"nonsense")
    assert one.wait() == 1
