"""Carries out the code blocks of one page of docs/admin, one after the other, in a copy of the machine."""

import contextlib
import dataclasses
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.support import admin_pages
from tests.support.admin_pages import Block, Page
from tests.support.copied_machine import PERSON, Machine, wait_for

ENDING_S = 30


@dataclasses.dataclass
class Reading:
    """A page that is being followed: what was printed last, and the agent, if one was started."""

    machine: Machine
    has_package: bool = False
    printed: str | None = ""
    """None where the last block was left out, for want of the package: then what it would print is not compared."""
    agent: subprocess.Popen[bytes] | None = None

    def follow(self, page: Page) -> None:
        """Does what every block says. AssertionError with page and line for the first that does not do what the page says."""
        for block in page.blocks():
            if "file" in block.values:
                self._write(block)
            elif "output" in block.flags:
                if self.printed is None:
                    continue
                compare = (
                    admin_pages.json_complaint if block.language == "json" else admin_pages.text_complaint
                )
                complaint = compare(block.text, self.printed)
                assert not complaint, f"{block.where}: {complaint}"
            elif block.is_run and "package" in block.flags and not self.has_package:
                self.printed = None
            elif block.is_run:
                self._run(block)

    def _write(self, block: Block) -> None:
        named = Path(block.values["file"])
        owner = "" if named.is_absolute() else PERSON
        folder = "/" if named.is_absolute() else f"/home/{PERSON}"
        done = subprocess.run(
            self.machine.command("sh", "-c", 'mkdir -p "$1" && cat >"$2"', "sh", str(named.parent), str(named), person=owner, folder=folder),
            input=block.text.encode(),
            capture_output=True,
            timeout=60,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{block.where}: {done.stderr.decode()}"

    def _run(self, block: Block) -> None:
        if "agent" in block.flags:
            self._start_agent()
        person = "" if "root" in block.flags else PERSON
        done = self.machine.run("sh", "-euc", block.text, person=person)
        expected = int(block.values.get("exit", "0"))
        assert done.returncode == expected, (
            f"{block.where}: ended with {done.returncode} instead of {expected}\n{block.text}"
            f"--- it printed\n{done.stdout}{done.stderr}"
        )
        self.printed = done.stdout

    def _start_agent(self) -> None:
        """The agent of the person, as their session would start it, if it does not run already."""
        if self._answers():
            return
        self._end_agent()
        self.agent = subprocess.Popen(
            self.machine.command("qalamsap", "run", "--tray", "off", person=PERSON),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda: self._answers() or self._has_ended(), "the agent")
        assert not self._has_ended(), "the agent ended at once"

    def _answers(self) -> bool:
        return self.machine.run("qalamsap", "status", person=PERSON).returncode == 0

    def _has_ended(self) -> bool:
        return self.agent is not None and self.agent.poll() is not None

    def _end_agent(self) -> None:
        if self.agent is None:
            return
        # What we started is what entered the copy; a signal to it would not reach the agent.
        self.machine.run("qalamsap", "quit", person=PERSON)
        try:
            self.agent.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            self.agent.kill()
            self.agent.wait()
        self.agent = None

    def close(self) -> None:
        """Ends the agent that was started."""
        self._end_agent()


@contextlib.contextmanager
def reading(machine: Machine, *, has_package: bool = False) -> Iterator[Reading]:
    """A reader at that machine, who leaves no agent behind."""
    reader = Reading(machine, has_package=has_package)
    try:
        yield reader
    finally:
        reader.close()
