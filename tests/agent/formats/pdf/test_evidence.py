from agent.formats.pdf.evidence import PdfEvidence


def test_evidence_of_a_pdf_is_evidence_with_the_revision_it_speaks_of() -> None:
    evidence = PdfEvidence(
        certificate=None, algorithm_name="", signature="invalid", reasons=("damaged",),
        title="Signature1", signer_info=None, revision=2, revisions=3, subfilter="ETSI.CAdES.detached",
    )  # fmt: skip
    assert not evidence.has_timestamp
    assert (evidence.covers, evidence.permission) == ("", None)
