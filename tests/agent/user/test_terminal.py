"""The person at a terminal."""

import dataclasses
import getpass
import io
import warnings
from typing import Any

import pytest

from agent import errors
from agent.secret import Secret
from agent.user import terminal
from agent.user.base import Named, Opened, Retyped
from agent.user.terminal import TerminalUser
from protocol import pipes, prompts

OPEN = prompts.OpenKey(
    caller=prompts.Caller("command"),
    action="sign",
    purpose="sign",
    documents=(),
    placement="beside",
    language="en",
    storages=("PKCS12",),
    folder="",
)
KEY = prompts.Key(
    key_id="a", storage="PKCS12", path="/a", owner="ТЕСТОВ", iin="", organisation="", bin="", roles=(), uses=("sign",),
    algorithm="RSA-2048", issuer="CA", serial_number="1", not_before="", not_after="",
)  # fmt: skip


def user(warnings: list[str] | None = None, key_id: str = "") -> TerminalUser:
    warn = (warnings if warnings is not None else []).append
    return TerminalUser("/a", "PKCS12", lambda: Secret(bytearray(b"secret")), key_id=key_id, warn=warn)


def choose(*keys: prompts.Key, key_id: str = "", warnings: list[str] | None = None) -> str:
    answer = user(warnings, key_id).ask(prompts.ChooseKey(keys))
    assert isinstance(answer, prompts.Approved)
    return answer.key_id


def changed(**changes: Any) -> prompts.Key:
    return dataclasses.replace(KEY, **changes)


def test_the_named_file_is_opened_with_the_typed_password() -> None:
    opened = user().ask(OPEN)
    assert isinstance(opened, Opened)
    assert (opened.path, opened.password.buffer) == ("/a", bytearray(b"secret"))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("wrong-password", errors.WrongPassword),
        ("broken-file", errors.BrokenKeyStore),
        ("unsupported-key", errors.UnsupportedKey),
        ("unheard-of", errors.BrokenKeyStore),
    ],
)
def test_it_is_not_asked_twice(code: str, error: type[errors.AgentError]) -> None:
    with pytest.raises(error):
        user().ask(dataclasses.replace(OPEN, problem=prompts.Problem(code)))


def test_a_certificate_that_the_key_has_is_not_lost_without_being_told_to() -> None:
    with pytest.raises(errors.KeyUnsuitable, match="--replace"):
        user().ask(dataclasses.replace(OPEN, action="import_certificate", certificate=KEY, replaced=KEY))


def test_the_key_without_reservations_is_used_first() -> None:
    warnings: list[str] = []
    assert choose(changed(key_id="old", reasons=("expired",)), KEY, warnings=warnings) == "a"
    assert "several keys" in warnings[0]


def test_an_expired_key_is_warned_of_and_used() -> None:
    warnings: list[str] = []
    assert choose(changed(reasons=("expired",)), warnings=warnings) == "a"
    assert warnings == ["warning: the certificate of ТЕСТОВ has expired"]


@pytest.mark.parametrize(
    ("reason", "words"),
    [("test-authority", "a test authority"), ("unknown-authority", "does not know"), ("new-one", "new-one")],
)
def test_every_reservation_is_said(reason: str, words: str) -> None:
    warnings: list[str] = []
    choose(changed(reasons=(reason,)), warnings=warnings)
    assert words in warnings[0]


def test_a_key_for_something_else_is_warned_of_and_used() -> None:
    warnings: list[str] = []
    assert choose(changed(uses=("identify",)), warnings=warnings) == "a"
    assert warnings == ["warning: the certificate of ТЕСТОВ is not meant for signing"]


def test_a_key_can_be_picked() -> None:
    assert choose(KEY, changed(key_id="b"), key_id="b") == "b"


@pytest.mark.parametrize("keys", [(), (changed(suitable=False, reasons=("other-iin",)),)])
def test_no_fitting_key_is_an_error(keys: tuple[prompts.Key, ...]) -> None:
    with pytest.raises(errors.KeyUnsuitable):
        choose(*keys)


@pytest.mark.parametrize("line", ["пароль\n", "пароль\r\n", "пароль"])
def test_a_password_is_the_first_line_of_a_stream(line: str) -> None:
    stream = io.BytesIO(line.encode())
    assert terminal.read_password(stream).buffer == "пароль".encode()


