"""Requests and outcomes in our own words."""

from pathlib import Path

import protocol
from agent import errors
from protocol import messages

_CONTRACTS = ("messages", "prompts")  # where the words stand that dialects use


def test_every_code_that_ends_a_request_has_a_sentence() -> None:
    codes = {
        cls.code
        for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, errors.AgentError) and not cls.retryable
    }
    assert codes - {"cancelled"} <= messages.SENTENCES.keys()


def test_an_unknown_code_reads_as_internal() -> None:
    assert messages.sentence("no-such-code") == messages.SENTENCES["internal"]


def test_documents_and_signatures_stay_out_of_logs() -> None:
    request = messages.SignRequest(documents=(b"the deed",), detached=True)
    assert "deed" not in repr(request)
    assert "deed" not in repr(messages.Signed((b"the deed",)))


def test_a_storage_that_can_be_opened_is_a_known_one() -> None:
    assert set(messages.OPENABLE_STORAGES) <= set(messages.KNOWN_STORAGES)


def test_signatures_are_found_by_their_documents() -> None:
    signed = messages.Signed((b"b", b"d"), left_out=(0, 2, 4))
    assert signed.by_document() == (None, b"b", None, b"d", None)
    assert messages.Signed((b"a", b"b")).by_document() == (b"a", b"b")


def test_octets_that_are_held_beside_digests_make_no_other_document_of_it() -> None:
    document = messages.LargeDocument(4, (("1.2.3", b"d"),), octets=b"deed")
    assert document == messages.LargeDocument(4, (("1.2.3", b"d"),))
    assert "deed" not in repr(document)


def test_no_dialect_of_older_pages_lets_the_person_leave_documents_out() -> None:
    dialects = [path for path in Path(protocol.__file__).parent.glob("*.py") if path.stem not in _CONTRACTS]
    assert {"basics", "common_utils", "flat", "accessory"} <= {path.stem for path in dialects}
    named = [path.name for path in dialects if "may_leave_out" in path.read_text("utf-8")]
    assert named == []
    assert not messages.SignRequest(documents=(b"a", b"b"), detached=True).may_leave_out
