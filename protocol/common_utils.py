"""The dialect of kz.gov.pki.knca.commonUtils: positional arguments, `{"responseObject":…,"code":"200"}`.

The original finds a Java method by name and number of arguments and calls it by reflection, so a wrong number of arguments is
"no such method", and a wrong JSON type is an "argument type mismatch"; both are answered before anything is shown and without
the caller's `uuid`. Everything later carries it. A success has no `message` and no answer ever has a `status`: clients tell
the dialects apart by these keys, and compare `code` with the text "200".

Some things are ours to decide, because nothing published proves them; where a site may need them decided otherwise, its readings say
so (protocol.readings). A document given to createCAdESFromBase64 that is itself a CMS signature gets one more signer, as the original
documents for createCMSSignatureFromBase64, whose twin without timestamp it is. A digest is refused before the window if it is longer
than any digest, after it if it is not of the chosen key's length.

A path that a page names is not looked at here, nor by the daemon: whether it may be is for agent.operations.named_file to say.
"""

from datetime import UTC, datetime
from typing import Any, Final

from protocol import base64_text, json_text, messages
from protocol.errors import BadCall
from protocol.messages import Call
from protocol.prompts import FileKind, Language, Purpose
from protocol.readings import USUAL, Readings

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
_WITH_TIMESTAMP: Final = ("createCMSSignatureFromBase64", "createCMSSignatureFromFile")
_FROM_FILE: Final = ("createCAdESFromFile", "createCMSSignatureFromFile")
_FILE_KINDS: Final[dict[str, FileKind]] = {
    "": "folder",
    "DIRECTORY": "folder",
    "CRL": "crl",
    "CER": "certificate",
    "P12": "pkcs12",
    "KEYSTORE": "key",
    "JKS": "jks",
    "ALL": "any",
}
_FILE_KIND_CLASS = "kz.gov.pki.knca.gui.fileChooser.FileChooser.FileType"
# What the original says in a parser's words or in its own: pages know these texts, and nothing may stand around them.
_KNOWN_TEXTS: Final = (
    "org.xml.sax.SAXParseException; ",
    "Указанный для подписи элемент ",
    "элемент подписи не может ",
)
_PURPOSES: Final[dict[str, Purpose]] = {"SIGNATURE": "sign", "AUTHENTICATION": "identify"}
_SHORT_PURPOSES: Final[dict[str, Purpose]] = {"SIGN": "sign", "AUTH": "identify"}
_LISTED_FILES: Final = ("PKCS12",)  # clients that expect a key file among the tokens expect this one
_GOST_WITH_SIZE, _GOST_WITHOUT_SIZE = "ECGOST3410-2015-512", "ECGOST3410-2015"
_LANGUAGES: Final[dict[str, Language]] = {"kk": "kk", "ru": "ru", "en": "en", "": "ru"}


def decode(message: dict[str, Any], readings: Readings = USUAL, tokens: tuple[str, ...] = ()) -> Call:
    """The call in a JSON object that named this module; `tokens` are those that are there. Raises BadCall."""
    method = _method(message)
    arguments = _arguments(method, message.get("args"))
    uuid = message["uuid"] if isinstance(message.get("uuid"), str) else ""
    request = _request(method, arguments, uuid, readings, tokens)
    return Call("common-utils", method, request, uuid, readings)


def encode(call: Call, outcome: messages.Outcome) -> str:
    """The reply to `call`."""
    match outcome:
        case messages.Signed():
            return _success(call, {"responseObject": _signed(call.method, outcome)})
        case messages.KeyInfo():
            return _success(call, {"responseObject": _key_info(outcome, call.readings)})
        case messages.FileChosen(path):
            return _success(call, {"responseObject": path})
        case messages.Tokens(storages):
            files = _LISTED_FILES if call.readings.active_tokens == "with-files" else ()
            return _success(call, {"responseObject": [*files, *storages]})
        case messages.Done():
            return _success(call, {})
        case messages.Cancelled():
            return _failure("action.canceled", call.uuid)
        case messages.Failed(code, detail):
            return failure_reply(code, detail, call.uuid)
        case messages.Constant(reply):
            return reply
        case _:
            raise ValueError(f"commonUtils has no way to say {type(outcome).__name__}")


def _signed(method: str, signed: messages.Signed) -> object:
    if signed.format != "xml":
        return base64_text.encode(signed.signatures[0])
    texts = [octets.decode() for octets in signed.signatures]
    return texts if method == "signXmls" else texts[0]


def failure_reply(code: str, detail: str, uuid: str) -> str:
    """The reply for one of the codes of agent.errors."""
    if (code == "bad-input" and detail.startswith(_KNOWN_TEXTS)) or detail == messages.FILE_NOT_FOUND:
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


