"""The broker itself: one loop that accepts connections, asks whose they are, and hands each to its owner's agent.

It reads nothing of a connection and writes nothing to it: it has it for as long as the kernel takes to say whose it is. An agent
registers by connecting to the door (agent.broker.doors); the kernel says whose process it is, and the agent gets that person's
connections and no others. There is one agent for a person; a second one is told that the place is taken. Where nobody is registered
the connection is closed, which pages see as what it is: no agent runs.

Everything is bounded: callers at the door, by owner and in all, the time that they may take to announce themselves, connections that an agent has not
taken, and the time for that. What an agent does wrong ends its registration, nothing else.
"""

import contextlib
import errno
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import Final

from agent.broker import doors, events, wire
from agent.broker.doors import Doorman, Line
from agent.broker.events import Events
from agent.peers.owner import Owners

MOST_CALLERS: Final = 2048
MOST_SUBORDINATE: Final = 256  # of those, by numbers of which one person may have thousands
MOST_CALLERS_OF_ONE: Final = 4  # one is registered; the others are on their way in or out
ANNOUNCE_S: Final = 5.0
TAKE_S: Final = 15.0
BATCH: Final = 32  # accepted from one socket before the others have their turn
BREATH_S: Final = 0.2  # before accepting goes on when the system is out of descriptors
TICK_S: Final = 1.0

_NO_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


@dataclass(slots=True, eq=False)
class Caller:
    """Who came to the door."""

    line: Line
    since: float
    is_subordinate: bool = False
    is_registered: bool = False
    untaken: deque[float] = field(default_factory=deque)
    """When each connection was handed over that it has not acknowledged."""

    @property
    def owner(self) -> int:
        return self.line.owner


