"""The first dialect: no module, positional arguments, `{"result":…,"errorCode":"NONE"}`. The page sends the key's password with each call.

It is off unless the settings say otherwise (decision 0019). Whoever asks, what can be told of it is told by one of its own error codes;
`COMMON` stands for the rest, and for arguments that make no sense. A cancelled call is a success with an empty result. `setLocale` is
never answered: a client would take a frame for the answer to its next call.

Because of the passwords the daemon reads no frame that may be one of this dialect, not even to refuse it. `may_be` tells by a look
at octets: a frame is known to be none when it names another module in strict JSON, as every client does that knows modules.
`locale_of` takes what is nothing but setLocale, and so holds no password.

Nothing published settles these; they are ours:

* An argument may be null where it may be empty: there are clients that leave out what is empty.
* Without the alias of a key (`signXml` with four arguments, or an empty one) the person chooses among those in the file. If the third
  of four arguments is a key type, as one client has it, no password came with the call: then our window asks for key and password.
* `signXmlByElementId` with seven arguments has no name of an attribute; its sixth may be the name or the identifier of an element.
* `verifyXml` with two arguments is the one with three, without the name of an attribute.
* `getHash` is hex in lower case, as the one published program writes it that computes the same three; SHA-1 as well, which nothing relies on.
* Signatures get no timestamp, a document that is a CMS is signed as the octets it is, and lines of XML end in LF, as the original wrote
  them where the system does so: to XML both ends are the same.
* A path that our chooser did not give to the page (decision 0021) is `LOAD_KEYSTORE_ERROR` for a key file and `FILE_READ_ERROR` for a
  document, whether there is such a file or not; one that it gave, and that is gone, is `KEYSTORE_FILE_NOT_FOUND` and `FILE_READ_ERROR`.
* Tokens are not for this dialect: each wrong PIN is one of few, and a page could lock the person out. There are none for it.
* `deleteEntry` would destroy a key. It is refused.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from protocol import base64_text, flat_messages, json_text, messages
from protocol.errors import BadCall
from protocol.flat_messages import CertificatePart, DigestName, KeyPlace
from protocol.messages import Call
from protocol.prompts import FileKind, Language, Purpose
from protocol.readings import USUAL, Readings

MODULE = "kz.gov.pki.knca.applet.Applet"  # what an absent module stands for

_FILE_KINDS: Final[dict[str, FileKind]] = {
    "P12": "pkcs12",
    "PFX": "pkcs12",
    "JKS": "jks",
    "CER": "certificate",
    "CRT": "certificate",
    "DER": "certificate",
    "CRL": "crl",
    "KEYSTORE": "key",
}
_KINDS_OF_STORES: Final[dict[str, FileKind]] = {"PKCS12": "pkcs12", "JKS": "jks"}
_PURPOSES: Final[dict[str, Purpose]] = {"SIGN": "sign", "AUTH": "identify"}
_KEY_TYPES: Final[dict[str, Purpose]] = {
    **_PURPOSES, "SIGNATURE": "sign", "AUTHENTICATION": "identify", "ALL": "any", "": "any",
}  # fmt: skip
_LANGUAGES: Final[dict[str, Language]] = {"kk": "kk", "ru": "ru", "en": "en"}
# Any chain and any purpose will do, and a key that is over is warned of and used, as in commonUtils.
_ANY_KEY: Final = messages.KeyFilter(allow_expired=True, allow_revoked=True)
_DIGESTS: Final[dict[str, DigestName]] = {
    "SHA1": "SHA-1",
    "SHA256": "SHA-256",
    "GOST34311": "GOST 34.311-95",
}
_PARTS: Final[dict[str, CertificatePart]] = {
    "getNotBefore": "not-before",
    "getNotAfter": "not-after",
    "getSubjectDN": "subject",
    "getIssuerDN": "issuer",
    "getRdnByOid": "attribute",
}
_MISSING: Final[dict[flat_messages.Thing, str]] = {
    "key": "EMPTY_KEY_LIST",
    "key-file": "KEYSTORE_FILE_NOT_FOUND",
    "attribute": "RDN_NOT_FOUND",
}
_CODES: Final = {
    "broken-file": "LOAD_KEYSTORE_ERROR",
    "unsupported-key": "LOAD_KEYSTORE_ERROR",
    "key-password": "LOAD_KEYSTORE_ERROR",
    "key-file-not-chosen": "LOAD_KEYSTORE_ERROR",
    "file-unusable": "FILE_READ_ERROR",
    "file-not-chosen": "FILE_READ_ERROR",
}
_OF_XML: Final = ("org.xml.sax.", "XML:")  # how details begin that are about a document
_MAX_ECHO = 100
_MAX_LOCALE_FRAME = 1024

_NAME = re.compile(r"[^\W\d][\w.-]*(?::[^\W\d][\w.-]*)?")
_IDENTIFIER = re.compile(r"[\w.:-]+")

# In strict JSON, a quote that no backslash precedes ends or begins a text, so this is a member and no part of one.
_MODULE_MEMBER = re.compile(rb'(?<!\\)"module"[ \t\r\n]{0,64}:[ \t\r\n]{0,64}"([\w.-]{1,200})"', re.ASCII)
_LOCALE_FRAME = re.compile(
    rb'\s{0,64}\{\s{0,64}(?:"module"\s{0,64}:\s{0,64}(?:null|"kz\.gov\.pki\.knca\.applet\.Applet")\s{0,64},\s{0,64})?'
    rb'"method"\s{0,64}:\s{0,64}"setLocale"\s{0,64},\s{0,64}"args"\s{0,64}:\s{0,64}\[\s{0,64}"([A-Za-z_-]{0,16})"\s{0,64}\]\s{0,64}\}\s{0,64}'
)
_LOCALE_METHOD = re.compile(
    rb"""[{,;]\s{0,64}(["']?)method\1\s{0,64}[:=]>?\s{0,64}(["']?)setLocale\2\s{0,64}[,;}]"""
)


def may_be(frame: bytes | bytearray) -> bool:
    """Whether a frame may be a call of this dialect, told without reading it: then it may hold a password."""
    modules = {found.group(1) for found in _MODULE_MEMBER.finditer(frame)}
    return not modules or MODULE.encode() in modules


def locale_of(frame: bytes | bytearray) -> messages.LocaleRequest | None:
    """What a frame asks for that is nothing but setLocale; None for every other."""
    found = _LOCALE_FRAME.fullmatch(frame)
    return None if found is None else messages.LocaleRequest(_LANGUAGES.get(found.group(1).decode()))


def unread_failure_reply(frame: bytes | bytearray, code: str) -> str:
    """The reply to a frame that can't be carried out, and that nobody reads: it may be of this dialect, or of none that we know.

    Nothing for what looks like setLocale.
    """
    if _LOCALE_METHOD.search(frame[:_MAX_LOCALE_FRAME]):
        return ""
    return json_text.write({"success": False, "errorCode": _CODES.get(code, "COMMON")})


def decode(message: dict[str, Any], readings: Readings = USUAL) -> Call:
    """The call in a JSON object that names no module but this, and a method. Raises BadCall."""
    method = message["method"]
    assert isinstance(method, str)
    if method == "setLocale":
        return Call("flat", method, messages.LocaleRequest(_language(message.get("args"))))
    known = _METHODS.get(method)
    if known is None:
        error = f"Method not implemented. Method:{method[:_MAX_ECHO]}"
        return Call("flat", "", messages.ConstantRequest(_failure(error)))
    read, counts = known
    arguments = _Arguments(message.get("args"), counts)
    return Call("flat", method, read(method, arguments, readings), readings=readings)


def encode(call: Call, outcome: messages.Outcome) -> str:
    """The reply to `call`; the empty text where none is sent."""
    if call.method == "setLocale":
        return ""
    match outcome:
        case messages.Signed(signatures, signature_format):
            return _success(_signed(signatures[0], signature_format))
        case messages.FileChosen(path):
            return _success(path)
        case flat_messages.Text(text):
            return _success(text)
        case flat_messages.Checked(holds):
            return _failure("SIGNATURE_VALIDATION_ERROR") if holds is None else _success(holds)
        case flat_messages.Missing(what):
            return _failure(_MISSING[what])
        case messages.Cancelled():
            return _success("")
        case messages.Failed(code, detail):
            return failure_reply(code, detail)
        case messages.Constant(reply):
            return reply
        case _:
            raise ValueError(f"the first dialect has no way to say {type(outcome).__name__}")


def failure_reply(code: str, detail: str = "") -> str:
    """The reply for one of the codes of agent.errors."""
    if code == "wrong-password":
        # How many tries are left is not known of a file, and not told of the limit: a page that may guess should learn nothing.
        return json_text.write({"result": "-1", "errorCode": "WRONG_PASSWORD"})
    if code == "bad-input" and detail.startswith(_OF_XML):
        return _failure("XML_PARSE_EXCEPTION")
    return _failure(_CODES.get(code, "COMMON"))


def _signed(octets: bytes, signature_format: messages.SignatureFormat) -> str:
    return octets.decode() if signature_format == "xml" else base64_text.encode(octets)


def _success(result: object) -> str:
    return json_text.write({"result": result, "errorCode": "NONE"})


def _failure(error_code: str) -> str:
    return json_text.write({"errorCode": error_code})


class _Arguments:
    """Positional arguments. Whatever is wrong with them is COMMON; `errorCode` has nothing more exact for it."""

    def __init__(self, given: Any, counts: tuple[int, ...]) -> None:
        self._given = given if isinstance(given, list) else []
        if len(self._given) not in counts:
            raise _nonsense()

    def __len__(self) -> int:
        return len(self._given)

    def text(self, index: int) -> str:
        """A text; null is an empty one."""
        value = self._given[index]
        if value is None:
            return ""
        if not isinstance(value, str):
            raise _nonsense()
        return value

    def octets(self, index: int) -> bytes:
        """The text in UTF-8."""
        try:
            return self.text(index).encode()
        except UnicodeEncodeError:  # half a character
            raise _nonsense() from None

    def password(self, index: int) -> bytearray:
        return bytearray(self.octets(index))

    def boolean(self, index: int) -> bool:
        value = self._given[index]
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool | None):
            raise _nonsense()
        return bool(value)

    def number(self, index: int) -> int:
        """A number; 0 where there is none."""
        value = self._given[index] if index < len(self) else None
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value):
            return int(value)
        if not isinstance(value, int | None) or isinstance(value, bool):
            raise _nonsense()
        return value or 0

    def place(self) -> KeyPlace:
        """Storage, path, alias and password, which stand first."""
        return KeyPlace(self.text(0), self.text(1), self.password(3), self.text(2))


