"""The dialect of kz.gov.pki.knca.basics: named arguments, `{"body":{"result":[…]},"status":true}`.

Every error has `code`, `details`, `message` and `status` false, every success an object `body`: clients read all of them
unasked. A cancelled request is a success with an empty body. A single document is answered with an array of one.

What nothing published settles is decided here; where a site may need it decided otherwise, its readings say so (protocol.readings):

* A document that is itself a CMS signature is signed as the octets it is. `data` is what the page wants signed, `encapsulate`
  would have two meanings otherwise, and the digest that the person sees stays the digest of what the page sent.
* `allowedStorages` may be a list, null, an empty list (all) or one text with commas. Names that we don't know are passed
  over; if nothing is left that can be opened, the request fails before a window is shown.
* `extKeyUsageOids` may be absent (no filter) but not null. `locale` defaults to Kazakh; English is understood.
* A `tsaProfile` other than null, false and the empty text asks for a timestamp, which only cms and pdf have a place for. A
  signature without one would be less than what was asked for, so such a request fails.
* `outputCert` is for raw, where the certificate is not in the signature; the answer is then an object. For the others it changes nothing.

Ours beyond the original: `format: "pdf"` (docs/api/pdf.md). `data` is PDF files, so `decode` must be true, and so is what comes back,
in base64. `signingParams.stamp` true, or `{"page": N}`, draws the signature on a page.

`generateCsr` and `importCertificate`: protocol/basics_keys.py.

`signerParams.password`, which some clients send, is not read at all, nor is `logo`.
"""

from typing import Any, Final

from protocol import base64_text, basics_keys, json_text, members, messages
from protocol.errors import BadCall
from protocol.messages import Call
from protocol.prompts import Language, Purpose
from protocol.readings import USUAL, Readings

MODULE = "kz.gov.pki.knca.basics"

_API_VERSION = 2
_CLASS = "Basics"
_FORMATS: Final[dict[str, messages.SignatureFormat]] = {
    "cms": "cms",
    "xml": "xml",
    "raw": "raw",
    "pdf": "pdf",
}
_LANGUAGES: Final[dict[str, Language]] = {"kk": "kk", "ru": "ru", "en": "en"}
_ILLEGAL = "java.lang.IllegalArgumentException: "
_CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
_CODES: Final = {"bad-input": "INVALID_SIGNING_PARAMS", "internal": "INVOCATION_ERROR"}


def decode(message: dict[str, Any], readings: Readings = USUAL, tokens: tuple[str, ...] = ()) -> Call:
    """The call in a JSON object that named this module; `tokens` are those that are there. Raises BadCall."""
    method, args = _envelope(message)
    try:
        if method in basics_keys.METHODS:
            request = basics_keys.request(method, args, _storages(args, ()))
        else:
            request = _sign_request(args, readings, tokens)
        return Call("basics", method, request, readings=readings)
    except members.JsonComplaint as error:
        raise BadCall(_invocation_error(f"org.json.JSONException: {error}")) from error
    except base64_text.NotBase64 as error:
        raise BadCall(_invocation_error(_ILLEGAL + str(error))) from error


def encode(call: Call, outcome: messages.Outcome) -> str:
    """The reply to `call`."""
    match outcome:
        case messages.Signed():
            return _body({"result": _result(outcome, call.readings)})
        case messages.Cancelled() if call.readings.basics_cancel == "error":
            return _error("USER_CANCELED", "action.canceled", "cancelled")
        case messages.Cancelled() | messages.Done():
            return _body({})
        case messages.KeyRequested() | messages.CertificateJoined():
            return _body({"result": basics_keys.result(outcome)})
        case messages.Failed(code, detail):
            return failure_reply(code, detail, call.method)
        case messages.Constant(reply):
            return reply
        case _:
            raise ValueError(f"basics has no way to say {type(outcome).__name__}")


def _result(signed: messages.Signed, readings: Readings) -> object:
    match signed.format:
        case "cms":
            texts = [_cms_text(der, readings) for der in signed.signatures]
        case "xml":
            texts = [octets.decode() for octets in signed.signatures]
        case _:
            texts = [base64_text.encode(octets) for octets in signed.signatures]
    if not signed.certificate_der:
        is_bare = readings.basics_single == "text" and signed.format == "cms" and len(texts) == 1
        return texts[0] if is_bare else texts
    return {
        "signatures": texts,
        "certificate": base64_text.armour("CERTIFICATE", signed.certificate_der),
    }


