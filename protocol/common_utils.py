"""The dialect of kz.gov.pki.knca.commonUtils: positional arguments, `{"responseObject":…,"code":"200"}`.

The original finds a Java method by name and number of arguments and calls it by reflection, so a wrong number of arguments is
"no such method", and a wrong JSON type is an "argument type mismatch"; both are answered before anything is shown and without
the caller's `uuid`. Everything later carries it. A success has no `message` and no answer ever has a `status`: clients tell
the dialects apart by these keys, and compare `code` with the text "200".

Two things are ours to decide, because nothing published proves them. A document given to createCAdESFromBase64 that is itself a CMS
signature gets one more signer, as the original documents for createCMSSignatureFromBase64, whose twin without timestamp it
is. And a digest is refused before the window if it is longer than any digest, after it if it is not of the chosen key's length.
"""

from typing import Any, Final

from protocol import base64_text, json_text, messages
from protocol.errors import BadCall
from protocol.messages import Call
from protocol.prompts import Language, Purpose

MODULE = "kz.gov.pki.knca.commonUtils"

_STORE_AND_TYPE: Final = (str, str)
_METHODS: Final[dict[str, tuple[type, ...]]] = {
    "getActiveTokens": (),
    "getKeyInfo": (str,),
    "signXml": (*_STORE_AND_TYPE, str, str, str),
    "signXmls": (*_STORE_AND_TYPE, list, str, str),
    "createCAdESFromBase64": (*_STORE_AND_TYPE, str, bool),
    "createCAdESFromFile": (*_STORE_AND_TYPE, str, bool),
    "createCAdESFromBase64Hash": (*_STORE_AND_TYPE, str),
    "createCMSSignatureFromBase64": (*_STORE_AND_TYPE, str, bool),
    "createCMSSignatureFromFile": (*_STORE_AND_TYPE, str, bool),
    "applyCAdEST": (*_STORE_AND_TYPE, str),
    "showFileChooser": (str, str),
    "changeLocale": (str,),
}
_UNAVAILABLE: Final = {
    "createCAdESFromFile": "it does not sign files that a page names",
    "createCMSSignatureFromFile": "it does not sign files that a page names",
    "showFileChooser": "it does not choose files for a page",
}
# What the original says in a parser's words or in its own: pages know these texts, and nothing may stand around them.
_KNOWN_TEXTS: Final = (
    "org.xml.sax.SAXParseException; ",
    "Указанный для подписи элемент ",
    "элемент подписи не может ",
)
_PURPOSES: Final[dict[str, Purpose]] = {"SIGNATURE": "sign", "AUTHENTICATION": "identify"}
_LANGUAGES: Final[dict[str, Language]] = {"kk": "kk", "ru": "ru", "en": "en", "": "ru"}


def decode(message: dict[str, Any]) -> Call:
    """The call in a JSON object that named this module. Raises BadCall."""
    method = _method(message)
    arguments = _arguments(method, message.get("args"))
    uuid = message["uuid"] if isinstance(message.get("uuid"), str) else ""
    return Call("common-utils", method, _request(method, arguments, uuid), uuid)


def encode(call: Call, outcome: messages.Outcome) -> str:
    """The reply to `call`."""
    match outcome:
        case messages.Signed():
            return _success(_signed(call.method, outcome), call.uuid)
        case messages.KeyInfo():
            return _success(_key_info(outcome), call.uuid)
        case messages.Tokens(storages):
            return _success(list(storages), call.uuid)
        case messages.Done():
            return _reply({"code": "200"}, call.uuid)
        case messages.Cancelled():
            return _failure("action.canceled", call.uuid)
        case messages.Failed(code, detail):
            return failure_reply(code, detail, call.uuid)
        case messages.Constant(reply):
            return reply


def _signed(method: str, signed: messages.Signed) -> object:
    if signed.format != "xml":
        return base64_text.encode(signed.signatures[0])
    texts = [octets.decode() for octets in signed.signatures]
    return texts if method == "signXmls" else texts[0]


def failure_reply(code: str, detail: str, uuid: str) -> str:
    """The reply for one of the codes of agent.errors."""
    if code == "bad-input" and detail.startswith(_KNOWN_TEXTS):
        return _failure(detail, uuid)
    sentence = messages.sentence(code)
    return _failure(f"{code}: {sentence} {detail}".rstrip(), uuid)


def _method(message: dict[str, Any]) -> str:
    if "method" not in message:
        raise BadCall(_failure('JSONObject["method"] not found.'))
    method = message["method"]
    if not isinstance(method, str):
        raise BadCall(_failure('JSONObject["method"] not a string.'))
    return method


def _arguments(method: str, given: Any) -> list[Any]:
    arguments = given if isinstance(given, list) else []
    types = _METHODS.get(method)
    if types is None or len(types) != len(arguments):
        raise BadCall(_failure(f"NoSuchMethodException {method}"))
    for argument, expected in zip(arguments, types, strict=True):
        if type(argument) is not expected:
            raise BadCall(
                _failure(f"java.lang.IllegalArgumentException: argument type mismatch. Method: {method}")
            )
        if isinstance(argument, list):
            _check_texts(argument)
    return arguments


