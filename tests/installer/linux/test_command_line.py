"""The manual page and the completions say what the commands say, and the shells take them."""

import argparse
import shutil
import subprocess
from pathlib import Path

import pytest

from agent import __main__ as program
from installer.linux import command_line

NAMES = [name for name, (text, _) in program._COMMANDS.items() if not text.startswith("(internal)")]


def needs(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"needs tool: {tool}")
    return found


def bash(tmp_path: Path, *words: str) -> list[str]:
    """What bash offers for the last of these words."""
    (tmp_path / "words").write_text(command_line.bash())
    script = (
        'source "$1"; shift; COMP_WORDS=(qalamsap "$@"); COMP_CWORD=$#; _qalamsap; '
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [needs("bash"), "-u", "-c", script, "bash", str(tmp_path / "words"), *words],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def fish(tmp_path: Path, line: str) -> list[str]:
    """What fish offers at the end of this line."""
    (tmp_path / "words.fish").write_text(command_line.fish())
    done = subprocess.run(
        [needs("fish"), "--no-config", "-c", f"source {tmp_path}/words.fish; complete -C '{line}'"],
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert done.stderr == ""
    return [row.split("\t")[0] for row in done.stdout.splitlines()]


def test_every_command_that_people_may_use_is_there_and_no_internal_one() -> None:
    found = command_line.commands()
    assert [command.words[0] for command in found if len(command.words) == 1] == NAMES
    assert ("trust", "install") in [command.words for command in found]
    assert "worker" not in {command.words[0] for command in found}


def test_flags_are_those_that_the_parsers_take() -> None:
    for command in command_line.commands():
        parser = argparse.ArgumentParser()
        program._COMMANDS[command.words[0]][1](parser)
        for verb in command.words[1:]:
            (inner,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
            parser = inner.choices[verb]
        taken = {
            flag
            for action in parser._actions
            if action.help != argparse.SUPPRESS
            for flag in action.option_strings
        } - {"-h", "--help"}
        assert {flag for option in command.options for flag in option.flags} == taken, command.words


def test_the_manual_page_names_every_command_and_flag_and_exit_code() -> None:
    text = command_line.manual("1.2.3", "2026-01-02").replace("\\-", "-")
    for command in command_line.commands():
        assert f'.SS "qalamsap {" ".join(command.words)}"' in text
        for option in command.options:
            assert all(f"\\fB{flag}\\fR" in text for flag in option.flags)
    assert '.TH QALAMSAP 1 "2026-01-02" "Qalamsap 1.2.3"' in text
    assert ".SH EXIT STATUS\n.TP\n.B 0\n" in text
    assert "/etc/qalamsap/policy.d" in text


def test_mandoc_finds_no_mistake_in_the_manual_page(tmp_path: Path) -> None:
    (tmp_path / "qalamsap.1").write_text(command_line.manual("1.2.3", "2026-01-02"), "utf-8")
    done = subprocess.run(
        [needs("mandoc"), "-T", "lint", "-W", "warning", tmp_path / "qalamsap.1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_texts_can_not_become_commands_of_the_manual_page() -> None:
    assert command_line._roff(".so /etc/passwd") == "\\&.so /etc/passwd"
    assert command_line._roff("a\\fB'x") == "a\\efB'x"


def test_bash_offers_commands_verbs_flags_and_choices(tmp_path: Path) -> None:
    assert bash(tmp_path, "tr") == ["trust"]
    assert set(bash(tmp_path, "")) == set(NAMES)
    assert bash(tmp_path, "trust", "ins") == ["install"]
    assert bash(tmp_path, "trust", "install", "--or") == ["--origin"]
    assert bash(tmp_path, "autostart", "o") == ["on", "off"]
    assert bash(tmp_path, "run", "--log-level", "w") == ["warning"]
    assert bash(tmp_path, "--h") == ["--help"]


def test_bash_is_not_led_astray_by_words_that_are_no_command(tmp_path: Path) -> None:
    assert bash(tmp_path, "sign", "trust", "--form") == ["--format"]
    assert bash(tmp_path, "sign", "$(touch x)", "--form") == ["--format"]
    assert not (tmp_path / "x").exists()


def test_fish_offers_commands_verbs_flags_and_choices(tmp_path: Path) -> None:
    assert fish(tmp_path, "qalamsap tr") == ["trust"]
    assert fish(tmp_path, "qalamsap trust inst") == ["install"]
    assert fish(tmp_path, "qalamsap trust install --or") == ["--origin"]
    assert fish(tmp_path, "qalamsap run --log-level w") == ["warning"]


def test_zsh_reads_its_completion(tmp_path: Path) -> None:
    (tmp_path / "_qalamsap").write_text(command_line.zsh())
    script = (
        f"fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -d {tmp_path}/dump; "
        "whence -w _qalamsap; autoload +X _qalamsap; functions _qalamsap"
    )
    done = subprocess.run(
        [needs("zsh"), "-f", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": str(tmp_path)},
    )
    assert done.stderr == ""
    assert done.stdout.startswith("_qalamsap: function")
    assert all(f"'{name}:" in done.stdout for name in NAMES)
