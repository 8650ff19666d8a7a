"""The bundle for support: made in memory, shown to the person as a whole, and only then written, octet for octet what was shown.

Nothing is sent anywhere. It holds no keys, passwords or documents, because none of its parts is made of them; and what could still be
somebody's (agent.support.redaction) is taken out.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from agent import daemon, paths
from agent.doctor.examination import Computer
from agent.doctor.finding import Finding
from agent.errors import AgentError
from agent.support import parts, redaction
from agent.support.parts import Asked, Part
from agent.support.redaction import Redaction
from agent.words.texts import Texts

COVER: Final = "README.txt"
_LEFT_OUT: Final = ("keys", "documents", "history", "people", "folders")


class BundleNotWritten(AgentError):
    """The file can't be written there."""

    code = "file-not-written"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was made: its parts, what each is, and what was left out, in the person's language."""

    at: datetime
    title: str
    parts: tuple[Part, ...]
    titles: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def file_name(self) -> str:
        """A name for the file that says what it is and when it was made."""
        return f"qalamsap-support-{self.at:%Y-%m-%d-%H%M}.zip"

    def cover(self, words: Texts) -> str:
        """The first page: what is inside, and what is not."""
        inside = [f"  {part.file}: {title}" for part, title in zip(self.parts, self.titles, strict=True)]
        return "\n".join(
            [
                self.title, "",
                words("support.inside"), *inside, "",
                words("support.left_out"), *(f"  {line}" for line in self.left_out), "",
                words("support.sent"), "",
            ]
        )  # fmt: skip


def gather(
    one: Computer,
    found: Sequence[Finding],
    words: Texts,
    *,
    keep_sites: bool = False,
    names: Sequence[str] | None = None,
) -> Bundle:
    """Makes a bundle of an examination and of what lies in the agent's folders. `names` are those of this computer and person."""
    at = one.now()
    rules = Redaction(one.home, redaction.own_names() if names is None else names, keep_sites=keep_sites)
    made = parts.all_parts(Asked(one, found, words, at), rules)
    left_out = [words(f"support.left.{name}") for name in _LEFT_OUT]
    left_out.append(words("support.left.kept_sites" if keep_sites else "support.left.sites"))
    if rules.taken_out["line"]:
        left_out.append(words("support.left.lines", count=rules.taken_out["line"]))
    taken = sum(rules.taken_out.values()) - rules.taken_out["line"]
    left_out.append(words("support.left.places", count=taken))
    return Bundle(
        at=at,
        title=words("support.title", version=daemon.version(), moment=words.moment(at)),
        parts=made,
        titles=tuple(words(f"support.part.{part.name}") for part in made),
        left_out=tuple(left_out),
    )


def packed(bundle: Bundle, words: Texts) -> bytes:
    """The ZIP file. The same bundle is the same octets."""
    moment = bundle.at.astimezone(UTC)
    stamp = (max(moment.year, 1980), moment.month, moment.day, moment.hour, moment.minute, moment.second)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in [(COVER, bundle.cover(words)), *((part.file, part.text) for part in bundle.parts)]:
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, text.encode("utf-8", "replace"))
    return target.getvalue()


def write(bundle: Bundle, words: Texts, path: Path, *, may_replace: bool = False) -> None:
    """Writes it, where nothing stands yet unless the person said that it may be replaced. Raises BundleNotWritten."""
    try:
        paths.write_whole(path, packed(bundle, words), only_new=not may_replace)
        path.chmod(0o600)
    except FileExistsError as error:
        raise BundleNotWritten(f"{path} is there already") from error
    except OSError as error:
        raise BundleNotWritten(f"{path} can't be written: {error.strerror}") from error
