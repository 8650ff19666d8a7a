"""`python -m installer.windows`: what it builds, and what it says where it can't."""

import hashlib
import sys

import pytest

from agent.event_ids import EVENTS
from installer.windows import __main__ as command
from installer.windows import native, payload, wheels
from installer.windows.errors import CannotBuild
from tests.support import windows_packages


def test_a_build_without_a_trusted_interpreter_says_what_is_missing(tmp_path, capsys) -> None:
    archive = windows_packages.embeddable(tmp_path, None)
    assert command.main(["msi", "--interpreter", str(archive), "--out", str(tmp_path)]) == 1
    assert "whose is python-3" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.msi"))


@pytest.mark.skipif(
    wheels.SERIES.replace(".", "") == windows_packages.TAG, reason="this Python is the one that is shipped"
)
def test_wheels_and_interpreter_must_be_of_one_python(tmp_path, capsys) -> None:
    archive = windows_packages.embeddable(tmp_path, None)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert command.main(["msi", "--interpreter", str(archive), "--interpreter-sha256", digest]) == 1
    assert (
        f"holds wheels for Python {wheels.SERIES}, the interpreter is 3.{sys.version_info.minor}"
        in capsys.readouterr().err
    )


def test_templates_are_written(tmp_path, capsys) -> None:
    assert command.main(["admx", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "qalamsap.admx").is_file()
    assert "policies in 3 languages" in capsys.readouterr().out


def test_every_event_has_a_text_that_begins_with_its_own_line() -> None:
    texts = command.event_texts()
    assert set(texts) == {event.id for event in EVENTS.values()}
    for text in texts.values():
        assert text.startswith("%1\r\n\r\n")
        assert text.replace("%%", "").count("%") == 1


def test_a_file_is_signed_by_the_given_command_and_a_refusal_is_told(tmp_path) -> None:
    target = tmp_path / "a file.exe"
    target.write_text("program")
    program = tmp_path / "sign"
    program.write_text(
        '#!/bin/sh\nif [ "$1" = fail ]; then echo "no token" >&2; exit 3; fi\nprintf signed >> "$2"\n'
    )
    program.chmod(0o755)
    command.signer(f"{program} ok {{}}")(target)
    assert target.read_text() == "programsigned"
    with pytest.raises(CannotBuild, match=r"a file\.exe was not signed: no token"):
        command.signer(f"{program} fail {{}}")(target)
    command.signer(None)(target)


@pytest.mark.slow
def test_both_packages_come_of_one_payload_with_templates_and_licences(
    workshop, compiler, tmp_path, monkeypatch
) -> None:
    seen = []
    real = payload.make

    def make(folder, *arguments, **options) -> None:
        real(folder, *arguments, **options)
        seen.extend(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

    monkeypatch.setattr(payload, "make", make)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1793534400")
    signed = []
    made = command.build(
        tmp_path,
        workshop.interpreter,
        [],
        ("machine", "user"),
        compiler=None,
        sign=lambda path: signed.append(path.name),
        zig=compiler,
    )
    version = payload.version()
    assert [path.name for path in made] == [
        f"qalamsap-{version}-{scope}-x64.msi" for scope in ("machine", "user")
    ]
    assert signed == [*command._SIGNED, *(path.name for path in made)]
    assert {
        "policies/qalamsap.admx",
        "policies/kk-KZ/qalamsap.adml",
        "qalamsap.cdx.json",
        "THIRD-PARTY.md",
        native.EVENTS,
    } <= set(seen)
