"""Whose certificate may act for which account, and what of it a person is shown.

A key of an organisation names its owner's IIN and the organisation's BIN; for an account that
belongs to a person only that person's own key counts, not the one they hold as somebody's employee.
"""

from datetime import datetime

from agent.certificate import Certificate
from demo.problems import Problem
from demo.subscribers import Subscriber


def demand_valid(certificate: Certificate, at: datetime) -> None:
    """Raises: Problem key-expired, key-not-yet-valid."""
    if at > certificate.not_after:
        raise Problem(
            "key-expired", (*owner_facts(certificate), ("fact.valid-until", day(certificate.not_after)))
        )
    if at < certificate.not_before:
        raise Problem(
            "key-not-yet-valid", (*owner_facts(certificate), ("fact.valid-from", day(certificate.not_before)))
        )


def demand_owner(certificate: Certificate, subscriber: Subscriber) -> None:
    """Raises: Problem key-of-another."""
    if subscriber.bin is not None:
        is_theirs = certificate.bin == subscriber.bin
    else:
        is_theirs = certificate.iin == subscriber.iin and not certificate.bin
    if not is_theirs:
        account = f"{subscriber.name}, {subscriber.identifier}"
        raise Problem("key-of-another", (*owner_facts(certificate), ("fact.account-owner", account)))


def owner_facts(certificate: Certificate) -> tuple[tuple[str, str], ...]:
    """Whose key it is, for the person to compare."""
    facts = [("fact.key-owner", full_name(certificate)), ("fact.iin", certificate.iin or "")]
    if certificate.bin:
        facts += [("fact.organisation", certificate.organisation or ""), ("fact.bin", certificate.bin)]
    return tuple((key, value) for key, value in facts if value)


def full_name(certificate: Certificate) -> str:
    """Surname, name and patronymic: the first name stands in the common name, the patronymic in GIVENNAME."""
    return " ".join(part for part in (certificate.common_name, certificate.patronymic) if part)


def day(moment: datetime) -> str:
    return moment.strftime("%d.%m.%Y")
