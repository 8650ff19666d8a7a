"""What passed between a page and the agent, with everything taken out that is anybody's: a cassette, for tests of pages.

A sketch of a JSON value keeps what belongs to the protocol, by lists of what may stay: names of members, modules, methods and codes, and counts
in replies. Of all else it has the kind and the length. Nothing else of a value is in it, so a cassette can be shown to anybody.

    sketch(call)           the sketch of a page's frame
    sketch_reply(reply, …) that of the agent's reply to it
    is_alike(one, other)   whether two sketches are of calls for the same thing; lengths may differ
    fill(sketch, ...)      a value of that sketch, with filler in place of what was taken out

A sketch is JSON itself. A string that may stay, a count, or a truth that may stay is `{"is": value}`; any other string `{"string": length, "kind":
kind}`; any other number `{"number": 0}`, any other truth `{"truth": 0}`; null is null; an object `{"object": [[name, sketch], ...]}`, with "…"
for a name that may not stay; a list `{"list": [[times, sketch], ...]}`; a frame that is no JSON `{"text": length}`.
"""

import dataclasses
import functools
import json
import re
import typing
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from protocol import accessory, basics, common_utils, json_text, messages
from protocol.v1 import limits, replies, shapes
from protocol.v1.methods import EVENTS, METHODS
from protocol.v1.sentences import MEANINGS

Sketch: TypeAlias = dict[str, Any] | None

UNNAMED: Final = "…"
_CALL_NAMES: Final = ("id", "uuid")  # what a page calls its call; it comes back in the reply
_FLAGS: Final = frozenset({"status", "success", "retryable", "cancelled"})  # truths that are codes
_COUNTS: Final = frozenset(
    {"transfer", "chunkBytes", "windowBytes", "octets", "size", "waiting", "done", "total",
     *(shapes.members_of(replies.Limits)[index].wire for index in range(len(shapes.members_of(replies.Limits))))}
)  # fmt: skip
_MOST_DEEP = 32

_CLASSIC_METHODS: Final = (
    *("getActiveTokens", "getKeyInfo", "signXml", "signXmls", "createCAdESFromBase64", "createCAdESFromFile",
      "createCAdESFromBase64Hash", "createCMSSignatureFromBase64", "createCMSSignatureFromFile", "applyCAdEST",
      "showFileChooser", "changeLocale"),
    *("sign", "generateCsr", "importCertificate"),
    *("getBundles", "getServices", "installBundle", "showSettings", "showBundleManager"),
    *("browseKeyStore", "loadSlotList", "getKeys", "getNotBefore", "getNotAfter", "getSubjectDN", "getIssuerDN",
      "getRdnByOid", "signPlainData", "verifyPlainData", "createCMSSignature", "createCMSSignatureFromFile",
      "verifyCMSSignature", "verifyCMSSignatureFromFile", "signXmlByElementId", "verifyXml", "verifyXmlById", "getHash",
      "setLocale", "deleteEntry", "getVersion"),
)  # fmt: skip
_CLASSIC_MEMBERS: Final = (
    *("module", "method", "args", "uuid", "id", "apiVersion", "class"),
    *("responseObject", "code", "message", "status", "body", "result", "details", "errorCode", "secondResult", "success"),
    *("allowedStorages", "format", "data", "signingParams", "signerParams", "locale", "logo", "decode", "encapsulate",
      "digested", "tsaProfile", "allowExpired", "allowRevoked", "outputCert", "stamp", "page", "extKeyUsageOids", "iin",
      "bin", "serialNumber", "chain", "signatures", "certificate", "csr", "keyId"),
    *("alias", "algorithm", "subjectCn", "subjectDn", "issuerCn", "issuerDn", "certNotBefore", "certNotAfter",
      "authorityKeyIdentifier", "pem", "services"),
)  # fmt: skip
_CLASSIC_CODES: Final = (
    *("200", "500", "NONE", "WRONG_PASSWORD", "EMPTY_KEY_LIST", "EMPTY_SLOT", "LOAD_KEYSTORE_ERROR",
      "KEYSTORE_FILE_NOT_FOUND", "FILE_READ_ERROR", "UNKNOWN_STORAGE", "RDN_NOT_FOUND", "XML_PARSE_EXCEPTION",
      "SIGNATURE_VALIDATION_ERROR", "COMMON", "MODULE_NOT_FOUND", "INVOCATION_ERROR", "GENERAL_ERROR",
      "INVALID_SIGNING_PARAMS", "SIGNING_FAILURE", "CSR_GENERATING_FAILURE", "CERTIFICATE_IMPORTING_FAILURE",
      "INVALID_IMPORTING_CERTIFICATE", "COMMON_JSON_WRAPPING_EXCEPTION"),
    *("action.canceled", "storageName.param.empty", "storage.unknown", "storage.empty", "file.not_found"),
)  # fmt: skip
_WORDS: Final = frozenset(
    {
        *(
            "",
            "kk",
            "ru",
            "en",
            "SIGNATURE",
            "AUTHENTICATION",
            "AUTH",
            "SIGN",
            "ANY",
            "ALL",
            "DIRECTORY",
            "CRL",
            "CER",
        ),
        *("P12", "KEYSTORE", "JKS", "true", "false"),
        *(
            common_utils.MODULE,
            basics.MODULE,
            accessory.MODULE,
            limits.MODULE,
            "kz.digiflow.mobile.extensions",
        ),
        *(*_CLASSIC_METHODS, *_CLASSIC_CODES, *METHODS, *EVENTS, *MEANINGS, *messages.KNOWN_STORAGES),
        *typing.get_args(messages.SignatureFormat),
    }
)

