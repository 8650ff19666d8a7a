"""`qalamsap verify FILE`: what a CMS signature proves, for people or, with --json, for programs."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent import authority_files
from agent.commands import exit_codes
from agent.errors import BadInput
from agent.operations import verify
from agent.trust import anchors

MAX_BYTES = 1024 * 1024 * 1024
_CODES = {"valid": exit_codes.DONE, "invalid": exit_codes.INVALID, "indeterminate": exit_codes.CANNOT_TELL}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the signature: CMS as DER, PEM or base64")
    parser.add_argument(
        "--document", type=Path, metavar="FILE", help="what was signed, where the signature is detached"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--ca", type=Path, action="append", default=[], metavar="FILE",
        help="trust the authorities whose certificates are in FILE, too (again for more)",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """0 valid, 1 invalid, 2 can't tell. Raises BadInput."""
    own = authority_files.read(options.ca)
    report = verify.verify(
        read(options.file),
        None if options.document is None else read(options.document),
        at=datetime.now(UTC),
        # The national test authorities are told apart by their domain, in the report and below.
        anchors=(*anchors.national(), *anchors.from_certificates(own)),
    ).to_json()
    print(json.dumps(report, ensure_ascii=False, indent=2) if options.json else _text(report))
    return _CODES[report["verdict"]]


def read(path: Path) -> bytes:
    """A whole file. Raises BadInput."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise BadInput(f"{path} is over {MAX_BYTES} octets")
    return content


def _text(report: dict[str, Any]) -> str:
    lines = [report["verdict"]]
    for number, signer in enumerate(report["signers"], 1):
        subject = signer["subject"] or {}
        owner = subject.get("common_name") or "unknown signer"
        numbers = [f"{name.upper()} {subject[name]}" for name in ("iin", "bin") if subject.get(name)]
        lines.append(f"{number}. {', '.join([owner, *numbers])}")
        lines += [f"   {subject['organisation']}"] if subject.get("organisation") else []
        lines.append(f"   signature: {signer['signature']}, {signer['algorithm']}")
        if signer["signing_time"]:
            lines.append(f"   signed, by the signer's own clock: {signer['signing_time']}")
        if signer["trust"]:
            lines.append(f"   authority: {signer['trust']['anchor']} ({signer['trust']['domain']})")
        if signer["reasons"]:
            lines.append(f"   reasons: {', '.join(signer['reasons'])}")
    return "\n".join(lines)