def _cms_text(der: bytes, readings: Readings) -> str:
    match readings.basics_cms:
        case "pem":
            return base64_text.armour("CMS", der)
        case "pem-open":
            return base64_text.armour("CMS", der).removesuffix("\n")
        case "base64":
            return base64_text.encode(der)


def failure_reply(code: str, detail: str, method: str = "sign") -> str:
    """The reply for one of the codes of agent.errors."""
    details = f"{code}: {detail}" if detail else code
    named = basics_keys.failure_code(method, code) if method in basics_keys.METHODS else "SIGNING_FAILURE"
    if method == "sign" or code == "internal":
        named = _CODES.get(code, named)
    return _error(named, messages.sentence(code), details)


def _envelope(message: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if members.whole_number(message.get("apiVersion"), _API_VERSION) != _API_VERSION:
        raise BadCall(_general_error(f"{_ILLEGAL}Supported apiVersion is {_API_VERSION}"))
    class_name = members.optional_text(message, "class")
    if class_name not in ("", _CLASS):
        raise BadCall(_general_error(f"{_ILLEGAL}{class_name} is not found"))
    try:
        method = members.text(message, "method")
    except members.JsonComplaint as error:
        raise BadCall(_general_error(f"org.json.JSONException: {error}")) from error
    if method != "sign" and method not in basics_keys.METHODS:
        raise BadCall(_general_error(f"{_ILLEGAL}{method} is not defined in {_CLASS}"))
    if not isinstance(message.get("args"), dict):
        raise BadCall(_general_error(f"{_ILLEGAL}{method} demands arguments"))
    return method, message["args"]


def _sign_request(args: dict[str, Any], readings: Readings, tokens: tuple[str, ...]) -> messages.Request:
    """Reads everything first, so that a mistake in a type is told whatever else is wrong."""
    format_name = members.text(args, "format")
    texts = _documents(args)
    signing = members.nested(args, "signingParams")
    keys = _key_filter(
        members.nested(args, "signerParams"),
        members.flag(signing, "allowExpired", default=False),
        members.flag(signing, "allowRevoked", default=False),
        readings,
    )
    asked, storages = _storages(args, tokens)
    refusal = _refusal(format_name, signing, texts, asked, storages)
    if refusal is not None:
        return refusal
    is_base64 = members.flag(signing, "decode", default=False)
    documents = _octets(texts, is_base64=is_base64)
    are_digests = members.flag(signing, "digested", default=False)
    if are_digests and any(len(digest) > messages.MAX_DIGEST_BYTES for digest in documents):
        return messages.UnavailableRequest("a digest is too long", code="bad-input")
    is_inside = members.flag(signing, "encapsulate", default=readings.basics_encapsulate == "true")
    may_have_certificate = format_name == "raw" or readings.basics_certificate == "every"
    return messages.SignRequest(
        documents=documents,
        detached=are_digests or format_name == "raw" or not is_inside,
        format=_FORMATS[format_name],
        timestamps=_wants_timestamps(signing),
        are_digests=are_digests,
        is_any_digest=are_digests and format_name == "cms" and readings.digest_length == "any",
        trusts_bare_digests=readings.bare_digests == "every",
        cosigns=not are_digests and format_name == "cms" and readings.basics_cosigns == "yes",
        xml=messages.XmlOptions(layout=readings.basics_xml, is_text=not is_base64),
        stamp=_stamp(signing) if format_name == "pdf" else None,
        with_certificate=may_have_certificate and members.flag(signing, "outputCert", default=False),
        keys=keys,
        storages=storages,
        language=_LANGUAGES.get(members.optional_text(args, "locale"), "kk"),
    )


def _refusal(
    format_name: str, signing: dict[str, Any], texts: list[str], asked: list[str], storages: tuple[str, ...]
) -> messages.UnavailableRequest | None:
    if format_name not in _FORMATS:
        return messages.UnavailableRequest(f"format is one of {', '.join(_FORMATS)}", code="bad-input")
    if not texts:
        return messages.UnavailableRequest("data is an empty list", code="bad-input")
    if len(texts) > messages.MAX_DOCUMENTS:
        return messages.UnavailableRequest(f"more than {messages.MAX_DOCUMENTS} documents", code="bad-input")
    if _wants_timestamps(signing) and format_name not in ("cms", "pdf"):
        return messages.UnavailableRequest(f"the format {format_name} has no place for a timestamp")
    if members.flag(signing, "digested", default=False) and format_name not in ("cms", "raw"):
        return messages.UnavailableRequest(
            f"the format {format_name} needs the document, not its digest", code="bad-input"
        )
    if format_name == "pdf" and not members.flag(signing, "decode", default=False):
        return messages.UnavailableRequest("a PDF comes in base64, with decode true", code="bad-input")
    if asked and not storages:
        return messages.UnavailableRequest("storage.empty: none of allowedStorages holds a key here")
    return None


def _wants_timestamps(signing: dict[str, Any]) -> bool:
    return signing.get("tsaProfile") not in (None, False, "")


def _stamp(signing: dict[str, Any]) -> messages.StampOptions | None:
    """Our own parameter, so a mistake in it is told rather than read as something."""
    match signing.get("stamp"):
        case None | False:
            return None
        case True:
            return messages.StampOptions()
        case {"page": int(page), **others} if not others and not isinstance(page, bool) and page:
            return messages.StampOptions(page)
        case _:
            raise members.JsonComplaint('JSONObject["stamp"] is neither a boolean nor {"page": N}.')


def _documents(args: dict[str, Any]) -> list[str]:
    return members.texts(args, "data") if isinstance(args.get("data"), list) else [members.text(args, "data")]


def _octets(texts: list[str], *, is_base64: bool) -> tuple[bytes, ...]:
    if is_base64:
        return tuple(base64_text.decode(text) for text in texts)
    try:
        return tuple(text.encode() for text in texts)
    except UnicodeEncodeError as error:
        raise members.JsonComplaint('JSONObject["data"] has half a character.') from error


def _key_filter(
    signer: dict[str, Any], allow_expired: bool, allow_revoked: bool, readings: Readings
) -> messages.KeyFilter:
    chain = tuple(members.texts(signer, "chain")) if signer.get("chain") is not None else None
    if chain is not None and len(chain) > messages.MAX_AUTHORITIES:
        raise members.JsonComplaint(
            f'JSONObject["chain"] has more than {messages.MAX_AUTHORITIES} certificates.'
        )
    usages = tuple(members.texts(signer, "extKeyUsageOids")) if "extKeyUsageOids" in signer else ()
    purpose: Purpose = "any"
    if readings.usages == "client-auth" and usages:
        purpose, usages = "identify" if _CLIENT_AUTH in usages else "sign", ()
    return messages.KeyFilter(
        purpose=purpose,
        usages=usages,
        iin=members.optional_text(signer, "iin"),
        bin=members.optional_text(signer, "bin"),
        serial_number=members.optional_text(signer, "serialNumber"),
        authorities=chain,
        allow_expired=allow_expired,
        allow_revoked=allow_revoked,
    )


def _storages(args: dict[str, Any], tokens: tuple[str, ...]) -> tuple[list[str], tuple[str, ...]]:
    """The names that the page gave, and those of them that can hold a key here."""
    given = args.get("allowedStorages")
    if given is None:
        return [], ()
    if isinstance(given, str):
        asked = [name.strip() for name in given.split(",") if name.strip()]
    else:
        asked = members.texts(args, "allowedStorages")
    return asked, tuple(name for name in asked if name in (*messages.OPENABLE_STORAGES, *tokens))


def _body(body: dict[str, object]) -> str:
    return json_text.write({"body": body, "status": True})


def _general_error(details: str) -> str:
    return _error("GENERAL_ERROR", "General error.", details)


def _invocation_error(details: str) -> str:
    return _error("INVOCATION_ERROR", "An invoked method threw an exception.", details)


def _error(code: str, message: str, details: str) -> str:
    return json_text.write({"code": code, "details": details, "message": message, "status": False})
