"""The page of a document card that tells of one signature: who, when, by which certificate, why not, and the signature as codes."""

from collections.abc import Iterable
from xml.sax.saxutils import escape

from reportlab.platypus import Flowable, Spacer

from agent.drawing import card_codes
from agent.drawing.card import Card, CardAuthority, CardSigner, CardTimestamp, Verdict, Words
from agent.drawing.card_parts import (
    SMALL,
    STEP,
    TITLE,
    WIDTH,
    Markup,
    Tone,
    banner,
    bold,
    digits,
    facts,
    heading,
    paragraph,
    plain,
    quiet,
    small,
    table,
    toned,
)

TONES: dict[Verdict, Tone] = {"valid": "good", "invalid": "danger", "indeterminate": "warning"}

NO_BREAK_SPACE = "\u00a0"
_CODES_IN_ROW = 4
_CODE_SIDE = WIDTH / _CODES_IN_ROW
_TONES: dict[str, Tone] = {"good": "good", "revoked": "danger"}


def page(signer: CardSigner, number: int, card: Card, words: Words, *, draft: bool = False) -> list[Flowable]:
    """What stands on the page of the card's `number`th signature; it may run on to more pages. A draft leaves room for the codes,
    each of which takes a twentieth of a second to make."""
    of_all = words("card.signer", number=number, total=len(card.signers))
    return [
        paragraph(quiet(escape(of_all)), SMALL),
        paragraph(bold(plain(signer.name or words("card.not_named"))), TITLE),
        Spacer(1, STEP),
        _state(signer, card, words),
        Spacer(1, 2 * STEP),
        *_group(words("card.person"), _person(signer, words)),
        *_group(words("card.time"), _times(signer, words)),
        *_group(words("card.certificate"), _certificate(signer, words)),
        *_group(words("card.revocation"), _revocation(signer, words)),
        *_codes(signer, number, words, draft),
    ]


def _state(signer: CardSigner, card: Card, words: Words) -> Flowable:
    below = [escape(words.chosen("finding", signer.signature))] if signer.signature == "valid" else []
    below += [_reason(reason, card.format, words) for reason in signer.reasons]
    if not below:
        below = [escape(words.chosen("finding", signer.signature))]
    return banner(TONES[signer.verdict], words.chosen("state", signer.verdict), below)


def _reason(reason: str, document_format: str, words: Words) -> Markup:
    text = escape(words.chosen("reason", reason))
    if section := words.section(reason, document_format):
        text += f" {quiet(small(escape(section.replace(' ', NO_BREAK_SPACE))))}"
    if advice := words.advice(reason):
        text += f"<br/>{quiet(escape(advice))}"
    return text


def _group(title: str, rows: Iterable[tuple[str, Markup]]) -> list[Flowable]:
    shown = facts(rows)
    return [*heading(title), *shown, Spacer(1, 1.5 * STEP)] if shown else []


def _person(signer: CardSigner, words: Words) -> list[tuple[str, Markup]]:
    roles = [words.chosen("role", role) for role in signer.roles]
    return [
        (words("fact.iin"), plain(signer.iin)),
        (words("fact.organisation"), plain(signer.organisation)),
        (words("fact.bin"), plain(signer.bin)),
        (words("fact.role"), escape(", ".join(dict.fromkeys(roles)))),
    ]


def _times(signer: CardSigner, words: Words) -> list[tuple[str, Markup]]:
    claimed = escape(words("card.no_time"))
    if signer.signing_time is not None:
        claimed = f"{escape(words.moment(signer.signing_time))}, {quiet(escape(words('card.claimed')))}"
    rows = [(words("fact.signed"), claimed)]
    if not signer.timestamps:
        rows.append((words("fact.timestamp"), escape(words("timestamp.none"))))
    for timestamp in signer.timestamps:
        rows += _timestamp(timestamp, words)
    return rows


def _timestamp(timestamp: CardTimestamp, words: Words) -> list[tuple[str, Markup]]:
    proves = "invalid" if timestamp.reasons or timestamp.moment is None else "valid"
    text = toned(escape(words(f"timestamp.{proves}")), "good" if proves == "valid" else "warning")
    if timestamp.moment is not None:
        text = f"{escape(words.moment(timestamp.moment))}, {text}"
    return [
        (words("fact.timestamp"), text),
        (words("fact.authority"), _authority(timestamp.authority, words)),
        (words("fact.policy"), plain(timestamp.policy)),
        (words("fact.timestamp_serial"), digits(timestamp.serial_number) if timestamp.serial_number else ""),
    ]


