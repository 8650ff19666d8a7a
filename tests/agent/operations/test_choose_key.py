"""Which keys may be used, and how the person comes to one."""

import contextlib
import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.certificate import Certificate
from agent.errors import AgentError, BadInput, BrokenKeyStore, KeyUnsuitable, UnsupportedKey, UserCancelled
from agent.operations import choose_key, consent
from agent.operations.choose_key import Choice
from agent.secret import Secret
from agent.trust import anchors
from agent.user.base import Opened
from protocol import prompts
from protocol.messages import KeyFilter
from tests.support import authority, chains, people, simulated_authorities
from tests.support.chains import Party
from tests.support.memory_store import MemoryKey, MemoryStore
from tests.support.people import approves, goes_back, opens

ANY = KeyFilter(authorities=())
HEAD = "1.2.398.3.3.4.1.2.1"


def reasons(
    party: Party, wanted: KeyFilter, tmp_path: Path, others: tuple[Certificate, ...] = ()
) -> tuple[str, ...]:
    approval = people.approval(tmp_path, MemoryStore({}))
    return choose_key.judge(wanted, approval).reasons(MemoryKey(party, others), chains.NOW)


def party(**changes: Any) -> Party:
    usual: dict[str, Any] = {
        "by": chains.root(),
        "attributes": [("2.5.4.5", "IIN123456789011"), ("2.5.4.11", "BIN123456789021")],
        "extended": [chains.EMAIL_PROTECTION, chains.INDIVIDUAL],
        "serial_number": 0x1F2E,
    }
    return chains.issue("ТЕСТОВ ТЕСТ", **{**usual, **changes})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (KeyFilter(), ()),
        (KeyFilter(purpose="sign"), ()),
        (KeyFilter(purpose="identify"), ("wrong-use",)),
        (KeyFilter(usages=(chains.EMAIL_PROTECTION,)), ()),
        (KeyFilter(usages=(chains.EMAIL_PROTECTION, chains.INDIVIDUAL)), ()),
        (KeyFilter(usages=(chains.EMAIL_PROTECTION, HEAD)), ("missing-eku",)),
        (KeyFilter(usages=(chains.CLIENT_AUTH,)), ("missing-eku",)),
        (KeyFilter(iin="123456789011", bin="123456789021"), ()),
        (KeyFilter(iin="999999999999"), ("other-iin",)),
        (KeyFilter(bin="999999999999"), ("other-bin",)),
        (KeyFilter(serial_number="1f2e"), ()),
        (KeyFilter(serial_number="001F:2E"), ()),
        (KeyFilter(serial_number="1f2f"), ("other-serial",)),
        (KeyFilter(iin="9", bin="9", serial_number="9"), ("other-iin", "other-bin", "other-serial")),
        (KeyFilter(authorities=None), ("untrusted-chain",)),
    ],
)
def test_every_condition_must_hold(wanted: KeyFilter, expected: tuple[str, ...], tmp_path: Path) -> None:
    assert reasons(party(), wanted, tmp_path) == expected


def test_an_authority_of_the_page_is_where_the_chain_may_end(tmp_path: Path) -> None:
    root = chains.root()
    other = chains.issue("Other root", "p384", ca=True)
    assert reasons(party(), KeyFilter(authorities=(root.certificate.pem(),)), tmp_path) == ()
    assert reasons(party(), KeyFilter(authorities=(other.certificate.pem(),)), tmp_path) == (
        "untrusted-chain",
    )


def test_an_issuing_authority_may_lie_beside_the_key_or_in_the_request(tmp_path: Path) -> None:
    root = chains.root()
    issuing = chains.issue("Issuing", "p384", by=root, ca=True)
    below = party(by=issuing)
    wanted = KeyFilter(authorities=(root.certificate.pem(),))
    assert reasons(below, wanted, tmp_path) == ("untrusted-chain",)
    assert reasons(below, wanted, tmp_path, (issuing.certificate,)) == ()
    both = KeyFilter(authorities=(root.certificate.pem(), issuing.certificate.pem()))
    assert reasons(below, both, tmp_path) == ()


