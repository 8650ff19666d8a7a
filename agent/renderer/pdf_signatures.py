"""The signatures that a PDF has already: whose they are, and whether something was added after one. Nothing here is verified."""

import contextlib
import re
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from types import FrameType

from agent.errors import AgentError, UnsupportedOperation
from agent.formats import cms_read
from agent.formats.pdf import byte_range, pades
from agent.renderer import signed
from protocol.preview import MAX_LIST, Signer

COMPARING_S = 4.0
_RANGE = re.compile(
    rb"/ByteRange[\x00\t\n\x0c\r ]*\[[\x00\t\n\x0c\r ]*"
    + rb"[\x00\t\n\x0c\r ]+".join([rb"([0-9]{1,10})"] * 4)
    + rb"[\x00\t\n\x0c\r ]*\]"
)
_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:([+-])(\d\d)'?(\d\d)?)?", re.ASCII)
_TO_MIND = frozenset({"changed-after-signing", "signature-wrapping", "digest-mismatch"})


class _TooLong(BaseException):
    """Time is up. Not an Exception: no reader's fence takes it for damage."""


@dataclass(frozen=True, slots=True)
class Found:
    """A signature in a file: its /Contents, and the time that it claims (/M), as it stands there."""

    contents: bytes
    claimed: str = ""


def signers(signatures: Sequence[Found]) -> tuple[Signer, ...]:
    """Who made the signatures. One that can't be read has no owner."""
    found: list[Signer] = []
    for signature in signatures[:MAX_LIST]:
        try:
            message = cms_read.read(byte_range.message_in(signature.contents))
            known = signed.signers_of(message)
        except AgentError:
            known = (Signer(""),)
        claimed = _claimed(signature.claimed)
        found += [replace(each, time=each.time or claimed) for each in known]
    return tuple(found[:MAX_LIST])


def _claimed(date: str) -> str:
    """A date of PDF (ISO 32000-1 §7.9.4) that is complete to the second, as ISO 8601; UTC where it names no zone."""
    match = _DATE.match(date)
    if match is None:
        return ""
    sign = -1 if match[7] == "-" else 1
    try:
        zone = timezone(sign * timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0)))
        year, month, day, hour, minute, second = (int(match[number]) for number in range(1, 7))
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return moment.isoformat(timespec="seconds")


def is_changed(octets: bytes, *, compare: bool) -> bool:
    """Whether more was added after a signature than further signatures, timestamps and what proves them.

    With `compare` the states of the file are compared, as in a verification. Where that takes longer than COMPARING_S, all that follows the first
    signature counts as an addition; without, and where the file is encrypted, what follows the last.
    """
    if compare:
        try:
            with _time_limit(COMPARING_S):
                return any(_TO_MIND.intersection(evidence.reasons) for evidence in pades.verify(octets))
        except UnsupportedOperation:
            return _is_more_after(octets, max(_ends(octets), default=None))
        except _TooLong:
            return _is_more_after(octets, min(_ends(octets), default=None))
        except AgentError:
            return True  # it can't be shown to be as it was
    return _is_more_after(octets, max(_ends(octets), default=None))


def _ends(octets: bytes) -> list[int]:
    """Where what is signed ends, of each signature."""
    return [int(match[3]) + int(match[4]) for match in _RANGE.finditer(octets)]


def _is_more_after(octets: bytes, end: int | None) -> bool:
    return end is not None and octets[end:].strip(b"\x00\t\n\x0c\r ") != b""


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raises _TooLong in the block, where the system has a timer for this and the thread is the main one."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
