"""The scripted person."""

import dataclasses
import logging
import threading
from pathlib import Path

import pytest

from agent.errors import BadInput, UserCancelled
from agent.user import scripted
from agent.user.base import Named, Opened, PageLeft, Prompt
from agent.user.scripted import ScriptedAnswer, ScriptedUser
from protocol import prompts
from tests.agent.user.test_terminal import KEY, OPEN

SIGN = ScriptedAnswer("sign", Path("/keys/a.p12"), "Qwerty12")
TEST_KEY = dataclasses.replace(KEY, is_test=True)


def load(folder: Path, text: str) -> tuple[ScriptedAnswer, ...]:
    path = folder / "answers.toml"
    path.write_text(text, encoding="utf-8")
    return scripted.load(path)


def test_answers_are_read_with_their_defaults(tmp_path: Path) -> None:
    answers = load(
        tmp_path,
        """
        [[answer]]
        key = "keys/head.p12"
        password = "Құпия"
        [[answer]]
        decision = "cancel"
        delay_s = 2
        grant = true
        """,
    )
    assert answers == (
        ScriptedAnswer("sign", tmp_path / "keys/head.p12", "Құпия"),
        ScriptedAnswer("cancel", None, "", 2.0, grant=True),
    )
    assert "Құпия" not in repr(answers)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "answer = 5",
        "answer = []",
        "answer = [1]",
        "[[answer]]",
        "[[answer]]\nkey = ''",
        "[[answer]]\ndecision = 'maybe'",
        "[[answer]]\ndecision = 'cancel'\ndelay = 1",
        "[[answer]]\ndecision = 'cancel'\ndelay_s = -1",
        "[[answer]]\ndecision = 'cancel'\ndelay_s = inf",
        "[[answer]]\ndecision = 'cancel'\ndelay_s = nan",
        "[[answer]]\ndecision = 'cancel'\ndelay_s = true",
        "[[answer]]\nkey = 'a'\ngrant = 'yes'",
        "[[answer]]\nkey = 'a'\n[other]",
        "[[answer]]\nkey = 'a'\nleave_out = 1",
        "[[answer]]\nkey = 'a'\nleave_out = ['1']",
        "[[answer]]\nkey = 'a'\nleave_out = [true]",
        "[[answer]]\nkey = 'a'\nleave_out = [-1]",
        "[[answer]]\nkey = 'a'\nstorage = 5",
        "[[answer]]\nkey = 'a'\nstorage = 'AKKaztokenStore'",
        "[[answer]]\nstorage = 'PKCS12'",
        "[[answer]]\nkey = 'a'\nstorage = 'AKJaCartaStore'\n[[token]]\nstorage = 'AKKaztokenStore'\nkey = 'a'\npassword = 'x'",
        "not toml",
    ],
)
def test_a_mistake_in_the_file_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput):
        load(tmp_path, text)


def test_a_missing_or_huge_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        scripted.load(tmp_path / "nowhere.toml")
    with pytest.raises(BadInput):
        load(tmp_path, "#" * (1024 * 1024 + 1))


def test_the_last_answer_goes_on() -> None:
    answers = (ScriptedAnswer("cancel"), SIGN)
    assert [scripted.answer_of_turn(answers, turn) for turn in (0, 1, 2, 3, 99)] == [
        answers[0], answers[0], answers[1], answers[1], answers[1],
    ]  # fmt: skip


def test_who_signs_names_a_key_and_approves_the_first_that_fits() -> None:
    user = ScriptedUser(SIGN)
    opened = user.ask(OPEN)
    assert isinstance(opened, Opened)
    assert (opened.path, opened.password.buffer) == ("/keys/a.p12", bytearray(b"Qwerty12"))
    keys = (dataclasses.replace(TEST_KEY, suitable=False), dataclasses.replace(TEST_KEY, key_id="b"))
    assert user.ask(prompts.ChooseKey(keys, remember_days=90)) == prompts.Approved("b", remember=False)


@pytest.mark.parametrize(("days", "expected"), [(90, True), (0, False)])
def test_a_grant_is_given_where_it_is_offered(days: int, expected: bool) -> None:
    user = ScriptedUser(dataclasses.replace(SIGN, grant=True))
    assert user.ask(prompts.ChooseKey((TEST_KEY,), days)) == prompts.Approved("a", remember=expected)


def test_who_cancels_cancels() -> None:
    for prompt in (OPEN, prompts.Approve(OPEN, (TEST_KEY,))):
        with pytest.raises(UserCancelled):
            ScriptedUser(ScriptedAnswer("cancel")).ask(prompt)


def test_a_key_that_is_open_already_is_approved_likewise(caplog: pytest.LogCaptureFixture) -> None:
    keys = (dataclasses.replace(TEST_KEY, suitable=False), dataclasses.replace(TEST_KEY, key_id="b"))
    assert ScriptedUser(SIGN).ask(prompts.Approve(OPEN, keys, 90)) == prompts.Approved("b")
    with caplog.at_level(logging.WARNING), pytest.raises(UserCancelled):
        ScriptedUser(SIGN).ask(prompts.Approve(OPEN, (KEY,)))
    assert "no-test-key" in caplog.text