@pytest.mark.parametrize(
    ("start_days", "end_days", "expected"), [(-9, -1, ("expired",)), (1, 9, ("not-yet-valid",)), (-1, 1, ())]
)
def test_dates_are_told_apart_from_trust(
    start_days: int, end_days: int, expected: tuple[str, ...], tmp_path: Path
) -> None:
    someone = party(start=chains.NOW + timedelta(days=start_days), end=chains.NOW + timedelta(days=end_days))
    wanted = KeyFilter(authorities=(chains.root().certificate.pem(),))
    assert reasons(someone, wanted, tmp_path) == expected


@pytest.mark.parametrize(
    "authority", ["", "junk", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\ud800"]
)
def test_an_authority_that_is_none_is_refused_before_anybody_is_asked(authority: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        reasons(party(), KeyFilter(authorities=(authority,)), tmp_path)
    with pytest.raises(BadInput):
        reasons(party(), KeyFilter(authorities=(party().certificate.pem(),)), tmp_path)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (KeyFilter(), "any"),
        (KeyFilter(purpose="identify"), "identify"),
        (KeyFilter(usages=(chains.EMAIL_PROTECTION, HEAD)), "sign"),
        (KeyFilter(usages=(chains.CLIENT_AUTH,)), "identify"),
    ],
)
def test_the_purpose_is_told_in_a_word(wanted: KeyFilter, expected: str) -> None:
    assert choose_key.shown_purpose(wanted) == expected


class Scene:
    """A person, their key files, and a question."""

    def __init__(self, tmp_path: Path, *steps: people.Step, wanted: KeyFilter = ANY, **more: Any) -> None:
        self.first = MemoryKey(party())
        self.second = MemoryKey(party(serial_number=2, extended=[chains.CLIENT_AUTH]))
        self.store = MemoryStore({"/keys/a.p12": [self.first, self.second], "/keys/empty.p12": []})
        self.approval = people.approval(tmp_path, self.store, *steps, **more)
        self.person = people.person_of(self.approval)
        self.judge = choose_key.judge(wanted, self.approval)

    def choose(self) -> Choice:
        prompt = consent.ask_for_key(
            self.approval, "sign", (), purpose="any", storages=("PKCS12",), language=None
        )
        return choose_key.choose(self.approval, self.judge, prompt)


def test_the_approved_key_is_given_and_the_others_are_wiped(tmp_path: Path) -> None:
    scene = Scene(tmp_path, opens(), approves(1))
    choice = scene.choose()
    assert choice.key is scene.second
    assert (scene.first.is_wiped, scene.second.is_wiped) == (True, False)
    with choice.in_use() as key:
        assert key is scene.second
    assert scene.second.is_wiped


def test_the_person_sees_every_key_and_why_one_does_not_fit(tmp_path: Path) -> None:
    scene = Scene(tmp_path, opens(), approves(0), wanted=KeyFilter(purpose="sign", authorities=()))
    scene.choose()
    first, second = scene.person.last_choice().keys
    assert (first.suitable, first.reasons) == (True, ("unknown-authority",))
    assert (second.suitable, second.reasons) == (False, ("wrong-use", "unknown-authority"))
    assert (first.owner, first.iin, first.bin) == ("ТЕСТОВ ТЕСТ", "123456789011", "123456789021")
    assert (first.serial_number, first.algorithm, first.path) == ("1f2e", "ECDSA P-256", "/keys/a.p12")
    assert first.roles == ("individual",)


