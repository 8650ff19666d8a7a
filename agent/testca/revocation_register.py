"""Which certificates a test authority took back: a small register that its OCSP responder and its lists are made from."""

import dataclasses
from datetime import datetime

from agent.errors import BadInput
from agent.trust.reasons import REASONS, REMOVE_FROM_CRL, UNSPECIFIED

REASON_NUMBERS = {word: number for number, word in REASONS.items()}


@dataclasses.dataclass(frozen=True, slots=True)
class Revocation:
    """`reason` is a word of agent.trust.reasons; `invalid_since` is the invalidity date, which only lists tell."""

    revoked_at: datetime
    reason: str = UNSPECIFIED
    invalid_since: datetime | None = None


class RevocationRegister:
    """By serial number. Of certificates that were never issued the authority says that they are revoked, so it may be told
    which ones it issued; until then every number counts as issued."""

    def __init__(self) -> None:
        self._revoked: dict[int, Revocation] = {}
        self._released: dict[int, datetime] = {}
        self._issued: set[int] | None = None

    def issue(self, *serial_numbers: int) -> None:
        """From the first call on, other numbers are unknown to the authority."""
        self._issued = (self._issued or set()).union(serial_numbers)

    def revoke(
        self,
        serial_number: int,
        at: datetime,
        reason: str = UNSPECIFIED,
        *,
        invalid_since: datetime | None = None,
    ) -> None:
        """Raises: BadInput for an unknown reason."""
        if reason not in REASON_NUMBERS or reason == REMOVE_FROM_CRL:
            raise BadInput(f"unknown reason {reason!r}; there are {', '.join(REASON_NUMBERS)}")
        self._revoked[serial_number] = Revocation(at, reason, invalid_since)
        self._released.pop(serial_number, None)

    def release(self, serial_number: int, at: datetime) -> None:
        """Ends a hold. A delta list says so, until a whole list is made without it."""
        if self._revoked.pop(serial_number, None) is not None:
            self._released[serial_number] = at

    def is_issued(self, serial_number: int) -> bool:
        return self._issued is None or serial_number in self._issued

    def revocation(self, serial_number: int, at: datetime) -> Revocation | None:
        """What the authority says of it at that moment."""
        found = self._revoked.get(serial_number)
        return found if found is not None and found.revoked_at <= at else None

    def revoked(self, at: datetime) -> dict[int, Revocation]:
        """All that are revoked at that moment, in the order of their serial numbers."""
        return {n: r for n, r in sorted(self._revoked.items()) if r.revoked_at <= at}

    def changed(self, since: datetime, at: datetime) -> dict[int, Revocation]:
        """What a delta list says: revoked or released after `since`, up to `at`."""
        changed = {n: r for n, r in self.revoked(at).items() if r.revoked_at > since}
        released = {
            n: Revocation(end, REMOVE_FROM_CRL) for n, end in self._released.items() if since < end <= at
        }
        return dict(sorted((changed | released).items()))
