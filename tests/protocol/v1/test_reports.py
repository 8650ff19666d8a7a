"""The report in a result of `verify`: what the agent writes is what is described."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.formats import cms
from agent.operations import verify
from agent.operations.judging import Trust
from agent.operations.report import Report, TimestampReport
from agent.trust import anchors
from protocol.v1 import reports, shapes
from tests.support import authority, messages, simulated_authorities, timestamps, v1_values, verdicts
from tests.support.authority import NOW
from tests.support.simulated_authorities import OCSP
from tests.support.timestamps import AT

DOCUMENT = b"an act of work done"
SCHEMA = v1_values.validator("Report")


def good() -> Report:
    message = cms.sign(authority.signer("gost2015-head"), DOCUMENT, at=AT, detached=True)
    trust = verdicts.trust(simulated_authorities.new(), ocsp_url=OCSP)
    return verify.verify(timestamps.stamped(message), DOCUMENT, at=NOW, trust=trust)


def check(report: Report) -> None:
    """What is written is described, and nothing that is described is missing or more."""
    value = json.loads(json.dumps(report.to_json()))
    SCHEMA.validate(value)
    assert names_are_known(reports.Report, value)
    assert shapes.read(reports.Report, value).verdict == report.verdict


def names_are_known(cls: Any, value: Any) -> bool:
    members = {member.wire: member for member in shapes.members_of(cls)}
    assert value.keys() <= members.keys()
    for name, each in value.items():
        inner, _ = shapes.split(shapes.without_none(members[name].hint))
        items = each if isinstance(each, list) else [each]
        kinds = getattr(inner, "__args__", (inner,))
        for item in items:
            if isinstance(item, dict) and dataclasses.is_dataclass(kinds[0]):
                assert names_are_known(kinds[0], item)
    return True


def test_of_a_good_signature() -> None:
    check(good())


def test_of_one_of_which_nothing_is_known() -> None:
    report = good()
    (signer,) = report.signers
    evidence = dataclasses.replace(
        signer.evidence, certificate=None, signing_time=None, reasons=("no-content",)
    )
    unread = TimestampReport(None, None, ("timestamp-invalid",))
    bare = dataclasses.replace(signer, evidence=evidence, path=None, timestamps=(unread,))
    check(dataclasses.replace(report, signers=(bare,)))


def test_of_nothing_at_all() -> None:
    check(dataclasses.replace(good(), verdict="invalid", format="unknown", signers=()))


def test_of_published_signatures(vectors: Path) -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    for published in messages.published(vectors)[:20]:
        check(verify.verify(published.data, published.document, at=at, trust=Trust(anchors.national())))
