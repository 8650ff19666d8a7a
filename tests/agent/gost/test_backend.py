import importlib
import subprocess
import sys

from agent.gost import backend, python_twin


def test_the_native_implementation_is_taken_where_it_is_built(native) -> None:
    assert backend.NAME == "native"
    assert backend.implementation is native
    assert backend.describe().startswith("native (C, Streebog by ")
    assert native.streebog_paths()[0] in backend.describe()


def test_without_the_extension_the_twin_runs_and_says_so(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "agent.gost._native", None)  # None makes the import fail
    monkeypatch.delattr("agent.gost._native", raising=False)
    fresh = importlib.util.module_from_spec(backend.__spec__)
    backend.__spec__.loader.exec_module(fresh)
    assert fresh.NAME == "python"
    assert fresh.implementation is python_twin
    assert fresh.describe() == "python (the C extension is not built: slow, signing not in constant time)"


def test_the_twin_is_not_loaded_where_it_is_not_needed(native) -> None:
    code = (
        "import sys; from agent.gost import digest, signature; "
        "digest.new('gost94').digest(); print([name for name in sys.modules if 'python_' in name])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "[]"
