"""A person whose answers a test gives, and an approval that asks them."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agent.chosen_files import ChosenFiles
from agent.grants import Grants
from agent.journal import Journal
from agent.operations.approval import Approval
from agent.origins import Origin
from agent.recent_keys import RecentKeys
from agent.secret import Secret
from agent.user.base import Answer, Content, Opened, PageLeft, Prompt
from protocol import prompts
from tests.support import chains
from tests.support.memory_store import MemoryStore

# A prompt in, an answer or an error out.
Step = Callable[[Prompt], Answer]


def opens(path: str = "/keys/a.p12", password: str = "Qwerty12", *, storage: str = "PKCS12") -> Step:
    def step(prompt: Prompt) -> Answer:
        assert isinstance(prompt, prompts.OpenKey)
        return Opened(path, storage, Secret(bytearray(password.encode())))

    return step


def approves(
    index: int = 0,
    *,
    remember: bool = False,
    even_if_unsuitable: bool = False,
    left_out: tuple[int, ...] = (),
) -> Step:
    def step(prompt: Prompt) -> Answer:
        assert isinstance(prompt, prompts.ChooseKey)
        key = prompt.keys[index]
        assert key.suitable or even_if_unsuitable, key.reasons
        return prompts.Approved(key.key_id, remember, left_out)

    return step


def goes_back(prompt: Prompt) -> Answer:
    assert isinstance(prompt, prompts.ChooseKey)
    return prompts.BackToFiles()


def chooses(path: object) -> Step:
    def step(prompt: Prompt) -> Answer:
        assert isinstance(prompt, prompts.ChooseFile)
        return prompts.FileChosen(str(path))

    return step


def allows(prompt: Prompt) -> Answer:
    assert isinstance(prompt, prompts.AllowFile)
    return prompts.Allowed()


def raises(error: Exception) -> Step:
    def step(prompt: Prompt) -> Answer:
        raise error

    return step


@dataclasses.dataclass
class ScriptedPerson:
    """Takes one step for each question, and keeps what was asked and what was told."""

    steps: list[Step]
    asked: list[Prompt] = dataclasses.field(default_factory=list)
    told: list[prompts.Progress | prompts.Finished] = dataclasses.field(default_factory=list)
    laid_open: list[tuple[Content, str]] = dataclasses.field(default_factory=list)
    has_left: bool = False
    looked_at: frozenset[int] = frozenset()

    def lay_open(self, contents: Sequence[Content], names: Sequence[str]) -> None:
        assert not any(isinstance(each, prompts.OpenKey | prompts.Approve) for each in self.asked)
        self.laid_open = list(zip(contents, names, strict=True))

    def seen(self) -> frozenset[int]:
        return self.looked_at

    def ask(self, prompt: Prompt) -> Answer:
        self.asked.append(prompt)
        return self.steps.pop(0)(prompt)

    def tell(self, message: prompts.Progress | prompts.Finished) -> None:
        self.told.append(message)

    def wait_behind(self, count: int) -> None:
        pass

    def leave(self) -> None:
        self.has_left = True

    def still_there(self) -> None:
        if self.has_left:
            raise PageLeft

    def close(self) -> None:
        pass

    def first_prompt(self) -> prompts.OpenKey:
        assert isinstance(self.asked[0], prompts.OpenKey)
        return self.asked[0]

    def last_choice(self) -> prompts.ChooseKey:
        return [prompt for prompt in self.asked if isinstance(prompt, prompts.ChooseKey)][-1]


def approval(
    folder: Path, store: MemoryStore, *steps: Step, origin: str | None = "https://kds.example.kz", **more: Any
) -> Approval:
    """An approval with its records in `folder` and its clock at chains.NOW."""
    parsed = Origin.parse(origin)
    usual = Approval(
        kind=parsed.kind,
        origin=parsed,
        language="ru",
        user=ScriptedPerson(list(steps)),
        key_stores=store,
        journal=Journal(folder / "journal.jsonl"),
        grants=Grants(folder / "grants.json"),
        recent_keys=RecentKeys(folder / "folders.json"),
        now=lambda: chains.NOW,
        chosen_files=ChosenFiles(folder / "chosen-files.json"),
    )
    return dataclasses.replace(usual, **more)


def person_of(asked: Approval) -> ScriptedPerson:
    assert isinstance(asked.user, ScriptedPerson)
    return asked.user
