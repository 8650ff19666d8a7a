"""`python -m installer.linux deb|rpm|appimage`: builds a package of what is in this folder, for systems like this one; `lock` renews the list
of the libraries that packages bring.

0 built; 1 can't be built: the message says what is missing.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from installer.linux import appimage, bundle, deb, libraries, rpm, tree

_COMPRESSION = {"xz": ("-Zxz", "-z6"), "zstd": ("-Zzstd", "-z3"), "gzip": ("-Zgzip", "-z1")}


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m installer.linux", description=__doc__)
    parser.add_argument("kind", choices=("deb", "rpm", "appimage", "lock"))
    parser.add_argument("--out", type=Path, default=bundle.SOURCE / "dist", metavar="DIR", help="where to")
    parser.add_argument(
        "--compression", choices=tuple(_COMPRESSION), default="xz", help="xz is smallest, gzip fastest"
    )
    parser.add_argument(
        "--unlocked", action="store_true", help="with the libraries that are here, locked or not: for tests"
    )
    parser.add_argument(
        "--runtime", type=Path, metavar="FILE", help="AppImage: the runtime, of the AppImage project"
    )
    parser.add_argument(
        "--runtime-sha256", default="", metavar="HEX", help="AppImage: the digest that it must have"
    )
    options = parser.parse_args(words)
    started = time.monotonic()
    try:
        if options.kind == "lock":
            print(f"{libraries.renew()} libraries in {libraries.LOCK.name}")
            return 0
        if not options.unlocked:
            libraries.require()
        package = _build(options)
    except bundle.CannotBuild as error:
        print(f"{options.kind}: {error}", file=sys.stderr)
        return 1
    size = package.stat().st_size / 1_000_000
    print(f"{package}: {size:.0f} MB, in {time.monotonic() - started:.0f} s")
    return 0


def _build(options: argparse.Namespace) -> Path:
    """Raises bundle.CannotBuild, OSError."""
    moment = tree.built_at()
    if options.kind == "rpm":
        return rpm.build(options.out, moment, rpm.PAYLOADS[options.compression])
    if options.kind == "appimage":
        if options.runtime is None or not options.runtime.is_file():
            raise bundle.CannotBuild(
                "needs --runtime FILE and --runtime-sha256 HEX: see installer/linux/README.md"
            )
        return appimage.build(options.out, moment, options.runtime, options.runtime_sha256)
    return deb.build(options.out, moment, _COMPRESSION[options.compression])


if __name__ == "__main__":
    sys.exit(main())
