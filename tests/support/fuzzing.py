"""Frames that no honest page sends, from a seed, and what the reply to any frame must be.

for number, frame, context in fuzzing.frames(count):       # the same for the same seed, frame by frame
    fuzzing.check_reply(frame, reply, context)             # AssertionError says which rule was broken

The number of frames is the test's own, or QALAMSAP_FUZZ_FRAMES; QALAMSAP_FUZZ_SEED begins elsewhere, QALAMSAP_FUZZ_FIRST at the
frame of that number, which a failure names.
"""

import json
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias, get_args, get_type_hints

from protocol import accessory, basics, codec, common_utils, messages
from protocol.errors import BadCall
from protocol.readings import Readings
from protocol.v1 import limits as own

OLD_MODULE = "kz.gov.pki.knca.applet.Applet"
UNREAD_BYTES = 256 * 1024
NOT_FOUND = {"success": False, "errorCode": "MODULE_NOT_FOUND"}
NOT_JSON = {"success": False, "code": "COMMON_JSON_WRAPPING_EXCEPTION"}

Family: TypeAlias = Literal[
    "common-utils", "basics", "accessory", "own", "flat", "none", "not-json", "silent"
]


@dataclass(frozen=True)
class Run:
    """How many frames, which first, from which seed."""

    count: int
    first: int
    seed: int

    @classmethod
    def of(cls, count: int) -> "Run":
        environment = os.environ
        return cls(
            int(environment.get("QALAMSAP_FUZZ_FRAMES", count)),
            int(environment.get("QALAMSAP_FUZZ_FIRST", 0)),
            int(environment.get("QALAMSAP_FUZZ_SEED", 20261126)),
        )


def frames(count: int, seeds: Sequence[str] = ()) -> Iterator[tuple[str, bytes, codec.Context]]:
    """Frames with what they are read by, each with a name for the failure; `seeds` are requests to damage, beside our own."""
    run = Run.of(count)
    for number in range(run.first, run.first + run.count):
        maker = Maker(random.Random(f"{run.seed}:{number}"), seeds)
        frame = maker.frame()
        yield f"seed {run.seed}, frame {number}: {frame[:400]!r}", frame, maker.context()


# --- what is sent -----------------------------------------------------------------------------------------------------

