"""`generateCsr` and `importCertificate` of kz.gov.pki.knca.basics: a new key with its request, and the certificate for it.

Of the original only the names and the error codes are public. The arguments are ours, in the manner of `sign`
(docs/api/keys.md):

    generateCsr        csrParams: {subject: {CN, SURNAME, SERIALNUMBER, …}, algorithm, keyType}, allowedStorages, locale
                       -> {csr: a PKCS#10 request in PEM, keyId}
    importCertificate  certificate: PEM or base64, chain: a list of the same, or null, allowedStorages, locale
                       -> {keyId}

A page names no file: where the key is kept, the person says.
"""

from typing import Any, Final

from protocol import base64_text, members, messages
from protocol.members import JsonComplaint
from protocol.prompts import Language, Purpose

METHODS: Final = ("generateCsr", "importCertificate")

_MAX_ATTRIBUTES = 32
_LANGUAGES: Final[dict[str, Language]] = {"kk": "kk", "ru": "ru", "en": "en"}
_PURPOSES: Final[dict[str, Purpose]] = {"": "sign", "SIGNATURE": "sign", "AUTHENTICATION": "identify"}
_NOT_A_CERTIFICATE: Final = ("bad-input", "key-unsuitable")


def request(
    method: str, args: dict[str, Any], storages: tuple[list[str], tuple[str, ...]]
) -> messages.Request:
    """What one of METHODS asks for; `storages` are those that the page allows, and those of them that hold a key here.

    Raises JsonComplaint.
    """
    language = _LANGUAGES.get(members.optional_text(args, "locale"), "kk")
    asked = _new_key(args, language) if method == "generateCsr" else _import(args, language)
    if storages[0] and not set(storages[1]) - set(messages.READ_ONLY_STORAGES):
        return messages.UnavailableRequest(
            "storage.empty: no key is made or changed in any of allowedStorages here"
        )
    return asked


def result(outcome: messages.KeyRequested | messages.CertificateJoined) -> dict[str, str]:
    """What the page gets under `result`."""
    if isinstance(outcome, messages.CertificateJoined):
        return {"keyId": outcome.key_id}
    csr = base64_text.armour("CERTIFICATE REQUEST", outcome.request_der)
    return {"csr": csr, "keyId": outcome.key_id}


def failure_code(method: str, code: str) -> str:
    """The page's word for one of the codes of agent.errors."""
    if method == "generateCsr":
        return "CSR_GENERATING_FAILURE"
    return "INVALID_IMPORTING_CERTIFICATE" if code in _NOT_A_CERTIFICATE else "CERTIFICATE_IMPORTING_FAILURE"


def _new_key(args: dict[str, Any], language: Language) -> messages.Request:
    params = members.nested(args, "csrParams")
    subject = members.nested(params, "subject")
    attributes = tuple((name, members.text(subject, name)) for name in subject)
    algorithm = members.optional_text(params, "algorithm").lower()
    key_type = members.optional_text(params, "keyType")
    if len(attributes) > _MAX_ATTRIBUTES:
        return messages.UnavailableRequest(
            f"more than {_MAX_ATTRIBUTES} attributes in subject", code="bad-input"
        )
    if key_type not in _PURPOSES:
        return messages.UnavailableRequest("keyType is SIGNATURE or AUTHENTICATION", code="bad-input")
    return messages.NewKeyRequest(
        subject=attributes,
        algorithm=algorithm or "gost-2015-512",
        purpose=_PURPOSES[key_type],
        language=language,
    )


def _import(args: dict[str, Any], language: Language) -> messages.Request:
    certificate = _octets(members.text(args, "certificate"))
    chain = members.texts(args, "chain") if args.get("chain") is not None else []
    if len(chain) > messages.MAX_AUTHORITIES:
        raise JsonComplaint(f'JSONObject["chain"] has more than {messages.MAX_AUTHORITIES} certificates.')
    return messages.ImportCertificateRequest(certificate, tuple(map(_octets, chain)), language)


def _octets(text: str) -> bytes:
    try:
        return text.encode("ascii")
    except UnicodeEncodeError as error:
        raise JsonComplaint("a certificate is PEM or base64.") from error
