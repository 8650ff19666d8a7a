from datetime import UTC, datetime

import pytest

from agent import algorithms
from agent.errors import BadInput
from agent.formats import asn1, cms_read, tsp
from agent.renderer import timestamp
from agent.renderer.base import CannotShow
from agent.renderer.timestamp import TimestampView
from protocol.preview import Row, Signer
from tests.support import timestamps

TOKEN = timestamps.token(b"octets", tsp.Profile(tsp.POLICY_RSA, algorithms.SHA256))
INFO = cms_read.read(TOKEN).content
assert INFO is not None
SIGNER = Signer("TSA")


def info(oid: str = algorithms.SHA256.oid, moment: bytes = b"20260508123456Z") -> bytes:
    return asn1.element(
        asn1.SEQUENCE,
        asn1.integer(1),
        algorithms.oid_der("1.2.398.3.3.2.6.1"),
        asn1.element(
            asn1.SEQUENCE,
            algorithms.algorithm_identifier(oid, b""),
            asn1.element(asn1.OCTET_STRING, b"\x01\x02"),
        ),
        asn1.integer(0xABCDEF),
        asn1.element(asn1.GENERALIZED_TIME, moment),
    )


def test_a_token_says_when_and_over_what() -> None:
    view = TimestampView(INFO, (SIGNER,))
    overview = view.overview
    assert (overview.kind, overview.form, overview.rows, overview.signers) == (
        "form",
        "timestamp",
        6,
        (SIGNER,),
    )
    assert [(fact.name, fact.value) for fact in overview.facts] == [("moment", "2026-06-01T09:30:15+00:00")]
    rows = {row.label: row.value for row in view.read(0, 500)}
    assert rows["form.moment"] == "2026-06-01T09:30:15+00:00"
    assert rows["form.digest"] == algorithms.SHA256(b"octets").hex()
    assert rows["form.digest_algorithm"] == algorithms.SHA256.name
    assert rows["form.policy"] == tsp.POLICY_RSA
    assert view.read(1, 1) == (Row("form.moment", "2026-06-01T09:30:15+00:00"),)


def test_an_algorithm_that_nobody_knows_has_its_number() -> None:
    assert timestamp.read_info(info("1.2.3.4")).digest_name == "1.2.3.4"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x30\x00",
        INFO[:-1],
        INFO[:40],
        info(moment=b"20261399123456Z"),
        info(moment=b"yesterday"),
        b"text",
    ],
)
def test_what_is_no_token(octets: bytes) -> None:
    with pytest.raises(BadInput):
        TimestampView(octets, ())
    assert timestamp.moment_of(octets) is None


def test_the_moment_of_a_token() -> None:
    assert timestamp.moment_of(TOKEN) == timestamps.AT
    assert timestamp.iso(timestamps.AT) == "2026-06-01T09:30:15+00:00"
    assert timestamp.iso(datetime(2026, 6, 1, 9, 30, 15, 999_999, tzinfo=UTC)) == "2026-06-01T09:30:15+00:00"
    assert timestamp.iso(None) == ""


def test_it_has_rows_and_nothing_else() -> None:
    view = TimestampView(INFO, ())
    for ask in (
        lambda: view.draw(0, 1),
        lambda: view.enter(0),
        lambda: view.read(-1, 1),
        lambda: view.read(0, 0),
    ):
        with pytest.raises(CannotShow):
            ask()