@pytest.mark.parametrize(
    ("prompt", "why"),
    [
        (dataclasses.replace(OPEN, problem=prompts.Problem("wrong-password")), "wrong-password"),
        (
            prompts.ChooseKey((dataclasses.replace(TEST_KEY, suitable=False, reasons=("other-iin",)),)),
            "other-iin",
        ),
        (prompts.ChooseKey((KEY,)), "no-test-key"),
        (prompts.ChooseKey(()), "disabled"),
    ],
)
def test_what_does_not_work_is_cancelled_and_logged(
    prompt: prompts.OpenKey | prompts.ChooseKey, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(UserCancelled):
        ScriptedUser(SIGN).ask(prompt)
    assert why in caplog.text


def test_a_page_that_leaves_does_not_wait_for_the_delay() -> None:
    user = ScriptedUser(dataclasses.replace(SIGN, delay_s=600))
    threading.Timer(0.1, user.leave).start()
    with pytest.raises(PageLeft):
        user.ask(OPEN)


CHOOSE_FILE = prompts.ChooseFile(prompts.Caller("program"), "any", "", "ru")
ALLOW_FILE = prompts.AllowFile(prompts.Caller("program"), "/home/a/act.pdf", "ru")
ABOUT = prompts.About(prompts.Caller("program"), "1.2.3", 13579, "ru")


def test_files_are_chosen_and_allowed_where_the_script_says_so(tmp_path: Path) -> None:
    (answer,) = load(tmp_path, "[[answer]]\nfile = 'act.pdf'\nallow = true")
    user = ScriptedUser(answer)
    assert user.ask(CHOOSE_FILE) == prompts.FileChosen(str(tmp_path / "act.pdf"))
    assert user.ask(ALLOW_FILE) == prompts.Allowed()
    with pytest.raises(UserCancelled):
        user.ask(OPEN)


@pytest.mark.parametrize("prompt", [CHOOSE_FILE, ALLOW_FILE, ABOUT])
def test_every_other_window_is_closed(prompt: Prompt) -> None:
    with pytest.raises(UserCancelled):
        ScriptedUser(SIGN).ask(prompt)


TOKEN = "AKKaztokenStore"
PLUGGED = f"\n[[token]]\nstorage = '{TOKEN}'\nkey = 'token.p12'\npassword = 'PIN'"


def taken(folder: Path, answer: str, *storages: str) -> tuple[str, str]:
    """File and storage of the key that the person takes where these storages are offered, and a token is plugged in."""
    answers = load(folder, f"[[answer]]\n{answer}{PLUGGED}")
    user = ScriptedUser(answers[0], scripted.load_tokens(folder / "answers.toml"))
    opened = user.ask(dataclasses.replace(OPEN, storages=storages))
    assert isinstance(opened, Opened)
    return Path(opened.path).name, opened.storage


@pytest.mark.parametrize(
    ("storages", "by_default", "who_likes_tokens"),
    [
        (("PKCS12",), ("a.p12", "PKCS12"), ("a.p12", "PKCS12")),
        ((TOKEN,), ("token.p12", TOKEN), ("token.p12", TOKEN)),
        (("PKCS12", TOKEN), ("a.p12", "PKCS12"), ("token.p12", TOKEN)),
        ((TOKEN, "JKS"), ("a.p12", "JKS"), ("token.p12", TOKEN)),
    ],
)
def test_the_person_takes_a_token_where_the_answer_names_it_or_nothing_else_is_offered(
    storages: tuple[str, ...], by_default: tuple[str, str], who_likes_tokens: tuple[str, str], tmp_path: Path
) -> None:
    for more, expected in (
        ("", by_default),
        ("storage = 'PKCS12'", by_default),
        (f"storage = '{TOKEN}'", who_likes_tokens),
    ):
        assert taken(tmp_path, f"key = 'a.p12'\n{more}", *storages) == expected


def test_who_has_a_token_alone_needs_no_key_file(tmp_path: Path) -> None:
    answer = f"storage = '{TOKEN}'"
    assert taken(tmp_path, answer, "PKCS12", TOKEN) == ("token.p12", TOKEN)
    with pytest.raises(UserCancelled):
        taken(tmp_path, answer, "PKCS12")


def test_a_request_for_a_token_gets_the_key_of_the_token(tmp_path: Path) -> None:
    answers = load(tmp_path, f"[[answer]]\nkey = 'a.p12'{PLUGGED}")
    tokens = scripted.load_tokens(tmp_path / "answers.toml")
    assert "PIN" not in repr(tokens)
    user = ScriptedUser(answers[0], tokens)
    for storages, name, storage in (
        (("AKKaztokenStore",), "token.p12", "AKKaztokenStore"),
        (("PKCS12",), "a.p12", "PKCS12"),
        (("PKCS12", "AKKaztokenStore"), "a.p12", "PKCS12"),
    ):
        opened = user.ask(dataclasses.replace(OPEN, storages=storages))
        assert isinstance(opened, Opened)
        assert (opened.path, opened.storage) == (str(tmp_path / name), storage)
    cancels = ScriptedUser(ScriptedAnswer("cancel"), tokens)
    with pytest.raises(UserCancelled):
        cancels.ask(dataclasses.replace(OPEN, storages=("AKKaztokenStore",)))


@pytest.mark.parametrize(
    "tokens",
    [
        "[[token]]\nstorage = 'AKKaztokenStore'\nkey = 'a'",
        "[[token]]\nstorage = 'PKCS12'\nkey = 'a'\npassword = 'x'",
        "[[token]]\nstorage = 5\nkey = 'a'\npassword = 'x'",
        "[[token]]\nstorage = 'AKKaztokenStore'\nkey = 'a'\npassword = 'x'\nmore = 1",
        "[[token]]\nstorage = 'AKKaztokenStore'\nkey = 'a'\npassword = 'x'\n" * 2,
    ],
)
def test_a_mistake_in_a_token_is_an_error(tmp_path: Path, tokens: str) -> None:
    load(tmp_path, f"[[answer]]\nkey = 'a'\n{tokens}")
    with pytest.raises(BadInput):
        scripted.load_tokens(tmp_path / "answers.toml")


def test_without_tokens_there_are_none(tmp_path: Path) -> None:
    load(tmp_path, "[[answer]]\nkey = 'a'")
    assert scripted.load_tokens(tmp_path / "answers.toml") == ()


NEW_KEY = prompts.NewKey(prompts.Caller("program"), (), "ГОСТ", "/home/a", "GOST512_1.p12", "ru")


def test_a_new_key_is_kept_where_the_script_says_so(tmp_path: Path) -> None:
    (answer,) = load(tmp_path, "[[answer]]\nnew_key = 'new.p12'\npassword = 'Qwerty12'")
    named = ScriptedUser(answer).ask(NEW_KEY)
    assert isinstance(named, Named)
    assert (named.path, named.password.buffer) == (str(tmp_path / "new.p12"), bytearray(b"Qwerty12"))
    with pytest.raises(UserCancelled):
        ScriptedUser(SIGN).ask(NEW_KEY)
    with pytest.raises(UserCancelled):
        ScriptedUser(dataclasses.replace(answer, decision="cancel")).ask(NEW_KEY)


def test_a_file_that_is_taken_is_not_tried_twice(caplog: pytest.LogCaptureFixture) -> None:
    answer = ScriptedAnswer("sign", new_key=Path("/home/a/new.p12"), password="Qwerty12")
    again = dataclasses.replace(NEW_KEY, problem=prompts.Problem("key-not-kept"))
    with caplog.at_level(logging.WARNING), pytest.raises(UserCancelled):
        ScriptedUser(answer).ask(again)
    assert "key-not-kept" in caplog.text


def test_only_certificates_of_test_authorities_are_joined(caplog: pytest.LogCaptureFixture) -> None:
    importing = dataclasses.replace(OPEN, action="import_certificate", certificate=TEST_KEY)
    assert isinstance(ScriptedUser(SIGN).ask(importing), Opened)
    assert isinstance(ScriptedUser(SIGN).ask(dataclasses.replace(importing, replaced=KEY)), Opened)
    with caplog.at_level(logging.WARNING), pytest.raises(UserCancelled):
        ScriptedUser(SIGN).ask(dataclasses.replace(importing, certificate=KEY))
    assert "no-test-key" in caplog.text


def test_what_is_left_out_stands_in_the_file_and_counts_once(tmp_path: Path) -> None:
    (answer,) = load(tmp_path, "[[answer]]\nkey = 'a'\nleave_out = [2, 0, 2]")
    assert answer.leave_out == (2, 0)


@pytest.mark.parametrize(
    ("may_leave_out", "count", "expected"), [(True, 3, (0, 2)), (True, 2, (0,)), (False, 3, ())]
)
def test_documents_are_left_out_where_the_page_lets_them_and_where_there_are_any(
    may_leave_out: bool, count: int, expected: tuple[int, ...]
) -> None:
    document = prompts.Document("", 1, "SHA-256", "ab" * 32)
    request = dataclasses.replace(OPEN, documents=(document,) * count, may_leave_out=may_leave_out)
    for is_open in (False, True):
        user = ScriptedUser(dataclasses.replace(SIGN, leave_out=(0, 2)))
        if not is_open:
            user.ask(request)
        answer = user.ask(
            prompts.Approve(request, (TEST_KEY,)) if is_open else prompts.ChooseKey((TEST_KEY,))
        )
        assert isinstance(answer, prompts.Approved)
        assert answer.left_out == expected


def test_who_leaves_everything_out_cancels() -> None:
    document = prompts.Document("", 1, "SHA-256", "ab" * 32)
    user = ScriptedUser(dataclasses.replace(SIGN, leave_out=(0, 1)))
    user.ask(dataclasses.replace(OPEN, documents=(document,) * 2, may_leave_out=True))
    with pytest.raises(UserCancelled):
        user.ask(prompts.ChooseKey((TEST_KEY,)))
