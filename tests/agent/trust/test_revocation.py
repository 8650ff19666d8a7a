"""Taken back or not: who is asked in which order, what is made of bad answers, of the past, and of no network."""

import dataclasses
from datetime import datetime, timedelta

import pytest

from agent.fetch import Failure, Question, unreachable
from agent.testca import crl_issuer, ocsp_responder
from agent.testca.crl_issuer import CrlIssuer
from agent.testca.revocation_register import RevocationRegister
from agent.trust import anchors, ocsp, path, revocation
from agent.trust.revocation import NOT_CHECKED, Mode, Status
from agent.x509 import Addresses
from tests.support import chains, responders
from tests.support.authority import NOW
from tests.support.responders import NONCE, MemoryCache, World

HOUR = timedelta(hours=1)


def status(
    world: World, *, at: datetime = NOW, mode: Mode = "ocsp", cache: MemoryCache | None = None
) -> Status:
    return revocation.status_of(
        world.certificate,
        world.issuer,
        at=at,
        now=world.now,
        fetch=world,
        cache=cache,
        nonce=NONCE,
        mode=mode,
    )


# --- the four answers, and good -------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", responders.FAMILIES)
def test_a_good_certificate_is_good_by_ocsp_and_nobody_else_is_asked(family: str) -> None:
    world = World(family)
    found = status(world)
    assert (found.state, found.source, found.detail) == ("good", "ocsp", "")
    assert (found.checked_at, found.this_update, found.revoked_at) == (NOW, NOW, None)
    assert world.kinds == ["ocsp"]
    assert ocsp.read(found.evidence[0], world.certificate, world.issuer, nonce=NONCE, at=NOW).status == "good"


@pytest.mark.parametrize("family", responders.FAMILIES)
@pytest.mark.parametrize("mode", ["ocsp", "crl"])
def test_a_revoked_certificate_is_revoked_by_ocsp_and_by_lists(family: str, mode: Mode) -> None:
    world = World(family)
    world.register.revoke(world.certificate.serial_number, NOW - 2 * timedelta(days=1), "superseded")
    found = status(world, mode=mode)
    assert (found.state, found.source, found.reason) == ("revoked", mode, "superseded")
    assert found.revoked_at == NOW - timedelta(days=2)


def test_a_certificate_that_was_never_issued_is_unknown_and_lists_are_not_asked() -> None:
    world = World()
    world.register.issue(1, 2, 3)
    found = status(world)
    assert (found.state, found.source, found.detail) == ("unknown", "ocsp", "never-issued")
    assert (found.revoked_at, found.reason) == (None, "")
    assert world.kinds == ["ocsp"]


def test_a_responder_that_does_not_know_leaves_the_word_to_the_lists() -> None:
    world = World(ocsp_fault=ocsp_responder.Fault.UNKNOWN)
    assert status(world).source == "crl"
    world.down = {"crl"}
    assert (status(world).state, status(world).source) == ("unknown", "ocsp")


def test_nobody_to_be_reached_is_unreachable_and_the_detail_says_why() -> None:
    world = World(down={"ocsp", "crl"})
    found = status(world)
    assert (found.state, found.source, found.evidence) == ("unreachable", "", ())
    assert found.detail == ("ocsp no-connection: qalamsap.invalid; crl no-connection: qalamsap.invalid")


def test_nobody_asked_is_not_checked() -> None:
    world = World()
    found = revocation.status_of(world.certificate, world.issuer, at=NOW, fetch=None, nonce=None)
    assert (found.state, found.detail) == ("not-checked", "")


@pytest.mark.parametrize("failure", ["offline", "not-allowed", "bad-url", "too-many"])
def test_a_fetch_that_asks_nobody_is_not_checked(failure: Failure) -> None:
    def silent(_question: Question, /) -> bytes:
        raise unreachable(failure, "qalamsap.invalid")

    world = World()
    found = revocation.status_of(world.certificate, world.issuer, at=NOW, fetch=silent, nonce=NONCE)
    assert found.state == "not-checked"
    assert found.detail == f"ocsp {failure}: qalamsap.invalid; crl {failure}: qalamsap.invalid"


