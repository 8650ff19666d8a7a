"""The table against itself, and against the certificates that its values come from."""

import hashlib
import re
from pathlib import Path

import pytest
from asn1crypto import x509

from agent.trust import anchor_table
from agent.trust.anchor_table import ROWS, Row


@pytest.mark.parametrize("field", ["title", "sha256", "public_key"])
def test_no_two_rows_share_a_title_a_fingerprint_or_a_key(field: str) -> None:
    values = [getattr(row, field) for row in ROWS]
    assert len(values) == len(set(values))


def test_every_row_is_either_production_or_test_and_root_or_issuing() -> None:
    assert {row.domain for row in ROWS} == {anchor_table.PRODUCTION, anchor_table.TEST}
    assert {row.kind for row in ROWS} == {anchor_table.ROOT, anchor_table.ISSUING}
    assert len(ROWS) == 21


def test_every_authority_but_two_says_where_its_certificate_may_be_fetched() -> None:
    without = {row.title for row in ROWS if not row.url}
    assert without == {"BTS Digital CA, GOST 2004, 2019", "CA of state bodies, GOST 2004, 2022"}
    assert all(
        re.fullmatch(r"http://(root|pki|test\.pki)\.gov\.kz/c(ert|rl)/\w+\.cer", row.url)
        for row in ROWS
        if row.url
    )


def test_the_table_holds_the_authorities_of_the_format_reference(vectors: Path) -> None:
    """Its section 3.6 lists the files of these two folders."""
    files = {path.name for folder in ("ca-prod", "ca-test") for path in (vectors / folder).glob("*.cer")}
    assert len(files) == len(ROWS)


def test_every_row_equals_the_certificate_it_names(vectors: Path) -> None:
    by_fingerprint = {row.sha256: row for row in ROWS}
    seen = set()
    for domain, folder in ((anchor_table.PRODUCTION, "ca-prod"), (anchor_table.TEST, "ca-test")):
        for path in (vectors / folder).glob("*.cer"):
            der = path.read_bytes()
            row = by_fingerprint[hashlib.sha256(der).hexdigest()]
            assert row.domain == domain, path.name
            assert row == _read(der, row), path.name
            seen.add(row.sha256)
    assert seen == set(by_fingerprint)


def _read(der: bytes, row: Row) -> Row:
    """The row as another library reads it from the certificate; what is no part of a certificate is taken from `row`."""
    body = x509.Certificate.load(der, strict=True)["tbs_certificate"]
    extensions = {
        extension["extn_id"].native: extension["extn_value"].parsed for extension in body["extensions"]
    }
    form = "%Y-%m-%dT%H:%M:%SZ"
    return Row(
        title=row.title,
        domain=row.domain,
        kind=anchor_table.ROOT if body["issuer"].dump() == body["subject"].dump() else anchor_table.ISSUING,
        sha256=row.sha256,
        not_before=body["validity"]["not_before"].native.strftime(form),
        not_after=body["validity"]["not_after"].native.strftime(form),
        path_length=extensions["basic_constraints"]["path_len_constraint"].native,
        url=row.url,
        name=body["subject"].dump().hex(),
        public_key=body["subject_public_key_info"].dump().hex(),
    )