_KINDS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("pem", re.compile(r"-----BEGIN [A-Z0-9 #]{1,40}-----\s")),
    ("xml", re.compile(r"\s*<[?!a-zA-Z_]")),
    ("digits", re.compile(r"[0-9]+\Z")),
    ("base64", re.compile(r"[A-Za-z0-9+/]{16,}={0,2}\Z")),
)
_LOOKED_AT = 4096  # characters that tell the kind of a string


def sketch(call: bytes | bytearray | str) -> Sketch:
    """The sketch of a page's frame. No number of it stays: a page may call anything a size."""
    return _sketch_of(call, counts=frozenset())


def sketch_reply(reply: bytes | bytearray | str, call: bytes | bytearray | str) -> Sketch:
    """The sketch of a reply; what it repeats of the call is `{"same": name}`."""
    return _with_same(_sketch_of(reply, _COUNTS), _names_of(reply), _names_of(call))


def is_alike(one: Sketch, other: Sketch) -> bool:
    """Whether two sketches are of calls for the same thing: the same members, words and shapes, whatever the lengths."""
    return bool(_skeleton(one) == _skeleton(other))


def fill(found: Sketch, call: bytes | bytearray | str) -> str:
    """A frame of that sketch, as a reply to `call`."""
    if found is not None and "text" in found:
        return "x" * int(found["text"])
    value = _fill(found, _names_of(call))
    return json_text.write(value) if isinstance(value, dict) else json.dumps(value)


def downloads(found: Sketch) -> Iterator[int]:
    """The sizes of what a reply of kz.qalamsap.v1 has beside it, in order."""
    if found is None:
        return
    if "object" in found:
        members = dict(found["object"])
        if "download" in members and "size" in members:
            yield int(members["size"].get("is", 0))
            return
    for child in _children(found):
        yield from downloads(child)


def with_downloads(reply: str, new_name: Callable[[], str]) -> tuple[str, tuple[tuple[str, int], ...]]:
    """A filled reply of kz.qalamsap.v1 whose downloads have names of their own, and those names with the sizes."""
    value = json.loads(reply)
    made: list[tuple[str, int]] = []

    def walk(item: Any) -> None:
        if isinstance(item, dict):
            if "download" in item and isinstance(item.get("size"), int):
                item["download"] = new_name()
                made.append((item["download"], item["size"]))
            for child in item.values():
                walk(child)
        elif isinstance(item, list):
            for child in item:
                walk(child)

    walk(value)
    return json_text.write(value), tuple(made)


# --- making -------------------------------------------------------------------------------------------------------


@functools.cache
def _names() -> frozenset[str]:
    """Names of members that may stay: those of the protocols."""
    found = {*_CLASSIC_MEMBERS}
    waiting: list[Any] = [replies.Limits, *EVENTS.values()]
    waiting += [cls for method in METHODS.values() for cls in (method.params, method.result)]
    done: set[Any] = set()
    while waiting:
        hint = waiting.pop()
        if not isinstance(hint, type) or not dataclasses.is_dataclass(hint):
            waiting += [each for each in typing.get_args(hint) if each is not Ellipsis and each not in done]
            done.update(each for each in typing.get_args(hint) if not isinstance(each, type))
            continue
        if hint in done:
            continue
        done.add(hint)
        for member in shapes.members_of(hint):
            found.add(member.wire)
            waiting.append(member.hint)
    return frozenset({*found, "params", "event", "error", "detail", "help", "retryable"})


