"""Statements that have no test yet, each with the reason. One that gets its test leaves this table."""

OPEN = {
    "X16": "KalkanCrypt is not to be had; OpenSSL, xmlsec1 and libgcrypt verify in its place (tests/conformance)",
}