_COMMON: Mapping[str, list[Any]] = {
    "getActiveTokens": [],
    "getKeyInfo": ["PKCS12"],
    "signXml": ["PKCS12", "SIGNATURE", "<a/>", "", ""],
    "signXmls": ["PKCS12", "AUTHENTICATION", ["<a/>", "<b>ә</b>"], "//a", "//b"],
    "createCAdESFromBase64": ["PKCS12", "SIGNATURE", "MTEK", False],
    "createCAdESFromFile": ["PKCS12", "SIGNATURE", "/tmp/a", True],
    "createCAdESFromBase64Hash": ["PKCS12", "123", "MTEK"],
    "createCMSSignatureFromBase64": ["AKKaztokenStore", "SIGNATURE", "MTEK", True],
    "createCMSSignatureFromFile": ["PKCS12", "", "", True],
    "applyCAdEST": ["PKCS12", "SIGNATURE", "MTEK"],
    "showFileChooser": ["ALL", ""],
    "changeLocale": ["kk"],
}
_BASICS: Mapping[str, dict[str, Any]] = {
    "sign": {
        "allowedStorages": ["PKCS12"],
        "format": "cms",
        "data": ["MTEK", "Шарт"],
        "signingParams": {
            "decode": "true",
            "encapsulate": "false",
            "digested": "false",
            "tsaProfile": {},
            "outputCert": True,
            "allowExpired": False,
            "stamp": {"page": 1},
        },
        "signerParams": {
            "extKeyUsageOids": ["1.3.6.1.5.5.7.3.4"],
            "iin": "",
            "bin": "",
            "serialNumber": "",
            "chain": [],
        },
        "locale": "kk",
        "logo": "iVBORw0KGgo=",
    },
    "generateCsr": {
        "csrParams": {
            "subject": {"CN": "ТЕСТ", "SERIALNUMBER": "IIN123456789011"},
            "algorithm": "gost-2015-512",
        },
        "allowedStorages": ["PKCS12"],
        "locale": "ru",
    },
    "importCertificate": {"certificate": "MTEK", "chain": None, "locale": "kk"},
}
_ACCESSORY = ("getBundles", "getServices", "installBundle", "showSettings", "showBundleManager", "other")
_KEY = ["PKCS12", "/home/u/GOST512_x.p12", "alias", "secret"]
_FLAT: Mapping[str, list[Any]] = {
    "browseKeyStore": ["PKCS12", "P12", ""],
    "loadSlotList": ["AKKaztokenStore"],
    "showFileChooser": ["ALL", "~"],
    "getKeys": ["PKCS12", "/home/u/GOST512_x.p12", "secret", "SIGN"],
    "getNotBefore": _KEY,
    "getNotAfter": _KEY,
    "getSubjectDN": _KEY,
    "getIssuerDN": _KEY,
    "getRdnByOid": [*_KEY, "2.5.4.3", 0],
    "signPlainData": [*_KEY, "data"],
    "verifyPlainData": [*_KEY, "data", "MTEK"],
    "createCMSSignature": [*_KEY, "data", True],
    "createCMSSignatureFromFile": [*_KEY, "/tmp/a", True],
    "verifyCMSSignature": ["MTEK", "data"],
    "verifyCMSSignatureFromFile": ["MTEK", "/tmp/a"],
    "signXml": [*_KEY, "<xml></xml>"],
    "signXmlByElementId": [*_KEY, "<a/>", "a", "Id", "a"],
    "verifyXml": ["<a/>"],
    "getHash": ["data", "SHA256"],
    "setLocale": ["ru"],
}
_OWN: Mapping[str, dict[str, Any]] = {
    "capabilities": {},
    "sign": {
        "documents": [{"title": "Акт", "facts": [{"label": "№", "value": "7"}], "content": {"text": "a"}}],
        "format": "cms",
        "detached": True,
        "timestamp": "wanted",
        "key": {"purpose": "sign", "iin": "123456789011", "authorities": None},
        "language": "kk",
    },
    "login": {"nonce": "AAECAwQFBgcICQoLDA0ODw", "language": "ru"},
    "describeKey": {"key": {"purpose": "any"}},
    "verify": {"signature": {"base64": "MTEK"}, "document": {"text": "a"}},
    "timestamp": {"signature": {"upload": "no-such"}},
    "upload": {"size": 5},
    "read": {"download": "x", "offset": 0, "length": 10},
    "release": {"handles": ["x"]},
    "cancel": {"request": "r"},
}
_FOREIGN = (
    {"module": "kz.digiflow.mobile.extensions", "method": "getVersion"},
    {"module": "NURSign", "type": "version"},
    {"module": "kz.inessoft.kgd.knp.ncalayer.KNPModuleService", "command": "info", "requestId": "1"},
    {"module": "nca", "version": "2.3"},
    {"type": "ping"},
    {},
)
_TEXTS = (
    "", " ", "true", "False", "null", "0", "PKCS12", "JKS", "AKKaztokenStore", "FooStore", "SIGNATURE", "xml", "raw", "pdf",
    "cms", "ru", "kk", "MTEK", "MTE", "M\nTE=", "@@@@", "<a>", "<a/>", "\x00", "\x7f\x85\u2028", "ә" * 50, "\ud800", "\udfff\ud800",
    "\U0001f58b", "A" * 5000, "../../etc/passwd", "</script>", '"', "'", "\\", "--heartbeat--", "1" * 400,
    '{"module":"kz.gov.pki.knca.basics"}', '"module":"kz.qalamsap.v1"', "setLocale", "1.3.6.1.5.5.7.3.4", "kz.qalamsap.v1",
)  # fmt: skip
_WORDS = ("true", "false", "null", "nan", "infinity")
_NUMBERS = (
    0, -0.0, -1, 1, 2, 2**31, 2**53 + 1, -(2**63) - 1, 10**400, 1e308, float("inf"), float("-inf"), float("nan"), 0.1
)  # fmt: skip


