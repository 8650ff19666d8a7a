"""Options and fixtures that every test may use.

A test that lacks something skips with a reason that begins with one of two phrases:

    needs vectors: ...    published material that was not given; --vectors DIR
    needs tool: ...       a program or library that is not installed; under --strict-tools that is a failure
"""

from collections.abc import Generator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
# Where tests are of single modules, which are units as long as nothing of the following is said of them.
OF_UNITS = {"agent", "demo", "protocol", "tray", "test_architecture.py", "test_dev.py"}
NO_UNIT = {"browser", "display", "process", "root", "service", "slow"}
NEEDS_TOOL = "needs tool"
NEEDS_VECTORS = "needs vectors"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--vectors", type=Path, default=None, help="folder of published test material (keys, signatures)"
    )
    parser.addoption("--artefacts", type=Path, default=ROOT / "artefacts", help="where screenshots are kept")
    parser.addoption("--strict-tools", action="store_true", help="a test that lacks a tool fails")


@pytest.hookimpl(tryfirst=True)  # pytest chooses among the marked ones after that
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        place = item.path.relative_to(TESTS).parts[0]
        if place in OF_UNITS and not any(mark.name in NO_UNIT for mark in item.iter_markers()):
            item.add_marker("unit")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and item.config.getoption("--strict-tools") and NEEDS_TOOL in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"--strict-tools: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    lacking = sum(NEEDS_VECTORS in reason for reason in skipped)
    if lacking:
        terminalreporter.write_line(f"{lacking} tests lacked published vectors; give them with --vectors DIR")


@pytest.fixture(scope="session")
def vectors(request: pytest.FixtureRequest) -> Path:
    """The folder of published test material; the test is skipped where it was not given."""
    folder: Path | None = request.config.getoption("--vectors")
    if folder is None or not (folder / "index.json").is_file():
        pytest.skip(f"{NEEDS_VECTORS}: --vectors DIR")
    return folder.resolve()


@pytest.fixture(scope="session")
def artefacts(request: pytest.FixtureRequest) -> Path:
    """A folder for screenshots and documents that a person may want to look at after the run."""
    folder: Path = request.config.getoption("--artefacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()
