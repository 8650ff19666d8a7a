"""Statements that have no test yet, each with the reason. One that gets its test leaves this table."""

_TOKEN = "no token is read yet"
_FILES = "files that a page names, and a chooser for them, are not built yet"
_FIRST = "the first dialect is not built yet: it is answered as a module that is not there"
_KMD = "the HTTPS interface is not built yet: nothing listens on its port"

OPEN = {
    "C3": _TOKEN,
    "C42": _FILES,
    "C43": _FILES,
    "C44": _FILES,
    "C45": _FILES,
    "M8": "not built yet: refused with an error that has no status",
    "X16": "KalkanCrypt is not to be had; OpenSSL, xmlsec1 and libgcrypt verify in its place (tests/conformance)",
    **{f"L{number}": _FIRST for number in range(1, 15)},
    **{f"K{number}": _KMD for number in range(2, 9)},
}