def _check_texts(items: list[Any]) -> None:
    for index, item in enumerate(items):
        if not isinstance(item, str):
            raise BadCall(_failure(f"JSONArray[{index}] not a string."))


def _request(method: str, arguments: list[Any], uuid: str) -> messages.Request:
    if method == "getActiveTokens":
        return messages.TokensRequest()
    if method == "changeLocale":
        return messages.LocaleRequest(_LANGUAGES.get(arguments[0]))
    if method == "createCAdESFromBase64Hash" and arguments[2] == "":
        return messages.ConstantRequest(_reply({"code": "500"}, uuid))  # recorded: no message, no window
    if method == "showFileChooser":
        return messages.UnavailableRequest(_UNAVAILABLE[method])
    storage = arguments[0]
    problem = _storage_problem(storage)
    if problem:
        return messages.ConstantRequest(_failure(problem, uuid))
    if method in _UNAVAILABLE:
        return messages.UnavailableRequest(_UNAVAILABLE[method])
    if storage not in messages.OPENABLE_STORAGES:
        return messages.UnavailableRequest(f"it does not open key stores of the kind {storage}")
    if method == "getKeyInfo":
        return messages.KeyInfoRequest((storage,))
    if method in ("signXml", "signXmls"):
        return _xml_request(arguments)
    return _cms_request(method, arguments, uuid)


def _storage_problem(storage: str) -> str:
    if not storage.strip():
        return "storageName.param.empty"
    if storage not in messages.KNOWN_STORAGES:
        return "storage.unknown"
    # No token module is read yet, so no token ever holds a key.
    return "storage.empty" if storage in messages.TOKEN_STORAGES else ""


def _xml_request(arguments: list[Any]) -> messages.Request:
    storage, key_type, given, element_xpath, parent_xpath = arguments
    texts = [given] if isinstance(given, str) else given
    if not texts:
        return messages.UnavailableRequest("there is no document in the list", code="bad-input")
    if len(texts) > messages.MAX_DOCUMENTS:
        return messages.UnavailableRequest(f"more than {messages.MAX_DOCUMENTS} documents", code="bad-input")
    try:
        documents = tuple(text.encode() for text in texts)
    except UnicodeEncodeError:
        return messages.UnavailableRequest("a document has half a character", code="bad-input")
    return messages.SignRequest(
        documents=documents,
        detached=False,
        format="xml",
        xml=messages.XmlOptions("lines", element_xpath, parent_xpath, is_text=True),
        keys=_key_filter(key_type),
        storages=(storage,),
    )


def _cms_request(method: str, arguments: list[Any], uuid: str) -> messages.Request:
    storage, key_type, text = arguments[:3]
    try:
        octets = base64_text.decode(text)
    except base64_text.NotBase64 as error:
        return messages.ConstantRequest(_failure(str(error), uuid))
    if method == "applyCAdEST":
        return messages.TimestampRequest(octets)
    is_digest = method == "createCAdESFromBase64Hash"
    if is_digest and len(octets) > messages.MAX_DIGEST_BYTES:
        return messages.UnavailableRequest(f"a digest of {len(octets)} octets", code="bad-input")
    return messages.SignRequest(
        documents=(octets,),
        detached=is_digest or not arguments[3],
        are_digests=is_digest,
        cosigns=not is_digest,
        timestamps=method == "createCMSSignatureFromBase64",
        keys=_key_filter(key_type),
        storages=(storage,),
    )


def _key_filter(key_type: str) -> messages.KeyFilter:
    """Every chain will do and an expired key is warned of and used, as in the original; and a revoked one likewise."""
    return messages.KeyFilter(
        purpose=_PURPOSES.get(key_type, "any"), authorities=(), allow_expired=True, allow_revoked=True
    )


def _key_info(info: messages.KeyInfo) -> dict[str, str]:
    members = {
        "certNotBefore": str(info.not_before_ms),
        "issuerCn": info.issuer_common_name,
        "authorityKeyIdentifier": info.authority_key_id,
        "serialNumber": info.serial_number,
        "certNotAfter": str(info.not_after_ms),
        "issuerDn": info.issuer,
        "keyId": info.key_id,
        "alias": info.alias,
        "pem": base64_text.armour("CERTIFICATE", info.certificate_der, line_end="\r\n"),
        "subjectCn": info.subject_common_name,
        "algorithm": info.algorithm,
        "subjectDn": info.subject,
    }
    # Without the extension there is no member: the original drops what it could not read.
    optional = ("authorityKeyIdentifier", "keyId")
    return {key: value for key, value in members.items() if value or key not in optional}


def _success(response: object, uuid: str) -> str:
    return _reply({"responseObject": response, "code": "200"}, uuid)


def _failure(message: str, uuid: str = "") -> str:
    return _reply({"code": "500", "message": message}, uuid)


def _reply(members: dict[str, object], uuid: str) -> str:
    return json_text.write({**members, "uuid": uuid} if uuid else members)
