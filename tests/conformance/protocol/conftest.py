"""The agents that the numbered tests share: one for each person, started when first asked for."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from agent.testca.simulator_http import SimulatorServer
from tests.conformance.protocol import persons
from tests.conformance.protocol.persons import AgentOf
from tests.support import simulated_authorities
from tests.support.agents import RunningAgent


@pytest.fixture(scope="session")
def authorities() -> Iterator[SimulatorServer]:
    """The authorities' servers, over HTTP."""
    now = datetime.now(UTC)
    with simulated_authorities.served(simulated_authorities.new(now=now).simulator, now=now) as server:
        yield server


@pytest.fixture(scope="session")
def agent_of(tmp_path_factory: pytest.TempPathFactory, authorities: SimulatorServer) -> Iterator[AgentOf]:
    """Gives the agent of a person (tests.conformance.protocol.persons)."""
    running: dict[str, RunningAgent] = {}
    with contextlib.ExitStack() as stack:

        def agent_of(person: str) -> RunningAgent:
            if person not in running:
                url = persons.NOWHERE if person == persons.UNREACHED else f"{authorities.url}tsp/"
                folder = tmp_path_factory.mktemp(person)
                running[person] = stack.enter_context(persons.agent(folder, person, timestamp_url=url))
            return running[person]

        yield agent_of