def _request(
    method: str, arguments: list[Any], uuid: str, readings: Readings, tokens: tuple[str, ...]
) -> messages.Request:
    if method == "getActiveTokens":
        return messages.TokensRequest()
    if method == "changeLocale":
        return messages.LocaleRequest(_LANGUAGES.get(arguments[0]))
    if method == "createCAdESFromBase64Hash" and arguments[2] == "":
        return messages.ConstantRequest(_reply({"code": "500"}, uuid))  # recorded: no message, no window
    if method == "showFileChooser":
        return _file_request(arguments, uuid)
    storage = arguments[0]
    problem = _storage_problem(storage, tokens)
    if problem:
        return messages.ConstantRequest(_failure(problem, uuid))
    if method == "getKeyInfo":
        return messages.KeyInfoRequest((storage,), name_keywords=readings.name_keywords)
    if method in ("signXml", "signXmls"):
        return _xml_request(arguments, readings)
    if method in _FROM_FILE:
        return _named_file_request(method, arguments, readings)
    return _cms_request(method, arguments, uuid, readings)


def _storage_problem(storage: str, tokens: tuple[str, ...]) -> str:
    if not storage.strip():
        return "storageName.param.empty"
    if storage not in messages.KNOWN_STORAGES:
        return "storage.unknown"
    return "storage.empty" if storage in messages.TOKEN_STORAGES and storage not in tokens else ""


def _file_request(arguments: list[Any], uuid: str) -> messages.Request:
    name, folder = arguments
    if name not in _FILE_KINDS:
        return messages.ConstantRequest(_failure(f"No enum constant {_FILE_KIND_CLASS}.{name}", uuid))
    return messages.ChooseFileRequest(_FILE_KINDS[name], folder)


def _xml_request(arguments: list[Any], readings: Readings) -> messages.Request:
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
        xml=messages.XmlOptions(readings.common_xml, element_xpath, parent_xpath, is_text=True),
        keys=_key_filter(key_type, readings),
        storages=(storage,),
    )


def _named_file_request(method: str, arguments: list[Any], readings: Readings) -> messages.Request:
    storage, key_type, path, is_attached = arguments
    if not path:
        return messages.UnavailableRequest(messages.FILE_NOT_FOUND, code="file-unusable")
    return messages.SignRequest(
        documents=(),
        detached=not is_attached,
        cosigns=_cosigns(method, readings),
        timestamps=method in _WITH_TIMESTAMP,
        keys=_key_filter(key_type, readings),
        storages=(storage,),
        file=path,
    )


def _cms_request(method: str, arguments: list[Any], uuid: str, readings: Readings) -> messages.Request:
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
        is_any_digest=is_digest and readings.digest_length == "any",
        cosigns=not is_digest and _cosigns(method, readings),
        timestamps=method in _WITH_TIMESTAMP,
        keys=_key_filter(key_type, readings),
        storages=(storage,),
    )


def _cosigns(method: str, readings: Readings) -> bool:
    return method in _WITH_TIMESTAMP or readings.cades_cosigns == "yes"


def _key_filter(key_type: str, readings: Readings) -> messages.KeyFilter:
    """Every chain will do and an expired key is warned of and used, as in the original; and a revoked one likewise."""
    purposes = _PURPOSES if readings.key_types == "long" else {**_PURPOSES, **_SHORT_PURPOSES}
    return messages.KeyFilter(
        purpose=purposes.get(key_type, "any"), authorities=(), allow_expired=True, allow_revoked=True
    )


def _key_info(info: messages.KeyInfo, readings: Readings) -> dict[str, object]:
    is_short = readings.key_algorithm == "without-size" and info.algorithm == _GOST_WITH_SIZE
    members: dict[str, object] = {
        "certNotBefore": _date(info.not_before_ms, readings),
        "issuerCn": info.issuer_common_name,
        "authorityKeyIdentifier": info.authority_key_id,
        "serialNumber": info.serial_number,
        "certNotAfter": _date(info.not_after_ms, readings),
        "issuerDn": info.issuer,
        "keyId": info.key_id,
        "alias": info.alias,
        "pem": base64_text.armour("CERTIFICATE", info.certificate_der, line_end="\r\n"),
        "subjectCn": info.subject_common_name,
        "algorithm": _GOST_WITHOUT_SIZE if is_short else info.algorithm,
        "subjectDn": info.subject,
    }
    # Without the extension there is no member: the original drops what it could not read.
    optional = ("authorityKeyIdentifier", "keyId")
    return {key: value for key, value in members.items() if value or key not in optional}


def _date(milliseconds: int, readings: Readings) -> object:
    match readings.key_dates:
        case "milliseconds":
            return str(milliseconds)
        case "number":
            return milliseconds
        case "text":  # in the time of this computer, as Java formats it
            moment = datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone()
            return moment.strftime("%d.%m.%Y %H:%M:%S")


def _success(call: Call, members: dict[str, object]) -> str:
    message = {"message": ""} if call.readings.success_message == "empty" else {}
    return _reply({**members, "code": "200", **message}, call.uuid)


def _failure(message: str, uuid: str = "") -> str:
    return _reply({"code": "500", "message": message}, uuid)


def _reply(members: dict[str, object], uuid: str) -> str:
    return json_text.write({**members, "uuid": uuid} if uuid else members)
