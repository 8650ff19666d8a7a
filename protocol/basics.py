"""The dialect of kz.gov.pki.knca.basics: named arguments, `{"body":{"result":[…]},"status":true}`.

Every error has `code`, `details`, `message` and `status` false, every success an object `body`: clients read all of them
unasked. A cancelled request is a success with an empty body. A single document is answered with an array of one.

What nothing published settles is decided here:

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

`signerParams.password`, which some clients send, is not read at all, nor is `logo`.
"""

from typing import Any, Final

from protocol import base64_text, json_text, messages
from protocol.errors import BadCall
from protocol.messages import Call
from protocol.prompts import Language

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
_CODES: Final = {"bad-input": "INVALID_SIGNING_PARAMS", "internal": "INVOCATION_ERROR"}
_OTHER_METHODS: Final = {
    "generateCsr": "CSR_GENERATING_FAILURE",
    "importCertificate": "CERTIFICATE_IMPORTING_FAILURE",
}


class _JsonComplaint(Exception):
    """What org.json says of a member that is missing or of another type."""


def decode(message: dict[str, Any]) -> Call:
    """The call in a JSON object that named this module. Raises BadCall."""
    method, args = _envelope(message)
    if method in _OTHER_METHODS:
        reply = _error(_OTHER_METHODS[method], messages.sentence("unsupported"), f"unsupported: {method}")
        return Call("basics", method, messages.ConstantRequest(reply))
    try:
        return Call("basics", method, _sign_request(args))
    except _JsonComplaint as error:
        raise BadCall(_invocation_error(f"org.json.JSONException: {error}")) from error
    except base64_text.NotBase64 as error:
        raise BadCall(_invocation_error(_ILLEGAL + str(error))) from error


def encode(outcome: messages.Outcome) -> str:
    """The reply to any call of this module."""
    match outcome:
        case messages.Signed():
            return _body({"result": _result(outcome)})
        case messages.Cancelled() | messages.Done():
            return _body({})
        case messages.Failed(code, detail):
            return failure_reply(code, detail)
        case messages.Constant(reply):
            return reply
        case messages.KeyInfo() | messages.Tokens():
            raise ValueError(f"basics has no way to say {type(outcome).__name__}")


def _result(signed: messages.Signed) -> object:
    match signed.format:
        case "cms":
            return [base64_text.armour("CMS", der) for der in signed.signatures]
        case "xml":
            return [octets.decode() for octets in signed.signatures]
        case _:
            texts = [base64_text.encode(octets) for octets in signed.signatures]
    if not signed.certificate_der:
        return texts
    return {
        "signatures": texts,
        "certificate": base64_text.armour("CERTIFICATE", signed.certificate_der),
    }


def failure_reply(code: str, detail: str) -> str:
    """The reply for one of the codes of agent.errors."""
    details = f"{code}: {detail}" if detail else code
    return _error(_CODES.get(code, "SIGNING_FAILURE"), messages.sentence(code), details)


