"""What the policy lets signatures be: as it is handed to whoever carries out an approval (agent.operations.approval).

The daemon reads the policy and sends these rules to a worker with what its approval begins with (protocol.work.Begin); a command reads
them itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from agent.config import Config
from agent.errors import KeyFolderForbidden, PolicyForbids
from agent.origin_rules import OriginRule
from agent.origins import Origin
from protocol import work
from protocol.messages import SignatureFormat


@dataclass(frozen=True, slots=True)
class Rules:
    """Without any of them everything may be. `formats` are those that may be made, () all of them; `max_documents` is of one approval, 0
    leaves it to who asks; key files are opened only below `key_folders`, where that is not None. Origins in `known` are not introduced as
    new ones."""

    formats: tuple[SignatureFormat, ...] = ()
    require_preview: bool = False
    forbid_hash_only: bool = False
    max_documents: int = 0
    key_folders: tuple[Path, ...] | None = None
    known: tuple[OriginRule, ...] = ()

    @classmethod
    def of(cls, settings: Config) -> Self:
        """Those of the policy."""
        return cls(
            formats=settings.formats,
            require_preview=settings.require_preview,
            forbid_hash_only=settings.forbid_hash_only,
            max_documents=settings.max_documents,
            key_folders=settings.key_folders if settings.only_key_folders else None,
            known=tuple(OriginRule.parse(text) for text in settings.allowed_origins),
        )

    def sent(self) -> work.Rules:
        """For the pipe to a worker."""
        return work.Rules(
            formats=self.formats,
            require_preview=self.require_preview,
            forbid_hash_only=self.forbid_hash_only,
            max_documents=self.max_documents,
            key_folders=None if self.key_folders is None else tuple(map(str, self.key_folders)),
            known=tuple(rule.text for rule in self.known),
        )

    @classmethod
    def received(cls, sent: work.Rules) -> Self:
        """Those that `sent` gave. Raises BadInput where one makes no sense: then nothing may go on."""
        return cls(
            formats=sent.formats,
            require_preview=sent.require_preview,
            forbid_hash_only=sent.forbid_hash_only,
            max_documents=sent.max_documents,
            key_folders=None if sent.key_folders is None else tuple(map(Path, sent.key_folders)),
            known=tuple(map(OriginRule.parse, sent.known)),
        )

    def knows(self, origin: Origin) -> bool:
        """Whether the administrator named this caller, so that it is no new one to the person."""
        return any(rule.matches(origin) for rule in self.known)

    def check_format(self, wanted: SignatureFormat) -> None:
        """Raises PolicyForbids."""
        if self.formats and wanted not in self.formats:
            raise PolicyForbids(f"signatures of the format {wanted} (formats)")

    def check_count(self, documents: int) -> None:
        """Raises PolicyForbids."""
        if self.max_documents and documents > self.max_documents:
            raise PolicyForbids(
                f"{documents} documents at once, at most {self.max_documents} (max_documents)"
            )

    def check_content(self, *, is_digest: bool, is_showable: bool) -> None:
        """Of one document: whether only its digest was given, and whether it can be shown at all. Raises PolicyForbids."""
        if is_digest and self.forbid_hash_only:
            raise PolicyForbids("signatures over a bare digest (forbid_hash_only)")
        if not is_showable and self.require_preview:
            raise PolicyForbids("signatures of what can't be shown (require_preview)")

    def may_open(self, path: Path) -> bool:
        """Whether a key file may lie there. Links are followed: what counts is where it lies."""
        if self.key_folders is None:
            return True
        try:
            place = path.resolve()
            return any(place.is_relative_to(folder.resolve()) for folder in self.key_folders)
        except (OSError, RuntimeError, ValueError):  # links in a circle; a path with a zero octet
            return False

    def check_key_file(self, path: Path) -> None:
        """Raises KeyFolderForbidden."""
        if not self.may_open(path):
            # Not where it lies: the path may name the person.
            raise KeyFolderForbidden("the key file lies outside the folders of the policy (only_key_folders)")


@dataclass(frozen=True, slots=True)
class KeptInFolders:
    """Key stores (agent.operations.approval.KeyStores) that open only what the rules let them open."""

    stores: Any
    rules: Rules
    is_file: Callable[[str], bool]
    """Whether stores of that storage are files: the others have no folder."""

    def open(self, storage: str, path: Path, password: Any, /) -> Any:
        """As the stores would. Raises KeyFolderForbidden."""
        if self.is_file(storage):
            self.rules.check_key_file(path)
        return self.stores.open(storage, path, password)

    def find(self, folders: Any, limit: int, /) -> Any:
        """As the stores would, without what may not be opened."""
        return [found for found in self.stores.find(folders, limit) if self.rules.may_open(found.path)]
