from datetime import timedelta

import pytest

from demo import parties, sample
from demo.problems import Problem
from demo.subscribers import Subscriber
from tests.support import chains, portals

COMPANY = Subscriber(1, "7", "organisation", "ТОО", "", None, sample.ORGANISATION.bin)
TRADER = Subscriber(2, "7", "entrepreneur", "ИП", "", sample.ENTREPRENEUR.iin, None)


def test_an_organisation_is_known_by_its_bin_and_a_person_by_iin() -> None:
    head, trader = portals.key(sample.ORGANISATION), portals.key(sample.ENTREPRENEUR)
    parties.demand_owner(head.certificate, COMPANY)
    parties.demand_owner(trader.certificate, TRADER)
    for key, owner in ((head, TRADER), (trader, COMPANY), (portals.key(None), COMPANY)):
        with pytest.raises(Problem, match="key-of-another"):
            parties.demand_owner(key.certificate, owner)


def test_a_key_held_as_somebodys_employee_does_not_act_for_the_person() -> None:
    as_employee = portals.key(sample.ORGANISATION, iin=TRADER.iin or "")
    assert as_employee.certificate.iin == TRADER.iin
    with pytest.raises(Problem, match="key-of-another") as caught:
        parties.demand_owner(as_employee.certificate, TRADER)
    assert ("fact.bin", sample.ORGANISATION.bin) in caught.value.facts


def test_a_certificate_counts_within_its_time() -> None:
    certificate = portals.key(sample.ORGANISATION).certificate
    parties.demand_valid(certificate, chains.START)
    parties.demand_valid(certificate, chains.END)
    with pytest.raises(Problem, match="key-not-yet-valid") as early:
        parties.demand_valid(certificate, chains.START - timedelta(seconds=1))
    assert ("fact.valid-from", "01.01.2026") in early.value.facts
    with pytest.raises(Problem, match="key-expired") as late:
        parties.demand_valid(certificate, chains.END + timedelta(seconds=1))
    assert ("fact.valid-until", "01.01.2027") in late.value.facts


def test_a_full_name_has_the_patronymic() -> None:
    certificate = portals.key(sample.ORGANISATION).certificate
    assert parties.full_name(certificate) == "ӘБДІРАХМАНОВА ГҮЛНҰР ЕРКІНҚЫЗЫ"
    assert dict(parties.owner_facts(certificate))["fact.organisation"] == sample.ORGANISATION.name
