"""Requests and outcomes in our own words."""

from agent import errors
from protocol import messages


def test_every_code_that_ends_a_request_has_a_sentence() -> None:
    codes = {cls.code for cls in vars(errors).values() if isinstance(cls, type) and not cls.retryable}
    assert codes - {"cancelled"} <= messages.SENTENCES.keys()


def test_an_unknown_code_reads_as_internal() -> None:
    assert messages.sentence("no-such-code") == messages.SENTENCES["internal"]


def test_documents_and_signatures_stay_out_of_logs() -> None:
    request = messages.SignRequest(documents=(b"the deed",), detached=True)
    assert "deed" not in repr(request)
    assert "deed" not in repr(messages.Signed((b"the deed",)))


def test_a_storage_that_can_be_opened_is_a_known_one() -> None:
    assert set(messages.OPENABLE_STORAGES) <= set(messages.KNOWN_STORAGES)