def _nonsense() -> BadCall:
    return BadCall(_failure("COMMON"))


def _language(given: Any) -> Language | None:
    first = given[0] if isinstance(given, list) and given else None
    return _LANGUAGES.get(first) if isinstance(first, str) else None


_NO_FILE: Final = messages.ConstantRequest(_failure("FILE_READ_ERROR"))


def _refusal_of_storage(storage: str) -> messages.Request | None:
    """What there is to say of a storage that no key is opened in; None for the others."""
    if storage not in messages.KNOWN_STORAGES:
        return messages.ConstantRequest(_failure("UNKNOWN_STORAGE"))
    if storage not in messages.OPENABLE_STORAGES:
        return messages.ConstantRequest(_failure("LOAD_KEYSTORE_ERROR"))
    return None


def _browse(_method: str, arguments: _Arguments, _readings: Readings) -> messages.Request:
    storage, extension, folder = (arguments.text(index) for index in range(3))
    if storage not in messages.KNOWN_STORAGES:
        return messages.ConstantRequest(_failure("UNKNOWN_STORAGE"))
    if storage in messages.TOKEN_STORAGES:
        return messages.ConstantRequest(_success(""))
    kind = _FILE_KINDS.get(extension.upper(), _KINDS_OF_STORES[storage])
    return messages.ChooseFileRequest(kind, folder)


