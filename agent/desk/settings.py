"""The page of settings: reads them as the agent would, changes config.toml, switches the start at login, has the agent start anew."""

import errno
import logging
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from agent import autostart, control, locked_memory, logs, paths, programs, settings_file
from agent.autostart import Autostart
from agent.config import SETTINGS, BadConfig, Config
from agent.desk import file_menus
from agent.desk.base import Desk
from agent.desk.file_menus import Menus, SomebodyElses
from agent.errors import AgentError, StorageFailed, UnsupportedOperation
from protocol.control import Command, Refused, State
from protocol.desk import settings as page
from protocol.errors import ProtocolError

START_LIMIT_S = 20.0
_STEP_S = 0.25  # an agent that starts anew says nothing until it listens again

# In the order in which they are shown. The rest of the file is for those who know what they do there.
SHOWN: Final = (
    "language", "theme", "tray", "notifications", "key_folders", "unlock_minutes", "timestamp_url", "ocsp_url", "offline", "proxy",
    "fetch_hosts", "authorities", "plain_websocket", "flat_api", "https_api", "update_channel", "update_deferral_days", "port",
    "https_api_port", "spare_minutes", "log_level",
)  # fmt: skip
RULES: Final = tuple(name for name, setting in SETTINGS.items() if setting.is_policy_only)
"""Shown where the policy sets them."""
_WHYS: Mapping[int, page.Why] = {
    errno.EROFS: "read-only",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
}

_log = logging.getLogger(__name__)


def make(desk: Desk) -> "SettingsPage":
    return SettingsPage(desk, file_menus.of_person(desk.language))