@pytest.mark.parametrize(("allowed", "suitable"), [(True, True), (False, False)])
def test_an_expired_key_is_warned_of_or_disabled(allowed: bool, suitable: bool, tmp_path: Path) -> None:
    scene = Scene(
        tmp_path,
        opens(),
        approves(0, even_if_unsuitable=True),
        wanted=KeyFilter(authorities=(), allow_expired=allowed),
    )
    scene.store.files["/keys/a.p12"] = [MemoryKey(party(end=chains.NOW - timedelta(days=1)))]
    if suitable:
        scene.choose()
    else:
        with pytest.raises(KeyUnsuitable):
            scene.choose()
    (key,) = scene.person.last_choice().keys
    assert (key.suitable, key.reasons) == (suitable, ("expired", "unknown-authority"))


@pytest.mark.parametrize(("allowed", "suitable"), [(True, True), (False, False)])
def test_a_revoked_key_is_warned_of_or_disabled(allowed: bool, suitable: bool, tmp_path: Path) -> None:
    authorities, certificate = simulated_authorities.new(), authority.certificate("gost2015-head")
    authorities.revoke(certificate)
    scene = Scene(
        tmp_path,
        opens(),
        approves(0, even_if_unsuitable=True),
        wanted=KeyFilter(authorities=(), allow_revoked=allowed),
        fetch=authorities,
        test_anchors=anchors.from_certificates(authority.roots()),
        test_authorities=authority.issuing(),
    )
    scene.store.files["/keys/a.p12"] = [authority.opened_key("gost2015-head")]
    with contextlib.nullcontext() if suitable else pytest.raises(KeyUnsuitable):
        scene.choose()
    (key,) = scene.person.last_choice().keys
    assert (key.suitable, key.reasons) == (suitable, ("revoked", "test-authority"))


@pytest.mark.parametrize(
    ("wanted", "suitable", "expected"),
    [
        (KeyFilter(authorities=(chains.root().certificate.pem(),)), True, ("unknown-authority",)),
        (KeyFilter(authorities=None), False, ("untrusted-chain",)),  # which says it already
    ],
)
def test_a_key_that_no_national_authority_issued_is_warned_of(
    wanted: KeyFilter, suitable: bool, expected: tuple[str, ...], tmp_path: Path
) -> None:
    scene = Scene(tmp_path, opens(), approves(0, even_if_unsuitable=True), wanted=wanted)
    with contextlib.suppress(KeyUnsuitable):
        scene.choose()
    key = scene.person.last_choice().keys[0]
    assert (key.suitable, key.reasons, key.is_test) == (suitable, expected, False)


def test_a_key_of_the_national_authority_is_not_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    national = anchors.from_certificates([chains.root().certificate])
    monkeypatch.setattr(anchors, "production", lambda: national)
    scene = Scene(tmp_path, opens(), approves(0))
    scene.choose()
    assert scene.person.last_choice().keys[0].reasons == ()


def test_authorities_given_by_the_operator_close_a_gap_in_the_chain(tmp_path: Path) -> None:
    root = chains.root()
    issuing = chains.issue("Issuing", "p384", by=root, ca=True)
    wanted = KeyFilter(authorities=(root.certificate.pem(),))
    approval = people.approval(tmp_path, MemoryStore({}), test_authorities=(issuing.certificate,))
    assert choose_key.judge(wanted, approval).reasons(MemoryKey(party(by=issuing)), chains.NOW) == ()


def test_a_test_key_is_marked_even_when_it_fits(tmp_path: Path) -> None:
    test_anchors = anchors.from_certificates([chains.root().certificate])
    scene = Scene(tmp_path, opens(), approves(0), test_anchors=test_anchors)
    scene.choose()
    key = scene.person.last_choice().keys[0]
    assert (key.is_test, key.suitable, key.reasons) == (True, True, ("test-authority",))


def test_a_wrong_password_is_asked_again_with_the_same_file_chosen(tmp_path: Path) -> None:
    scene = Scene(tmp_path, opens(password="wrong"), opens(), approves())
    scene.choose()
    again = scene.person.asked[1]
    assert isinstance(again, prompts.OpenKey)
    assert again.problem == prompts.Problem("wrong-password")
    assert again.chosen == "/keys/a.p12"


