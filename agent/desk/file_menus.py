"""«Sign» and «Verify» in the menus of file managers, and the program in the list of programs. For one person, below their home.

    every desktop     applications/qalamsap.desktop, with the mark among the icons: "open with" for signatures, the program's own entry
    Nautilus, Caja    a script each, under Scripts
    Nemo              actions
    Dolphin           a service menu (KIO)
    Thunar            custom actions, joined to those that are there
    Windows           verbs of all files in the person's own registry (untested)

Everything begins at `qalamsap open files --wish ... --file ...`: the desk shows the files, and the person starts. What is not ours is
never replaced or removed: each file of ours says who made it.
"""

import io
import shlex
import shutil
import sys
import xml.etree.ElementTree as ET  # the person's own file, written by their file manager
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from agent import autostart, paths, programs
from agent.errors import StorageFailed, UnsupportedOperation
from agent.words import texts
from protocol.prompts import Language

_MANAGERS: Final = ("nautilus", "caja", "nemo", "dolphin", "thunar")
WISHES: Final = ("sign", "verify")
_MARK = "made by qalamsap menu"
_ICON_SIZES = (16, 24, 32, 48, 64, 128, 256)
_TYPES = (
    "application/pkcs7-mime",
    "application/pkcs7-signature",
    "application/vnd.etsi.asic-e+zip",
)  # nothing that people open with something else: who is the only one that offers itself becomes the usual one
_THUNAR_USUAL = Path("/etc/xdg/Thunar/uca.xml")
_THUNAR_KINDS = ("audio-files", "image-files", "other-files", "text-files", "video-files")
_EXECUTABLE = 0o755
_VERB_KEY = r"Software\Classes\*\shell\Qalamsap."


State: TypeAlias = Literal["on", "off", "stale", "none", "unsupported"]
"""Of the file managers' menus, as it is on the disk: the entries are there; none is; some are missing, or start a program that lies
elsewhere now; there is no file manager whose menu we know; not on this system."""


class SomebodyElses(StorageFailed):
    """Where an entry of ours would be lies a file that is not ours."""


