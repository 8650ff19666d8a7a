"""Prints rows for agent/trust/anchor_table.py from certificates of authorities: `python print_anchors.py FILE…`.

Reads with asn1crypto alone, so that the table does not owe its values to the code that will use it. Title, domain and URL
are a person's work and are left open.
"""

import hashlib
import sys
from pathlib import Path

from asn1crypto import pem, x509

WIDTH = 96


def hex_lines(octets: bytes) -> str:
    text = octets.hex()
    return "\n".join(f'            "{text[i : i + WIDTH]}"' for i in range(0, len(text), WIDTH))


def row(der: bytes) -> str:
    tbs = x509.Certificate.load(der, strict=True)["tbs_certificate"]
    constraints = next(
        e["extn_value"].parsed for e in tbs["extensions"] if e["extn_id"].native == "basic_constraints"
    )
    kind = "ROOT" if tbs["issuer"].dump() == tbs["subject"].dump() else "ISSUING"
    validity = tbs["validity"]
    return f"""    Row(
        title="",
        domain=,
        kind={kind},
        sha256="{hashlib.sha256(der).hexdigest()}",
        not_before="{validity["not_before"].native:%Y-%m-%dT%H:%M:%SZ}",
        not_after="{validity["not_after"].native:%Y-%m-%dT%H:%M:%SZ}",
        path_length={constraints["path_len_constraint"].native},
        url="",
        name=(
{hex_lines(tbs["subject"].dump())}
        ),
        public_key=(
{hex_lines(tbs["subject_public_key_info"].dump())}
        ),
    ),"""


def main(files: list[str]) -> None:
    for file in files:
        data = Path(file).read_bytes()
        print(f"    # {Path(file).name}")
        print(row(pem.unarmor(data)[2] if pem.detect(data) else data))


if __name__ == "__main__":
    main(sys.argv[1:])
