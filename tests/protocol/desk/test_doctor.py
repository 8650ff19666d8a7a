"""Messages of the page "doctor"."""

from typing import get_args

from agent.doctor import finding
from protocol.desk import doctor, messages


def test_repairs_and_states_are_those_of_the_examination() -> None:
    """Two packages that may not import one another say the same words."""
    assert get_args(doctor.Repair) == get_args(finding.Repair)
    assert get_args(doctor.State) == get_args(finding.State)


def test_findings_come_back_as_they_were() -> None:
    found = doctor.Finding(
        3, "trouble", "Ключ", "Открыт.", "Закройте.", "~/a.p12", "make-private", "key-open"
    )
    message = doctor.Examined((found,), "Плохо.", "trouble", is_all=True, moment="2026-11-27T07:30:00+00:00")
    assert messages.from_message(messages.to_message(message)) == message
    assert messages.page_of(message) == "doctor"