@pytest.mark.parametrize("path", ["/keys/none.p12", "/keys/empty.p12"])
def test_a_file_without_a_key_is_asked_again(path: str, tmp_path: Path) -> None:
    scene = Scene(tmp_path, opens(path), opens(), approves())
    scene.choose()
    again = scene.person.asked[1]
    assert isinstance(again, prompts.OpenKey)
    assert again.problem is not None
    assert again.problem.code == "broken-file"


def test_a_storage_that_was_not_asked_for_is_not_opened(tmp_path: Path) -> None:
    from agent.secret import Secret
    from agent.user.base import Opened

    def opens_jks(_: Any) -> Opened:
        return Opened("/keys/a.p12", "JKS", Secret(bytearray(b"Qwerty12")))

    scene = Scene(tmp_path, opens_jks, opens(), approves())
    scene.choose()
    assert len(scene.person.asked) == 3


def test_another_file_can_be_chosen_after_looking(tmp_path: Path) -> None:
    scene = Scene(tmp_path, opens(), goes_back, opens(), approves())
    assert scene.choose().key is scene.first
    again = scene.person.asked[2]
    assert isinstance(again, prompts.OpenKey)
    assert again.problem is None


@pytest.mark.parametrize("error", [UserCancelled(), KeyError("x")])
def test_keys_are_wiped_when_the_person_does_not_approve(error: Exception, tmp_path: Path) -> None:
    scene = Scene(tmp_path, opens(), people.raises(error))
    with pytest.raises(type(error)):
        scene.choose()
    assert scene.first.is_wiped
    assert scene.second.is_wiped


def test_the_password_is_wiped_whether_it_opened_the_key_or_not(tmp_path: Path) -> None:
    from agent.secret import Secret
    from agent.user.base import Opened

    passwords = [bytearray(b"wrong"), bytearray(b"Qwerty12")]
    steps = [lambda _, each=each: Opened("/keys/a.p12", "PKCS12", Secret(each)) for each in passwords]
    Scene(tmp_path, *steps, approves()).choose()
    assert passwords == [bytearray(5), bytearray(8)]


@pytest.mark.parametrize(
    ("error", "is_asked_again"), [(UnsupportedKey("1.2.3"), True), (BadInput("x"), False)]
)
def test_only_what_can_be_mended_is_asked_again(
    error: AgentError, is_asked_again: bool, tmp_path: Path
) -> None:
    scene = Scene(tmp_path, opens(), people.raises(UserCancelled()))
    scene.store.problem = error
    with pytest.raises(UserCancelled if is_asked_again else type(error)):
        scene.choose()
    assert len(scene.person.asked) == (2 if is_asked_again else 1)


def test_a_key_that_the_request_disables_can_not_be_approved_behind_its_back(tmp_path: Path) -> None:
    scene = Scene(
        tmp_path,
        opens(),
        approves(1, even_if_unsuitable=True),
        wanted=KeyFilter(purpose="sign", authorities=()),
    )
    with pytest.raises(KeyUnsuitable):
        scene.choose()
    assert scene.second.is_wiped


def test_the_key_file_is_remembered_for_the_next_time(tmp_path: Path) -> None:
    scene = Scene(tmp_path, opens(), approves())
    scene.choose()
    assert [(key.path, key.owner) for key in scene.approval.recent_keys.read()] == [
        ("/keys/a.p12", "ТЕСТОВ ТЕСТ")
    ]


@pytest.mark.parametrize(("remember", "days"), [(True, 90), (False, 90)])
def test_a_new_site_is_remembered_if_the_person_says_so(remember: bool, days: int, tmp_path: Path) -> None:
    scene = Scene(tmp_path, opens(), approves(remember=remember))
    scene.choose()
    assert scene.person.last_choice().remember_days == days
    assert scene.approval.grants.is_remembered(scene.approval.origin, chains.NOW) is remember


