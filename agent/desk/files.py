"""The page of files: a list of files, and our own commands run over them in processes of their own.

No key and no password comes near the desk: `sign --window` asks the person in a window of its own and says, line by line, what came of
each file. The desk looks at the beginnings of files to tell what they are; whatever reads them in earnest is another process.
"""

import dataclasses
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from agent import paths
from agent.desk.base import Desk, shortened
from agent.errors import AgentError, BadInput
from agent.formats import cms, recognise
from agent.keystores import catalog
from agent.words import texts
from agent.words.texts import Texts
from protocol import letters, pipes
from protocol.desk import files as page
from protocol.desk.frame import Wish
from protocol.prompts import Fact, Language

_LOOK_BYTES = 4 * 1024 * 1024  # from the beginning, and of a PDF from the end
_MOST_BYTES = 64 * 1024 * 1024  # of an archive, whose list of files is at its end
_BEGINNING = 4096
_STOP_S = 3.0
_MAX_TIMESTAMPS = 10  # of one signer that are told of
_MAX_DETAIL = 200  # characters of what went wrong with one file
_LIST_BYTES = pipes.MAX_JSON_BYTES * 3 // 4  # of the list, with all that may come of its files

_SIGNED: Mapping[str, page.Kind] = {
    "xml": "signed-xml", "wsse": "wsse", "jws": "jws", "asic": "asic", "signed-zip": "signed-zip", "timestamp": "timestamp",
}  # fmt: skip
_WISHES: Mapping[page.Kind, tuple[Wish, ...]] = {
    "pdf": ("sign",),
    "xml": ("sign",),
    "other": ("sign",),
    "signed-pdf": ("sign", "cosign", "verify", "card"),
    "cms": ("sign", "cosign", "timestamp", "verify", "card"),
    "timestamp": ("sign", "verify"),
    "key-file": (),  # whoever has it and its password signs in the person's name: it is nothing to be signed and sent
}
_DOCUMENT_WANTED: tuple[Wish, ...] = ("cosign", "verify", "card")  # of a detached signature
_FORMATS: Mapping[page.Kind, tuple[page.Format, ...]] = {
    "key-file": (),
    "pdf": ("pdf", "cms", "asic", "jws", "raw"),
    "signed-pdf": ("pdf", "cms", "asic", "jws", "raw"),
    "xml": ("xml", "cms", "asic", "wsse", "jws", "raw"),
    "signed-xml": ("xml", "cms", "asic", "wsse", "jws", "raw"),
    "wsse": ("wsse", "xml", "cms", "asic", "jws", "raw"),
}
_RESULTS: Mapping[Wish, page.Result] = {
    "sign": "signed", "cosign": "cosigned", "timestamp": "timestamped", "verify": "verified", "card": "drawn",
}  # fmt: skip
_TIMESTAMPED = ("cms", "pdf", "asic")
_DETACHABLE = ("cms", "jws")
# What a command's exit code (agent.commands.exit_codes) says where nothing more is known.
_CODES = {4: "cancelled", 5: "bad-input", 6: "unsupported-key"}
_NOT_POSSIBLE: Mapping[Wish, str] = {"timestamp": "timestamp-failed", "card": "storage-failed"}
_NO_RESULT: dict[str, Any] = {
    "result": "", "made": "", "verdict": "", "lacks_timestamp": False, "code": "", "detail": "",
}  # fmt: skip
_VERDICTS: Mapping[int, page.Verdict] = {0: "valid", 1: "invalid", 2: "indeterminate"}


def make(desk: Desk) -> "FilesPage":
    return FilesPage(desk)


@dataclass
class _Entry:
    file: page.File
    report: Mapping[str, Any] | None = None  # as the command printed it


