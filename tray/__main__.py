"""`python -m tray window`, `desk` and `icon`: the programs of the face, each a process of its own."""

import argparse
import sys

from tray import singletons, startup


def main(arguments: list[str] | None = None) -> int:
    """Runs the program named on the command line; the exit code is one of tray.startup's."""
    options = _parser().parse_args(arguments)
    startup.crash_quietly()
    startup.die_with_parent()
    startup.forbid_core_dumps()
    singletons.hold()
    frames = startup.take_stdout()
    try:
        if options.program == "window":
            return _window(frames, options.theme)
        if options.program == "desk":
            return _desk(frames)
        return _icon(frames, options.backend)
    except startup.CannotStart as error:
        sys.stderr.write(f"tray: {error}\n")
        return error.code


def _window(frames: int, theme: str) -> int:
    startup.require_display()
    startup.require_qt()
    from tray import window  # noqa: PLC0415  # loads Qt, which must not happen before the checks

    return window.run(frames, theme)


def _desk(frames: int) -> int:
    startup.require_display()
    startup.require_qt()
    from tray.desk import window  # noqa: PLC0415  # likewise

    return window.run(frames)


def _icon(frames: int, backend: str) -> int:
    from tray import icon  # noqa: PLC0415  # likewise

    return icon.run(frames, backend)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tray", description="Windows and tray icon of the signing agent."
    )
    programs = parser.add_subparsers(dest="program", required=True)
    window = programs.add_parser("window", help="asks the person; speaks protocol.prompts on its pipes")
    window.add_argument("--theme", choices=["system", "light", "dark", "contrast"], default="system")
    programs.add_parser("desk", help="the agent's own window; speaks protocol.desk on its pipes")
    icon = programs.add_parser("icon", help="shows the tray icon; speaks protocol.control on its pipes")
    icon.add_argument("--backend", choices=["auto", "qt", "pystray"], default="auto")
    return parser


if __name__ == "__main__":
    sys.exit(main())