def test_a_program_is_not_remembered_whatever_the_window_says(tmp_path: Path) -> None:
    scene = Scene(tmp_path, opens(), approves(remember=True), origin=None)
    scene.choose()
    assert scene.person.last_choice().remember_days == 0
    assert not scene.approval.grants.path.exists()


def test_records_that_can_not_be_written_do_not_stop_the_choice(tmp_path: Path) -> None:
    scene = Scene(tmp_path, opens(), approves(remember=True))
    (tmp_path / "folders.json").mkdir()
    assert isinstance(scene.choose().key, MemoryKey)


def test_a_command_leaves_no_trace_among_the_used_keys(tmp_path: Path) -> None:
    scene = Scene(tmp_path, opens(), approves(), origin=None)
    scene.approval = dataclasses.replace(scene.approval, kind="command")
    scene.choose()
    assert scene.approval.recent_keys.read() == ()


def test_a_broken_store_says_why_to_the_window_only(tmp_path: Path) -> None:
    scene = Scene(tmp_path, opens(), people.raises(UserCancelled()))
    scene.store.problem = BrokenKeyStore("bad bag")
    with pytest.raises(UserCancelled):
        scene.choose()
    again = scene.person.asked[1]
    assert isinstance(again, prompts.OpenKey)
    assert again.problem == prompts.Problem("broken-file", detail="bad bag")


# --- keys that are open already -------------------------------------------------------------------------------------


def approved(
    folder: Path, keys: list[MemoryKey], answer: prompts.Approved, **more: Any
) -> tuple[Choice, prompts.Approve]:
    asked = people.approval(folder, MemoryStore({}), lambda _: answer, **more)
    prompt = consent.ask_for_key(
        asked, "sign", (), purpose="any", placement="beside", storages=("PKCS12",), language=None
    )
    opened = Opened("/keys/a.p12", "PKCS12", Secret(bytearray()))
    choice = choose_key.approve(asked, choose_key.judge(KeyFilter(), asked), prompt, opened, keys)
    (question,) = people.person_of(asked).asked
    assert isinstance(question, prompts.Approve)
    assert question.request == prompt
    return choice, question


def test_of_open_keys_the_approved_one_is_given_and_the_others_are_wiped(tmp_path: Path) -> None:
    first, second = MemoryKey(party()), MemoryKey(party(serial_number=7))
    choice, question = approved(tmp_path, [first, second], prompts.Approved(second.key_id, remember=True))
    assert (choice.key, first.is_wiped, second.is_wiped) == (second, True, False)
    assert choice.remember
    assert [(key.path, key.suitable) for key in question.keys] == [("/keys/a.p12", True)] * 2
    assert question.remember_days > 0


def test_open_keys_are_wiped_when_none_of_them_is_approved(tmp_path: Path) -> None:
    key = MemoryKey(party())
    with pytest.raises(KeyUnsuitable):
        approved(tmp_path, [key], prompts.Approved("another"))
    assert key.is_wiped


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ([chains.EMAIL_PROTECTION], ()),
        ([chains.CLIENT_AUTH], ("bare-digest",)),
        ([chains.EMAIL_PROTECTION, chains.CLIENT_AUTH], ("bare-digest",)),
    ],
)
def test_a_key_that_identifies_makes_no_bare_signature_of_what_nobody_can_look_into(
    tmp_path: Path, usage: list[str], expected: tuple[str, ...]
) -> None:
    judge = choose_key.judge(ANY, people.approval(tmp_path, MemoryStore({})))
    judge = dataclasses.replace(judge, is_bare_digest=True)
    key = MemoryKey(party(extended=usage))
    assert judge.reasons(key, chains.NOW) == expected
    assert set(expected).isdisjoint(judge.harmless)
