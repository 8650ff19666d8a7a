"""`qalamsap export-certificate FILE`: the certificate of a key file, to be given to others: it holds no key.

Of a file that was opened here before it is known, and no password is asked.
"""

import argparse
import json
from pathlib import Path

from agent import key_library, paths
from agent.certificate import Certificate
from agent.commands import exit_codes, read_key, sign_files
from agent.errors import BadInput, KeyUnsuitable, StorageFailed
from agent.key_library import KeyLibrary, KnownKey
from agent.keystores import catalog
from agent.operations import read_key as reading
from protocol import prompts

_ENDINGS = {"pem": ".pem", "der": ".cer"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    read_key.add_arguments(parser)
    parser.add_argument(
        "--form", choices=tuple(_ENDINGS), default="pem", help="PEM is text, DER octets (default pem)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="PATH", help="where it is put (default: beside FILE, another ending)"
    )
    parser.add_argument(
        "--serial",
        default="",
        metavar="HEX",
        help="serial number of the certificate, where the file holds several",
    )


def run(options: argparse.Namespace) -> int:
    """Raises AgentError."""
    path: Path = options.key.absolute()
    with read_key.told(options):
        _target(options, path)  # what can be refused at once is, before a password is asked
        opened, keys = _keys(options, path)
        target = _target(options, opened)
        write(_chosen(keys, options.serial).certificate_der, options.form, target)
    if options.json:
        done = {"event": "exported", "file": str(target.absolute()), "key": str(opened)}
        print(json.dumps(done, ensure_ascii=False))
    else:
        print(target)
    return exit_codes.DONE


def _target(options: argparse.Namespace, path: Path) -> Path:
    """Where the certificate of this key file goes. Raises BadInput where something is there already."""
    target: Path = options.out or path.with_suffix(_ENDINGS[options.form])
    if target.exists():
        raise BadInput(f"{target} exists; name a place with --out")
    return target


def _keys(options: argparse.Namespace, path: Path) -> tuple[Path, tuple[KnownKey, ...]]:
    """The key file and its keys. The password is asked where they are not known, and the person may open another file instead."""
    library = KeyLibrary(paths.resolve(options.state_dir).key_library).read()
    known = library.with_digest(key_library.digest_of(catalog.load(path)))
    if known is not None and known.keys:
        return path, known.keys
    with read_key.asking(options, path) as (user, settings):
        found = reading.read(path, sign_files.approval(options, settings, user))
        if found.path != path and (options.out or options.serial):
            raise BadInput("another key file was opened than the one that was named; nothing was exported")
        _chosen(found.keys, options.serial)  # what can't be done is told in the window too
        _target(options, found.path)
        user.tell(prompts.Finished())
    return found.path, found.keys


def _chosen(keys: tuple[KnownKey, ...], serial: str) -> KnownKey:
    wanted = serial.replace(":", "").replace(" ", "").lower().lstrip("0")
    fitting = [key for key in keys if wanted in ("", key.serial_number)]
    if not fitting:
        raise KeyUnsuitable("the file holds no such certificate")
    if len(fitting) > 1:
        raise BadInput(f"several certificates: name one with --serial {fitting[0].serial_number}")
    return fitting[0]


def write(certificate_der: bytes, form: str, target: Path) -> None:
    """Puts a certificate into a file, in one step. Raises StorageFailed."""
    certificate = Certificate.from_der(certificate_der)
    octets = certificate.der if form == "der" else certificate.pem().encode("ascii")
    try:
        paths.write_whole(target, octets)
    except OSError as error:
        raise StorageFailed(f"{target} can't be written: {error.strerror}") from error