@dataclass
class FilesPage:
    """See agent.desk.base.Page. One job at a time, in a thread of its own, so that Stop is heard meanwhile."""

    desk: Desk
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _job: "_Job | None" = None
    _wish: Wish = ""

    def opened(self) -> None:
        self._list()
        if (job := self._job) is not None:
            job.tell_progress()

    def take(self, message: Any) -> None:
        match message:
            case page.Add():
                self._add(message)
            case page.Remove(names):
                with self._guard:
                    for name in names:
                        self._entries.pop(name, None)
                self._list()
            case page.Pair(name, document):
                self._pair(name, Path(document))
            case page.Start():
                self._start(message)
            case page.Stop():
                if (job := self._job) is not None:
                    job.stop()
            case page.Ask(name):
                self._tell(name)

    def close(self) -> None:
        if (job := self._job) is not None:
            job.stop()
            job.wait()

    # --- the list -------------------------------------------------------------------------------------------------

    def _add(self, asked: page.Add) -> None:
        refused, over = asked.refused, 0
        with self._guard:
            if self._job is None and all(entry.file.result for entry in self._entries.values()):
                self._entries.clear()  # they are done with: what comes now is another matter
        with self._guard:
            room = _LIST_BYTES - sum(_octets_of(name) for name in self._entries)
        for path in _unfolded(asked.paths):
            with self._guard:
                known = {name: entry.file.path for name, entry in self._entries.items()}
            if str(path) in known:
                continue
            if len(known) >= page.MAX_FILES:
                over += 1
                continue
            try:
                found = look(path)
            except BadInput:
                refused += 1
                continue
            room -= _octets_of(found.path)
            if room < 0:
                over += 1
                continue
            with self._guard:
                self._entries[found.path] = _Entry(found)
        self._wish = asked.wish or self._wish
        self._match()
        self._list(refused=refused, over=over)

    def _match(self) -> None:
        """Documents of detached signatures may have come with them, from another folder."""
        with self._guard:
            names = {Path(path).name: path for path in self._entries}
            for entry in self._entries.values():
                file = entry.file
                if file.kind == "detached-cms" and not file.document:
                    document = names.get(Path(file.path).stem, "")
                    if document and document != file.path:
                        entry.file = _with_document(file, document)

    def _pair(self, name: str, document: Path) -> None:
        if self._job is not None:  # what comes of it would stand beside a document that it is not about
            raise BadInput("the files are being worked on")
        if not document.is_file():
            raise BadInput(f"{document} can't be read")
        with self._guard:
            entry = self._entries.get(name)
            if entry is not None and entry.file.kind == "detached-cms":
                entry.file = _with_document(entry.file, str(document))
                entry.report = None
        self._list()

    def _list(self, *, refused: int = 0, over: int = 0) -> None:
        with self._guard:
            files = tuple(entry.file for entry in self._entries.values())
        wish, self._wish = self._wish, ""
        self.desk.send(page.Listed(files, wish, refused, over))

    def _tell(self, name: str) -> None:
        with self._guard:
            entry = self._entries.get(name)
            found = None if entry is None else entry.report
        if found is not None:
            self.desk.send(page.Told(name, report_of(found, texts.load(self.desk.language))))

    # --- doing ----------------------------------------------------------------------------------------------------

    def _start(self, asked: page.Start) -> None:
        if self._job is not None:
            return  # a second press of the button
        with self._guard:
            files = [entry.file for entry in self._entries.values()]
        chosen = [file for file in files if asked.wish in file.wishes]
        if not chosen:
            raise BadInput("none of the files allows that")
        place = ["--state-dir", str(self.desk.paths.state_dir)] if self.desk.is_apart else []
        self._job = _Job(
            desk=self.desk,
            wish=asked.wish,
            steps=steps(asked, chosen, place, self.desk.language),
            skipped=len(files) - len(chosen),
            note=self._note,
            over=self._over,
        )
        self._job.start()

    def _note(self, path: str, report: Mapping[str, Any] | None, **news: Any) -> None:
        """The job's thread: what came of a file."""
        with self._guard:
            entry = self._entries.get(path)
            if entry is None:  # taken off the list meanwhile
                return
            entry.file = dataclasses.replace(entry.file, **(_NO_RESULT | news))
            entry.file = dataclasses.replace(entry.file, detail=_told(entry.file.detail))
            entry.report = report
        self.desk.send(page.Changed(entry.file))

    def _over(self, ended: page.Ended) -> None:
        """The job's thread, at its end."""
        self._job = None
        self.desk.send(ended)


