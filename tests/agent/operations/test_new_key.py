"""A new key: kept before its request leaves, and asked about before it is made."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from agent.errors import (
    BadInput,
    InvalidSignature,
    StorageFailed,
    UnsupportedOperation,
    UserCancelled,
)
from agent.formats import csr
from agent.keystores import catalog, pkcs12
from agent.operations import new_key
from agent.operations.approval import Approval
from agent.rules import Rules
from agent.user.base import PageLeft
from protocol import codec, prompts, work
from protocol.messages import KeyRequested, NewKeyRequest
from tests.support import authority, people
from tests.support.memory_store import MemoryStore
from tests.support.new_keys import PASSWORD, SUBJECT, make_files_fast, names
from tests.support.people import Step

REQUEST = NewKeyRequest(SUBJECT, "ecdsa-p256")


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    make_files_fast(monkeypatch)


def approval_of(folder: Path, *steps: Step, **more: Any) -> Approval:
    (folder / "state").mkdir(exist_ok=True)
    return people.approval(folder / "state", MemoryStore({}), *steps, **more)


def prompts_of(approval: Approval) -> list[prompts.NewKey]:
    asked = people.person_of(approval).asked
    assert all(isinstance(prompt, prompts.NewKey) for prompt in asked)
    return [prompt for prompt in asked if isinstance(prompt, prompts.NewKey)]


def lines_of(approval: Approval) -> list[dict[str, Any]]:
    return [json.loads(line) for line in approval.journal.path.read_text("utf-8").splitlines()]


def open_pending(path: Path, password: str = PASSWORD) -> pkcs12.SingleKey:
    with authority.secret(password) as secret:
        return pkcs12.open_pending(path.read_bytes(), secret)


@pytest.mark.parametrize("algorithm", new_key.KEY_TYPES)
def test_the_request_is_for_the_key_in_the_file(tmp_path: Path, algorithm: str) -> None:
    path = tmp_path / "new.p12"
    made = new_key.make(NewKeyRequest(SUBJECT, algorithm), approval_of(tmp_path, names(path)))
    assert isinstance(made, KeyRequested)
    request = csr.Request.from_der(made.request_der)
    request.verify()
    assert request.public_key.key_type is new_key.KEY_TYPES[algorithm]
    assert (
        request.subject.text() == "CN=ТЕСТОВ ИВАН,SURNAME=ТЕСТОВ,SERIALNUMBER=IIN123456789013,C=KZ,G=ПЕТРОВИЧ"
    )
    kept = open_pending(path)
    assert kept.private_key.public_octets == request.public_key.octets
    assert list(tmp_path.glob("*.p12")) == [path]


def test_the_person_sees_what_the_request_will_say(tmp_path: Path) -> None:
    approval = approval_of(tmp_path, names(tmp_path / "new.p12"), first_folders=(tmp_path,), waiting=2)
    new_key.make(NewKeyRequest(SUBJECT, "rsa-2048", "identify", "kk"), approval)
    (prompt,) = prompts_of(approval)
    assert prompt.caller.site == "kds.example.kz"
    assert [(fact.label, fact.value) for fact in prompt.subject][2:4] == [
        ("SERIALNUMBER", "IIN123456789013"),
        ("C", "KZ"),
    ]
    assert (prompt.algorithm, prompt.language, prompt.waiting) == ("RSA-2048", "kk", 2)
    assert (prompt.folder, prompt.problem) == (str(tmp_path), None)
    assert catalog.label_of(prompt.name) == "RSA AUTH"


def test_the_journal_names_the_key_and_no_file(tmp_path: Path) -> None:
    notices: list[object] = []
    approval = approval_of(tmp_path, names(tmp_path / "new.p12"), notice=notices.append)
    made = new_key.make(REQUEST, approval)
    asked, decided = lines_of(approval)
    assert (asked["event"], asked["action"]) == ("asked", "new_key")
    assert (decided["event"], decided["decision"], decided["key"]) == ("decided", "approved", made.key_id)
    text = approval.journal.path.read_text("utf-8")
    assert "new.p12" not in text
    assert "ТЕСТОВ" not in text
    assert notices == [work.Stage("password")]


def test_what_makes_no_request_is_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    approval = approval_of(tmp_path)
    with pytest.raises(BadInput, match="CN"):
        new_key.make(NewKeyRequest((("O", "x"),)), approval)
    for unknown in ("gost-2015-256", "gost-2004", "rsa-1024", ""):
        with pytest.raises(UnsupportedOperation, match="ecdsa-p256"):
            new_key.make(NewKeyRequest(SUBJECT, unknown), approval)
    assert people.person_of(approval).asked == []
    assert not approval.journal.path.exists()


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    taken, free = tmp_path / "taken.p12", tmp_path / "free.p12"
    taken.write_bytes(b"a key of another day")
    approval = approval_of(tmp_path, names(taken), names(free))
    new_key.make(REQUEST, approval)
    _, again = prompts_of(approval)
    assert again.problem is not None
    assert again.problem.code == "key-not-kept"
    assert (again.folder, again.name) == (str(tmp_path), "taken.p12")
    assert taken.read_bytes() == b"a key of another day"
    open_pending(free)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (names("new.p12", "short 7"), "weak-password"),
        (names("new.p12", "aaaabbbb"), "weak-password"),
        (names("new.p12", ""), "weak-password"),
        (names("new.p12", b"\xff" * 10), "weak-password"),
        (names("nowhere/new.p12"), "key-not-kept"),
        (names("a\0b.p12"), "key-not-kept"),
        (names("/"), "key-not-kept"),
    ],
)
def test_what_the_person_can_mend_is_asked_again(tmp_path: Path, bad: Step, code: str) -> None:
    approval = approval_of(tmp_path, bad, names(tmp_path / "new.p12"), first_folders=(tmp_path,))
    new_key.make(REQUEST, approval)
    again = prompts_of(approval)[1]
    assert again.problem is not None
    assert again.problem.code == code
    open_pending(tmp_path / "new.p12")


def test_a_file_without_an_ending_gets_one_by_which_it_is_found(tmp_path: Path) -> None:
    new_key.make(REQUEST, approval_of(tmp_path, names(tmp_path / "my.key")))
    new_key.make(
        REQUEST, approval_of(tmp_path, names(tmp_path / "my.jks"))
    )  # a file of ours is none of Java's
    assert {key.path.name for key in catalog.find([tmp_path])} == {"my.key.p12", "my.jks.p12"}


def test_the_password_is_wiped_whatever_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []

    def named(prompt: object) -> Any:
        answers.append(names(tmp_path / "new.p12")(prompt))  # type: ignore[arg-type]  # a step in a step
        return answers[-1]

    def fails(*_: object) -> None:
        raise InvalidSignature("a fault")

    new_key.make(REQUEST, approval_of(tmp_path, named))
    monkeypatch.setattr(csr, "make", fails)
    (tmp_path / "new.p12").unlink()
    with pytest.raises(InvalidSignature):
        new_key.make(REQUEST, approval_of(tmp_path, named))
    assert not (tmp_path / "new.p12").exists()
    assert [any(answer.password.buffer) for answer in answers] == [False, False]


@pytest.mark.parametrize("error", [UserCancelled(), PageLeft()])
def test_who_says_no_or_leaves_leaves_nothing(tmp_path: Path, error: Exception) -> None:
    approval = approval_of(tmp_path, people.raises(error))
    with pytest.raises(type(error)):
        new_key.make(REQUEST, approval)
    assert list(tmp_path.glob("*.p12")) == []
    assert len(lines_of(approval)) == 2


def test_a_page_that_left_while_the_person_typed_gets_no_key_made(tmp_path: Path) -> None:
    approval = approval_of(tmp_path, names(tmp_path / "new.p12"))
    people.person_of(approval).has_left = True
    with pytest.raises(PageLeft):
        new_key.make(REQUEST, approval)
    assert list(tmp_path.glob("*.p12")) == []


def test_what_can_not_be_noted_is_taken_back(tmp_path: Path) -> None:
    approval = approval_of(tmp_path)

    def named(prompt: Any) -> Any:
        approval.journal.path.unlink()
        approval.journal.path.mkdir()
        return names(tmp_path / "new.p12")(prompt)

    people.person_of(approval).steps.append(named)
    with pytest.raises(StorageFailed):
        new_key.make(REQUEST, approval)
    assert list(tmp_path.glob("*.p12")) == []


def test_the_example_of_the_docs_makes_a_request(tmp_path: Path) -> None:
    docs = Path(__file__).resolve().parents[3] / "docs" / "api" / "keys.md"
    example = next(re.finditer(r"(?:^    .*\n)+", docs.read_text("utf-8"), re.MULTILINE)).group()
    request = codec.decode(example).request
    assert isinstance(request, NewKeyRequest)
    made = new_key.make(request, approval_of(tmp_path, names(tmp_path / "new.p12")))
    read = csr.Request.from_der(made.request_der)
    assert read.subject.text().endswith("C=KZ,O=ТОО «Сынақ»,OU=BIN123456789021,G=ПЕТРОВИЧ")


def test_a_key_is_kept_only_where_the_policy_would_let_it_be_opened(tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    rules = Rules(key_folders=(allowed,))
    asked = approval_of(
        tmp_path,
        names(tmp_path / "new.p12"),
        names(allowed / "new.p12"),
        rules=rules,
        first_folders=(tmp_path, allowed),
    )
    new_key.make(REQUEST, asked)
    first, second = prompts_of(asked)
    assert first.folder == str(allowed)
    assert second.problem is not None
    assert second.problem.code == "key-folder"
    assert [path.parent for path in tmp_path.rglob("*.p12")] == [allowed]