def _choose_file(_method: str, arguments: _Arguments, _readings: Readings) -> messages.Request:
    return messages.ChooseFileRequest(_FILE_KINDS.get(arguments.text(0).upper(), "any"), arguments.text(1))


def _list_slots(_method: str, arguments: _Arguments, _readings: Readings) -> messages.Request:
    is_known = arguments.text(0) in messages.KNOWN_STORAGES
    return messages.ConstantRequest(_failure("EMPTY_SLOT" if is_known else "UNKNOWN_STORAGE"))


def _list_keys(_method: str, arguments: _Arguments, _readings: Readings) -> messages.Request:
    place = KeyPlace(arguments.text(0), arguments.text(1), arguments.password(2))
    purpose = _PURPOSES.get(arguments.text(3), "any")
    return _refusal_of_storage(place.storage) or flat_messages.ListKeysRequest(place, purpose)


def _read_certificate(method: str, arguments: _Arguments, readings: Readings) -> messages.Request:
    place = arguments.place()
    is_attribute = method == "getRdnByOid"
    return _refusal_of_storage(place.storage) or flat_messages.ReadCertificateRequest(
        place,
        _PARTS[method],
        oid=arguments.text(4) if is_attribute else "",
        index=arguments.number(5) if is_attribute else 0,
        name_keywords=readings.name_keywords,
    )