def _octets_of(name: str) -> int:
    """What a file of that name may take of the list: its name, those of its document and of what is made, and all else."""
    return 3 * len(json.dumps(name, ensure_ascii=False).encode()) + 4 * _MAX_DETAIL + 400


def _told(detail: str) -> str:
    """What went wrong, as long as a list has room for: a command may quote what stands in a document."""
    return letters.visible(shortened(detail, _MAX_DETAIL))


# --- what files are -----------------------------------------------------------------------------------------------


def look(path: Path) -> page.File:
    """What a file is, as far as a look at it tells. Raises BadInput where it can't be read, or its name can't be said."""
    try:
        name = str(path)
        name.encode()
        with paths.open_file(path) as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            start = stream.read(_LOOK_BYTES)
            if start.startswith(b"PK") and size <= _MOST_BYTES:
                start += stream.read()
            stream.seek(max(0, size - _LOOK_BYTES))
            end = stream.read() if b"%PDF-" in start[:1024] else b""
    except (OSError, UnicodeEncodeError) as error:
        raise BadInput("the file can't be read") from error
    is_key = catalog.is_key_file_name(path.name) or catalog.holds_key(start)
    kind = "key-file" if is_key else _kind(start, end, is_whole=size <= _LOOK_BYTES)
    file = page.File(name, size, kind, wishes=wishes(kind), formats=formats(kind))
    document = path.with_suffix("")
    if kind == "detached-cms" and path.suffix and document.is_file():
        return _with_document(file, str(document))
    return file


def _kind(start: bytes, end: bytes, *, is_whole: bool) -> page.Kind:
    found = recognise.recognise(start)
    if found == "cms":
        return "detached-cms" if is_whole and _is_detached(start) else "cms"
    if found == "pdf":
        return "signed-pdf" if b"/ByteRange" in end else "pdf"
    if found == "unknown":
        beginning = start[:_BEGINNING].removeprefix(b"\xef\xbb\xbf").lstrip()
        return "xml" if beginning.startswith((b"<?xml", b"\xff\xfe<", b"\xfe\xff\0<")) else "other"
    return _SIGNED[found]


def _is_detached(octets: bytes) -> bool:
    try:
        return cms.read(cms.unwrap(octets)).is_detached
    except AgentError:
        return False  # damaged: verifying says how


def _with_document(file: page.File, document: str) -> page.File:
    """What was found with another document, or without one, is not said of this one."""
    return dataclasses.replace(
        file, document=document, wishes=wishes(file.kind, has_document=True), **_NO_RESULT
    )


def wishes(kind: page.Kind, *, has_document: bool = False) -> tuple[Wish, ...]:
    """What can be done with a file of that kind."""
    if kind == "detached-cms":
        return ("sign", "timestamp", *(_DOCUMENT_WANTED if has_document else ()))
    return _WISHES.get(kind, ("sign", "verify", "card"))


def formats(kind: page.Kind) -> tuple[page.Format, ...]:
    """In which formats such a file can be signed, the best one first."""
    return _FORMATS.get(kind, ("cms", "asic", "jws", "raw"))


def _unfolded(names: Iterable[str]) -> Iterable[Path]:
    """Files; of folders, those that lie in them and are not hidden."""
    for name in names:
        path = Path(name)
        if not path.is_dir():
            yield path
            continue
        try:
            inside = sorted(path.iterdir())
        except OSError:
            yield path  # to be refused like a file that can't be read
            continue
        yield from (one for one in inside if one.is_file() and not one.name.startswith("."))


# --- what is run --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One command, over some of the files. `made` is what it makes of one, where it does not say so itself."""

    words: tuple[str, ...]
    files: tuple[str, ...]
    made: str = ""