@dataclass(frozen=True, slots=True)
class Menus:
    """The menus of one person. `has` tells whether a program is installed, `command` is our own, to which words are added."""

    data_home: Path
    config_home: Path
    command: Sequence[str]
    language: Language
    has: Callable[[str], bool] = lambda name: shutil.which(name) is not None
    thunar_usual: Path = _THUNAR_USUAL

    def install(self) -> list[Path]:
        """Puts the entries where file managers that are installed look for them, and says where. Raises StorageFailed."""
        if sys.platform == "win32":  # untested
            self._write_verbs()
            return []
        self._check_system()
        return self._write(self._files(), with_thunar=self.has("thunar"))

    def put_entry(self) -> list[Path]:
        """Puts the program into the list of programs and nothing else: a way in where no icon is. Raises StorageFailed."""
        if sys.platform != "linux":
            return []
        program, *_ = self._groups()
        return self._write({path: text.encode() for path, text in program.items()}, with_thunar=False)

    def _write(self, files: Mapping[Path, bytes], *, with_thunar: bool) -> list[Path]:
        if any(not word.isprintable() for word in self.command):
            raise UnsupportedOperation("the program lies at a path that no entry can hold")
        done = []
        try:
            for path, content in files.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                if path.exists() and not _is_ours(path):
                    raise SomebodyElses(f"{path} is somebody else's")
                paths.write_whole(path, content)
                if not path.suffix or "servicemenus" in path.parts:
                    path.chmod(_EXECUTABLE)  # scripts, and what Dolphin would not run otherwise
                done.append(path)
            done += self._icons()
            if with_thunar:
                done.append(self._join_thunar())
        except OSError as error:
            raise StorageFailed(f"the menus can't be written: {error.strerror}") from error
        return done

    def remove(self, *, keeps_entry: bool = False) -> list[Path]:
        """Takes them back, wherever they are, and says which were there. Raises StorageFailed.

        With `keeps_entry` the program stays in the list of programs, for who only wants nothing in the menus of files.
        """
        if sys.platform == "win32":  # untested
            self._delete_verbs()
            return []
        self._check_system()
        found = self.installed()
        if keeps_entry:
            icons = [self._icon(size) for size in _ICON_SIZES]
            found = [path for path in found if path not in (self._program, *icons)]
        try:
            for path in found:
                if path == self._thunar:
                    self._leave_thunar()
                else:
                    path.unlink()
        except OSError as error:
            raise StorageFailed(f"the menus can't be removed: {error.strerror}") from error
        return found

    def installed(self) -> list[Path]:
        """The files that are ours, or hold something of ours. Raises StorageFailed."""
        found = [path for path in self._places() if _is_ours(path)]
        found += [self._icon(size) for size in _ICON_SIZES if found and self._icon(size).is_file()]
        if self._thunar.is_file() and _ours_of(_read_actions(self._thunar)):
            found.append(self._thunar)
        return found

    def state(self) -> State:
        """How it is with the menus of files. What can't be read is not there."""
        if sys.platform == "win32":  # untested
            return "on" if _has_verbs() else "off"
        if sys.platform == "darwin":
            return "unsupported"
        known = [name for name in _MANAGERS if self.has(name)]
        if not known:
            return "none"
        if all(self._is_in(name) for name in known):
            return "on"
        ours = [path for path in self._places() if path != self._program and _is_ours(path)]
        return "stale" if ours or self._actions_of_thunar() else "off"

    def _is_in(self, manager: str) -> bool:
        """Whether that one has all entries, in whichever language, and they start this program."""
        if manager == "thunar":
            wanted = {f"{shlex.join((*self.command, *self._open(wish)))} %F" for wish in WISHES}
            return wanted <= {action.findtext("command") for action in self._actions_of_thunar()}
        place = _MANAGERS.index(manager) + 1
        for language in texts.LANGUAGES:
            group = list(replace(self, language=language)._groups())[place]
            if all(_content(path) == text.encode() for path, text in group.items()):
                return True
        return False

    def _actions_of_thunar(self) -> list[ET.Element]:
        try:
            return _ours_of(_read_actions(self._thunar)) if self._thunar.is_file() else []
        except StorageFailed:
            return []

    @staticmethod
    def _check_system() -> None:
        if sys.platform == "darwin":
            raise UnsupportedOperation("no menus for the Finder yet")

    # --- files ----------------------------------------------------------------------------------------------------

    def _files(self) -> dict[Path, bytes]:
        """Those of the file managers that are installed."""
        program, *groups = self._groups()
        wanted = dict(program)
        for name, group in zip(_MANAGERS[:-1], groups, strict=True):  # Thunar has no file of ours
            if self.has(name):
                wanted |= group
        return {path: text.encode() for path, text in wanted.items()}

    def _places(self) -> Iterator[Path]:
        """Where a file of ours may be, in whichever language it was made."""
        for language in texts.LANGUAGES:
            for group in replace(self, language=language)._groups():
                yield from (path for path in group if language == self.language or not path.suffix)

    @property
    def _program(self) -> Path:
        return self.data_home / "applications" / "qalamsap.desktop"

    def _groups(self) -> Iterator[Mapping[Path, str]]:
        """The program's own entry, then the files for each of _MANAGERS."""
        yield {self._program: self._entry()}
        scripts = {wish: self._script(wish) for wish in WISHES}
        for folder in (self.data_home / "nautilus", self.config_home / "caja"):
            yield {folder / "scripts" / self._word(wish): script for wish, script in scripts.items()}
        folder = self.data_home / "nemo" / "actions"
        yield {folder / f"qalamsap-{wish}.nemo_action": self._nemo_action(wish) for wish in WISHES}
        yield {self.data_home / "kio" / "servicemenus" / "qalamsap.desktop": self._service_menu()}

    def _word(self, wish: str) -> str:
        return texts.load(self.language)(f"menu.{wish}")

    def _exec(self, *words: str) -> str:
        return " ".join(autostart.quoted(word) for word in (*self.command, *words))

    def _open(self, wish: str) -> tuple[str, ...]:
        return ("open", "files", "--wish", wish, "--file")

    def _entry(self) -> str:
        actions = "".join(
            f"\n[Desktop Action {wish}]\n{_names(f'menu.{wish}')}Exec={self._exec(*self._open(wish))} %F\nIcon=qalamsap\n"
            for wish in WISHES
        )
        return (
            f"# {_MARK}\n"
            "[Desktop Entry]\n"
            "Type=Application\n"
            "Name=Qalamsap\n"
            f"{_names('menu.about', 'Comment')}"
            f"Exec={self._exec('open', 'files', '--file')} %F\n"
            "Icon=qalamsap\n"
            "Terminal=false\n"
            "StartupNotify=true\n"
            "Categories=Office;Security;\n"
            f"MimeType={';'.join(_TYPES)};\n"
            f"Actions={';'.join(WISHES)};\n"
            f"{actions}"
        )

    def _script(self, wish: str) -> str:
        """File managers name files without their folder: a name that begins with a dash would be taken for a flag."""
        return (
            "#!/bin/sh\n"
            f"# {_MARK}\n"
            "for name do\n"
            "    shift\n"
            "    case $name in /*) ;; *) name=$PWD/$name ;; esac\n"
            '    set -- "$@" "$name"\n'
            "done\n"
            f'exec {shlex.join((*self.command, *self._open(wish)))} "$@"\n'
        )

    def _nemo_action(self, wish: str) -> str:
        return (
            f"# {_MARK}\n"
            "[Nemo Action]\n"
            f"{_names(f'menu.{wish}')}"
            f"{_names('menu.about', 'Comment')}"
            f"Exec={self._exec(*self._open(wish))} %F\n"
            "Icon-Name=qalamsap\n"
            "Selection=notnone\n"
            "Extensions=nodirs;\n"
            "Quote=double\n"
        )

    def _service_menu(self) -> str:
        actions = "".join(
            f"\n[Desktop Action {wish}]\n{_names(f'menu.{wish}')}Icon=qalamsap\nExec={self._exec(*self._open(wish))} %F\n"
            for wish in WISHES
        )
        return (
            f"# {_MARK}\n"
            "[Desktop Entry]\n"
            "Type=Service\n"
            "ServiceTypes=KonqPopupMenu/Plugin\n"
            "X-KDE-ServiceTypes=KonqPopupMenu/Plugin\n"
            "MimeType=all/allfiles;\n"
            f"Actions={';'.join(WISHES)};\n"
            f"{actions}"
        )

    # --- icons ----------------------------------------------------------------------------------------------------

    def _icon(self, size: int) -> Path:
        return self.data_home / "icons" / "hicolor" / f"{size}x{size}" / "apps" / "qalamsap.png"

    def _icons(self) -> Iterator[Path]:
        for size in _ICON_SIZES:
            source = paths.CODE_ROOT / "tray" / "assets" / f"mark-{size}.png"
            if source.is_file():  # windows may not be installed
                target = self._icon(size)
                target.parent.mkdir(parents=True, exist_ok=True)
                paths.write_whole(target, source.read_bytes())
                yield target

    # --- Thunar ---------------------------------------------------------------------------------------------------

    @property
    def _thunar(self) -> Path:
        return self.config_home / "Thunar" / "uca.xml"

    def _join_thunar(self) -> Path:
        """A person without actions of their own sees the usual ones only as long as they have no file of them."""
        known = self._thunar if self._thunar.is_file() else self.thunar_usual
        actions = _read_actions(known) if known.is_file() else ET.Element("actions")
        for old in _ours_of(actions):
            actions.remove(old)
        for wish in WISHES:
            action = ET.SubElement(actions, "action")
            command = f"{shlex.join((*self.command, *self._open(wish)))} %F"
            for name, text in (
                ("icon", "qalamsap"), ("name", self._word(wish)), ("unique-id", f"qalamsap-{wish}"), ("command", command),
                ("description", texts.load(self.language)("menu.about")), ("patterns", "*"),
            ):  # fmt: skip
                ET.SubElement(action, name).text = text
            for kind in _THUNAR_KINDS:
                ET.SubElement(action, kind)
        self._thunar.parent.mkdir(parents=True, exist_ok=True)
        _write_actions(self._thunar, actions)
        return self._thunar

    def _leave_thunar(self) -> None:
        actions = _read_actions(self._thunar)
        for ours in _ours_of(actions):
            actions.remove(ours)
        _write_actions(self._thunar, actions)

    # --- Windows --------------------------------------------------------------------------------------------------

    def _write_verbs(self) -> None:
        import winreg  # noqa: PLC0415  # there on Windows only

        for wish in WISHES:
            command = " ".join(
                autostart.quoted_for_windows(word) for word in (*self.command, *self._open(wish))
            )
            with winreg.CreateKey(winreg.HKEY_CURRENT_USER, f"{_VERB_KEY}{wish}") as key:  # type: ignore[attr-defined]  # Windows only
                winreg.SetValueEx(key, "", 0, winreg.REG_SZ, self._word(wish))  # type: ignore[attr-defined]  # likewise
                with winreg.CreateKey(key, "command") as inner:  # type: ignore[attr-defined]  # likewise
                    winreg.SetValueEx(inner, "", 0, winreg.REG_SZ, f'{command} "%1"')  # type: ignore[attr-defined]  # likewise

    def _delete_verbs(self) -> None:
        import contextlib  # noqa: PLC0415  # likewise
        import winreg  # noqa: PLC0415  # likewise

        for wish in WISHES:
            for key in (f"{_VERB_KEY}{wish}\\command", f"{_VERB_KEY}{wish}"):
                with contextlib.suppress(FileNotFoundError):
                    winreg.DeleteKey(winreg.HKEY_CURRENT_USER, key)  # type: ignore[attr-defined]  # likewise