def _sign_bare(_method: str, arguments: _Arguments, _readings: Readings) -> messages.Request:
    document = arguments.octets(4)
    return _signing(
        arguments.place(), messages.SignRequest((document,), detached=True, format="raw", keys=_ANY_KEY)
    )


def _sign_cms(method: str, arguments: _Arguments, _readings: Readings) -> messages.Request:
    is_file, is_detached = method.endswith("FromFile"), not arguments.boolean(5)
    document = arguments.octets(4)
    documents, path = ((), arguments.text(4)) if is_file else ((document,), "")
    if is_file and not path:
        return _NO_FILE
    return _signing(arguments.place(), messages.SignRequest(documents, is_detached, keys=_ANY_KEY, file=path))


def _sign_xml(_method: str, arguments: _Arguments, _readings: Readings) -> messages.Request:
    if len(arguments) == 5:
        return _signing(arguments.place(), _xml(arguments.octets(4)))
    third, document = arguments.text(2), arguments.octets(3)
    if third in _KEY_TYPES:
        storage = arguments.text(0)
        keys = replace(_ANY_KEY, purpose=_KEY_TYPES[third])
        asked = _xml(document, keys=keys, storages=(storage,))
        return _refusal_of_storage(storage) or asked
    place = KeyPlace(arguments.text(0), arguments.text(1), arguments.password(2))
    return _signing(place, _xml(document))


def _sign_element(_method: str, arguments: _Arguments, _readings: Readings) -> messages.Request:
    place, document, element = arguments.place(), arguments.octets(4), arguments.text(5)
    is_named = len(arguments) == 8
    attribute = arguments.text(6) if is_named else ""
    parent = arguments.text(7 if is_named else 6)
    if (attribute and not _NAME.fullmatch(attribute)) or (parent and not _NAME.fullmatch(parent)):
        raise _nonsense()
    if not (_NAME if is_named else _IDENTIFIER).fullmatch(element):
        raise _nonsense()
    options = messages.XmlOptions(
        element_xpath=f"//*[name()='{element}']" if is_named else _by_name_or_identifier(element),
        parent_xpath=f"//*[name()='{parent}']" if parent else "/*",
        is_text=True,
        id_attribute=attribute,
    )
    return _signing(place, _xml(document, xml=options))