def steps(
    asked: page.Start, files: Sequence[page.File], place: Sequence[str], language: Language
) -> list[Step]:
    """The commands that do what is asked with these files; `place` are the flags that name the state folder."""
    rest = (*place, f"--language={language}")
    match asked.wish:
        case "sign":
            return [_signing(asked, asked.format, files, rest)]
        case "cosign":
            return _cosigning(asked, files, rest)
        case "timestamp":
            return list(_timestamping(asked, files, place))
        case "verify":
            return [
                Step(("verify", "--json", *_document(file), *rest, "--", file.path), (file.path,))
                for file in files
            ]
        case _:
            return list(_drawing(asked, files, rest))


def _signing(
    asked: page.Start, signature_format: str, files: Sequence[page.File], rest: Sequence[str]
) -> Step:
    flags = [f"--format={signature_format}"]
    if asked.is_detached and signature_format in _DETACHABLE:
        flags.append("--detached")
    if asked.with_stamp and signature_format == "pdf":
        flags.append("--stamp=-1")
    names = tuple(file.path for file in files)
    return Step(("sign", *flags, *_common(asked, signature_format), *rest, "--", *names), names)


def _cosigning(asked: page.Start, files: Sequence[page.File], rest: Sequence[str]) -> list[Step]:
    """Signers are added to what is of one kind together; a detached signature goes alone, because its document is named with it."""
    found = []
    if inside := [file for file in files if file.kind == "cms"]:
        names = tuple(file.path for file in inside)
        found.append(Step(("sign", "--cosign", *_common(asked, "cms"), *rest, "--", *names), names))
    if drawn := [file for file in files if file.kind == "signed-pdf"]:
        found.append(_signing(asked, "pdf", drawn, rest))
    for file in files:
        if file.kind == "detached-cms":
            words = ("sign", "--cosign", *_document(file), *_common(asked, "cms"), *rest, "--", file.path)
            found.append(Step(words, (file.path,)))
    return found


def _timestamping(asked: page.Start, files: Sequence[page.File], place: Sequence[str]) -> Iterable[Step]:
    """Each goes into its file, unless a folder is named."""
    taken: list[Path] = []
    for file in files:
        path = Path(file.path)
        target = paths.free(Path(asked.folder) / path.name, taken) if asked.folder else path
        taken.append(target)
        words = ("timestamp", f"--out={target}", *place, "--", file.path)
        yield Step(words, (file.path,), str(target))


def _drawing(asked: page.Start, files: Sequence[page.File], rest: Sequence[str]) -> Iterable[Step]:
    taken: list[Path] = []
    for file in files:
        path = Path(file.path)
        folder = Path(asked.folder) if asked.folder else path.parent
        target = paths.free(folder / f"{path.name}.card.pdf", taken)
        taken.append(target)
        words = ("card", *_document(file), f"--out={target}", *rest, "--", file.path)
        yield Step(words, (file.path,), str(target))


def _common(asked: page.Start, signature_format: str) -> Iterable[str]:
    yield from ("--window", "--json", "--free-name")
    if asked.with_timestamp and signature_format in _TIMESTAMPED:
        yield "--timestamp=if-possible"
    if asked.folder:
        yield f"--out={asked.folder}"


def _document(file: page.File) -> Iterable[str]:
    return (f"--document={file.document}",) if file.document else ()