def test_a_certificate_without_addresses_is_not_checked() -> None:
    world = World()
    world.certificate = dataclasses.replace(world.certificate, addresses=Addresses())
    assert status(world).state == "not-checked"
    assert not world.asked


def test_a_given_address_stands_for_those_of_the_certificate() -> None:
    world = World()
    revocation.status_of(
        world.certificate, world.issuer, at=NOW, fetch=world, nonce=NONCE, ocsp_url="http://localhost/ocsp/"
    )
    assert [question.url for question in world.asked] == ["http://localhost/ocsp/"]


def test_who_issued_himself_is_not_asked_about() -> None:
    world = World()
    root = responders.checked_in().issuers["rsa", "root"].certificate
    found = revocation.status_of(root, root, at=NOW, fetch=world, nonce=NONCE)
    assert (found.state, found.detail, world.asked) == ("not-checked", "self-issued", [])


# --- bad answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [fault for fault in ocsp_responder.Fault if fault.value not in ("unknown", "no-nonce")],
)
def test_a_bad_answer_counts_for_nothing_and_lists_are_asked(fault: ocsp_responder.Fault) -> None:
    world = World(ocsp_fault=fault)
    found = status(world)
    assert (found.state, found.source) == ("good", "crl")
    assert found.detail.startswith("ocsp ")
    world.register.revoke(world.certificate.serial_number, NOW - HOUR)
    assert status(world).state == "revoked"
    world.down = {"crl"}
    assert status(world).state == "unreachable"


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (crl_issuer.Fault.STALE, "stale"),
        (crl_issuer.Fault.BAD_SIGNATURE, "bad-signature"),
        (crl_issuer.Fault.UNKNOWN_CRITICAL, "unknown-critical"),
        (crl_issuer.Fault.GARBAGE, "malformed"),
    ],
)
def test_a_bad_list_counts_for_nothing(fault: crl_issuer.Fault, word: str) -> None:
    found = status(World(crl_fault=fault), mode="crl")
    assert found.state == "unreachable"
    assert found.detail.startswith(f"crl {word}")


def test_a_delta_in_the_place_of_a_whole_list_is_none() -> None:
    world = World()
    world.instead = lambda _question: world.delta()
    found = status(world, mode="crl")
    assert (found.state, found.detail) == ("unreachable", "crl is-delta")


# --- lists and their deltas ------------------------------------------------------------------------------------------


def test_a_delta_tells_what_the_list_does_not_know_yet() -> None:
    world = World()
    world.register.revoke(world.certificate.serial_number, NOW - HOUR, "keyCompromise")
    found = status(world, mode="crl")
    assert (found.state, found.this_update, len(found.evidence)) == ("revoked", NOW, 2)


@pytest.mark.parametrize("fault", list(crl_issuer.Fault))
def test_without_a_usable_delta_the_list_alone_counts(fault: crl_issuer.Fault) -> None:
    world = World(delta_fault=fault)
    world.register.revoke(world.certificate.serial_number, NOW - 2 * timedelta(days=1))
    found = status(world, mode="crl")
    assert (found.state, found.this_update, len(found.evidence)) == ("revoked", world.list_made, 1)
    assert found.detail.startswith("crl ")


def test_a_hold_that_ended_is_no_longer_one() -> None:
    world = World()
    number = world.certificate.serial_number
    world.register.revoke(number, world.list_made - HOUR, "certificateHold")
    full = world.full()
    world.register.release(number, NOW - HOUR)
    world.instead = lambda question: world.delta() if "_d" in question.url else full
    assert status(world, mode="crl").state == "good"


def test_absence_from_a_list_younger_than_the_certificate_proves_nothing() -> None:
    world = World()
    world.certificate = dataclasses.replace(world.certificate, not_after=NOW - timedelta(days=3))
    found = status(world, mode="crl")
    assert (found.state, found.detail) == ("unknown", "expired-before-list")


