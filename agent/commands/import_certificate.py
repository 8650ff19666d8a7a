"""`qalamsap import-certificate KEY CERTIFICATE`: joins a certificate to its key, without a page."""

import argparse
import re
from pathlib import Path

from agent import config
from agent.commands import exit_codes, reading, sign_files
from agent.operations import import_certificate
from protocol.messages import ImportCertificateRequest

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", type=Path, metavar="KEY", help="the key file that it is for (.p12)")
    parser.add_argument(
        "certificate",
        type=Path,
        metavar="CERTIFICATE",
        help="PEM or DER; further certificates in the file are those of its authorities",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="also where the key has a certificate, which is lost; one that counts for more stays all the same",
    )
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the key's password from the first line of standard input",
    )
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="keep the journal below DIR")
    parser.set_defaults(key_id="")  # there is one key in the file, and no choice


def run(options: argparse.Namespace) -> int:
    """Raises AgentError."""
    content = reading.whole(options.certificate)
    certificate, *above = _PEM.findall(content) or [content]
    approval = sign_files.approval(options, config.load(options))
    request = ImportCertificateRequest(certificate, tuple(above))
    joined = import_certificate.join(request, approval, may_replace=options.replace)
    print(f"{options.key} signs now, as {joined.key_id}")
    return exit_codes.DONE
