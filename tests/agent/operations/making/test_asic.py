"""Making containers."""

import pytest

from agent.errors import BadInput, InvalidSignature
from agent.formats import asic, zip_files
from agent.operations.making import asic as maker
from tests.support import authority, making, simulated_authorities

DOCUMENT = making.DOCUMENTS["asic"]


def files_of(container: bytes) -> dict[str, bytes]:
    return {name: entry.octets() for name, entry in zip_files.read(container).files.items()}


def test_the_document_lies_in_the_container_under_its_name() -> None:
    made = making.make(making.request("asic"), making.workshop(name="акт 17.txt")).octets
    assert files_of(made)["акт 17.txt"] == DOCUMENT
    (evidence,) = asic.verify(made)
    assert (evidence.signature, evidence.covers) == ("valid", "акт 17.txt")


def test_a_document_of_no_name_is_called_so() -> None:
    made = making.make(making.request("asic")).octets
    assert files_of(made)["document"] == DOCUMENT


@pytest.mark.parametrize("name", ["mimetype", "META-INF/x", "../act"])
def test_a_name_that_can_not_be_in_a_container_is_bad_input(name: str) -> None:
    with pytest.raises(BadInput):
        making.make(making.request("asic"), making.workshop(name=name))


def test_another_document_that_is_signed_does_not_leave() -> None:
    made = making.make(making.request("asic")).octets
    for other in (b"another", zip_files.read(made).files["META-INF/ASiCManifest.xml"].octets()):
        with pytest.raises(InvalidSignature):
            maker.read_back(made, other, making.request("asic"), authority.signer("p256-individual"))


def test_the_timestamp_lies_with_the_signature() -> None:
    tools = making.workshop(fetch=simulated_authorities.new())
    (evidence,) = asic.verify(making.make(making.request("asic", timestamps=True), tools).octets)
    assert evidence.has_timestamp
