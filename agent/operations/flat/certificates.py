"""What a page is told of the keys in a file: which there are, and what one certificate says."""

from datetime import datetime

from agent.certificate import Certificate
from agent.operations.approval import Approval, StoredKey
from agent.operations.flat import key_file
from agent.operations.flat.key_file import NotThere
from protocol.flat_messages import ListKeysRequest, ReadCertificateRequest, Text

_UNFIT = str.maketrans({"|": "/", "\n": " ", "\r": " "})  # for a field of a line


def list_keys(request: ListKeysRequest, approval: Approval) -> Text:
    """A line for each key: algorithm, common name, serial number in hex, alias.

    Raises NotThere where there is none for that purpose, and what key_file.in_sight raises.
    """
    with key_file.in_sight(request.place, approval) as keys:
        fitting = [key for key in keys if request.purpose == "any" or request.purpose in key.certificate.uses]
        if not fitting:
            raise NotThere("key")
        return Text("".join(f"{_line(key)}\n" for key in fitting))


def read(request: ReadCertificateRequest, approval: Approval) -> Text:
    """One thing that the certificate says. Raises NotThere, and what key_file.in_sight raises."""
    with key_file.in_sight(request.place, approval) as keys:
        return Text(_part(keys[0].certificate, request))


def _line(key: StoredKey) -> str:
    certificate = key.certificate
    fields = (
        certificate.key_algorithm_name,
        certificate.common_name,
        f"{certificate.serial_number:x}",
        key.key_id,
    )
    return "|".join(field.translate(_UNFIT) for field in fields)


def _part(certificate: Certificate, request: ReadCertificateRequest) -> str:
    match request.part:
        case "not-before":
            return _local(certificate.not_before)
        case "not-after":
            return _local(certificate.not_after)
        case "subject":
            return certificate.subject.text(request.name_keywords)
        case "issuer":
            return certificate.issuer.text(request.name_keywords)
        case "attribute":
            values = certificate.subject.values(request.oid)
            if not 0 <= request.index < len(values):
                raise NotThere("attribute")
            return values[request.index]


def _local(moment: datetime) -> str:
    """In the computer's own time, as Java writes it."""
    return moment.astimezone().strftime("%d.%m.%Y %H:%M:%S")
