"""What is known of one signature in a PDF."""

import dataclasses

from agent.formats.cms_read import SignerInfo
from agent.formats.evidence import Evidence


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PdfEvidence(Evidence):
    """Evidence on a signature field, whose name is `title`.

    `signer_info` is None where the signature is damaged. `revision` of `revisions` counts from 1: which state of the file was signed.
    `signing_time` is from the CMS or else from /M: in both cases a claim. `permission` is what the signature allows to change after
    it (DocMDP): 1 nothing, 2 forms and further signatures, 3 also remarks, None where it does not say.
    """

    signer_info: SignerInfo | None
    revision: int
    revisions: int
    subfilter: str
    permission: int | None = None
