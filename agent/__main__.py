"""The command line. Each subcommand loads only what it needs: the daemon must not carry a worker's libraries."""

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from agent.commands import exit_codes
from agent.errors import AgentError

Run = Callable[[argparse.Namespace], int]


class _Parser(argparse.ArgumentParser):
    """Ends with EX_USAGE on a wrong command line: 2 is `verify`'s "can't tell"."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(exit_codes.USAGE, f"{self.prog}: {message}\n")


def main(words: Sequence[str] | None = None) -> int:
    """Does what the command line says, and gives the exit code."""
    arguments = list(sys.argv[1:] if words is None else words)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names are in letters that many a code page lacks
            stream.reconfigure(errors="backslashreplace")
    parser = _Parser(
        prog="qalamsap",
        description=_DESCRIPTION,
        epilog="exit codes: " + ", ".join(f"{code} {text}" for code, text in exit_codes.MEANINGS.items()),
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    # Only the chosen command's modules are loaded; `--help` alone needs the one-line helps.
    chosen = next((word for word in arguments if not word.startswith("-")), "")
    runs: dict[str, Run] = {}
    for name, (help_text, load) in _COMMANDS.items():
        subparser = commands.add_parser(name, help=help_text, description=help_text)
        if name == chosen:
            runs[name] = load(subparser)
    options = parser.parse_args(arguments)
    from agent import logs

    logs.keep_libraries_quiet()
    try:
        return runs[options.command](options)
    except AgentError as error:
        print(f"qalamsap {options.command}: {error.detail or error.code}", file=sys.stderr)
        return exit_codes.of(error)
    except KeyboardInterrupt:
        return exit_codes.CANCELLED
    except BrokenPipeError:
        # Whoever read our output went away. Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.INVALID


_DESCRIPTION = (
    "Signs documents for web pages with your own key; keys and passwords never leave this computer."
)


def _run(parser: argparse.ArgumentParser) -> Run:
    from agent import config, daemon

    config.add_arguments(parser)

    def run(options: argparse.Namespace) -> int:
        import datetime as dt

        from agent.updates import interrupted

        def load() -> config.Config:
            return config.load_or_refuse(options)

        settings = load()
        start = interrupted.at_start(settings.paths, daemon.version(), lambda: dt.datetime.now(dt.UTC))
        if start.program is not None:
            interrupted.become(start.program, sys.argv[1:])
        return daemon.run(settings, reload=load, on_serving=start.settle)

    return run


def _simulate(parser: argparse.ArgumentParser) -> Run:
    from agent import config, daemon

    config.add_arguments(parser)
    config.add_simulation_arguments(parser)

    def run(options: argparse.Namespace) -> int:
        def load() -> config.Config:
            return config.load_or_refuse(options)

        return daemon.run(load(), reload=load)

    return run


def _record(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import cassettes

    cassettes.add_recording_arguments(parser)
    return cassettes.record


def _replay(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import cassettes

    cassettes.add_replaying_arguments(parser)
    return cassettes.replay


def _sign(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import sign_files

    sign_files.add_arguments(parser)
    return sign_files.run


def _timestamp(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import timestamp_file

    timestamp_file.add_arguments(parser)
    return timestamp_file.run


def _verify(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import verify_file

    verify_file.add_arguments(parser)
    return verify_file.run


def _card(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import make_card

    make_card.add_arguments(parser)
    return make_card.run


def _keys(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import list_keys

    list_keys.add_arguments(parser)
    return list_keys.run


def _show_key(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import read_key

    read_key.add_arguments(parser)
    return read_key.run


def _change_password(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import change_password

    change_password.add_arguments(parser)
    return change_password.run


def _export_certificate(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import export_certificate

    export_certificate.add_arguments(parser)
    return export_certificate.run


def _new_key(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import new_key

    new_key.add_arguments(parser)
    return new_key.run


def _import_certificate(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import import_certificate

    import_certificate.add_arguments(parser)
    return import_certificate.run


def _trust(parser: argparse.ArgumentParser) -> Run:
    from agent import paths
    from agent.localhost import command
    from agent.system_log import handler as system_log

    command.add_arguments(parser)
    for verb in parser._subparsers._group_actions[0].choices.values():  # type: ignore[union-attr]  # there are some: command.add_arguments made them
        verb.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent that is meant")

    def run(options: argparse.Namespace) -> int:
        own, machine_dir = paths.resolve(), paths.machine_tls_dir().parent
        is_machines = options.state_dir is None and command.is_machines(options, own.state_dir, machine_dir)
        places = paths.resolve(machine_dir if is_machines else options.state_dir)
        system_log.begin_command(is_usual=places.tls_dir in {own.tls_dir, paths.machine_tls_dir()})
        return command.run(options, tls_dir=places.tls_dir, state_dir=places.state_dir)

    return run


def _admin(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import admin

    admin.add_arguments(parser)
    return admin.run


def _policy(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import policy

    policy.add_arguments(parser)
    return policy.run


def _autostart(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import starting

    starting.add_arguments(parser)
    return starting.run


def _open(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import open_desk

    open_desk.add_arguments(parser)
    return open_desk.run


def _menu(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import menu

    menu.add_arguments(parser)
    return menu.run


def _history(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import show_history

    show_history.add_arguments(parser)
    return show_history.run


def _authorities(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import authorities

    authorities.add_arguments(parser)
    return authorities.run


def _testca(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import test_authority

    test_authority.add_arguments(parser)
    return test_authority.run


def _demo(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import demo

    demo.add_arguments(parser)
    return demo.run


def _doctor(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import doctor

    doctor.add_arguments(parser)
    return doctor.run


def _health(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import health

    health.add_arguments(parser)
    return health.run


def _support_bundle(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import support_bundle

    support_bundle.add_arguments(parser)
    return support_bundle.run


def _talk(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import talk

    talk.add_arguments(parser)
    return talk.run


def _update(parser: argparse.ArgumentParser) -> Run:
    from agent.commands import update

    update.add_arguments(parser)
    return update.run


def _version(_parser: argparse.ArgumentParser) -> Run:
    def run(_options: argparse.Namespace) -> int:
        import platform

        from agent import daemon
        from agent.gost import backend

        print(f"qalamsap {daemon.version()}, GOST: {backend.describe()}, Python {platform.python_version()}")
        return exit_codes.DONE

    return run


def _worker(parser: argparse.ArgumentParser) -> Run:
    from agent import config, programs, worker

    parser.add_argument("--state-dir", type=Path)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--test-ca", type=Path, action="append", default=[])
    parser.add_argument("--key-folder", type=Path, action="append", default=[])
    parser.add_argument("--authority", type=Path, action="append", default=[])
    parser.add_argument("--timestamp-url", default=config.DEFAULT_TIMESTAMP_URL)
    parser.add_argument("--ocsp-url", default="")
    parser.add_argument("--offline", action="store_true")
    parser.add_argument("--theme", default="system")
    parser.add_argument("--journal", type=Path)
    return lambda options: worker.main(
        worker.Options(
            window_command=programs.window("--theme", options.theme),
            answers=options.answers,
            state_dir=options.state_dir,
            test_authorities=tuple(options.test_ca),
            key_folders=tuple(options.key_folder),
            authorities=tuple(options.authority),
            timestamp_url=options.timestamp_url,
            ocsp_url=options.ocsp_url,
            is_offline=options.offline,
            journal=options.journal,
        )
    )


_COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], Run]]] = {
    "run": ("serve web pages until told to stop", _run),
    "open": ("open the agent's own window: files, keys, history, sites, settings", _open),
    "menu": ("put «sign» and «verify» into the menus of file managers, or take them back", _menu),
    "status": ("say what the running agent does", _talk),
    "pause": ("let the running agent refuse requests", _talk),
    "resume": ("end the pause", _talk),
    "lock": ("close the key that stays open between signatures, if one does", _talk),
    "restart": ("have the running agent start anew, with the settings as they are now", _talk),
    "quit": ("stop the running agent", _talk),
    "autostart": ("say or switch whether the agent starts when you log in", _autostart),
    "sign": ("sign files without a page", _sign),
    "timestamp": ("add timestamps to a signature that has none", _timestamp),
    "verify": ("say what the signatures of a file prove", _verify),
    "card": ("draw the document card of a signed document", _card),
    "keys": ("list key files", _keys),
    "show-key": ("say whose the key in a file is, and until when", _show_key),
    "change-password": ("give a key file another password", _change_password),
    "export-certificate": ("write the certificate of a key into a file of its own", _export_certificate),
    "new-key": ("make a key, and the request for its certificate", _new_key),
    "import-certificate": ("join a certificate to the key that was made for it", _import_certificate),
    "trust": ("make browsers trust the agent, see whether they do, take it back", _trust),
    "admin": ("make what IT deploys: browsers' policies for the sites that use the agent", _admin),
    "policy": ("say what each setting is and who set it, check a policy before it is rolled out", _policy),
    "history": ("show what was asked and signed on this computer, check the record", _history),
    "authorities": ("list the authorities that are trusted, add one of your own", _authorities),
    "simulate": ("serve with a scripted person and test keys, for tests of pages", _simulate),
    "record": ("serve, and write down what pages ask and get, with everything personal taken out", _record),
    "replay": ("serve what was recorded, with filler for signatures, for tests of pages", _replay),
    "demo": ("show the main job: agent, windows, a portal with test keys, a browser", _demo),
    "testca": ("make a test authority and keys of every kind", _testca),
    "doctor": ("say what stands between this computer and a signature", _doctor),
    "health": ("say whether the agent is well, for monitoring: exit codes 0 to 3", _health),
    "support-bundle": ("gather what support needs to know into one file, and show it first", _support_bundle),
    "update": ("look for a newer version of this program, and install it", _update),
    "version": ("say which version this is, and whether GOST runs natively", _version),
    "worker": ("(internal) serve one approval on standard input and output", _worker),
}


if __name__ == "__main__":
    sys.exit(main())