class Maker:
    """Makes one frame."""

    def __init__(self, chance: random.Random, seeds: Sequence[str] = ()) -> None:
        self.chance = chance
        self.seeds = seeds

    def context(self) -> codec.Context:
        """Any site's readings, with the first dialect on or off."""
        hints = get_type_hints(Readings)
        odd = {
            each.name: self.chance.choice(get_args(hints[each.name]))
            for each in fields(Readings)
            if self.chance.random() < 0.3
        }
        tokens = ("AKKaztokenStore",) if self.chance.random() < 0.3 else ()
        return codec.Context(
            readings=Readings(**odd),
            is_flat_on=self.chance.random() < 0.5,
            language=self.chance.choice(("kk", "ru", "en")),
            tokens=tokens,
            new_name=lambda: "name",
        )

    def frame(self) -> bytes:
        kind = self.chance.random()
        if kind < 0.05:
            return self.chance.randbytes(self.chance.randrange(200))
        if kind < 0.10:
            return self.encoded(self.letters())
        if kind < 0.15:
            return self.bomb()
        text = self.request_text()
        if self.chance.random() < 0.25:
            return self.damaged(self.encoded(text))
        return self.encoded(text)

    def request_text(self) -> str:
        if self.seeds and self.chance.random() < 0.7:
            text = self.chance.choice(self.seeds)
            return text if self.chance.random() < 0.5 else self.written(self.twisted(json.loads(text)))
        message = self.request()
        if self.chance.random() < 0.7:
            message = self.twisted(message)
        return self.written(message)

    def request(self) -> dict[str, Any]:
        """A request in good order, of any dialect."""
        pick = self.chance.choice
        match self.chance.randrange(8):
            case 0 | 1:
                method = pick(list(_COMMON))
                message = {"module": common_utils.MODULE, "method": method, "args": _COMMON[method]}
            case 2 | 3:
                method = pick(list(_BASICS))
                message = {"module": basics.MODULE, "method": method, "args": _BASICS[method]}
            case 4:
                message = {"module": accessory.MODULE, "method": pick(_ACCESSORY)}
            case 5:
                method = pick(list(_FLAT))
                message = {"method": method, "args": _FLAT[method]}
                if self.chance.random() < 0.3:
                    message["module"] = pick((None, OLD_MODULE))
            case 6:
                method = pick(list(_OWN))
                message = {"module": own.MODULE, "id": "r-1", "method": method, "params": _OWN[method]}
            case _:
                message = dict(pick(_FOREIGN))
        for name, value in (("uuid", "u-1"), ("id", 7), ("apiVersion", 2), ("class", ""), ("callBack", "f")):
            if self.chance.random() < 0.1 and name not in message:
                message[name] = value
        return message

    def twisted(self, value: Any, depth: int = 0) -> Any:
        """The same with some of its parts replaced, left out, or moved under another name."""
        if depth and self.chance.random() < 0.12:
            return self.odd_value()
        if isinstance(value, dict):
            kept = {
                (self.odd_text() if self.chance.random() < 0.02 else name): self.twisted(part, depth + 1)
                for name, part in value.items()
                if self.chance.random() > 0.04
            }
            if self.chance.random() < 0.05:
                kept[self.odd_text()] = self.odd_value()
            return kept
        if isinstance(value, list):
            parts = [self.twisted(part, depth + 1) for part in value if self.chance.random() > 0.04]
            return [*parts, self.odd_value()] if self.chance.random() < 0.05 else parts
        return value

    def odd_text(self) -> str:
        return self.chance.choice(_TEXTS)

    def odd_value(self, depth: int = 0) -> Any:
        match self.chance.randrange(8 if depth < 3 else 5):
            case 0:
                return None
            case 1:
                return self.chance.random() < 0.5
            case 2:
                return self.chance.choice(_NUMBERS)
            case 3 | 4:
                return self.odd_text()
            case 5:
                return [self.odd_value(depth + 1) for _ in range(self.chance.randrange(4))]
            case 6:
                return {self.odd_text(): self.odd_value(depth + 1) for _ in range(self.chance.randrange(4))}
            case _:
                return self.nested(self.chance.choice((5, 70, 300)))

    def nested(self, depth: int) -> Any:
        value: Any = self.odd_value(9)
        for _ in range(depth):
            value = [value] if self.chance.random() < 0.5 else {"a": value}
        return value

    def written(self, value: Any) -> str:
        match self.chance.randrange(5):
            case 0:
                return json.dumps(value)
            case 1:
                return json.dumps(value, ensure_ascii=False)
            case 2:
                return json.dumps(value, ensure_ascii=False, indent=1)
            case 3:
                return self.with_keys_twice(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
            case _:
                return self.lenient(value)

    def with_keys_twice(self, text: str) -> str:
        """A member more at the beginning or at the end of the object, under a name that is there."""
        name = self.chance.choice(("module", "method", "args", "uuid", "id", "params"))
        member = f'"{name}":{json.dumps(self.odd_value(), ensure_ascii=False)}'
        if not (text.startswith("{") and len(text) > 2):
            return text
        return f"{{{member},{text[1:]}" if self.chance.random() < 0.5 else f"{text[:-1]},{member}}}"

    def lenient(self, value: Any) -> str:
        """In the dialect that org.json reads beside the standard; what it says is the same."""
        blank = self.chance.choice(("", " ", "\n\t"))
        match value:
            case dict():
                separator = self.chance.choice((",", ";"))
                colon = self.chance.choice((":", "=", "=>", " : "))
                members = separator.join(
                    f"{blank}{self.lenient_text(name, is_key=True)}{colon}{self.lenient(part)}"
                    for name, part in value.items()
                )
                last = separator if members and self.chance.random() < 0.3 else ""
                return f"{{{members}{last}{blank}}}"
            case list():
                separator = self.chance.choice((",", ";"))
                parts = separator.join(blank + self.lenient(part) for part in value)
                last = separator if parts and self.chance.random() < 0.3 else ""
                return f"[{parts}{last}{blank}]"
            case str():
                return self.lenient_text(value, is_key=False)
            case _:
                word = json.dumps(value)
                return word.upper() if value is None or isinstance(value, bool) else word

    def lenient_text(self, text: str, *, is_key: bool) -> str:
        is_bare = text.isascii() and text.isidentifier()
        if is_bare and (is_key or text.lower() not in _WORDS) and self.chance.random() < 0.5:
            return text
        if self.chance.random() < 0.5:
            return json.dumps(text)
        return "'" + json.dumps(text)[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"

    def letters(self) -> str:
        alphabet = "{}[]\"':,;=>\\/ \n\t0123456789.eE+-truefalsnlNaINfinitymodhg$ә\u2028\ud834\udd1e\x00"
        return "".join(self.chance.choice(alphabet) for _ in range(self.chance.randrange(120)))

    def bomb(self) -> bytes:
        depth = self.chance.choice((64, 65, 66, 990, 1000, 5000, 60_000))
        opening, closing = self.chance.choice(
            (("[", "]"), ('{"a":', "}"), ("{a:", "}"), ("[[", "]]"), ("[,", "]"))
        )
        filling = opening * depth + (closing * depth if self.chance.random() < 0.5 else "")
        match self.chance.randrange(5):
            case 0:
                return filling.encode()
            case 1:
                return f'{{"module":"{common_utils.MODULE}","method":"getKeyInfo","args":{filling}}}'.encode()
            case 2:
                return f'{{"module":"{basics.MODULE}","method":"sign","args":{{"data":{filling}}}}}'.encode()
            case 3:
                return f'{{"module":"{own.MODULE}","id":"b","method":"sign","params":{filling}}}'.encode()
            case _:
                return f'{{"args":{"9" * self.chance.choice((300, 4301, 9000))},{filling}'.encode()

    def encoded(self, text: str) -> bytes:
        octets = text.encode("utf-8", "surrogatepass")
        match self.chance.randrange(40):
            case 0:
                return b"\xef\xbb\xbf" + octets
            case 1:
                return text.encode("utf-16", "surrogatepass")
            case _:
                return octets

    def damaged(self, frame: bytes) -> bytes:
        octets = bytearray(frame)
        for _ in range(self.chance.randrange(1, 5)):
            at = self.chance.randrange(len(octets) + 1)
            match self.chance.randrange(6):
                case 0:
                    octets[at : at + 1] = self.chance.randbytes(1)
                case 1:
                    del octets[at : at + self.chance.randrange(1, 9)]
                case 2:
                    octets[at:at] = self.chance.choice(_PIECES)
                case 3:
                    octets[at:at] = octets[at : at + self.chance.randrange(1, 30)]
                case 4:
                    del octets[at:]
                case _:
                    octets += octets[:at]
        return bytes(octets)


_PIECES = (
    b"{", b"}", b"[", b"]", b'"', b"'", b",", b":", b"\\", b"\\u", b"\\ud800", b"null", b"NaN", b"-Infinity", b"1e999", b"\x00", b"\xff",
    b"\xc0\xaf", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"//", b"/*", b"#", b'"method":"setLocale"', b'"module":null',
    b'"uuid":"\\u0000"',
)  # fmt: skip


# --- what a worker makes of it ----------------------------------------------------------------------------------------

_ENDINGS = (
    messages.Cancelled(),
    messages.Done(),
    messages.Failed("internal"),
    messages.Failed("bad-input", 'line 1: "quoted" \x00\ud800 </a>'),
    messages.Failed("no-such-code", "detail"),
    messages.Failed("bad-input", "org.xml.sax.SAXParseException; lineNumber: 1;"),
    messages.Failed("timestamp-failed", "не отвечает"),
)


def answered(frame: bytes, context: codec.Context, chance: random.Random) -> str:
    """The reply by way of a worker that does whatever the request asks for, or fails."""
    try:
        call = codec.decode(frame, context)
    except BadCall as bad:
        return bad.reply
    outcome = codec.answer_without_worker(call, context.tokens)
    if outcome is None:
        outcome = ending(call.request, chance)
    return codec.encode_whole(call, outcome, context).text


def ending(request: messages.Request, chance: random.Random) -> messages.Outcome:
    """What may come of a request in a worker."""
    if chance.random() < 0.5:
        return chance.choice([each for each in _ENDINGS if not isinstance(each, messages.Done)])
    octets = chance.randbytes(chance.choice((0, 1, 48, 100)))
    match request:
        case messages.SignRequest():
            content = b"<a>\xd3\x99</a>" if request.format in ("xml", "jws", "wsse") else octets
            count = len(request.documents) or len(request.large) or 1
            certificate = octets if request.with_certificate else b""
            return messages.Signed((content,) * count, request.format, certificate)
        case messages.TimestampRequest():
            return messages.Signed((octets,))
        case messages.KeyInfoRequest():
            return _key_info(octets)
        case messages.ChooseFileRequest():
            return messages.FileChosen(chance.choice(("/tmp/a", "/tmp/ә \udcff.p12", "")))
        case messages.NewKeyRequest():
            return messages.KeyRequested(octets, "00ff")
        case messages.ImportCertificateRequest():
            return messages.CertificateJoined("00ff")
        case messages.AboutRequest():
            return messages.Done()
        case _:
            return messages.Failed("unsupported", type(request).__name__)


def _key_info(octets: bytes) -> messages.KeyInfo:
    texts = {
        each.name: "ТЕСТ, \u2028 O=\\," for each in fields(messages.KeyInfo) if each.type in ("str", str)
    }
    given: dict[str, Any] = {
        **texts,
        "authority_key_id": "",
        "not_before_ms": 1_767_225_600_000,
        "not_after_ms": 1_798_761_600_000,
        "certificate_der": octets,
    }
    return messages.KeyInfo(**given)


# --- what must come back ----------------------------------------------------------------------------------------------


def check_reply(frame: bytes, reply: str, context: codec.Context, *, may_be_unread: bool = False) -> Family:
    """Holds a reply against the rules of the dialect that is due; gives it. The empty text is no frame at all.

    `may_be_unread`: a frame that may hold a password of the first dialect is not read to refuse it, but looked through for the
    name of a module, and for setLocale as clients write it; and so is a very long one of any dialect.
    """
    due = families(frame, context)
    if may_be_unread and len(frame) > UNREAD_BYTES:
        due = set(get_args(Family))
    elif may_be_unread and context.is_flat_on and due <= {"none", "not-json", "flat", "silent"}:
        names_another = any(name.encode() in frame for name in (basics.MODULE, common_utils.MODULE))
        is_usual = b'"setLocale"' in frame[:1024] and not names_another
        if due != {"silent"} or not is_usual:
            due |= {"flat", "basics", "common-utils"}
        if b"setLocale" in frame:
            due.add("silent")
    if reply == "":
        assert "silent" in due, "silence where an answer is due"
        return "silent"
    assert due != {"silent"}, f"an answer where silence is due: {reply[:300]}"
    answer = strict(reply)
    family = _family(answer)
    assert family in due, f"{family} where {sorted(due)} is due: {reply[:300]}"
    _RULES[family](answer)
    if family == "common-utils" and "uuid" in answer and not may_be_unread:
        assert answer["uuid"], "an empty uuid"
        message = _message(frame)
        assert not isinstance(message, dict) or message.get("uuid") == answer["uuid"], "a strange uuid"
    return family


def strict(text: str) -> dict[str, Any]:
    """The JSON object in a reply, one line, compact, as the standard and every client have it."""
    text.encode("utf-8")
    assert "\n" not in text
    assert "\r" not in text

    def no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in pairs}) == len(pairs), "a name comes twice"
        return dict(pairs)

    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    answer = json.loads(text, object_pairs_hook=no_name_twice, parse_constant=no_constant)
    assert isinstance(answer, dict), "not an object"
    return answer


