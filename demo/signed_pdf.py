"""Whether a signed PDF is the portal's own, with nothing added to it but signatures.

A signature in a PDF is over all that stands in the file, and whoever signs may have put more there first: a revision with other
amounts, over pages that stay where they were. So the file has to begin with the portal's octets, and what follows is compared with
them object by object. Not judged: how the signature's own field looks; its stamp may say anything.
"""

from agent.errors import BadInput, UnsupportedOperation
from demo.problems import Problem


def demand_own(original: bytes, signed: bytes) -> None:
    """Raises: Problem other-document, pdf-changed."""
    if not signed.startswith(original):
        raise Problem("other-document", technical="the file does not begin with the document")
    if not _has_only_signatures(original, signed):
        raise Problem("pdf-changed", technical="more than a signature was added to the document")


def _has_only_signatures(original: bytes, signed: bytes) -> bool:
    from agent.formats.pdf import document  # noqa: PLC0415  # loads pyHanko
    from agent.formats.pdf.changes import Changes  # noqa: PLC0415  # loads pyHanko

    try:
        last_own = document.open_file(original).total_revisions - 1
        reader = document.open_file(signed)
        fields = [field for field in document.signature_fields(reader) if field.value is not None]
    except (BadInput, UnsupportedOperation):
        return False
    changes = Changes(reader)
    return all(changes.are_allowed(field, last_own) for field in fields)
