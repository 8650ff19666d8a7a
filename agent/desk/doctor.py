"""The page of what stands between this computer and a signature: examines it, mends what can be mended, gives a report.

The window names a finding by its number; which command mends it is known here only (agent.doctor.repairs).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent import paths
from agent.desk.base import Desk
from agent.doctor import examination, repairs, report
from agent.doctor.examination import Computer
from agent.doctor.finding import Finding, worst
from agent.errors import BadInput
from agent.support import bundle
from agent.support.bundle import Bundle
from agent.words import texts
from protocol.desk import doctor as page

FRESH = timedelta(minutes=2)
"""How long findings are shown again, when the person comes back to the page, without a new examination."""


def make(desk: Desk) -> "DoctorPage":
    return DoctorPage(desk)


@dataclass
class DoctorPage:
    """See agent.desk.base.Page. `look` gives the computer that is examined, `mend` does a repair."""

    desk: Desk
    look: Callable[[], Computer] | None = None
    mend: Callable[[Finding, paths.Paths, Sequence[str]], repairs.Outcome] = repairs.mend
    _found: tuple[Finding, ...] = ()
    _bundle: Bundle | None = None
    _at: datetime | None = field(default=None)

    def opened(self) -> None:
        if self._at is not None and self.desk.now() - self._at < FRESH:
            self._show(self._found, self._at)
        else:
            self._examine()

    def take(self, message: Any) -> None:
        match message:
            case page.Examine():
                self._examine()
            case page.Mend(number):
                self._mend(number)
            case page.Gather(keep_sites):
                self._gather(keep_sites=keep_sites)
            case page.Save(path):
                self._save(Path(path))
            case page.Share():
                words = texts.load(self.desk.language)
                at = self._at or self.desk.now()
                self.desk.send(page.Report(report.shareable(words, self._found, at)))

    def close(self) -> None:
        self._found = ()
        self._bundle = None

    def _examine(self) -> None:
        self._at = None
        one = self.look() if self.look is not None else self._computer()
        found = examination.examine(one, self._show, self.desk.has_ended.is_set)
        if self.desk.has_ended.is_set():
            return
        self._found, self._at = found, self.desk.now()
        self._show(found, self._at)

    def _show(self, found: tuple[Finding, ...], at: datetime | None = None) -> None:
        """So far where `at` is None, else all of it."""
        words = texts.load(self.desk.language)
        self.desk.send(
            page.Examined(
                findings=tuple(self._worded(words, number, each) for number, each in enumerate(found)),
                verdict=report.verdict(words, found),
                state=worst(found),
                is_all=at is not None,
                moment=at.isoformat() if at is not None else "",
            )
        )

    def _worded(self, words: texts.Texts, number: int, finding: Finding) -> page.Finding:
        told = report.worded(words, finding)
        return page.Finding(
            number=number,
            state=finding.state,
            title=told.title,
            sentence=told.sentence,
            advice=told.advice,
            subject=repairs.shortened(finding.subject, self.desk.home),
            repair=finding.repair if finding.state != "ok" else "",
            code=f"{finding.what.lower()}-{finding.code}",
            detail=repairs.shortened(finding.text, self.desk.home),
        )

    def _mend(self, number: int) -> None:
        """Raises BadInput for a finding that is not there, or that nothing mends."""
        if self._at is None or not 0 <= number < len(self._found):
            raise BadInput("there is no such finding any more")
        finding = self._found[number]
        outcome = self.mend(finding, self.desk.paths, self.desk.command)
        title = report.worded(texts.load(self.desk.language), finding).title
        detail = repairs.shortened(outcome.detail, self.desk.home)
        self.desk.send(page.Mended(finding.repair, title, outcome.is_done, detail))
        self._examine()

    def _gather(self, *, keep_sites: bool) -> None:
        words = texts.load(self.desk.language)
        one = self.look() if self.look is not None else self._computer()
        made = bundle.gather(one, self._found, words, keep_sites=keep_sites)
        self._bundle = made
        cover = page.Part(bundle.COVER, words("support.cover"), made.cover(words))
        shown = (
            page.Part(part.file, title, part.text)
            for part, title in zip(made.parts, made.titles, strict=True)
        )
        self.desk.send(page.Gathered(made.file_name, (cover, *shown), made.left_out))

    def _save(self, path: Path) -> None:
        """What was shown, and nothing else. Raises BadInput where nothing was, BundleNotWritten."""
        if self._bundle is None:
            raise BadInput("no bundle was shown")
        bundle.write(self._bundle, texts.load(self.desk.language), path, may_replace=True)
        self.desk.send(page.Saved(str(path)))

    def _computer(self) -> Computer:
        """As the agent of this desk is, with the settings of now."""
        return examination.computer(self.desk.paths, self.desk.settings)