def _sketch_of(frame: bytes | bytearray | str, counts: frozenset[str]) -> Sketch:
    try:
        value = json_text.read(frame)
    except json_text.NotJson:
        return {"text": len(frame)}
    return _sketch(value, "", counts, 0)


def _sketch(value: Any, name: str, counts: frozenset[str], depth: int) -> Sketch:
    if value is None or depth > _MOST_DEEP:
        return None
    if isinstance(value, bool):
        return {"is": value} if name in _FLAGS else {"truth": 0}
    if isinstance(value, int | float):
        is_count = name in counts and isinstance(value, int)
        return {"is": value} if is_count else {"number": 0}
    if isinstance(value, str):
        return {"is": value} if value in _WORDS else {"string": len(value), "kind": _kind(value)}
    if isinstance(value, dict):
        return {"object": [_member(key, item, counts, depth) for key, item in value.items()]}
    return {"list": _runs([_sketch(item, name, counts, depth + 1) for item in value])}


def _member(name: str, value: Any, counts: frozenset[str], depth: int) -> list[Any]:
    return [name if name in _names() else UNNAMED, _sketch(value, name, counts, depth + 1)]


def _runs(items: list[Sketch]) -> list[list[Any]]:
    runs: list[list[Any]] = []
    for item in items:
        if runs and runs[-1][1] == item:
            runs[-1][0] += 1
        else:
            runs.append([1, item])
    return runs


def _kind(text: str) -> str:
    start = text[:_LOOKED_AT]
    kind = next((kind for kind, pattern in _KINDS if pattern.match(start)), "text")
    padding = len(text) - len(text.rstrip("=")) if kind == "base64" else 0
    return kind + "=" * min(2, padding)  # so that filler decodes to as many octets


def _names_of(frame: bytes | bytearray | str) -> dict[str, str]:
    """What a page calls its call."""
    try:
        message = json_text.read(frame)
    except json_text.NotJson:
        return {}
    if not isinstance(message, dict):
        return {}
    return {name: message[name] for name in _CALL_NAMES if isinstance(message.get(name), str)}


def _with_same(found: Sketch, reply: dict[str, str], call: dict[str, str]) -> Sketch:
    if found is None or "object" not in found:
        return found
    same = {name for name in reply if call.get(name) == reply[name]}
    return {"object": [[name, {"same": name} if name in same else child] for name, child in found["object"]]}


# --- comparing and filling ----------------------------------------------------------------------------------------


def _children(found: dict[str, Any]) -> Iterator[Sketch]:
    yield from (child for _, child in found.get("object", ()))
    yield from (child for _, child in found.get("list", ()))


def _skeleton(found: Sketch) -> Any:
    if found is None:
        return None
    if "object" in found:
        return {
            name: _skeleton(child) for name, child in found["object"] if name not in (*_CALL_NAMES, UNNAMED)
        }
    if "list" in found:
        # How many documents there are is the page's affair; what kind of things they are is not.
        return [
            json.dumps(each, sort_keys=True) for each in _different([_skeleton(c) for _, c in found["list"]])
        ]
    return found.get("is", next(iter(found)))


def _different(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if item not in found:
            found.append(item)
    return found


def _fill(found: Sketch, names: dict[str, str]) -> Any:
    match found:
        case None:
            return None
        case {"is": value}:
            return value
        case {"same": name}:
            return names.get(name, "")
        case {"string": length, "kind": kind}:
            return _filler(int(length), str(kind))
        case {"object": members}:
            return {name: _fill(child, names) for name, child in members}
        case {"list": runs}:
            return [_fill(child, names) for times, child in runs for _ in range(int(times))]
        case {"truth": _}:
            return False
        case _:
            return 0


def _filler(length: int, kind: str) -> str:
    match kind:
        case "base64" | "base64=" | "base64==":
            padding = kind.removeprefix("base64")
            return "A" * (length - len(padding)) + padding
        case "digits":
            return "1" * length
        case "xml":
            return f"<x>{'x' * (length - 7)}</x>" if length > 6 else "<x/>"
        case "pem":
            armour = ("-----BEGIN CMS-----\n", "\n-----END CMS-----\n")
            return f"{'A' * max(0, length - sum(map(len, armour)))}".join(armour)
        case _:
            return "x" * length