def _by_name_or_identifier(text: str) -> str:
    return f"//*[name()='{text}' or @Id='{text}' or @id='{text}' or @ID='{text}']"


def _xml(document: bytes, **more: Any) -> messages.SignRequest:
    options = {"xml": messages.XmlOptions(is_text=True), "keys": _ANY_KEY, **more}
    return messages.SignRequest((document,), detached=False, format="xml", **options)


def _signing(place: KeyPlace, signing: messages.SignRequest) -> messages.Request:
    return _refusal_of_storage(place.storage) or flat_messages.SignWithKeyRequest(place, signing)


def _check_bare(_method: str, arguments: _Arguments, _readings: Readings) -> messages.Request:
    place, document = arguments.place(), arguments.octets(4)
    try:
        signature = base64_text.decode("".join(arguments.text(5).split()))
    except base64_text.NotBase64:
        return messages.ConstantRequest(_failure("SIGNATURE_VALIDATION_ERROR"))
    return _refusal_of_storage(place.storage) or flat_messages.CheckBareRequest(place, document, signature)


def _check_cms(method: str, arguments: _Arguments, _readings: Readings) -> messages.Request:
    signature, document = arguments.octets(0), arguments.octets(1)
    if method.endswith("FromFile"):
        if not document:
            return _NO_FILE
        return flat_messages.CheckRequest("cms", signature, file=arguments.text(1))
    return flat_messages.CheckRequest("cms", signature, document or None)


def _check_xml(_method: str, arguments: _Arguments, _readings: Readings) -> messages.Request:
    attribute = arguments.text(1) if len(arguments) == 3 else ""
    parent = arguments.text(len(arguments) - 1) if len(arguments) > 1 else ""
    return flat_messages.CheckRequest("xml", arguments.octets(0), parent=parent, id_attribute=attribute)


def _digest(_method: str, arguments: _Arguments, _readings: Readings) -> messages.Request:
    name = arguments.text(1)
    if name not in _DIGESTS:
        raise _nonsense()
    return flat_messages.DigestRequest(arguments.octets(0), _DIGESTS[name])


def _refuse_deleting(_method: str, _arguments: _Arguments, _readings: Readings) -> messages.Request:
    return messages.UnavailableRequest("keys are not deleted at the wish of a page")


_Reader = Callable[[str, _Arguments, Readings], messages.Request]
# How the arguments of each method are read, and how many there may be.
_METHODS: Final[dict[str, tuple[_Reader, tuple[int, ...]]]] = {
    "browseKeyStore": (_browse, (3,)),
    "loadSlotList": (_list_slots, (1,)),
    "showFileChooser": (_choose_file, (2,)),
    "getKeys": (_list_keys, (4,)),
    "getNotBefore": (_read_certificate, (4,)),
    "getNotAfter": (_read_certificate, (4,)),
    "getSubjectDN": (_read_certificate, (4,)),
    "getIssuerDN": (_read_certificate, (4,)),
    "getRdnByOid": (_read_certificate, (5, 6)),
    "signPlainData": (_sign_bare, (5,)),
    "verifyPlainData": (_check_bare, (6,)),
    "createCMSSignature": (_sign_cms, (6,)),
    "createCMSSignatureFromFile": (_sign_cms, (6,)),
    "verifyCMSSignature": (_check_cms, (2,)),
    "verifyCMSSignatureFromFile": (_check_cms, (2,)),
    "signXml": (_sign_xml, (4, 5)),
    "signXmlByElementId": (_sign_element, (7, 8)),
    "verifyXml": (_check_xml, (1, 2, 3)),
    "verifyXmlById": (_check_xml, (1, 2, 3)),
    "getHash": (_digest, (2,)),
    "deleteEntry": (_refuse_deleting, (3,)),
}