@dataclass
class _Job:
    """Runs steps one after the other, until they are done or somebody stops it."""

    desk: Desk
    wish: Wish
    steps: Sequence[Step]
    skipped: int
    note: Callable[..., None]
    over: Callable[[page.Ended], None]
    done: int = 0
    _child: "subprocess.Popen[bytes] | None" = None
    _is_stopped: bool = False
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None
    _code: str = ""
    _detail: str = ""

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="job of the page files", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._guard:
            self._is_stopped = True
            child = self._child
            if child is not None and child.poll() is None:
                # A signing window is closed by it, and nothing is signed; where there is no such signal, the process ends at once.
                child.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)

    def wait(self) -> None:
        """Until it is over, or a moment later at most."""
        if self._thread is not None:
            self._thread.join(_STOP_S)

    def tell_progress(self) -> None:
        total = sum(len(step.files) for step in self.steps)
        is_asking = self.wish in ("sign", "cosign")
        self.desk.send(page.Working(self.wish, self.done, total, is_asking=is_asking))

    def _run(self) -> None:
        try:
            for step in self.steps:
                self.tell_progress()
                self._step(step)
                if self._is_stopped or self._code == "cancelled":
                    break
        finally:
            if self._is_stopped:
                self._code, self._detail = "cancelled", ""
            self.over(page.Ended(self.wish, self.skipped, self._code, self._detail))

    def _step(self, step: Step) -> None:
        with self._guard:
            if self._is_stopped:
                return
            try:
                self._child = subprocess.Popen(
                    [*self.desk.command, *step.words],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE if self.wish in ("verify", "card", "timestamp") else None,
                    cwd=paths.CODE_ROOT,
                )
            except OSError as error:
                self._fail(step.files, "internal", f"the command can't be started: {error.strerror}")
                return
        try:
            if self.wish in ("sign", "cosign"):
                self._follow(step, self._child)
            else:
                self._collect(step, self._child)
        finally:  # whatever went wrong: a window that nobody listens to is none
            if self._child.poll() is None:
                self._child.kill()
                self._child.wait()

    def _follow(self, step: Step, child: "subprocess.Popen[bytes]") -> None:
        """What `sign --json` says, line by line."""
        assert child.stdout is not None
        left = dict.fromkeys(step.files)
        before, code, detail, blamed = self.done, "", "", ""
        with child.stdout:
            for line in child.stdout:
                news = _line(line)
                match news.get("event"):
                    case "signed":
                        left.pop(news["file"], None)
                        self.note(
                            news["file"],
                            None,
                            result=_RESULTS[self.wish],
                            made=news["signature"],
                            lacks_timestamp=news["lacks_timestamp"],
                        )
                    case "left-out":
                        left.pop(news["file"], None)
                        self.note(news["file"], None, result="left-out")
                    case "failed":
                        left.pop(news["file"], None)
                        self._fail((news["file"],), news["code"], news["detail"])
                    case "progress":
                        self.done = before + news["done"]
                        self.tell_progress()
                    case "error":
                        code, detail, blamed = news["code"], news["detail"], news.get("file", "")
        status = child.wait()
        self.done = before + len(step.files)
        if blamed in left:  # the others are as good as ever, and not signed because of it
            del left[blamed]
            self._fail((blamed,), code, detail)
            for name in left:
                self.note(name, None, result="stopped")
        elif left:
            self._fail(tuple(left), code or _CODES.get(status, "internal"), detail)

    def _collect(self, step: Step, child: "subprocess.Popen[bytes]") -> None:
        output, complaint = child.communicate()
        (name,) = step.files
        self.done += 1
        status = child.returncode
        report = _line(output) if self.wish == "verify" else None
        verdict = _VERDICTS.get(status, "") if self.wish in ("verify", "card") else ""
        is_done = bool(output.strip()) and (status == 0 or bool(verdict))
        if is_done and (report is None or "verdict" in report):
            self.note(name, report, result=_RESULTS[self.wish], made=step.made, verdict=verdict)
            return
        code = _CODES.get(status) or _NOT_POSSIBLE.get(self.wish, "internal")
        self._fail(step.files, code, _last_line(complaint))

    def _fail(self, names: Sequence[str], code: str, detail: str) -> None:
        is_stopped = self._is_stopped or code == "cancelled"
        if is_stopped:
            self._code = "cancelled"
        for name in names:
            self.note(
                name,
                None,
                result="stopped" if is_stopped else "failed",
                code="" if is_stopped else code,
                detail="" if is_stopped else detail,
            )


def _line(octets: bytes) -> dict[str, Any]:
    """A JSON object that a command printed; empty for what is none."""
    try:
        found = json.loads(octets)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _last_line(octets: bytes) -> str:
    lines = octets.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


# --- in words -----------------------------------------------------------------------------------------------------


