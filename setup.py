"""Builds the GOST extension; all else about the package stands in pyproject.toml.

With SOURCE_DATE_EPOCH set, the same sources make the same octets, wherever and by whom they are built (docs/admin/supply-chain.md).

The extension is optional: where no compiler is at hand, or it has no 128-bit integers (MSVC), installation goes on and
the Python twin in agent/gost runs. It keeps to Python's limited API, so that one build serves 3.11 and all later.
"""

import gzip
import os
import tarfile
from pathlib import Path
from typing import Any

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

SOURCES = Path("agent", "gost", "src")
CLIENT = Path(
    "sdk", "src"
)  # the portal serves the JavaScript client from its own folder once it is installed
PYTHON_TAG = "cp311"
# Access to files is part of what is built: it must not depend on who builds.
os.umask(0o022)


class Abi3Wheel(bdist_wheel):
    """Names the wheel for every Python from 3.11 on when it holds the extension."""

    def get_tag(self) -> tuple[str, str, str]:
        python, abi, platform = super().get_tag()
        return (PYTHON_TAG, "abi3", platform) if python.startswith("cp") else (python, abi, platform)

    def egg2dist(self, egginfo_path: str, distinfo_path: str) -> None:
        """What describes the wheel, with the access that is usual, not the access that its sources have."""
        super().egg2dist(egginfo_path, distinfo_path)
        for path in Path(distinfo_path).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)


class WithoutSources(build_py):
    """Leaves the C sources and their generator out of what is installed, and puts the JavaScript client into the portal."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.packages = [name for name in self.packages or [] if name != "agent.gost.src"]

    def copy_file(self, infile: str, outfile: str, *arguments: Any, **options: Any) -> tuple[str, bool]:
        """With the access that is usual, not the access that the source has."""
        return super().copy_file(infile, outfile, *arguments, **{**options, "preserve_mode": False})

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        place = Path(self.build_lib, "demo", "static", "sdk")
        place.mkdir(parents=True, exist_ok=True)
        for script in sorted(CLIENT.glob("*.js")):
            self.copy_file(str(script), str(place / script.name))


class RepeatableSdist(sdist):
    """Where SOURCE_DATE_EPOCH is set the archive knows nothing of who packed it, and when."""

    def make_archive(self, base_name: Any, format: Any, *arguments: Any, **options: Any) -> str:  # noqa: A002  # distutils' name
        epoch = os.environ.get("SOURCE_DATE_EPOCH")
        if epoch is None or format != "gztar":
            return super().make_archive(base_name, format, *arguments, **options)

        def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
            member.mtime = int(epoch)
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            return member

        path = f"{base_name}.tar.gz"
        folder = Path(options["base_dir"])
        with (
            open(path, "wb") as stream,  # noqa: PTH123  # a text, as distutils gives it
            gzip.GzipFile("", "wb", fileobj=stream, mtime=int(epoch)) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for member in sorted(path for path in folder.rglob("*") if not path.is_dir()):
                archive.add(member, member.as_posix(), filter=plain)
        return path


setup(
    cmdclass={"bdist_wheel": Abi3Wheel, "build_py": WithoutSources, "sdist": RepeatableSdist},
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
