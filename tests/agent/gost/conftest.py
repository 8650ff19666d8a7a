"""Each test that names `implementation` runs over the C extension and over its Python twin."""

import pytest

from agent.gost import backend, python_twin
from tests.support.gost_oracles import NO_EXTENSION


@pytest.fixture(params=["native", "python"])
def implementation(request, monkeypatch):
    """The implementation that agent.gost.digest and agent.gost.signature use during the test."""
    chosen = python_twin
    if request.param == "native":
        chosen = pytest.importorskip("agent.gost._native", reason=NO_EXTENSION)
    monkeypatch.setattr(backend, "implementation", chosen)
    return chosen


@pytest.fixture
def native():
    return pytest.importorskip("agent.gost._native", reason=NO_EXTENSION)
