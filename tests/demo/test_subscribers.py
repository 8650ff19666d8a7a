from pathlib import Path

from demo import database, sample, subscribers
from tests.support import portals


def test_number_and_password_go_together(tmp_path: Path) -> None:
    one, other = sample.ORGANISATION, sample.ENTREPRENEUR
    with database.transaction(portals.new(tmp_path).settings.database) as db:
        found = subscribers.by_phone_and_password(db, one.phone, one.password)
        assert found is not None
        assert (found.identifier, found.iin) == (one.bin, None)
        assert subscribers.by_id(db, found.id) == found
        assert subscribers.by_phone_and_password(db, one.phone, other.password) is None
        assert subscribers.by_phone_and_password(db, "77000000000", one.password) is None


def test_accounts_are_the_subscribers_own(tmp_path: Path) -> None:
    with database.transaction(portals.new(tmp_path).settings.database) as db:
        assert {account.number for account in subscribers.accounts_of(db, 2)} == {
            contract.number for contract in sample.ENTREPRENEUR.accounts
        }
