"""One workshop and one Wine for all tests of a run: both take seconds to set up."""

import pytest

from installer.windows import native
from tests.support import browsers, windows_packages
from tests.support.windows_packages import Wine, Workshop


@pytest.fixture(scope="session")
def compiler(tmp_path_factory) -> native.Zig:
    return windows_packages.zig(tmp_path_factory.mktemp("zig"))


@pytest.fixture(scope="session")
def workshop(tmp_path_factory, compiler) -> Workshop:
    for tool in ("gcab", "msibuild", "msiinfo"):
        browsers.needs(tool)
    folder = tmp_path_factory.mktemp("windows")
    own = folder / "own"
    native.build(own, compiler, (0, 1, 0, 0), {1000: "%1\r\n\r\nIt serves pages.", 1001: "%1"})
    return Workshop(folder, own, windows_packages.interpreter(folder, compiler))


@pytest.fixture(scope="session")
def computer(tmp_path_factory):
    """Whoever installs something there takes it away again."""
    made: Wine = windows_packages.wine(tmp_path_factory.mktemp("wine"))
    yield made
    windows_packages.stop(made)
