"""Options and fixtures that every test may use."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--vectors", type=Path, default=None, help="folder of published test material (keys, signatures)")
    parser.addoption("--artefacts", type=Path, default=ROOT / "artefacts", help="where screenshots are kept")


@pytest.fixture(scope="session")
def vectors(request: pytest.FixtureRequest) -> Path:
    """The folder of published test material; the test is skipped where it was not given."""
    folder: Path | None = request.config.getoption("--vectors")
    if folder is None or not (folder / "index.json").is_file():
        pytest.skip("needs published vectors: --vectors DIR")
    return folder.resolve()


@pytest.fixture(scope="session")
def artefacts(request: pytest.FixtureRequest) -> Path:
    """A folder for screenshots and documents that a person may want to look at after the run."""
    folder: Path = request.config.getoption("--artefacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()