@dataclass
class SettingsPage:
    """See agent.desk.base.Page. `switch` is the start at login, `menus` are those of file managers."""

    desk: Desk
    menus: Menus
    can_lock_memory: Callable[[], bool] = locked_memory.can_lock
    switch: Autostart = field(default_factory=lambda: autostart.of_person(programs.command("run")))
    child: "subprocess.Popen[bytes] | None" = (
        None  # the agent that was started here; it is nobody's, and goes on
    )
    _settled: float = 0.0  # the file is as old as this, or what changed in it since needs no new start

    def opened(self) -> None:
        self._send()

    def take(self, message: Any) -> None:
        match message:
            case page.Change():
                self._change(message)
            case page.Reset(name):
                self._edit(name, lambda _: settings_file.reset(self.desk.paths.config_file, name))
            case page.SetAutostart(is_on):
                self._switch("autostart", lambda: self._turn_autostart(on=is_on))
            case page.SetMenus(is_on):
                self._switch("file_menus", lambda: self._turn_menus(on=is_on))
            case page.Restart():
                self._restart()
        self._send()

    def close(self) -> None:
        """Nothing is kept."""

    # --- showing --------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        loaded = self.desk.settings()
        running = self._state()
        self.desk.send(
            page.Settings(
                settings=tuple(_setting(name, loaded) for name in SHOWN),
                rules=tuple(_setting(name, loaded) for name in RULES if loaded.sources[name] != "default"),
                autostart=self.switch.state(),
                is_running=running is not None,
                is_stale=self._is_stale(running),
                file=str(self.desk.paths.config_file),
                menus=self.menus.state(),
                no_unlock=self._no_unlock(loaded, running),
                is_icon_unseen=running is not None and running.icon == "hidden",
            )
        )

    def _no_unlock(self, loaded: Config, running: State | None) -> page.NoUnlock:
        """Why no key could stay open (decision 0027)."""
        if not self.can_lock_memory():
            return "no-memory"
        if running is None or running.is_session_watched or running.is_simulation:
            return ""
        if loaded.tray == "off":
            return "icon-off"
        # An icon that was just switched on is there once the agent has started anew.
        return "" if running.icon == "off" and self._is_stale(running) else "unwatched"

    def _state(self) -> State | None:
        """Of the agent that runs."""
        try:
            answer = control.ask(self.desk.paths.control_socket, Command("query"))
        except (AgentError, ProtocolError):
            return None
        return answer if isinstance(answer, State) else None

    def _is_stale(self, running: State | None) -> bool:
        """Whether the agent that runs has read other settings than those that stand there now."""
        if running is None:
            return False
        return self._changed() > max(self._settled, datetime.fromisoformat(running.started).timestamp())

    def _changed(self) -> float:
        """When the settings were changed the last time. What a changed policy needs, the agent does by itself."""
        try:
            return self.desk.paths.config_file.stat().st_mtime
        except OSError:
            return 0.0

    # --- switches -------------------------------------------------------------------------------------------------

    def _switch(self, name: str, turn: Callable[[], object]) -> None:
        try:
            turn()
        except (StorageFailed, UnsupportedOperation) as error:
            self._not_written(name, error)

    def _not_written(self, name: str, error: AgentError) -> None:
        logs.note(_log, logging.WARNING, "not written", kind=name, error=error)
        self.desk.send(page.NotWritten(name, _why(error), error.detail))

    def _turn_autostart(self, *, on: bool) -> None:
        self.switch.turn(on=on)
        if on:
            # What starts by itself can be opened: not every desktop has a place for the icon.
            try:
                self.menus.put_entry()
            except AgentError as error:
                logs.note(_log, logging.WARNING, "no entry among the programs", error=error)

    def _turn_menus(self, *, on: bool) -> None:
        menus = replace(self.menus, language=self.desk.language)
        if on:
            menus.install()
        else:
            menus.remove(keeps_entry=True)

    # --- changing -------------------------------------------------------------------------------------------------

    def _change(self, asked: page.Change) -> None:
        self._edit(
            asked.name,
            lambda known: settings_file.change(self.desk.paths.config_file, asked.name, _value(asked, known)),
        )

    def _edit(self, name: str, edit: Callable[[Any], None]) -> None:
        """`edit` gets the value that the setting has."""
        loaded = self.desk.settings()
        if name not in SHOWN or loaded.sources[name] == "policy":
            self.desk.send(page.Refused(name, "whoever runs this computer set it"))
            return
        running = self._state()
        was_stale = self._is_stale(running)
        try:
            edit(getattr(loaded, name))
            if name == "language":
                self._forget_language()
        except BadConfig as error:
            self.desk.send(page.Refused(name, error.detail))
            return
        except StorageFailed as error:
            self._not_written(name, error)
            return
        if name == "language":
            if running is not None:
                self._tell(Command("set-language", self.desk.settings().language))
            if not was_stale:
                self._settled = self._changed()

    def _forget_language(self) -> None:
        """What was chosen in the icon's menu is stronger than the file, and would hide the change. Raises StorageFailed."""
        try:
            self.desk.paths.language.unlink(missing_ok=True)
        except OSError as error:
            raise StorageFailed(f"the choice in the menu can't be taken back: {error.strerror}") from error

    def _tell(self, command: Command) -> None:
        """Raises AgentError where the agent does not do it."""
        try:
            answer = control.ask(self.desk.paths.control_socket, command)
        except ProtocolError as error:
            raise control.NotRunning("what answers is another version of the agent") from error
        if isinstance(answer, Refused):
            raise UnsupportedOperation(answer.reason)

    def _restart(self) -> None:
        """The agent that runs starts anew; where none does, one is started."""
        before = self._state()
        if before is not None:
            self._tell(Command("restart"))
        else:
            self._start()
        self._wait_for_another(before)

    def _start(self) -> None:
        place = ["--state-dir", str(self.desk.paths.state_dir)] if self.desk.is_apart else []
        try:
            self.child = subprocess.Popen(
                [*self.desk.command, "run", *place],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=paths.CODE_ROOT,
                start_new_session=True,
            )
        except OSError as error:
            raise control.NotRunning(f"the agent can't be started: {error.strerror}") from error

    def _wait_for_another(self, before: State | None) -> None:
        """Until an agent runs that started later than that one. Raises NotRunning where none comes."""
        for _ in range(round(START_LIMIT_S / _STEP_S)):
            if self.desk.has_ended.wait(_STEP_S):
                return
            running = self._state()
            if running is not None and (before is None or running.started != before.started):
                return
        raise control.NotRunning("the agent did not come up; its log says why")


def _why(error: AgentError) -> page.Why:
    if isinstance(error, SomebodyElses):
        return "foreign"
    cause = error.__cause__
    return _WHYS.get(cause.errno or 0, "other") if isinstance(cause, OSError) else "other"


def _setting(name: str, loaded: Config) -> page.Setting:
    value = getattr(loaded, name)
    source = loaded.sources[name]
    known = SETTINGS[name]
    match known.kind:
        case "choice":
            return page.Setting(name, "choice", source, text=value, choices=known.choices)
        case "number":
            return page.Setting(name, "number", source, number=value, least=known.minimum, most=known.maximum)
        case "boolean":
            return page.Setting(name, "switch", source, is_on=value)
        case "list":
            return page.Setting(name, "list", source, items=tuple(map(str, value)))
        case "text":
            return page.Setting(name, "text", source, text=value)
        case _:
            raise ValueError(f"{name} is a table, and no page shows those")


def _value(asked: page.Change, known: Any) -> Any:
    """As it stands in the file; `known` is the value that the setting has."""
    if isinstance(known, bool):
        return asked.is_on
    if isinstance(known, int):
        return asked.number
    if isinstance(known, tuple):
        return list(asked.items)
    return asked.text
