"""A page that names a key file of the test authority and knows its password, before a person whose answers a test gives."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

from agent.chosen_files import ChosenFiles, Grounds
from agent.keystores import catalog
from agent.operations.approval import Approval
from agent.password_guesses import PasswordGuesses
from agent.user.base import Answer, Prompt
from protocol import prompts
from protocol.flat_messages import KeyPlace
from tests.support import authority, people
from tests.support.memory_store import MemoryStore

PERSON = "gost2015-individual"


def place(folder: Path, name: str = PERSON, password: str = authority.PASSWORD, alias: str = "") -> KeyPlace:
    """A copy of the key file of that name in the folder, as a page names it."""
    path = folder / f"{name}.p12"
    if not path.exists():
        shutil.copyfile(authority.path(name), path)
    return KeyPlace("PKCS12", str(path), bytearray(password.encode()), alias)


def alias_of(name: str = PERSON) -> str:
    return authority.stored_key(name).key_id


def approval(
    folder: Path,
    *steps: people.Step,
    chosen: tuple[str, ...] = (),
    documents: tuple[str, ...] = (),
    origin: str | None = "https://kds.example.kz",
    **more: Any,
) -> Approval:
    """An approval for a site, or another caller, that our chooser gave these paths to: of key files, and of `documents`."""
    asked = people.approval(
        folder,
        MemoryStore({}),
        *steps,
        origin=origin,
        **{
            "key_stores": catalog,
            "chosen_files": ChosenFiles(folder / "chosen.json"),
            "guesses": PasswordGuesses(folder / "guesses.json"),
            "now": lambda: authority.NOW,
            "test_authorities": authority.issuing(),
            **more,
        },
    )
    choices: dict[Grounds, tuple[str, ...]] = {"chosen-key": chosen, "chosen-file": documents}
    for grounds, given in choices.items():
        for path in given:
            assert asked.chosen_files is not None
            asked.chosen_files.remember(asked.origin, path, Path(path).resolve(), authority.NOW, grounds)
    return asked


def agrees(prompt: Prompt) -> Answer:
    """Says yes to the first key."""
    assert isinstance(prompt, prompts.Approve)
    assert prompt.keys[0].suitable, prompt.keys[0].reasons
    return prompts.Approved(prompt.keys[0].key_id)


def shown(asked: Approval) -> list[str]:
    """The kinds of windows that the person saw."""
    return [type(prompt).__name__ for prompt in people.person_of(asked).asked]


def events(asked: Approval) -> list[tuple[str, str]]:
    """What the journal says: event and action."""
    path = asked.journal.path
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    entries = [json.loads(line) for line in lines]
    return [(entry["event"], entry["action"]) for entry in entries]


def at(asked: Approval, **changes: Any) -> Approval:
    """The same with another clock, or something else changed."""
    return dataclasses.replace(asked, **changes)
