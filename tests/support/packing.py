"""Packs one bundle a second time, as somebody else would who builds the package on a computer of their own."""

import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import programs
from installer.linux import appimage, bundle, tree

LIMIT_S = 300


def packed_again(unpacked: Path, build: Callable[[Path, datetime], Path], folder: Path) -> Path:
    """The package that `build` makes of the bundle in what was unpacked of the first one, for the same moment.

    Its umask, time zone, language and folder for temporary files are others, and so are modes and times of the bundle's files. What lies
    around the bundle is made anew. `folder` must be empty.
    """
    source = unpacked / bundle.PREFIX.relative_to("/")
    moment = datetime.fromtimestamp(int((source / programs.MARKER).stat().st_mtime), UTC)

    def make(target: Path, packaging: programs.Packaging) -> bundle.Bundle:
        assert programs.packaged_as(source) == packaging
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = ["cp", "-R", "--preserve=links", source, target]
        subprocess.run(copy, check=True, timeout=LIMIT_S)
        made = bundle.Bundle(target, tree.version())
        # As it was before a package put something there, or took it away.
        brought = [made.packages / "PySide6/Qt/lib" / name for name in appimage.BROUGHT_ALONG]
        for path in (*(target / "libexec").glob("*"), *brought):
            path.unlink(missing_ok=True)
        if not (target / "bin" / programs.LAUNCHER).exists():
            bundle._put_launcher(made)
        return made

    temporary = folder / "temporary"
    temporary.mkdir()
    mask = os.umask(0o077)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bundle, "make", make)
            patch.setattr(tempfile, "tempdir", str(temporary))
            for name, value in {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "TMPDIR": str(temporary)}.items():
                patch.setenv(name, value)
            time.tzset()
            return build(folder / "dist", moment)
    finally:
        os.umask(mask)
        time.tzset()


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