def report_of(found: Mapping[str, Any], words: Texts) -> page.Report:
    """What `verify --json` printed, as a person reads it."""
    signers = found["signers"]
    sentence = words.verdict(found["verdict"], len(signers), is_partial=found["is_partial"])
    facts = (
        _fact(words, "format", words.chosen("format", found["format"])),
        _fact(words, "checked", _moment(found["verified_at"], words)),
    )
    return page.Report(
        verdict=found["verdict"],
        word=words(f"verdict.{found['verdict']}.word"),
        sentence=sentence,
        facts=facts,
        signers=tuple(_signer(signer, found["format"], words) for signer in signers[: page.MAX_SIGNERS]),
        more=max(0, len(signers) - page.MAX_SIGNERS),
    )


def _signer(signer: Mapping[str, Any], data_format: str, words: Texts) -> page.Signer:
    notes = []
    for reason in dict.fromkeys(signer["reasons"]):
        section = words.section(reason, data_format)
        notes.append(" ".join(filter(None, (words.chosen("reason", reason), section and f"[{section}]"))))
        if advice := words.advice(reason):
            notes.append(advice)
    return page.Signer(
        verdict=signer["verdict"],
        sentence=words(f"state.{signer['verdict']}"),
        facts=tuple(_signer_facts(signer, words)),
        notes=tuple(dict.fromkeys(notes)),
    )


def _signer_facts(signer: Mapping[str, Any], words: Texts) -> Iterable[Fact]:
    subject, certificate = signer["subject"], signer["certificate"]
    if subject is None:
        yield Fact(words("card.person"), words("card.not_named"))
    else:
        name = " ".join(filter(None, (subject["common_name"], subject["patronymic"])))
        yield Fact(words("card.person"), _strange(name))
        for key in ("iin", "organisation", "bin"):
            if subject[key]:
                yield _fact(words, key, _strange(subject[key]))
        if subject["roles"]:
            roles = dict.fromkeys(words.chosen("role", role) for role in dict.fromkeys(subject["roles"]))
            yield _fact(words, "role", ", ".join(roles))
    if certificate is not None:
        start, end = (datetime.fromisoformat(certificate[key]) for key in ("not_before", "not_after"))
        yield _fact(words, "valid", words.period(start, end))
    if signer["signing_time"] is not None:
        yield _fact(words, "signed", f"{_moment(signer['signing_time'], words)}, {words('card.claimed')}")
    timestamps = signer["timestamps"]
    for timestamp in timestamps[:_MAX_TIMESTAMPS]:
        if "time" in timestamp:
            state = words("timestamp.valid" if timestamp["proves"] else "timestamp.invalid")
            yield _fact(words, "timestamp", f"{_moment(timestamp['time'], words)}, {state}")
        else:
            yield _fact(words, "timestamp", words("timestamp.invalid"))
    if len(timestamps) > _MAX_TIMESTAMPS:
        yield _fact(words, "timestamp", words("count.more", count=len(timestamps) - _MAX_TIMESTAMPS))
    if signer["covers"]:
        yield _fact(words, "covers", _strange(signer["covers"]))
    yield _fact(words, "algorithm", _strange(signer["algorithm"]))
    if signer["trust"] is not None:
        yield _fact(words, "anchor", _strange(signer["trust"]["anchor"]))
    yield _fact(words, "revocation", _revocation(signer["revocation"], words))


def _revocation(found: Mapping[str, Any], words: Texts) -> str:
    if found["revoked_at"] is None:
        return words(f"revocation.{found['state']}")
    key = "revoked_at" if found["state"] == "revoked" else "revoked_later"
    return words(f"revocation.{key}", moment=_moment(found["revoked_at"], words))


def _fact(words: Texts, key: str, value: str) -> Fact:
    return Fact(words(f"fact.{key}"), value)


def _strange(text: str) -> str:
    """What a stranger wrote, as it can be read, and not longer than it may be."""
    return texts.plain(shortened(text))


def _moment(text: str, words: Texts) -> str:
    return words.moment(datetime.fromisoformat(text))
