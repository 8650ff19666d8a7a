"""What is ours in the system's store: put in, renewed, refused, taken back, and never more than that."""

import dataclasses
from pathlib import Path

import pytest

from agent.localhost import system_store
from agent.localhost.errors import StoreFailed
from agent.localhost.record import Record, SystemEntry
from agent.localhost.report import State
from agent.localhost.system_store import Anchor

FIRST = Anchor("authority 1", "11" * 32, Path("/1.pem"))
SECOND = Anchor("authority 2", "22" * 32, Path("/2.pem"))


@dataclasses.dataclass
class FakeStore:
    store: str = "fake"
    browsers: str = "Lynx"
    held: set[tuple[bool, str]] = dataclasses.field(default_factory=set)
    refuses: bool = False
    half: bool = False

    def place(self, *, machine_wide: bool) -> str:
        return "machine" if machine_wide else "person"

    def state(self, anchor: Anchor, *, machine_wide: bool) -> State:
        if (machine_wide, anchor.sha256) not in self.held:
            return State.ABSENT
        return State.PARTLY if self.half else State.TRUSTED

    def add(self, anchor: Anchor, *, machine_wide: bool) -> None:
        if self.refuses:
            raise StoreFailed("the person said no")
        self.held.add((machine_wide, anchor.sha256))

    def delete(self, name: str, sha256: str, *, machine_wide: bool) -> bool:
        if self.refuses:
            raise StoreFailed("the person said no")
        was_there = (machine_wide, sha256) in self.held
        self.held.discard((machine_wide, sha256))
        return was_there


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path)


def test_what_is_installed_stands_in_the_record_and_goes_by_it(record: Record, tmp_path: Path) -> None:
    store = FakeStore(held={(True, "99" * 32)})
    (report,) = system_store.install(store, [FIRST], record, machine_wide=True)
    assert (report.state, report.changed, report.path, report.browser) == (
        State.TRUSTED,
        True,
        "machine",
        "Lynx",
    )
    (again,) = system_store.install(store, [FIRST], record, machine_wide=True)
    assert (again.state, again.changed) == (State.TRUSTED, False)
    read = Record(tmp_path)
    assert read.contents.system_entries == (SystemEntry("machine", FIRST.name, FIRST.sha256, True),)
    assert (read.contents.is_machine_wide, read.contents.is_personal) == (True, False)

    (removed,) = system_store.remove(store, read)
    assert (removed.state, removed.changed, removed.browser) == (State.ABSENT, True, FIRST.name)
    assert store.held == {(True, "99" * 32)}, "somebody else's stays"
    assert read.contents.system_entries == ()
    assert system_store.remove(store, read) == []


def test_a_renewal_takes_out_what_is_not_wanted_any_more_in_its_own_scope_only(record: Record) -> None:
    store = FakeStore()
    system_store.install(store, [FIRST], record, machine_wide=False)
    system_store.install(store, [FIRST, SECOND], record, machine_wide=True)
    system_store.install(store, [SECOND], record, machine_wide=True)
    assert store.held == {(False, FIRST.sha256), (True, SECOND.sha256)}


def test_an_authority_that_was_there_before_is_not_ours(record: Record) -> None:
    store = FakeStore(held={(True, FIRST.sha256)})
    (report,) = system_store.install(store, [FIRST], record, machine_wide=True)
    assert (report.state, report.changed) == (State.TRUSTED, False)
    assert system_store.remove(store, record) == []
    assert store.held


def test_a_refusal_leaves_no_trace_in_the_record_and_is_reported(record: Record) -> None:
    store = FakeStore(refuses=True)
    (report,) = system_store.install(store, [FIRST], record, machine_wide=False)
    assert (report.state, report.detail) == (State.FAILED, "the person said no")
    assert record.contents.is_empty


def test_what_can_not_be_taken_out_stays_in_the_record(record: Record) -> None:
    store = FakeStore()
    system_store.install(store, [FIRST, SECOND], record, machine_wide=False)
    store.refuses = True
    assert {report.state for report in system_store.remove(store, record)} == {State.FAILED}
    assert len(record.contents.system_entries) == 2
    reports = system_store.install(store, [SECOND], record, machine_wide=False)
    assert [report.state for report in reports] == [State.TRUSTED, State.FAILED]


@pytest.mark.parametrize(
    ("held", "half", "state"),
    [
        (set(), False, State.ABSENT),
        ({FIRST.sha256}, False, State.PARTLY),
        ({FIRST.sha256, SECOND.sha256}, True, State.PARTLY),
        ({FIRST.sha256, SECOND.sha256}, False, State.TRUSTED),
    ],
)
def test_status_says_how_it_stands(held: set[str], half: bool, state: State) -> None:
    store = FakeStore(held={(True, each) for each in held}, half=half)
    (report,) = system_store.status(store, [FIRST, SECOND], machine_wide=True)
    assert report.state is state
    assert bool(report.detail) is (state is State.PARTLY)


def test_status_without_any_authority_is_absent_and_a_failure_is_told() -> None:
    class Broken(FakeStore):
        def state(self, anchor: Anchor, *, machine_wide: bool) -> State:
            raise StoreFailed("can't be read")

    (none,) = system_store.status(FakeStore(), [], machine_wide=True)
    assert none.state is State.ABSENT
    (report,) = system_store.status(Broken(), [FIRST], machine_wide=True)
    assert (report.state, report.detail) == (State.FAILED, "can't be read")