def test_a_password_that_is_too_long_is_refused() -> None:
    with pytest.raises(errors.BadInput):
        terminal.read_password(io.BytesIO(b"x" * (pipes.MAX_SECRET_BYTES + 1)))


def test_a_typed_password_comes_from_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda question: f"{question} typed")
    assert terminal.type_password("Password:").buffer == b"Password: typed"


def test_a_password_that_is_no_utf_8_neither_fails_nor_shows_in_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda _: b"\xcf\xe0".decode("utf-8", "surrogateescape"))
    assert terminal.type_password("Password:").buffer == b"\xcf\xe0"


def test_where_a_typed_password_would_be_seen_none_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def warn(_question: str) -> str:
        warnings.warn("Can not control echo on the terminal.", getpass.GetPassWarning, stacklevel=2)
        pytest.fail("the password was read")

    monkeypatch.setattr(getpass, "getpass", warn)
    with pytest.raises(errors.NoOneToAsk, match="--password-stdin"):
        terminal.type_password("Password:")


@pytest.mark.parametrize("interruption", [EOFError, KeyboardInterrupt])
def test_an_interrupted_password_is_a_cancellation(
    monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    def interrupt(question: str) -> str:
        raise interruption

    monkeypatch.setattr(getpass, "getpass", interrupt)
    with pytest.raises(errors.UserCancelled):
        terminal.type_password("Password:")


NEW_KEY = prompts.NewKey(prompts.Caller("command"), (), "RSA-2048", "/home", "new.p12", "en")


def test_a_new_key_goes_where_the_command_says() -> None:
    named = user().ask(NEW_KEY)
    assert isinstance(named, Named)
    assert (named.path, named.password.buffer) == ("/a", bytearray(b"secret"))


@pytest.mark.parametrize("error", [errors.KeyNotKept, errors.WeakPassword])
def test_what_a_window_would_ask_again_about_a_new_key_ends_the_command(
    error: type[errors.AgentError],
) -> None:
    with pytest.raises(error, match="why"):
        user().ask(dataclasses.replace(NEW_KEY, problem=prompts.Problem(error.code, detail="why")))


def test_what_will_be_joined_is_told_before_the_password() -> None:
    told: list[str] = []
    certificate = dataclasses.replace(KEY, reasons=("expired", "unknown-authority"))
    assert isinstance(user(told).ask(dataclasses.replace(OPEN, certificate=certificate)), Opened)
    assert told[0] == "note: the certificate is of ТЕСТОВ, RSA-2048, issued by CA"
    assert told[1] == "warning: it has expired"
    assert "does not know" in told[2]


# --- another password ----------------------------------------------------------------------------------------------

FILE = prompts.KeyFile("/a", "PKCS12", "")


def test_one_file_is_read_with_the_typed_password() -> None:
    opened = user().ask(prompts.ReadKey(prompts.Caller("command"), FILE, "en"))
    assert isinstance(opened, Opened)
    assert (opened.path, opened.password.buffer) == ("/a", bytearray(b"secret"))


def test_the_password_is_changed_for_what_is_typed_next() -> None:
    typing = TerminalUser(
        "/a", "PKCS12", lambda: Secret(bytearray(b"old")), read_new_password=lambda: Secret(bytearray(b"new"))
    )
    retyped = typing.ask(prompts.ChangePassword(prompts.Caller("command"), FILE, "en", keep_copy=True))
    assert isinstance(retyped, Retyped)
    assert (retyped.old.buffer, retyped.new.buffer) == (bytearray(b"old"), bytearray(b"new"))
    assert retyped.keep_copy


def test_where_no_new_one_is_typed_the_old_one_is_wiped() -> None:
    old = Secret(bytearray(b"old"))

    def refuse() -> Secret:
        raise errors.BadInput("the two passwords differ")

    typing = TerminalUser("/a", "PKCS12", lambda: old, read_new_password=refuse)
    with pytest.raises(errors.BadInput):
        typing.ask(prompts.ChangePassword(prompts.Caller("command"), FILE, "en"))
    assert not any(old.buffer)
    with pytest.raises(errors.NoOneToAsk):
        user().ask(prompts.ChangePassword(prompts.Caller("command"), FILE, "en"))
