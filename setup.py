"""Builds the GOST extension; all else about the package stands in pyproject.toml.

The extension is optional: where no compiler is at hand, or it has no 128-bit integers (MSVC), installation goes on and
the Python twin in agent/gost runs. It keeps to Python's limited API, so that one build serves 3.11 and all later.
"""

import os
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

SOURCES = Path("agent", "gost", "src")
CLIENT = Path(
    "sdk", "src"
)  # the portal serves the JavaScript client from its own folder once it is installed
PYTHON_TAG = "cp311"


class Abi3Wheel(bdist_wheel):
    """Names the wheel for every Python from 3.11 on when it holds the extension."""

    def get_tag(self) -> tuple[str, str, str]:
        python, abi, platform = super().get_tag()
        return (PYTHON_TAG, "abi3", platform) if python.startswith("cp") else (python, abi, platform)


class WithoutSources(build_py):
    """Leaves the C sources and their generator out of what is installed, and puts the JavaScript client into the portal."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.packages = [name for name in self.packages or [] if name != "agent.gost.src"]

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        place = Path(self.build_lib, "demo", "static", "sdk")
        place.mkdir(parents=True, exist_ok=True)
        for script in sorted(CLIENT.glob("*.js")):
            self.copy_file(str(script), str(place / script.name))


setup(
    cmdclass={"bdist_wheel": Abi3Wheel, "build_py": WithoutSources},
    include_package_data=False,  # pyproject.toml lists the data; without this the C sources would be installed, too
    ext_modules=[
        Extension(
            "agent.gost._native",
            sources=[str(SOURCES / name) for name in ("module.c", "streebog.c", "gost94.c", "curve.c")],
            depends=[str(path) for path in sorted(SOURCES.glob("*.h"))],
            extra_compile_args=[] if os.name == "nt" else ["-O3", "-g0", "-fvisibility=hidden"],
            py_limited_api=True,
            optional=True,
        )
    ],
)