def families(frame: bytes, context: codec.Context) -> set[Family]:
    """Whose answer is due, as far as the standard's JSON tells. What only leniency can read may be anybody's."""
    message = _message(frame)
    if message is _UNREADABLE:
        return set(get_args(Family))
    if not isinstance(message, dict):
        return {"not-json"}
    match message.get("module"):
        case common_utils.MODULE:
            return {"common-utils"}
        case basics.MODULE:
            return {"basics"}
        case accessory.MODULE:
            # One reading of getBundles is written like an answer of commonUtils.
            return {"accessory", "common-utils"} if context.readings.bundles == "enveloped" else {"accessory"}
        case own.MODULE if next(iter(message)) == "module":
            return {"own"}
        case (
            own.MODULE
        ):  # it has to come first; what does not is looked for in strict JSON only, where no name comes twice
            return {"own", "none"}
        case None | "kz.gov.pki.knca.applet.Applet" if message.get("method") == "setLocale":
            return {"silent"}
        case None | "kz.gov.pki.knca.applet.Applet" if context.is_flat_on and isinstance(
            message.get("method"), str
        ):
            return {"flat"}
        case _:
            return {"none"}


_UNREADABLE = object()


def _message(frame: bytes) -> Any:
    """The value of a frame in standard JSON; _UNREADABLE where it is not, or names the module twice."""
    twice = False

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        twice = [name for name, _ in found].count("module") > 1  # of the outermost object, which comes last
        return dict(found)

    def no_constant(name: str) -> None:
        raise ValueError(name)

    try:
        message = json.loads(frame.decode(), object_pairs_hook=pairs, parse_constant=no_constant)
    except (ValueError, RecursionError):
        return _UNREADABLE
    return _UNREADABLE if twice and isinstance(message, dict) else message