class Broker:
    """`listeners` are TCP sockets that listen on loopback, `door` is the socket that listens for agents; they are the caller's to close.
    `doorman` says who came to it. `nobody` is the owner that stands for several people (agent.peers.linux.overflow_id; the session of services
    on Windows), `subordinates` are those of which one person may have thousands (agent.peers.subordinates): they can't take everybody's
    places."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        door: socket.socket,
        owners: Owners,
        said: Events,
        *,
        nobody: int,
        subordinates: Container[int] = (),
        doorman: Doorman | None = None,
        most_callers: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listeners = list(listeners)
        self._door = door
        self._owners = owners
        self._said = said
        self._nobody = nobody
        self._subordinates = subordinates
        self._doorman = doorman or doors.UnixDoorman()
        self._most_callers = most_callers
        self._clock = clock
        self._ports = sorted({each.getsockname()[1] for each in listeners})
        self._callers: dict[int, list[Caller]] = {}
        self._registered: dict[int, Caller] = {}
        self._count = 0
        self._subordinate_count = 0
        self._selector = selectors.DefaultSelector()
        self._resting_until: float | None = None
        self._next_look = 0.0
        for each in (door, *listeners):
            each.setblocking(False)
            self._selector.register(each, selectors.EVENT_READ)

    @property
    def registered(self) -> int:
        """How many agents are registered."""
        return len(self._registered)

    def serve(self, is_over: Callable[[], bool] | None = None) -> None:
        """Until an exception ends it: that of a signal's handler; or until `is_over`, which is asked at least once in TICK_S."""
        self._said.say(events.BEGINS, ports=",".join(map(str, self._ports)))
        try:
            while is_over is None or not is_over():
                patience = self._patience()
                self.turn(patience if is_over is None or patience is not None else TICK_S)
        finally:
            self.close()

    def close(self) -> None:
        """Lets everybody go."""
        for callers in [*self._callers.values()]:
            for caller in [*callers]:
                self._let_go(caller)
        self._selector.close()
        self._said.flush()

    def turn(self, patience_s: float | None = 0.0) -> None:
        """One round: first agents and the door, then connections. So those that come with a new broker meet the agents that do."""
        if not self._selector.get_map():  # all of them rest, and Windows has no select of nothing
            time.sleep(patience_s or 0.0)
        else:
            self._attend([key for key, _ in self._selector.select(patience_s)])
        self._look_at_clock()

    def _attend(self, ready: Sequence[selectors.SelectorKey]) -> None:
        for key in ready:
            if isinstance(key.data, Caller):
                self._hear_out(key.data)
        if any(key.fileobj is self._door for key in ready):
            self._open_door()
        for listener in self._listeners:
            if any(key.fileobj is listener for key in ready):
                self._accept_from(listener)

    # --- the door --------------------------------------------------------------------------------------------------

    def _open_door(self) -> None:
        for _ in range(BATCH):
            connection = self._accept(self._door)
            if connection is None:
                return
            line = self._doorman.meet(connection)
            if line is not None:
                self._meet(Caller(line, self._clock(), line.owner in self._subordinates))

    def _meet(self, caller: Caller) -> None:
        same = self._callers.get(caller.owner, [])
        # A number that stands for several people is nobody's.
        if (
            caller.owner in (self._nobody, -1)
            or len(same) >= MOST_CALLERS_OF_ONE
            or self._count >= (self._most_callers or MOST_CALLERS)
            or (caller.is_subordinate and self._subordinate_count >= MOST_SUBORDINATE)
        ):
            self._said.say(events.REFUSED, owner=caller.owner, why="full")
            with contextlib.suppress(OSError):
                caller.line.hear()  # to close over what was not read would take the refusal back
            caller.line.say(wire.refusal("full"))
            caller.line.close()
            return
        self._callers.setdefault(caller.owner, []).append(caller)
        self._count += 1
        self._subordinate_count += caller.is_subordinate
        self._selector.register(caller.line.connection, selectors.EVENT_READ, caller)
        self._hear(caller)  # an agent announces itself without waiting

    def _hear_out(self, caller: Caller) -> None:
        """What a caller has said until now, if it said no more than it may."""
        for _ in range(wire.MOST_UNTAKEN + 1):
            if not self._hear(caller):
                return

    def _hear(self, caller: Caller) -> bool:
        """One message of a caller; whether there was one, and more may come."""
        try:
            message = caller.line.hear()  # OSError also where it was let go just now
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            message = b""
        if caller.is_registered and message == wire.TAKEN and caller.untaken:
            caller.untaken.popleft()
            return True
        if not caller.is_registered and message[:1] == wire.ANNOUNCE[:1]:
            self._register(caller, message)
        else:
            self._let_go(caller)
        return False

    def _register(self, caller: Caller, message: bytes) -> None:
        why: wire.Reason | None = None
        before = self._registered.get(caller.owner)
        if before is not None:
            self._hear_out(before)  # it may have hung up just now: an agent that starts anew
        if message != wire.ANNOUNCE:
            why = "version"
        elif caller.owner in self._registered:
            why = "taken"
        else:
            why = caller.line.objection()
        if why is not None:
            self._said.say(events.REFUSED, owner=caller.owner, why=why)
            caller.line.say(wire.refusal(why))
            self._let_go(caller)
        elif caller.line.say(wire.welcome(self._ports)):
            caller.is_registered = True
            self._registered[caller.owner] = caller
            self._said.say(events.REGISTERED, owner=caller.owner)
        else:
            self._let_go(caller)

    def _let_go(self, caller: Caller) -> None:
        """Ends it."""
        same = self._callers.get(caller.owner, [])
        if caller not in same:
            return
        same.remove(caller)
        if not same:
            del self._callers[caller.owner]
        self._count -= 1
        self._subordinate_count -= caller.is_subordinate
        self._selector.unregister(caller.line.connection)
        caller.line.close()
        if caller.is_registered:
            del self._registered[caller.owner]
            self._said.say(events.GONE, owner=caller.owner)

    # --- connections -----------------------------------------------------------------------------------------------

    def _accept_from(self, listener: socket.socket) -> None:
        for _ in range(BATCH):
            accepted = self._accept(listener)
            if accepted is None:
                return
            with contextlib.closing(accepted):  # our end of it; the agent has its own then
                self._hand_over(accepted)

    def _hand_over(self, accepted: socket.socket) -> None:
        owner = self._owners.of_peer(accepted)
        if owner is None:
            self._said.say(events.UNOWNED)
            return
        caller = self._registered.get(owner)
        if caller is not None and len(caller.untaken) >= wire.MOST_UNTAKEN:
            self._hear_out(caller)  # it may have taken them meanwhile
            caller = self._registered.get(owner)
        if caller is None:
            self._said.say(events.NOBODY, owner=owner)
            return
        if len(caller.untaken) >= wire.MOST_UNTAKEN:
            self._said.say(events.HUNG, owner=owner)
            return
        try:
            caller.line.hand(accepted)
        except doors.NoRoom:  # not this one's doing
            return
        except OSError:
            self._let_go(caller)
            return
        caller.untaken.append(self._clock())

    def _accept(self, listener: socket.socket) -> socket.socket | None:
        """The next one; None where there is none now."""
        try:
            return listener.accept()[0]
        except OSError as error:
            if error.errno in _NO_DESCRIPTORS and self._resting_until is None:
                self._rest()
            return None

    def _rest(self) -> None:
        """Nothing is accepted for a moment: to turn at full speed would not help."""
        self._said.say(events.NO_DESCRIPTORS)
        self._resting_until = self._clock() + BREATH_S
        for each in (self._door, *self._listeners):
            self._selector.unregister(each)

    # --- time ------------------------------------------------------------------------------------------------------

    def _patience(self) -> float | None:
        """For how long nothing need be looked at, unless somebody comes."""
        if self._resting_until is not None:
            return max(0.0, self._resting_until - self._clock())
        return TICK_S if self._callers else None

    def _look_at_clock(self) -> None:
        now = self._clock()
        if self._resting_until is not None and now >= self._resting_until:
            self._resting_until = None
            for each in (self._door, *self._listeners):
                self._selector.register(each, selectors.EVENT_READ)
        if now < self._next_look:
            return
        self._next_look = now + TICK_S
        for callers in [*self._callers.values()]:
            for caller in [*callers]:
                if not caller.is_registered and now - caller.since > ANNOUNCE_S:
                    self._let_go(caller)
                elif caller.untaken and now - caller.untaken[0] > TAKE_S:
                    self._said.say(events.HUNG, owner=caller.owner)
                    self._let_go(caller)
