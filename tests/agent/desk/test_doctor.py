"""The desk's page of what stands between this computer and a signature."""

import zipfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent import control
from agent.desk import doctor
from agent.doctor import repairs
from agent.doctor.finding import Finding
from agent.errors import BadInput
from agent.support.bundle import BundleNotWritten
from protocol.desk import doctor as page
from protocol.desk import messages
from tests.support import desks, examined
from tests.support.desks import Sent

Made = tuple[doctor.DoctorPage, Sent, list[tuple[Finding, Sequence[str]]]]


def not_running() -> Any:
    raise control.NotRunning("no agent answers")


@pytest.fixture
def made(tmp_path: Path) -> Made:
    desk, sent = desks.desk(tmp_path)
    one = examined.computer(tmp_path, ask=not_running)
    mended: list[tuple[Finding, Sequence[str]]] = []

    def mend(finding: Finding, _places: object, command: Sequence[str]) -> repairs.Outcome:
        mended.append((finding, command))
        return repairs.Outcome(is_done=False, detail=f"{tmp_path}/log says why")

    return doctor.DoctorPage(desk, look=lambda: one, mend=mend), sent, mended


def last(sent: Sent) -> page.Examined:
    found = sent.take()[-1]
    assert isinstance(found, page.Examined)
    return found


def test_it_tells_as_it_goes_and_says_when_it_is_all(made: Made) -> None:
    shown, sent, _ = made
    shown.opened()
    told = sent.take()
    assert len(told) > 2
    assert [each.is_all for each in told] == [False] * (len(told) - 1) + [True]
    assert told[-1].moment == desks.AT.isoformat()
    first = told[-1].findings[0]
    assert (first.state, first.repair, first.code, first.number) == (
        "trouble", "start-agent", "agent-stopped", 0,
    )  # fmt: skip
    assert first.sentence == "Программа не запущена: сайты её не увидят."
    assert told[-1].verdict.startswith("Нашлась 1 помеха.")
    for message in told:
        assert messages.from_message(messages.to_message(message)) == message


def test_who_comes_back_soon_sees_the_same_in_the_language_of_now(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, sent, _ = made
    shown.opened()
    sent.take()
    shown.desk.language = "kk"
    shown.opened()
    (again,) = sent.take()
    assert again.findings[0].sentence == "Бағдарлама іске қосылмаған: сайттар оны көрмейді."
    shown.desk.now = lambda: desks.AT + timedelta(minutes=3)
    shown.opened()
    assert len(sent.take()) > 2


def test_a_repair_is_chosen_by_number_and_what_it_says_is_told(made: Made, tmp_path: Path) -> None:
    shown, sent, mended = made
    shown.opened()
    sent.take()
    shown.take(page.Mend(0))
    told = sent.take()
    assert [finding.repair for finding, _ in mended] == ["start-agent"]
    assert mended[0][1] == shown.desk.command
    assert told[0] == page.Mended("start-agent", "Программа", is_done=False, detail="~/log says why")
    assert told[-1].is_all


@pytest.mark.parametrize("number", [-1, 99])
def test_a_number_that_is_none_mends_nothing(made: Made, number: int) -> None:
    shown, _, mended = made
    shown.opened()
    with pytest.raises(BadInput):
        shown.take(page.Mend(number))
    assert mended == []


def test_nothing_is_mended_before_it_was_found(made: Made) -> None:
    shown, _, mended = made
    with pytest.raises(BadInput):
        shown.take(page.Mend(0))
    assert mended == []


def test_what_is_in_order_offers_no_repair(made: Made) -> None:
    shown, sent, _ = made
    shown.opened()
    assert {each.repair for each in last(sent).findings if each.state == "ok"} == {""}


def test_a_finding_without_a_repair_runs_nothing(tmp_path: Path) -> None:
    desk, sent = desks.desk(tmp_path)
    one = examined.computer(tmp_path)
    shown = doctor.DoctorPage(desk, look=lambda: one)
    shown.opened()
    number = next(each.number for each in last(sent).findings if each.code == "program-version")
    with pytest.raises(BadInput):
        shown.take(page.Mend(number))


def test_the_report_can_be_given_away(made: Made, tmp_path: Path) -> None:
    shown, sent, _ = made
    shown.opened()
    sent.take()
    shown.take(page.Share())
    (report,) = sent.take()
    assert "(agent-stopped)" in report.text
    assert str(tmp_path) not in report.text


def test_a_window_that_is_gone_is_told_nothing_more(made: Made) -> None:
    shown, sent, _ = made
    shown.desk.has_ended.set()
    shown.take(page.Examine())
    assert not any(each.is_all for each in sent.take())
    shown.close()


def test_the_computer_is_this_one_with_the_settings_of_the_desk(tmp_path: Path) -> None:
    desk, _ = desks.desk(tmp_path)
    desk.paths.config_dir.mkdir(parents=True)
    desk.paths.config_file.write_text("offline = true\n")
    shown = doctor.make(desk)
    assert shown._computer().settings.offline
    desk.paths.config_file.write_text("off = 1\n")
    assert "'off'" in shown._computer().trouble


def test_what_is_saved_of_a_bundle_is_what_was_shown(made: Made, tmp_path: Path) -> None:
    shown, sent, _ = made
    shown.opened()
    sent.take()
    shown.take(page.Gather())
    (gathered,) = sent.take()
    assert messages.from_message(messages.to_message(gathered)) == gathered
    assert gathered.parts[0].file == "README.txt"
    assert all(line in gathered.parts[0].text for line in gathered.left_out)
    assert "(agent-stopped)" in next(part.text for part in gathered.parts if part.file == "examination.txt")
    shown.desk.paths.log.parent.mkdir(parents=True, exist_ok=True)
    shown.desk.paths.log.write_text("changed meanwhile")
    path = tmp_path / "bundle.zip"
    path.write_text("what the person said may be replaced")
    shown.take(page.Save(str(path)))
    assert sent.take() == [page.Saved(str(path))]
    with zipfile.ZipFile(path) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == {
            part.file: part.text for part in gathered.parts
        }


def test_no_bundle_is_saved_that_was_not_shown(made: Made, tmp_path: Path) -> None:
    shown, _, _ = made
    with pytest.raises(BadInput, match="no bundle"):
        shown.take(page.Save(str(tmp_path / "a.zip")))
    assert not (tmp_path / "a.zip").exists()


def test_a_bundle_that_can_not_be_written_says_so(made: Made, tmp_path: Path) -> None:
    shown, _, _ = made
    shown.take(page.Gather(keep_sites=True))
    with pytest.raises(BundleNotWritten):
        shown.take(page.Save(str(tmp_path / "none" / "a.zip")))
    shown.close()
    with pytest.raises(BadInput):
        shown.take(page.Save(str(tmp_path / "a.zip")))
