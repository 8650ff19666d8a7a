"""The authorities' servers without a network: a Fetch that asks the simulator of the checked-in test authority in this process.

authorities = simulated_authorities.new()             # one for each test: faults and revocations are its own
token = tsp.read_response(authorities(Question("timestamp", TSP, request)))
authorities.switch("tsp", "http-500")
authorities.revoke(certificate)
assert authorities.count("ocsp") == 0

with simulated_authorities.served(authorities.simulator) as server:   # the same over HTTP; server.url is a proxy, too
"""

import contextlib
import functools
import tempfile
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agent.certificate import Certificate
from agent.fetch import LIMITS, Kind, Question, unreachable
from agent.testca import profiles
from agent.testca.authority import TestAuthority
from agent.testca.simulator import Simulator
from agent.testca.simulator_faults import Fault
from agent.testca.simulator_http import SimulatorServer
from tests.support import authority
from tests.support.authority import NOW

TSP = f"{profiles.ADDRESS}/tsp/"
OCSP = f"{profiles.ADDRESS}/ocsp/"


def crl(family: str, *, is_delta: bool = False) -> str:
    return f"{profiles.ADDRESS}/crl/{family}{'_d' if is_delta else ''}.crl"


def issuing(family: str) -> str:
    return f"{profiles.ADDRESS}/cert/{family}.cer"


@functools.cache
def shared_authority() -> TestAuthority:
    """The authority that is checked in, with its keys: for more certificates than lie there."""
    return TestAuthority.load(authority.FOLDER / "ca")


@functools.cache
def another_authority() -> TestAuthority:
    """An authority of the same names that has nothing to do with it."""
    with tempfile.TemporaryDirectory(prefix="qalamsap-testca-") as folder:
        return TestAuthority.create(Path(folder) / "authority", NOW)


class SimulatedAuthorities:
    """A Fetch. `now` is what the servers' clocks show; `asked` are all questions so far."""

    def __init__(self, simulator: Simulator, *, now: datetime = NOW) -> None:
        self.simulator = simulator
        self.now = now
        self.asked: list[Question] = []

    def __call__(self, question: Question) -> bytes:
        """As agent.http_fetch does it through the simulator as its proxy, but that nobody waits. Raises Unreachable."""
        self.asked.append(question)
        limits, host = LIMITS[question.kind], urlsplit(question.url).hostname or ""
        method, content_type = ("POST", limits.content_type) if question.body else ("GET", None)
        answer = self.simulator.answer(
            method, question.url, question.body, at=self.now, content_type=content_type
        )
        if answer.delay_s >= limits.seconds:
            raise unreachable("too-slow")
        if answer.status != 200:
            raise unreachable("status", f"{host} {answer.status:d}")
        if answer.is_cut:
            raise unreachable("cut-off", host)
        if len(answer.body) > limits.most_bytes:
            raise unreachable("too-long", host)
        return answer.body

    def count(self, kind: Kind) -> int:
        """How many questions of that kind were asked."""
        return sum(question.kind == kind for question in self.asked)

    def switch(self, service: str, fault: str) -> None:
        """From now on tsp, ocsp, crl or cert goes wrong like this: `http-500`, `slow:20`, ...; `none` mends it."""
        self.simulator.switch(service, Fault.parse(fault))

    def revoke(
        self, certificate: Certificate, *, at: datetime | None = None, reason: str = "unspecified"
    ) -> None:
        self.simulator.revoke(certificate, at=at or self.now, reason=reason)


def new(*, now: datetime = NOW) -> SimulatedAuthorities:
    """Servers of the checked-in test authority at which all is well."""
    return SimulatedAuthorities(Simulator(shared_authority(), at=now), now=now)


@contextlib.contextmanager
def served(simulator: Simulator, *, now: datetime = NOW, **options: Any) -> Iterator[SimulatorServer]:
    """The simulator over HTTP on a free port, in a thread; `options` are those of SimulatorServer."""
    with SimulatorServer(simulator, lambda: now, **options) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