def _authority(authority: CardAuthority | None, words: Words) -> Markup:
    """Three lines: whose, by whom, under which number."""
    if authority is None:
        return ""
    lines = [plain(authority.name)]
    if authority.issuer:
        lines.append(quiet(f"{escape(words('fact.issuer'))}: {plain(authority.issuer)}"))
    if authority.serial_number:
        lines.append(quiet(f"{escape(words('fact.serial'))}: {digits(authority.serial_number)}"))
    return "<br/>".join(lines)


def _certificate(signer: CardSigner, words: Words) -> list[tuple[str, Markup]]:
    certificate = signer.certificate
    if certificate is None:
        return [
            (words("fact.algorithm"), plain(signer.algorithm)),
            (words("fact.covers"), plain(signer.covers)),
            (words("fact.title"), plain(signer.title)),
        ]
    usage = (words.chosen("key_usage", name) for name in certificate.key_usage)
    return [
        (words("fact.issuer"), plain(certificate.issuer)),
        (words("fact.valid"), escape(words.period(certificate.not_before, certificate.not_after))),
        (words("fact.algorithm"), plain(certificate.algorithm)),
        (words("fact.serial"), digits(certificate.serial_number)),
        (words("fact.fingerprint"), digits(certificate.sha256)),
        (words("fact.anchor"), _anchor(signer, words)),
        (words("fact.policies"), plain(", ".join(certificate.policies))),
        (words("fact.key_usage"), escape(", ".join(dict.fromkeys(usage)))),
        (words("fact.extended_key_usage"), plain(", ".join(certificate.extended_key_usage))),
        (words("fact.covers"), plain(signer.covers)),
        (words("fact.title"), plain(signer.title)),
    ]


def _anchor(signer: CardSigner, words: Words) -> Markup:
    certificate = signer.certificate
    if certificate is None or not certificate.anchor:
        return ""
    text = plain(certificate.anchor)
    if certificate.domain == "test":
        text += f"<br/>{toned(escape(words('card.test_authority')), 'warning')}"
    if certificate.domain == "given":
        text += f"<br/>{quiet(escape(words('card.given_authority')))}"
    return text


def _revocation(signer: CardSigner, words: Words) -> list[tuple[str, Markup]]:
    revocation = signer.revocation
    tone = _TONES.get(revocation.state, "warning")
    state = words.chosen("revocation", revocation.state)
    if revocation.revoked_at is not None:
        when = "revoked_at" if revocation.state == "revoked" else "revoked_later"
        state = words(f"revocation.{when}", moment=words.moment(revocation.revoked_at))
    stated, checked = (
        "" if moment is None else escape(words.moment(moment))
        for moment in (revocation.stated_at, revocation.checked_at)
    )
    return [
        (words("fact.revocation"), toned(escape(state), tone)),
        (
            words("fact.revocation_reason"),
            escape(words.chosen("revocation_reason", revocation.reason)) if revocation.reason else "",
        ),
        (
            words("fact.revocation_source"),
            escape(words.chosen("source", revocation.source)) if revocation.source else "",
        ),
        (words("fact.stated"), stated),
        (words("fact.checked"), checked),
        (words("fact.responder"), _authority(revocation.responder, words)),
    ]


def _codes(signer: CardSigner, number: int, words: Words, draft: bool) -> list[Flowable]:
    if not signer.file:
        return []
    texts = card_codes.split(signer.file, number)
    if not texts:
        return [*heading(words("card.codes")), paragraph(escape(words("card.codes_too_many")))]
    cells: list[list[Flowable] | str] = [
        [
            Spacer(_CODE_SIDE, _CODE_SIDE)
            if draft
            else card_codes.Code(text, _CODE_SIDE, card_codes.VERSION),
            paragraph(quiet(f"{index} / {len(texts)}"), SMALL, align="centre"),
        ]
        for index, text in enumerate(texts, 1)
    ]
    rows = [cells[start : start + _CODES_IN_ROW] for start in range(0, len(cells), _CODES_IN_ROW)]
    rows[-1] += [""] * (_CODES_IN_ROW - len(rows[-1]))
    return [
        *heading(words("card.codes"), _CODE_SIDE + 5 * STEP),
        paragraph(escape(words("card.codes_text", total=len(texts)))),
        table(rows, (_CODE_SIDE,) * _CODES_IN_ROW),
    ]