def of_person(language: Language) -> Menus:
    """The menus of whoever runs this."""
    data_home, config_home = paths.homes()
    return Menus(data_home, config_home, programs.command(), language)


def _names(key: str, member: str = "Name") -> str:
    """A member of a desktop file in all languages: English is what it says where none of them is spoken."""
    lines = [f"{member}={texts.load('en')(key)}\n"]
    lines += [f"{member}[{language}]={texts.load(language)(key)}\n" for language in ("kk", "ru")]
    return "".join(lines)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _has_verbs() -> bool:
    import winreg  # noqa: PLC0415  # there on Windows only

    for wish in WISHES:
        try:
            winreg.OpenKey(winreg.HKEY_CURRENT_USER, f"{_VERB_KEY}{wish}").Close()  # type: ignore[attr-defined]  # Windows only
        except FileNotFoundError:
            return False
    return True


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return _MARK.encode() in stream.read(1024)
    except OSError:
        return False


def _read_actions(path: Path) -> ET.Element:
    """Raises StorageFailed where it makes no sense: what Thunar can't read either is not replaced by us."""
    try:
        parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))  # noqa: S314  # see the import
        return ET.parse(path, parser).getroot()  # noqa: S314  # likewise
    except (OSError, ET.ParseError) as error:
        raise StorageFailed(f"{path} can't be read as actions of Thunar") from error


def _ours_of(actions: ET.Element) -> list[ET.Element]:
    return [one for one in actions if (one.findtext("unique-id") or "").startswith("qalamsap-")]


def _write_actions(path: Path, actions: ET.Element) -> None:
    ET.indent(actions)
    output = io.BytesIO()
    ET.ElementTree(actions).write(output, encoding="UTF-8", xml_declaration=True)
    paths.write_whole(path.resolve(), output.getvalue() + b"\n")
