"""`qalamsap verify FILE`: what the signatures of a file prove, in words for a person or, with --json, for a program."""

import argparse
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar, get_args

from agent import algorithms, config
from agent.certificate import Certificate
from agent.commands import exit_codes, reading, trusting
from agent.config import Config
from agent.errors import BadInput
from agent.formats import cms, cms_stream, raw, recognise
from agent.formats.evidence import Evidence
from agent.operations import report, verify
from agent.operations.report import Report, SignatureReport, TimestampReport
from agent.trust import ocsp, revocation
from agent.trust.revocation import Status
from agent.words import texts
from agent.words.texts import Texts

_T = TypeVar("_T")
_RAW: Final = "raw"
_FORMATS = tuple(one for one in get_args(recognise.Format) if one != "unknown")
_EXPLAINED = (ocsp.NEVER_ISSUED, revocation.EXPIRED_BEFORE_LIST, revocation.SELF_ISSUED)
_BEGINNING = 4096  # octets, enough to recognise a CMS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_what_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    trusting.add_arguments(parser)


def add_what_arguments(parser: argparse.ArgumentParser) -> None:
    """What to verify, and for what."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="a signature (CMS, JWS, timestamp) or a signed file (XML, PDF, ASiC, ZIP)",
    )
    parser.add_argument(
        "--document", type=Path, metavar="FILE", help="what was signed, where it is not inside"
    )
    parser.add_argument(
        "--format",
        choices=(*_FORMATS, _RAW),
        help="what FILE is, where it can't be told by itself; raw (bare octets) needs --document and --certificate",
    )
    parser.add_argument(
        "--certificate",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="certificate of a signer, where the signature has none (again for more)",
    )
    parser.add_argument(
        "--purpose", choices=get_args(report.Purpose), default="sign", help="what the key should be for"
    )


def run(options: argparse.Namespace) -> int:
    """0 valid, 1 invalid, 2 can't tell. Raises BadInput."""
    settings = config.load(options)
    found = verified(options, settings)
    if options.json:
        text = json.dumps(found.to_json(), ensure_ascii=False, indent=2)
        # Names are a stranger's to choose: what a terminal would obey is escaped, as JSON allows.
        print("".join(_escaped(letter) for letter in text))
    else:
        print("\n".join(map(texts.plain, lines(found, texts.load(settings.language)))))
    return exit_codes.of_verdict(found.verdict)


def verified(options: argparse.Namespace, settings: Config) -> Report:
    """The report on `options.file`. Raises BadInput, UnsupportedKey."""
    certificates = _certificates(options)
    found, evidence = _evidence(options, certificates)
    return _judged(options, settings, found, evidence, certificates)


def verified_octets(
    options: argparse.Namespace, settings: Config, data: bytes, document: bytes | None
) -> Report:
    """The report on `data`, for who has read the files and needs them afterwards. Raises BadInput, UnsupportedKey."""
    certificates = _certificates(options)
    if options.format == _RAW:
        signature = raw.verify(data, *_document_and_signer(document, certificates))
        return _judged(options, settings, _RAW, (signature,), certificates)
    found: recognise.Format = options.format or recognise.recognise(data)
    with reading.as_xml(options.file):
        evidence = verify.evidence(found, data, document, certificates)
    return _judged(options, settings, found, evidence, certificates)


def _certificates(options: argparse.Namespace) -> tuple[Certificate, ...]:
    return tuple(reading.certificate(path) for path in options.certificate)


def _judged(
    options: argparse.Namespace,
    settings: Config,
    found: report.Format,
    evidence: Iterable[Evidence],
    certificates: tuple[Certificate, ...],
) -> Report:
    return verify.judged(
        found,
        evidence,
        at=datetime.now(UTC),
        trust=trusting.trust(settings),
        purpose=options.purpose,
        extra_certificates=certificates,
    )


def _evidence(
    options: argparse.Namespace, certificates: tuple[Certificate, ...]
) -> tuple[report.Format, Iterable[Evidence]]:
    """The format of the file, and evidence on each signature in it."""
    if options.format == _RAW:
        return _RAW, (_raw_evidence(options, certificates),)
    if _is_large_cms(options):
        with reading.opened(options.file) as stream:
            return "cms", cms_stream.verify_attached(stream, certificates)
    data = reading.whole(options.file)
    found: recognise.Format = options.format or recognise.recognise(data)
    document, digests = None, None
    if options.document is not None:
        if found == "cms" and cms.read(data).is_detached:
            digests = reading.digests_named(data, options.document)
        else:
            document = reading.whole(options.document)
    with reading.as_xml(options.file):
        return found, verify.evidence(found, data, document, certificates, digests=digests)


def _is_large_cms(options: argparse.Namespace) -> bool:
    """Whether this is a CMS in DER with a document inside that is too large to be held."""
    if (
        options.document is not None
        or options.format not in (None, "cms")
        or not reading.is_large(options.file)
    ):
        return False
    with reading.opened(options.file) as stream:
        start = stream.read(_BEGINNING)
    return start[:1] == b"\x30" and recognise.recognise(start) == "cms"


