"""Having the person choose a file or a folder, whose path the page gets."""

import os
from pathlib import Path

from agent import chosen_files
from agent.errors import FileUnusable
from agent.operations import consent, named_file
from agent.operations.approval import Approval
from protocol import prompts
from protocol.messages import ChooseFileRequest, FileChosen


def choose(request: ChooseFileRequest, approval: Approval) -> FileChosen:
    """The path of what the person chose. A site may name that file from then on; with a folder it gets no right to what lies in it.

    Raises FileUnusable for a name that can't be told, StorageFailed, and what User.ask raises.
    """
    with approval.record("choose_file", ()) as record:
        prompt = prompts.ChooseFile(
            caller=consent.caller(approval),
            kind=request.kind,
            folder=_folder(request.folder),
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
        named_file.remember(approval, path)
    return FileChosen(path)


def _folder(named: str) -> str:
    """Where the chooser starts: as the page says if there is such a folder, or a file in it; else as the window likes.

    The page learns nothing of that. A folder on another computer is not asked for: it would be told who the person is.
    """
    if not chosen_files.is_path(named) or named.startswith(("//", "\\\\")):
        return ""
    path = Path(named)
    try:
        return str(path) if path.is_dir() else str(path.parent) if path.is_file() else ""
    except OSError:  # a folder that may not be looked into
        return ""