def _family(answer: Mapping[str, Any]) -> Family:
    if answer == NOT_FOUND:
        return "none"
    if answer == NOT_JSON:
        return "not-json"
    if answer.get("module") == own.MODULE:
        return "own"
    if "status" in answer:
        return "basics"
    if answer.get("code") in ("200", "500"):
        return "common-utils"
    if "errorCode" in answer and "message" not in answer:
        return "flat"
    return "accessory"


def _common_utils(answer: Mapping[str, Any]) -> None:
    assert answer.keys() <= {"responseObject", "code", "message", "uuid"}
    if answer["code"] == "200":
        # An empty message is what one reading of a site puts there.
        assert answer.get("message", "") == "", "a success says something"
    else:
        assert "responseObject" not in answer
        assert isinstance(answer.get("message", ""), str)


def _basics(answer: Mapping[str, Any]) -> None:
    if answer["status"] is True:
        assert answer.keys() == {"body", "status"}
        assert isinstance(answer["body"], dict)
        assert answer["body"].keys() <= {"result"}
    else:
        assert answer["status"] is False
        assert answer.keys() == {"code", "details", "message", "status"}
        assert all(isinstance(answer[name], str) for name in ("code", "details", "message"))
        assert answer["code"], "an empty code"


def _accessory(answer: Mapping[str, Any]) -> None:
    assert answer
    assert "status" not in answer


def check_own(answer: Mapping[str, Any]) -> None:
    assert next(iter(answer)) == "module"
    assert ("result" in answer) != ("error" in answer)
    assert answer.keys() == {"module", "id", "result" if "result" in answer else "error"}
    assert answer["id"] is None or isinstance(answer["id"], str)
    if "error" in answer:
        error = answer["error"]
        assert (
            {"code", "retryable", "message", "help"}
            <= error.keys()
            <= {"code", "retryable", "message", "help", "detail"}
        )
        assert isinstance(error["retryable"], bool)
        assert error["help"].endswith(f"#{error['code']}")


def _flat(answer: Mapping[str, Any]) -> None:
    assert answer.keys() <= {"result", "secondResult", "errorCode", "success"}
    assert isinstance(answer["errorCode"], str)
    # Said of a frame that was not read: it may have been of a dialect that looks for it.
    assert answer.get("success", False) is False


def _fixed(answer: Mapping[str, Any]) -> None:
    """Compared as a whole already."""


_RULES = {
    "common-utils": _common_utils,
    "basics": _basics,
    "accessory": _accessory,
    "own": check_own,
    "flat": _flat,
    "none": _fixed,
    "not-json": _fixed,
}
