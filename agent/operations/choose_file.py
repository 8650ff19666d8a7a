"""Having the person choose a file or a folder, whose path the page gets."""

import os
from pathlib import Path, PurePath

from agent import chosen_files
from agent.errors import FileUnusable
from agent.operations import consent, named_file
from agent.operations.approval import Approval
from protocol import prompts
from protocol.messages import ChooseFileRequest, FileChosen

_OF_KEYS: tuple[prompts.FileKind, ...] = ("key", "pkcs12", "jks")


def choose(request: ChooseFileRequest, approval: Approval) -> FileChosen:
    """The path of what the person chose. A site may name that file from then on, as a key file where it asked for one and as a document
    otherwise; with a folder it gets no right to what lies in it.

    Raises FileUnusable for a name that can't be told, StorageFailed, and what User.ask raises.
    """
    with approval.record("choose_file", ()) as record:
        prompt = prompts.ChooseFile(
            caller=consent.caller(approval),
            kind=request.kind,
            folder=_folder(request.folder, approval) or _usual_folder(request.kind, approval),
            language=request.language or approval.language,
            waiting=approval.waiting,
        )
        answer = approval.user.ask(prompt)
        assert isinstance(answer, prompts.FileChosen)
        path = os.path.normpath(answer.path)
        if not chosen_files.is_path(path):
            raise FileUnusable("the name of the file can't be told to a page")
        record.decided("approved")
    if request.kind != "folder":
        named_file.remember(approval, path, "chosen-key" if request.kind in _OF_KEYS else "chosen-file")
    return FileChosen(path)


def _usual_folder(kind: prompts.FileKind, approval: Approval) -> str:
    """Where the person's keys lie, for who asks for one."""
    if kind not in _OF_KEYS:
        return ""
    used = approval.recent_keys.read()
    return str(Path(used[0].path).parent) if used else str(next(iter(approval.first_folders), ""))


def _folder(named: str, approval: Approval) -> str:
    """Where the chooser starts: as the page says if there is such a folder, or a file in it; else as the window likes. `~` is the home.

    The page learns nothing of that, and yet a look can tell: it may mount a folder, or go out to another computer and say there
    who the person is. So only what lies in the person's home is looked at, and what the site got from them.
    """
    if named == "~" or named.startswith(("~/", "~\\")):
        named = f"{Path.home()}{named[1:]}"
    # Windows takes either slash for the name of a computer, and both mixed.
    if not chosen_files.is_path(named) or named.replace("\\", "/").startswith("//"):
        return ""
    text = os.path.normpath(named)
    if not (PurePath(text).is_relative_to(Path.home()) or _was_given(text, approval)):
        return ""
    path = Path(text)
    try:
        return text if path.is_dir() else str(path.parent) if path.is_file() else ""
    except OSError:  # a folder that may not be looked into
        return ""


def _was_given(path: str, approval: Approval) -> bool:
    record = approval.chosen_files
    return record is not None and record.has_seen(approval.origin, path, approval.now())
