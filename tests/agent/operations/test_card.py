"""A card says what verification said, and gives the files back."""

from datetime import timedelta, timezone

import pypdfium2
import pytest

from agent.formats import cms, jws
from agent.operations import card, verify
from agent.operations.card import Signed
from agent.operations.judging import Trust
from agent.trust import anchors
from agent.words import texts
from protocol.prompts import Language
from tests.support import authority, simulated_authorities, timestamps
from tests.support.authority import NOW

DOCUMENT = "Акт выполненных работ".encode()
ZONE = timezone(timedelta(hours=5))


def trust(fetch: simulated_authorities.SimulatedAuthorities | None = None) -> Trust:
    return Trust(anchors.from_certificates(authority.issuing()), fetch=fetch or simulated_authorities.new())


def drawn(signature: bytes, signed: Signed, *, language: Language = "ru", document: bytes | None = DOCUMENT):
    report = verify.verify(signature, document, at=NOW, trust=trust())
    return report, pypdfium2.PdfDocument(card.pdf(report, signed, language=language, at=NOW, zone=ZONE))


def text_of(pdf: pypdfium2.PdfDocument) -> str:
    pages = (page.get_textpage().get_text_range() for page in pdf)
    return " ".join("".join(pages).split())


def files_in(pdf: pypdfium2.PdfDocument) -> dict[str, bytes]:
    found = (pdf.get_attachment(number) for number in range(pdf.count_attachments()))
    return {file.get_name(): bytes(file.get_data()) for file in found}


def detached(name: str = "gost2015-head") -> bytes:
    return timestamps.stamped(cms.sign(authority.signer(name), DOCUMENT, at=NOW, detached=True))


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_good_signature_is_told_in_each_language(language: Language) -> None:
    signature = detached()
    signed = Signed("акт.txt", "акт.txt.cms", signature, DOCUMENT)
    report, pdf = drawn(signature, signed, language=language)
    assert report.verdict == "valid"
    text = text_of(pdf)
    certificate = authority.certificate("gost2015-head")
    verdict = texts.load(language)("verdict.valid.word")
    for fact in (
        verdict,
        certificate.common_name,
        certificate.iin,
        certificate.bin,
        "акт.txt",
        "01.06.2026 14:30",
    ):
        assert fact in text
    assert files_in(pdf) == {"акт.txt": DOCUMENT, "акт.txt.cms": signature}


def test_a_bad_signature_is_told_with_the_reason() -> None:
    signature = detached()
    signed = Signed("акт.txt", "акт.txt.cms", signature, b"other")
    report, pdf = drawn(signature, signed, document=b"other")
    assert report.verdict == "invalid"
    assert "Подписан другой документ" in text_of(pdf)


def test_what_holds_its_document_is_the_original_itself() -> None:
    signature = cms.sign(authority.signer("rsa-sign-head"), DOCUMENT, at=NOW, detached=False)
    _, pdf = drawn(signature, Signed("акт.txt", "акт.cms", signature, DOCUMENT))
    assert files_in(pdf) == {"акт.txt": DOCUMENT, "акт.cms": signature}


def test_a_document_that_is_not_at_hand_is_not_described() -> None:
    token = jws.sign(authority.signer("p256-individual"), DOCUMENT).encode()
    report, pdf = drawn(token, Signed("акт", "акт.jws", token, None), document=None)
    assert report.format == "jws"
    assert files_in(pdf) == {"акт.jws": token}


def test_the_same_report_gives_the_same_octets() -> None:
    signature = detached("p384-individual")
    report = verify.verify(signature, DOCUMENT, at=NOW, trust=trust())
    signed = Signed("a", "a.cms", signature, DOCUMENT)
    first, second = (card.pdf(report, signed, language="kk", at=NOW, zone=ZONE) for _ in range(2))
    assert first == second