# --- moments in the past ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["ocsp", "crl"])
@pytest.mark.parametrize("reason", ["certificateHold", "keyCompromise", "superseded", "unspecified"])
def test_what_was_signed_before_the_revocation_stands(mode: Mode, reason: str) -> None:
    world = World()
    world.register.revoke(world.certificate.serial_number, NOW - 3 * HOUR, reason)
    before = status(world, at=NOW - 3 * HOUR - timedelta(seconds=1), mode=mode)
    assert (before.state, before.detail, before.reason) == ("good", "revoked-later", reason)
    assert before.revoked_at == NOW - 3 * HOUR
    assert status(world, at=NOW - 3 * HOUR, mode=mode).state == "revoked"


def test_an_invalidity_date_counts_from_then_on() -> None:
    world = World()
    world.register.revoke(
        world.certificate.serial_number, NOW - HOUR, "keyCompromise", invalid_since=NOW - 5 * HOUR
    )
    assert status(world, at=NOW - 3 * HOUR, mode="crl").state == "revoked"
    assert status(world, at=NOW - 6 * HOUR, mode="crl").state == "good"


def test_an_ocsp_answer_says_nothing_of_it_so_lists_are_asked_where_it_matters() -> None:
    world = World(list_made=NOW - HOUR / 2)
    world.register.revoke(
        world.certificate.serial_number, NOW - HOUR, "keyCompromise", invalid_since=NOW - 5 * HOUR
    )
    found = status(world, at=NOW - 3 * HOUR)
    assert (found.state, found.source, found.revoked_at) == ("revoked", "crl", NOW - HOUR)
    earlier = status(world, at=NOW - 6 * HOUR)
    assert (earlier.state, earlier.source, earlier.detail) == ("good", "ocsp", "revoked-later")
    world.asked.clear()
    assert status(world, at=NOW).source == "ocsp"
    assert world.kinds == ["ocsp"]
    world.down = {"crl"}
    assert status(world, at=NOW - 3 * HOUR).source == "ocsp"


# --- the cache, and no network ---------------------------------------------------------------------------------------


def test_an_answer_is_kept_for_its_time_and_serves_without_network() -> None:
    world, cache = World(), MemoryCache()
    assert status(world, cache=cache).state == "good"
    (key,) = cache.kept
    assert key.startswith("ocsp:")
    assert cache.until[key] == NOW + ocsp.MAX_AGE

    def offline(at: datetime) -> Status:
        return revocation.status_of(
            world.certificate, world.issuer, at=at, fetch=None, cache=cache, nonce=None
        )

    assert (offline(NOW + timedelta(minutes=9)).state, len(world.asked)) == ("good", 1)
    later = offline(NOW + HOUR)
    assert (later.state, later.detail) == ("not-checked", "cached ocsp stale")


def test_what_comes_from_the_cache_is_checked_again() -> None:
    world, cache = World(), MemoryCache()
    status(world, cache=cache)
    status(world, cache=cache, mode="crl")
    for key, octets in cache.kept.items():
        cache.kept[key] = octets[:-1] + bytes([octets[-1] ^ 1])
    found = revocation.status_of(world.certificate, world.issuer, at=NOW, fetch=None, cache=cache, nonce=None)
    assert found.state == "not-checked"
    # The last octet is one of the responder's certificate.
    assert "cached ocsp unauthorized-responder" in found.detail
    assert "cached crl bad-signature" in found.detail
    assert status(world, cache=cache).state == "good"


def test_a_list_is_not_fetched_twice_within_the_hour() -> None:
    world, cache = World(), MemoryCache()
    assert status(world, cache=cache, mode="crl").state == "good"
    assert status(world, cache=cache, mode="crl").state == "good"
    assert world.kinds == ["crl", "crl"]
    asked = {key: until for key, until in cache.until.items() if key.startswith("asked:")}
    assert set(asked.values()) == {NOW + revocation.LIST_AGE}
    for key in asked:
        del cache.kept[key]
    status(world, cache=cache, mode="crl")
    assert world.kinds == ["crl"] * 4


def test_a_list_that_cannot_be_fetched_comes_from_the_cache() -> None:
    world, cache = World(), MemoryCache()
    status(world, cache=cache, mode="crl")
    cache.kept = {key: octets for key, octets in cache.kept.items() if not key.startswith("asked:")}
    world.down = {"crl", "ocsp"}
    found = status(world, cache=cache)
    assert (found.state, found.source) == ("good", "crl")
    assert "no-connection" in found.detail


