"""Whose signatures a PDF has, and whether something came after one."""

import contextlib
import time
from datetime import UTC, datetime

import pytest

from agent.formats.pdf import message, pades
from agent.renderer import pdf_signatures, signed
from agent.renderer.pdf_signatures import Found, is_changed, signers
from protocol.preview import MAX_LIST, Signer
from tests.support import chains, pdfs, timestamps


def contents(*, family: str = "p256", stamp: bool = False) -> bytes:
    person = chains.person(family)
    digest = bytes(person.algorithm.digest.digest_size)
    made = message.make(person, digest, timestamp=None)
    if stamp:
        made = timestamps.stamped(made, at=datetime(2026, 6, 1, 12, tzinfo=UTC))
    return made + bytes(50)  # the hole's filling


@pytest.mark.parametrize("family", ["p256", "gost2015"])
def test_a_signer_is_read_from_the_certificate(family: str) -> None:
    certificate = chains.person(family).certificate
    assert signers([Found(contents(family=family))]) == (signed.owner_of(certificate),)
    assert signed.owner_of(certificate).iin == certificate.iin


@pytest.mark.parametrize(
    ("claimed", "time"),
    [
        ("D:20260508173456+05'00'", "2026-05-08T12:34:56+00:00"),
        ("D:20260508123456Z", "2026-05-08T12:34:56+00:00"),
        ("20260508073456-05'00", "2026-05-08T12:34:56+00:00"),
        ("D:20260508123456", "2026-05-08T12:34:56+00:00"),
        ("D:20261308123456", ""),
        ("D:2026", ""),
        ("D:00010101000000+23'59'", ""),
        ("", ""),
    ],
)
def test_its_time_is_what_it_claims(claimed: str, time: str) -> None:
    (signer,) = signers([Found(contents(), claimed)])
    assert (signer.time, signer.has_timestamp) == (time, False)


def test_a_timestamp_knows_better() -> None:
    (signer,) = signers([Found(contents(family="gost2015", stamp=True), "D:20200101000000Z")])
    assert (signer.time, signer.has_timestamp) == ("2026-06-01T12:00:00+00:00", True)


def test_what_can_not_be_read_is_somebodys_all_the_same() -> None:
    assert signers([Found(b"", "D:20260508123456Z"), Found(b"\x30\x80junk")]) == (
        Signer("", time="2026-05-08T12:34:56+00:00"),
        Signer(""),
    )


def test_there_are_only_so_many() -> None:
    assert len(signers([Found(b"")] * (MAX_LIST + 1))) == MAX_LIST


def sign(octets: bytes) -> bytes:
    return pades.sign(chains.person(), octets, at=pdfs.AT)


@pytest.mark.parametrize("compare", [True, False])
def test_a_signature_alone_and_what_follows_it(compare: bool) -> None:
    once = sign(pdfs.page())
    assert not is_changed(once, compare=compare)
    assert not is_changed(sign(once), compare=compare)
    assert is_changed(pdfs.update(once, {4: pdfs.text("Act 99")}), compare=compare)
    assert is_changed(once + b"% a remark", compare=compare)
    assert not is_changed(once + b"\r\n", compare=compare)


def test_a_change_under_a_later_signature_needs_a_comparison() -> None:
    covered = sign(pdfs.update(sign(pdfs.page()), {4: pdfs.text("Act 99")}))
    assert is_changed(covered, compare=True)
    assert not is_changed(covered, compare=False)


def test_a_comparison_that_takes_too_long_ends_with_what_follows_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def verify(_: bytes) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with contextlib.suppress(Exception):  # as readers have it
                time.sleep(0.01)

    once = sign(pdfs.page())
    twice = sign(once)
    monkeypatch.setattr(pdf_signatures, "COMPARING_S", 0.05)
    monkeypatch.setattr(pades, "verify", verify)
    began = time.monotonic()
    assert not is_changed(once, compare=True)
    assert is_changed(twice, compare=True)
    assert time.monotonic() - began < 2


def test_a_damaged_file_can_not_be_shown_to_be_as_it_was() -> None:
    assert is_changed(sign(pdfs.page())[:-200], compare=True)


def test_without_a_signature_nothing_was_changed_after_one() -> None:
    assert not is_changed(pdfs.page(), compare=True)
    assert not is_changed(pdfs.page() + b"% more", compare=False)
