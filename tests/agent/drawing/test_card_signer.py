import dataclasses
import itertools
from datetime import timedelta

import pytest
from reportlab.platypus import Paragraph, Spacer, Table

from agent.drawing import card_codes, card_fonts, card_signer
from agent.drawing.card import CardRevocation
from agent.words import texts
from tests.support import cards

WORDS = texts.load("en", cards.ZONE)


@pytest.fixture(autouse=True)
def fonts() -> None:
    card_fonts.register()


def said(flowables):
    """The texts of a page, cell by cell."""
    for flowable in flowables:
        if isinstance(flowable, Paragraph):
            yield flowable.getPlainText()
        elif isinstance(flowable, Table):
            for row in flowable._cellvalues:
                for cell in row:
                    yield from said(cell if isinstance(cell, list) else [cell])


def page(signer, card=None, **options):
    card = card or cards.card(signer)
    return card_signer.page(signer, 1, card, WORDS, **options)


def facts(signer):
    """Each cell with the one that follows: a label with its value."""
    return dict(itertools.pairwise(said(page(signer))))


def codes(flowables):
    cells = [cell for f in flowables if isinstance(f, Table) for row in f._cellvalues for cell in row]
    return [part for cell in cells if isinstance(cell, list) for part in cell]


def test_a_reason_comes_with_its_section_and_advice():
    cells = list(said(page(cards.CHANGED)))
    (reason,) = [cell for cell in cells if cell.startswith("Another document was signed")]
    assert reason.replace("\u00a0", " ") == (
        "Another document was signed, or this one was changed after signing. RFC 5652 §5.4"
        "Take the file that was signed, or ask for this one to be signed."
    )


def test_the_section_is_that_of_the_format():
    card = cards.card(cards.CHANGED, format="xml")
    assert any("XML-DSig\u00a0§3.2.1" in cell for cell in said(page(cards.CHANGED, card)))


def test_a_signature_of_nobody_known_is_shown_with_what_is_known():
    shown = facts(cards.NOBODY)
    assert "Name not given" in shown
    assert shown["Time of signing"] == "not given"
    assert shown["Signed part"] == "#order"
    assert shown["Name of the signature"] == "Signature1"
    assert "Issued by" not in shown


def test_roles_are_told_in_words_and_none_twice():
    signer = dataclasses.replace(cards.GOOD, roles=("legal", "moon", "head", "sun"))
    assert facts(signer)["Role"] == "legal entity, another role, head of the organisation"


def test_a_claimed_time_is_called_one_and_a_proven_time_says_by_what():
    shown = facts(cards.GOOD)
    assert shown["Time of signing"] == "26.11.2026 15:04\u00a0(UTC+5), by the signer's clock"
    assert shown["Timestamp"] == "26.11.2026 15:05\u00a0(UTC+5), proven by a timestamp"
    assert facts(cards.UNKNOWN)["Timestamp"].endswith("the timestamp does not prove the time")
    assert facts(cards.CHANGED)["Timestamp"] == "none: nobody has attested the time of signing"


def test_a_timestamp_that_could_not_be_read_has_no_moment():
    broken = dataclasses.replace(
        cards.TIMESTAMP,
        moment=None,
        authority=None,
        policy="",
        serial_number="",
        reasons=("timestamp-invalid",),
    )
    shown = facts(dataclasses.replace(cards.GOOD, timestamps=(broken,)))
    assert shown["Timestamp"] == "the timestamp does not prove the time"
    assert "Time service" not in shown


@pytest.mark.parametrize(
    ("revocation", "shown"),
    [
        (CardRevocation(state="good"), "not revoked"),
        (CardRevocation(state="good", revoked_at=cards.AT + timedelta(hours=1)), "revoked later, on 26.11.2026 19:30"),
        (CardRevocation(state="revoked"), "revoked"),
        (CardRevocation(state="revoked", revoked_at=cards.AT), "revoked on 26.11.2026 18:30"),
        (CardRevocation(state="unknown"), "not known to the authority"),
        (CardRevocation(state="unreachable"), "the authority did not answer"),
        (CardRevocation(), "not checked"),
        (CardRevocation(state="moon"), "another state"),
    ],
)  # fmt: skip
def test_the_states_of_revocation_are_told_apart(revocation, shown):
    assert facts(dataclasses.replace(cards.GOOD, revocation=revocation))["Revocation"].startswith(shown)


def test_a_test_authority_and_an_added_one_are_called_so():
    given = dataclasses.replace(
        cards.GOOD, certificate=dataclasses.replace(cards.CERTIFICATE, domain="given")
    )
    assert "has no legal force" in facts(cards.CHANGED)["Trusted authority"]
    assert "added to the trusted ones" in facts(given)["Trusted authority"]
    assert facts(cards.GOOD)["Trusted authority"] == cards.CERTIFICATE.anchor


def test_a_draft_leaves_the_room_that_the_codes_will_take():
    finished, draft = codes(page(cards.GOOD)), codes(page(cards.GOOD, draft=True))
    kinds = [type(part) for part in finished]
    assert kinds.count(card_codes.Code) == len(card_codes.split(cards.GOOD.file, 1)) == 4
    assert [type(part) for part in draft] == [Spacer if kind is card_codes.Code else kind for kind in kinds]
    assert {part.wrap(0, 0)[1] for part in draft if isinstance(part, Spacer)} == {
        part.height for part in finished if isinstance(part, card_codes.Code)
    }


def test_a_signature_too_large_for_codes_is_said_to_be_attached():
    assert any("too large for paper" in cell for cell in said(page(cards.UNKNOWN)))
    assert not any("codes" in cell.lower() for cell in said(page(cards.CHANGED)))
