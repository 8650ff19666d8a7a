"""The manual page, and the completions of three shells: made from the commands themselves, so that they can't say anything else."""

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent import __main__ as program
from agent.commands import exit_codes

NAME = "qalamsap"
_INTERNAL = "(internal)"
_SUPPRESSED = argparse.SUPPRESS

# Where things lie, for the manual page: what, and what it is for.
FILES = (
    ("/etc/qalamsap/policy.toml", "what whoever runs the computer sets and people can't change"),
    ("/etc/qalamsap/policy.d/*.toml", "more of the same, each stronger than those before it by name"),
    ("/usr/share/qalamsap/defaults.toml", "what the package sets in place of the program's defaults"),
    ("/etc/xdg/autostart/qalamsap.desktop", "starts the agent when somebody logs in"),
    ("/var/lib/qalamsap", "the certificate that this computer's browsers were told to trust"),
    ("~/.config/qalamsap/config.toml", "a person's own settings"),
    ("~/.local/state/qalamsap", "a person's journal, permissions of sites, log"),
)


@dataclass(frozen=True, slots=True)
class Option:
    """A flag. `choices` are the words that may follow; `takes` names what follows, empty where nothing does."""

    flags: tuple[str, ...]
    help: str
    takes: str
    choices: tuple[str, ...]
    is_path: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A command or a verb of one. `words` lead to it: ("trust", "install"). `places` are what stands after it without a flag."""

    words: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    places: tuple[tuple[str, str, tuple[str, ...]], ...]
    verbs: tuple[str, ...]


def commands() -> tuple[Command, ...]:
    """All that people may use, each followed by its verbs, in the order of `--help`."""
    found: list[Command] = []
    for name, (text, load) in program._COMMANDS.items():
        if text.startswith(_INTERNAL):
            continue
        parser = argparse.ArgumentParser(prog=f"{NAME} {name}", description=text)
        load(parser)
        found += _walk((name,), text, parser)
    return tuple(found)


def _walk(words: tuple[str, ...], text: str, parser: argparse.ArgumentParser) -> Iterator[Command]:
    verbs: dict[str, tuple[str, argparse.ArgumentParser]] = {}
    options, places = [], []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            verbs = {name: (helps.get(name, ""), verb) for name, verb in action.choices.items()}
        elif action.help == _SUPPRESSED or isinstance(action, argparse._HelpAction):
            continue
        elif action.option_strings:
            options.append(_option(action))
        else:
            places.append((_shown(action), _help(action), _choices(action)))
    yield Command(words, text, tuple(options), tuple(places), tuple(verbs))
    for name, (verb_text, verb) in verbs.items():
        yield from _walk((*words, name), verb_text, verb)


def _option(action: argparse.Action) -> Option:
    takes = "" if action.nargs == 0 else _shown(action)
    is_path = bool(takes) and (action.type is not None and "ath" in getattr(action.type, "__name__", ""))
    return Option(tuple(action.option_strings), _help(action), takes, _choices(action), is_path)


def _shown(action: argparse.Action) -> str:
    if action.metavar:
        return action.metavar if isinstance(action.metavar, str) else " ".join(action.metavar)
    if action.choices:
        return "|".join(map(str, action.choices))
    return action.dest.upper()


def _choices(action: argparse.Action) -> tuple[str, ...]:
    return tuple(map(str, action.choices)) if action.choices else ()


def _help(action: argparse.Action) -> str:
    text = action.help or ""
    return text.replace("%(default)s", str(action.default)).replace("%(prog)s", NAME).replace("%%", "%")


# --- the manual page ------------------------------------------------------------------------------------------------


def manual(version: str, date: str) -> str:
    """qalamsap.1. `date` is ISO 8601."""
    lines = [
        f'.TH QALAMSAP 1 "{date}" "Qalamsap {version}" "User commands"',
        ".ad l",
        ".nh",
        ".SH NAME",
        "qalamsap \\- sign documents for web pages, and files, with your own key",
        ".SH SYNOPSIS",
        ".B qalamsap",
        ".I COMMAND",
        "[\\fIwords\\fR ...]",
        ".SH DESCRIPTION",
        _roff(program._DESCRIPTION),
        ".PP",
        "Web pages reach the agent at wss://127.0.0.1:13579/. It shows in a window of its own who asks and what is to be signed.",
        ".SH COMMANDS",
    ]
    for command in commands():
        lines += [f'.SS "{_roff(" ".join((NAME, *command.words)))}"', _roff(_sentence(command.help))]
        for name, text, choices in command.places:
            lines += [".TP", f"\\fI{_roff(name)}\\fR", _roff(text or ", ".join(choices) or name)]
        for option in command.options:
            flags = ", ".join(f"\\fB{_roff(flag)}\\fR" for flag in option.flags)
            value = f" \\fI{_breakable(option.takes)}\\fR" if option.takes else ""
            lines += [".TP", f"{flags}{value}", _roff(option.help or "\\&")]
    lines += [".SH EXIT STATUS"]
    for code, text in exit_codes.MEANINGS.items():
        lines += [".TP", f".B {code}", _roff(str(text))]
    lines += [".SH FILES"]
    for name, text in FILES:
        lines += [".TP", f".I {_roff(name)}", _roff(text)]
    return "\n".join([*lines, ""])


def _breakable(words: str) -> str:
    """A long list of choices may go on in the next line."""
    return _roff(words).replace("|", "|\\:")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".") if text else "\\&"


def _roff(text: str) -> str:
    escaped = text.replace("\\&", "\0").replace("\\", "\\e").replace("-", "\\-").replace("\0", "\\&")
    escaped = escaped.replace('"', "\\(dq")
    return re.sub(r"^([.'])", r"\\&\1", " ".join(escaped.split()))


# --- completions ----------------------------------------------------------------------------------------------------


def bash() -> str:
    """For /usr/share/bash-completion/completions/qalamsap."""
    cases = []
    for command in commands():
        words = [*command.verbs, *(word for _, _, choices in command.places for word in choices)]
        flags = [flag for option in command.options for flag in option.flags]
        cases.append(
            f'        "{" ".join(command.words)}") words="{" ".join(words)}" flags="{" ".join(flags)}" ;;'
        )
    valued = sorted(
        {
            f"{flag}) COMPREPLY=($(compgen -W '{' '.join(option.choices)}' -- \"$now\")); return ;;"
            for command in commands()
            for option in command.options
            if option.choices
            for flag in option.flags
        }
    )
    names = " ".join(command.words[0] for command in commands() if len(command.words) == 1)
    return f"""# Made from qalamsap's own commands; changes here are lost.