def _raw_evidence(options: argparse.Namespace, certificates: tuple[Certificate, ...]) -> Evidence:
    path, certificate = _document_and_signer(options.document, certificates)
    signature = reading.whole(options.file)
    wanted = algorithms.signature_for_key(certificate.public_key.key_type).digest
    with reading.opened(path) as stream:
        digest = reading.digests(stream, [wanted])[wanted.oid]
    return raw.verify_digest(signature, digest, certificate)


def _document_and_signer(
    document: _T | None, certificates: tuple[Certificate, ...]
) -> tuple[_T, Certificate]:
    """Both that bare signature octets need, for nothing in them says whose they are. Raises BadInput."""
    if len(certificates) != 1 or document is None:
        raise BadInput("a raw signature needs --document and one --certificate")
    return document, certificates[0]


def _escaped(letter: str) -> str:
    return letter if letter == "\n" or texts.plain(letter) == letter else f"\\u{ord(letter):04x}"


# --- words --------------------------------------------------------------------------------------------------------


def lines(found: Report, words: Texts) -> Iterator[str]:
    """The report as a person reads it."""
    sentence = words.verdict(found.verdict, len(found.signers), is_partial=found.is_partial)
    yield f"{words(f'verdict.{found.verdict}.word')}. {sentence}"
    yield f"{words('fact.format')}: {words.chosen('format', found.format)}"
    yield f"{words('fact.checked')}: {words.moment(found.at)}"
    for number, signer in enumerate(found.signers, 1):
        yield ""
        yield f"{number}. {words(f'state.{signer.verdict}')}"
        yield from (f"   {line}" for line in _signer_lines(signer, found.format, words))


def _signer_lines(signer: SignatureReport, data_format: str, words: Texts) -> Iterator[str]:
    certificate, evidence = signer.certificate, signer.evidence

    def fact(name: str, value: str | None) -> Iterator[str]:
        if value:
            yield f"{words(f'fact.{name}')}: {value}"

    if certificate is None:
        yield words("card.not_named")
    else:
        name = " ".join(filter(None, (certificate.common_name, certificate.patronymic)))
        yield f"{words('card.person')}: {name}"
        yield from fact("iin", certificate.iin)
        yield from fact("organisation", certificate.organisation)
        yield from fact("bin", certificate.bin)
        yield from fact("role", ", ".join(words.chosen("role", role) for role in certificate.roles))
        yield from fact("issuer", certificate.issuer.common_name)
        yield from fact("valid", words.period(certificate.not_before, certificate.not_after))
    yield from fact("algorithm", evidence.algorithm_name)
    yield from fact("covers", report.covered(evidence, words))
    yield from fact("title", evidence.title)
    if evidence.signing_time is not None:
        yield from fact("signed", f"{words.moment(evidence.signing_time)}, {words('card.claimed')}")
    for timestamp in signer.timestamps:
        yield from fact("timestamp", _timestamp_words(timestamp, words))
        yield from fact("authority", _stamper(timestamp))
    if signer.path is not None:
        yield from fact("anchor", signer.path.anchor.title)
        if signer.path.anchor.domain != "production":
            yield words(f"card.{signer.path.anchor.domain}_authority")
    yield from fact("revocation", _revocation_words(signer.revocation, words))
    for note in signer.revocation.detail.split("; "):
        if note in _EXPLAINED:
            yield words.chosen("detail", note)
    if signer.revocation.state == "not-checked" and " not-allowed: " in signer.revocation.detail:
        yield words("detail.not-allowed")
    for reason in signer.reasons:
        section = words.section(reason, data_format)
        yield " ".join(filter(None, (f"– {words.chosen('reason', reason)}", section and f"[{section}]")))
        if words.advice(reason):
            yield f"  {words.advice(reason)}"


def _timestamp_words(found: TimestampReport, words: Texts) -> str:
    if found.timestamp is None:
        return words("timestamp.invalid")
    state = words("timestamp.invalid" if found.proven is None else "timestamp.valid")
    return f"{words.moment(found.timestamp.moment)}, {state}"


def _stamper(found: TimestampReport) -> str:
    certificate = found.timestamp and found.timestamp.evidence.certificate
    return certificate.common_name if certificate else ""


def _revocation_words(status: Status, words: Texts) -> str:
    if status.revoked_at is None:
        state = words(f"revocation.{status.state}")
    else:
        key = "revoked_at" if status.state == "revoked" else "revoked_later"
        state = words(f"revocation.{key}", moment=words.moment(status.revoked_at))
    source = words.chosen("source", status.source) if status.source else ""
    reason = words.chosen("revocation_reason", status.reason) if status.reason else ""
    return ", ".join(filter(None, (state, reason, source)))