def test_an_older_list_than_the_known_one_is_a_replay() -> None:
    world, cache = World(), MemoryCache()
    old = world.full()
    world.list_made = NOW - HOUR
    world.register.revoke(world.certificate.serial_number, NOW - 2 * HOUR)
    assert status(world, cache=cache, mode="crl").state == "revoked"
    cache.kept = {key: octets for key, octets in cache.kept.items() if not key.startswith("asked:")}
    world.instead = lambda _question: old
    found = status(world, cache=cache, mode="crl")
    assert found.state == "revoked"
    assert "older" in found.detail


# --- whole paths ------------------------------------------------------------------------------------------------------

_LIST = "http://qalamsap.invalid/crl/upper.crl"


def _points(url: str) -> bytes:
    from agent.formats import asn1

    name = asn1.element(0xA0, asn1.element(0xA0, asn1.element(0x86, url.encode())))
    return chains._extension(
        "2.5.29.31", asn1.element(asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, name)), critical=False
    )


class _Lists:
    """The list of one root, and whether it answers."""

    def __init__(self) -> None:
        self.register = RevocationRegister()
        self.is_down = False
        self.asked: list[str] = []

    def __call__(self, question: Question, /) -> bytes:
        self.asked.append(question.url)
        if self.is_down:
            raise unreachable("no-connection")
        root = responders.checked_in().issuers["ecdsa", "root"]
        return CrlIssuer(root, self.register).full(number=1, at=NOW)


def _path_with_authority() -> path.Path:
    """A person below an authority that names a list, below the checked-in root."""
    root = responders.checked_in().issuers["ecdsa", "root"]
    signer = chains.Key(
        root.key.private_key.key_type, root.key.spki_der, root.key.private_key.sign, root.key.private_key
    )
    upper = chains.issue(
        "Upper",
        signed_with=signer,
        issuer_name=root.certificate.subject.der,
        ca=True,
        more_extensions=[_points(_LIST)],
    )
    person = chains.issue("Person", by=upper)
    trusted = anchors.from_certificates([root.certificate])
    return path.build(person.certificate, trusted, at=NOW, intermediates=[upper.certificate])


def test_authorities_of_a_path_are_looked_up_in_the_list_of_their_issuer() -> None:
    found, lists = _path_with_authority(), _Lists()

    def asked() -> list[str]:
        return [each.state for each in revocation.statuses_of(found, at=NOW, fetch=lists, nonce=NONCE)]

    assert asked() == ["not-checked", "good"]
    assert lists.asked == [_LIST]
    lists.register.revoke(found.certificates[1].serial_number, NOW, "cACompromise")
    assert asked() == ["not-checked", "revoked"]
    lists.is_down = True
    assert asked() == ["not-checked", "unreachable"]


def test_an_authority_that_names_no_list_and_an_anchor_are_not_asked_about() -> None:
    world = World("rsa")
    root = responders.checked_in().issuers["rsa", "root"].certificate
    built = path.build(
        world.certificate, anchors.from_certificates([root]), at=NOW, intermediates=[world.issuer]
    )
    assert len(built.certificates) == 2
    (only,) = revocation.statuses_of(built, at=NOW, fetch=world, nonce=NONCE)
    assert only.state == "good"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["good", "good"], "good"),
        (["good", "not-checked"], "not-checked"),
        (["not-checked", "unreachable"], "unreachable"),
        (["unreachable", "unknown"], "unknown"),
        (["good", "unknown", "revoked"], "revoked"),
    ],
)
def test_the_worst_status_decides(states: list[revocation.State], expected: str) -> None:
    assert revocation.worst([Status(state) for state in states]).state == expected


def test_a_path_that_nobody_was_asked_about_is_not_checked() -> None:
    assert revocation.worst(()) is NOT_CHECKED


def test_a_moment_without_time_zone_is_a_programming_mistake() -> None:
    world = World()
    for at, now in ((datetime(2026, 1, 1), NOW), (NOW, datetime(2026, 1, 1))):
        with pytest.raises(ValueError, match="time zone"):
            revocation.status_of(world.certificate, world.issuer, at=at, now=now, fetch=None, nonce=None)