_qalamsap() {{
    local now="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD - 1]}}" path="" word words="" flags=""
    case "$before" in
        {_indented(valued)}
    esac
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$word" in -*) ;; *) case " {_verbs_list()} " in *" ${{path:+$path }}$word "* | *"|${{path:+$path }}$word|"*) path="${{path:+$path }}$word" ;; esac ;; esac
    done
    case "$path" in
        "") words="{names}" flags="" ;;
{chr(10).join(cases)}
    esac
    if [[ $now == -* ]]; then
        COMPREPLY=($(compgen -W "$flags --help" -- "$now"))
        return
    fi
    COMPREPLY=($(compgen -W "$words" -- "$now"))
    [[ $path == "" || -n $words ]] || compopt -o default 2>/dev/null
}}
complete -F _qalamsap qalamsap
"""


def _verbs_list() -> str:
    """Every way to a command, between bars: "|trust|trust install|"."""
    return "|" + "|".join(" ".join(command.words) for command in commands()) + "|"


def _indented(lines: Sequence[str]) -> str:
    return "\n        ".join(lines) if lines else "--) ;;"


def zsh() -> str:
    """For /usr/share/zsh/vendor-completions/_qalamsap."""
    top = [command for command in commands() if len(command.words) == 1]
    named = "\n".join(f"        {_zsh_word(command.words[0], command.help)}" for command in top)
    cases = []
    for command in top:
        lines = [_zsh_option(option) for option in command.options]
        verbs = [other for other in commands() if other.words[:-1] == command.words]
        if verbs:
            lines.append(f"'1:verb:({' '.join(command.verbs)})'")
            lines += [_zsh_option(option) for verb in verbs for option in verb.options]
        lines += [f"'*:{_zsh(name)}:({' '.join(choices)})'" for name, _, choices in command.places if choices]
        if not verbs and not any(choices for _, _, choices in command.places):
            lines.append("'*:file:_files'")
        unique = list(dict.fromkeys(lines))
        body = " \\\n                ".join(unique)
        cases.append(f"        {command.words[0]})\n            _arguments \\\n                {body} ;;")
    return f"""#compdef qalamsap
# Made from qalamsap's own commands; changes here are lost.
_qalamsap() {{
    local -a names
    names=(
{named}
    )
    if (( CURRENT == 2 )); then
        _describe 'command' names
        return
    fi
    local command=$words[2]
    shift words
    (( CURRENT-- ))
    case $command in
{chr(10).join(cases)}
    esac
}}
_qalamsap "$@"
"""


def _zsh_word(name: str, text: str) -> str:
    return f"'{name}:{_zsh(text)}'"


def _zsh_option(option: Option) -> str:
    value = ""
    if option.choices:
        value = f":value:({' '.join(option.choices)})"
    elif option.takes:
        value = f":{_zsh(option.takes)}:_files" if option.is_path else f":{_zsh(option.takes)}: "
    long = option.flags[-1]
    return f"'*{long}[{_zsh(option.help)}]{value}'"


def _zsh(text: str) -> str:
    cleaned = re.sub(r"[\[\]:\\]", " ", text).replace("'", "’").replace("`", "")
    return " ".join(cleaned.split())


def fish() -> str:
    """For /usr/share/fish/vendor_completions.d/qalamsap.fish."""
    lines = ["# Made from qalamsap's own commands; changes here are lost.", "complete -c qalamsap -f"]
    for command in commands():
        *leading, last = command.words
        where = _fish_seen(leading)
        lines.append(f"complete -c qalamsap -n '{where}' -a {last} -d {_fish(command.help)}")
        inside = f"__fish_seen_subcommand_from {command.words[0]}"
        if leading:
            inside += f"; and __fish_seen_subcommand_from {last}"
        lines += [_fish_option(inside, option) for option in command.options]
        words = [word for _, _, choices in command.places for word in choices]
        if words:
            lines.append(f"complete -c qalamsap -n '{inside}' -a '{' '.join(words)}'")
        elif command.places:
            lines.append(f"complete -c qalamsap -n '{inside}' -F")
    return "\n".join([*lines, ""])


def _fish_seen(leading: Sequence[str]) -> str:
    if not leading:
        return "__fish_use_subcommand"
    return f"__fish_seen_subcommand_from {leading[0]}"


def _fish_option(where: str, option: Option) -> str:
    flags = [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags]
    words = [f"complete -c qalamsap -n '{where}'", *flags]
    if option.choices:
        words.append(f"-x -a '{' '.join(option.choices)}'")
    elif option.takes:
        words.append("-r -F" if option.is_path else "-x")
    return " ".join([*words, "-d", _fish(option.help)])


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