def _envelope(message: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if _whole_number(message.get("apiVersion"), _API_VERSION) != _API_VERSION:
        raise BadCall(_general_error(f"{_ILLEGAL}Supported apiVersion is {_API_VERSION}"))
    class_name = _optional_text(message, "class")
    if class_name not in ("", _CLASS):
        raise BadCall(_general_error(f"{_ILLEGAL}{class_name} is not found"))
    try:
        method = _text(message, "method")
    except _JsonComplaint as error:
        raise BadCall(_general_error(f"org.json.JSONException: {error}")) from error
    if method != "sign" and method not in _OTHER_METHODS:
        raise BadCall(_general_error(f"{_ILLEGAL}{method} is not defined in {_CLASS}"))
    if not isinstance(message.get("args"), dict):
        raise BadCall(_general_error(f"{_ILLEGAL}{method} demands arguments"))
    return method, message["args"]


def _sign_request(args: dict[str, Any]) -> messages.Request:
    """Reads everything first, so that a mistake in a type is told whatever else is wrong."""
    format_name = _text(args, "format")
    texts = _documents(args)
    signing = _object(args, "signingParams")
    keys = _key_filter(
        _object(args, "signerParams"),
        _flag(signing, "allowExpired", default=False),
        _flag(signing, "allowRevoked", default=False),
    )
    asked, storages = _storages(args)
    refusal = _refusal(format_name, signing, texts, asked, storages)
    if refusal is not None:
        return refusal
    is_base64 = _flag(signing, "decode", default=False)
    documents = _octets(texts, is_base64=is_base64)
    are_digests = _flag(signing, "digested", default=False)
    if are_digests and any(len(digest) > messages.MAX_DIGEST_BYTES for digest in documents):
        return messages.UnavailableRequest("a digest is too long", code="bad-input")
    return messages.SignRequest(
        documents=documents,
        detached=are_digests or format_name == "raw" or not _flag(signing, "encapsulate", default=True),
        format=_FORMATS[format_name],
        timestamps=_wants_timestamps(signing),
        are_digests=are_digests,
        xml=messages.XmlOptions(layout="compact", is_text=not is_base64),
        stamp=_stamp(signing) if format_name == "pdf" else None,
        with_certificate=format_name == "raw" and _flag(signing, "outputCert", default=False),
        keys=keys,
        storages=storages,
        language=_LANGUAGES.get(_optional_text(args, "locale"), "kk"),
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
    if _flag(signing, "digested", default=False) and format_name not in ("cms", "raw"):
        return messages.UnavailableRequest(
            f"the format {format_name} needs the document, not its digest", code="bad-input"
        )
    if format_name == "pdf" and not _flag(signing, "decode", default=False):
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
            raise _JsonComplaint('JSONObject["stamp"] is neither a boolean nor {"page": N}.')


def _documents(args: dict[str, Any]) -> list[str]:
    return _texts(args, "data") if isinstance(args.get("data"), list) else [_text(args, "data")]


def _octets(texts: list[str], *, is_base64: bool) -> tuple[bytes, ...]:
    if is_base64:
        return tuple(base64_text.decode(text) for text in texts)
    try:
        return tuple(text.encode() for text in texts)
    except UnicodeEncodeError as error:
        raise _JsonComplaint('JSONObject["data"] has half a character.') from error


def _key_filter(signer: dict[str, Any], allow_expired: bool, allow_revoked: bool) -> messages.KeyFilter:
    chain = tuple(_texts(signer, "chain")) if signer.get("chain") is not None else None
    if chain is not None and len(chain) > messages.MAX_AUTHORITIES:
        raise _JsonComplaint(f'JSONObject["chain"] has more than {messages.MAX_AUTHORITIES} certificates.')
    return messages.KeyFilter(
        usages=tuple(_texts(signer, "extKeyUsageOids")) if "extKeyUsageOids" in signer else (),
        iin=_optional_text(signer, "iin"),
        bin=_optional_text(signer, "bin"),
        serial_number=_optional_text(signer, "serialNumber"),
        authorities=chain,
        allow_expired=allow_expired,
        allow_revoked=allow_revoked,
    )


def _storages(args: dict[str, Any]) -> tuple[list[str], tuple[str, ...]]:
    """The names that the page gave, and those of them that can hold a key here."""
    given = args.get("allowedStorages")
    if given is None:
        return [], ()
    if isinstance(given, str):
        asked = [name.strip() for name in given.split(",") if name.strip()]
    else:
        asked = _texts(args, "allowedStorages")
    return asked, tuple(name for name in asked if name in messages.OPENABLE_STORAGES)


def _text(owner: dict[str, Any], key: str) -> str:
    if key not in owner:
        raise _JsonComplaint(f'JSONObject["{key}"] not found.')
    value = owner[key]
    if not isinstance(value, str):
        raise _JsonComplaint(f'JSONObject["{key}"] not a string.')
    return value


def _texts(owner: dict[str, Any], key: str) -> list[str]:
    items = owner[key]
    if not isinstance(items, list):
        raise _JsonComplaint(f'JSONObject["{key}"] is not a JSONArray.')
    for index, item in enumerate(items):
        if not isinstance(item, str):
            raise _JsonComplaint(f"JSONArray[{index}] not a string.")
    return items


def _object(owner: dict[str, Any], key: str) -> dict[str, Any]:
    if key not in owner:
        raise _JsonComplaint(f'JSONObject["{key}"] not found.')
    value = owner[key]
    if not isinstance(value, dict):
        raise _JsonComplaint(f'JSONObject["{key}"] is not a JSONObject.')
    return value


def _flag(owner: dict[str, Any], key: str, *, default: bool) -> bool:
    """org.json's optBoolean: true, false, the same words as texts in any letter case, and the default for all else."""
    value = owner.get(key)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return default


def _optional_text(owner: dict[str, Any], key: str) -> str:
    """org.json's optString for texts and whole numbers; the empty text for all else."""
    value = owner.get(key)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _whole_number(value: Any, default: int) -> int:
    """org.json's optInt, which reads digits in a text too."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _body(body: dict[str, object]) -> str:
    return json_text.write({"body": body, "status": True})


def _general_error(details: str) -> str:
    return _error("GENERAL_ERROR", "General error.", details)


def _invocation_error(details: str) -> str:
    return _error("INVOCATION_ERROR", "An invoked method threw an exception.", details)


def _error(code: str, message: str, details: str) -> str:
    return json_text.write({"code": code, "details": details, "message": message, "status": False})
