"""Document cards to be drawn: one of everything that a card may have to show."""

import dataclasses
import random
from datetime import UTC, datetime, timedelta, timezone

from agent import algorithms
from agent.drawing.attachments import Attachment
from agent.drawing.card import (
    Card,
    CardAuthority,
    CardCertificate,
    CardDigest,
    CardRevocation,
    CardSigner,
    CardTimestamp,
)

ZONE = timezone(timedelta(hours=5))
AT = datetime(2026, 11, 26, 13, 30, tzinfo=UTC)
DOCUMENT = "Акт выполненных работ. ".encode() * 700
FILE_NAME = "Орындалған жұмыстар актісі № 17.pdf"


def octets(count: int) -> bytes:
    """Octets that do not compress, the same every time."""
    return random.Random(count).randbytes(count)


CERTIFICATE = CardCertificate(
    serial_number="4c1f3a9b2e7d5086a1f4c9d0e2b3a4958677c8d9",
    issuer="CN=ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST) 2022,C=KZ",
    not_before=datetime(2026, 2, 1, tzinfo=UTC),
    not_after=datetime(2027, 2, 1, tzinfo=UTC),
    algorithm="ГОСТ 34.10-2015 (512)",
    sha256=algorithms.SHA256(b"certificate").hex(),
    anchor="Ұлттық куәландырушы орталық, GOST 2022",
    domain="production",
    policies=("1.2.398.3.3.2",),
    key_usage=("digital_signature", "non_repudiation", "key_agreement"),
    extended_key_usage=("1.3.6.1.5.5.7.3.4", "1.2.398.3.3.4.1.2", "1.2.398.3.3.4.1.2.1"),
)
TIMESTAMP = CardTimestamp(
    moment=datetime(2026, 11, 26, 10, 5, 7, tzinfo=UTC),
    authority=CardAuthority(
        name="TIMESTAMP AUTHORITY (GOST) 2022",
        issuer="CN=НЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST),C=KZ",
        serial_number="1a2b3c4d5e6f",
    ),
    policy="1.2.398.3.3.2.6.4",
    serial_number="5e9fd1024a",
)
GOOD = CardSigner(
    verdict="valid",
    signature="valid",
    name="ӘБДІҒАППАРОВА ҚЫМБАТ ӨМІРЗАҚҚЫЗЫ",
    iin="880101400123",
    bin="120940009876",
    organisation='ЖШС "ҚҰРЫЛЫС-ҮЙ ІҢІР & К"',
    roles=("legal", "head"),
    signing_time=datetime(2026, 11, 26, 10, 4, tzinfo=UTC),
    timestamps=(TIMESTAMP,),
    certificate=CERTIFICATE,
    revocation=CardRevocation(
        state="good",
        source="ocsp",
        stated_at=datetime(2026, 11, 26, 13, 29, tzinfo=UTC),
        checked_at=AT,
        responder=CardAuthority(name="OCSP RESPONDER (GOST) 2022", serial_number="7f00aa11"),
    ),
    algorithm="ГОСТ 34.10-2015 (512)",
    file=octets(2100),
)
CHANGED = dataclasses.replace(
    GOOD,
    verdict="invalid",
    signature="invalid",
    reasons=("digest-mismatch", "revocation-not-checked"),
    name="ИВАНОВ ИВАН ИВАНОВИЧ",
    bin="",
    organisation="",
    roles=("individual",),
    timestamps=(),
    certificate=dataclasses.replace(
        CERTIFICATE, algorithm="RSA-2048", anchor="Тестовый НУЦ, RSA", domain="test"
    ),
    revocation=CardRevocation(),
    file=b"",
)
REVOKED = dataclasses.replace(
    GOOD,
    verdict="invalid",
    reasons=("revocation-revoked",),
    revocation=CardRevocation(
        state="revoked",
        source="crl",
        checked_at=AT,
        revoked_at=datetime(2026, 11, 1, 4, tzinfo=UTC),
        reason="keyCompromise",
    ),
    file=b"",
)
UNKNOWN = dataclasses.replace(
    GOOD,
    verdict="indeterminate",
    reasons=(
        "timestamp-untrusted", "no-path", "path-no-issuer", "certificate-expired", "revocation-unreachable",
    ),
    timestamps=(dataclasses.replace(TIMESTAMP, reasons=("timestamp-untrusted",)),),
    certificate=dataclasses.replace(CERTIFICATE, anchor="", domain=""),
    revocation=CardRevocation(state="unreachable"),
    file=octets(20_000),
)  # fmt: skip
NOBODY = CardSigner(
    verdict="indeterminate", signature="unchecked", reasons=("no-certificate",), covers="#order", title="Signature1"
)  # fmt: skip
LONG = dataclasses.replace(
    GOOD,
    name="ӘБДІҒАППАРОВА-ҚОҢЫРБАЙҚЫЗЫ " * 6,
    organisation="ҚАЗАҚСТАН РЕСПУБЛИКАСЫ ЦИФРЛЫҚ ДАМУ, ИННОВАЦИЯЛАР ЖӘНЕ АЭРОҒАРЫШ ӨНЕРКӘСІБІ МИНИСТРЛІГІНІҢ "
    * 3,
    file=b"",
)


def card(*signers: CardSigner, **changes: object) -> Card:
    """A card of a CMS over DOCUMENT with these signers; the verdict is the worst of theirs."""
    verdicts = {signer.verdict for signer in signers} or {"invalid"}
    plain = Card(
        file_name=FILE_NAME,
        format="cms",
        verdict=next(v for v in ("invalid", "indeterminate", "valid") if v in verdicts),
        checked_at=AT,
        signers=signers,
        size=len(DOCUMENT),
        digests=tuple(
            CardDigest(algorithm=algorithm, octets=algorithm(DOCUMENT))
            for algorithm in (algorithms.SHA256, algorithms.STREEBOG_512)
        ),
    )
    return dataclasses.replace(plain, **changes)


ORIGINAL = Attachment(FILE_NAME, DOCUMENT, "original", "application/pdf")
SIGNATURE = Attachment("қолтаңба.cms", octets(2100), "signature", "application/pkcs7-signature")
