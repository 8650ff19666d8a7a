"""Telling a page what a key's certificate says, with the person's consent: it names them."""

from datetime import datetime

from agent.certificate import Certificate
from agent.operations import choose_key, consent
from agent.operations.approval import Approval
from protocol.messages import KeyInfo, KeyInfoRequest
from protocol.readings import NameKeywords


def show(request: KeyInfoRequest, approval: Approval) -> KeyInfo:
    """What the chosen key's certificate says. Raises UserCancelled, PageLeft, TimedOut, NoOneToAsk, WindowFailed, StorageFailed."""
    judge = choose_key.judge(request.keys, approval)
    with approval.record("show_key", ()) as record:
        prompt = consent.ask_for_key(
            approval,
            "show_key",
            (),
            purpose=choose_key.shown_purpose(request.keys),
            storages=request.storages,
            language=request.language,
        )
        choice = choose_key.choose(approval, judge, prompt)
        with choice.in_use() as key:
            approval.user.still_there()
            record.decided("approved", key.certificate)
            return describe(key.key_id, key.certificate, request.name_keywords)


def describe(key_id: str, certificate: Certificate, name_keywords: NameKeywords = "S-G") -> KeyInfo:
    """The answer of getKeyInfo for a certificate. The alias is that of the store: for national files, the key identifier."""
    key_identifier = (certificate.subject_key_identifier or b"").hex()
    return KeyInfo(
        alias=key_identifier or key_id,
        key_id=key_identifier,
        algorithm=certificate.key_algorithm_name,
        subject_common_name=certificate.common_name,
        subject=certificate.subject.text(name_keywords),
        issuer_common_name=certificate.issuer.common_name,
        issuer=certificate.issuer.text(name_keywords),
        serial_number=f"{certificate.serial_number:x}",
        not_before_ms=_milliseconds(certificate.not_before),
        not_after_ms=_milliseconds(certificate.not_after),
        authority_key_id=(certificate.authority_key_identifier or b"").hex(),
        certificate_der=certificate.der,
        display_name=certificate.display_name,
        iin=certificate.iin or "",
        organisation=certificate.organisation or "",
        bin=certificate.bin or "",
        uses=certificate.uses,
        roles=certificate.roles,
    )


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
