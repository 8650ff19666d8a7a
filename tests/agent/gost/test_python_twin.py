import inspect

import pytest

from agent.gost import backend, python_twin


def test_it_offers_all_that_the_backend_uses() -> None:
    wanted = {name for name, _ in inspect.getmembers(backend.Implementation, inspect.isfunction)} - {
        "__init__"
    }
    wanted = {name for name in wanted if not name.startswith("_")}
    assert wanted == set(python_twin.__all__)


def test_the_extension_offers_the_same(native) -> None:
    assert all(hasattr(native, name) for name in python_twin.__all__)


def test_an_unknown_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="no hash is called 'gost95'"):
        python_twin.new("gost95")
