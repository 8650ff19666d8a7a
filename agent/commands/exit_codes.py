"""What `qalamsap` tells the shell. Scripts may rely on these numbers."""

from agent.errors import AgentError

DONE = 0  # done; for `verify`: valid
INVALID = 1  # `verify`: a signature is bad; elsewhere: a failure without a number of its own
CANNOT_TELL = 2  # `verify`: good as far as it was checked, but not all could be checked
WRONG_PASSWORD = 3
CANCELLED = 4
BAD_INPUT = 5  # a file is missing, broken, or makes no sense
UNSUPPORTED_KEY = 6
NOT_POSSIBLE = 7  # nobody to ask, no time left, records can't be written, not built yet, another agent runs
USAGE = 64  # the command line itself is wrong (EX_USAGE of sysexits)

MEANINGS = {
    DONE: "done (`verify`: valid)",
    INVALID: "invalid or failed",
    CANNOT_TELL: "can't tell",
    WRONG_PASSWORD: "wrong password",
    CANCELLED: "cancelled",
    BAD_INPUT: "bad input",
    UNSUPPORTED_KEY: "unsupported or unsuitable key",
    NOT_POSSIBLE: "not possible (nobody to ask, another agent runs, records can't be written, not built yet)",
    USAGE: "wrong usage",
}

_BY_ERROR = {
    "wrong-password": WRONG_PASSWORD,
    "cancelled": CANCELLED,
    "bad-input": BAD_INPUT,
    "file-unusable": BAD_INPUT,
    "broken-file": BAD_INPUT,
    "foreign-file": BAD_INPUT,
    "weak-password": BAD_INPUT,
    "bad-config": BAD_INPUT,
    "bad-policy": NOT_POSSIBLE,
    "policy-forbids": NOT_POSSIBLE,
    "key-folder": NOT_POSSIBLE,
    "unsupported-key": UNSUPPORTED_KEY,
    "key-password": UNSUPPORTED_KEY,
    "key-unsuitable": UNSUPPORTED_KEY,
    "no-one-to-ask": NOT_POSSIBLE,
    "timed-out": NOT_POSSIBLE,
    "storage-failed": NOT_POSSIBLE,
    "key-not-kept": NOT_POSSIBLE,
    "key-read-only": NOT_POSSIBLE,
    "unsupported": NOT_POSSIBLE,
    "unreachable": NOT_POSSIBLE,
    "timestamp-failed": NOT_POSSIBLE,
    "already-running": NOT_POSSIBLE,
    "not-running": NOT_POSSIBLE,
    "not-started-anew": NOT_POSSIBLE,
    "port-busy": NOT_POSSIBLE,
    "no-tls-identity": NOT_POSSIBLE,
    "file-not-written": NOT_POSSIBLE,
    "updates-off": NOT_POSSIBLE,
    "busy": NOT_POSSIBLE,
}


_BY_VERDICT = {"valid": DONE, "invalid": INVALID, "indeterminate": CANNOT_TELL}


def of_verdict(verdict: str) -> int:
    """The exit code for a verdict on signatures."""
    return _BY_VERDICT[verdict]


def of(error: AgentError) -> int:
    """The exit code for an error that ends a command."""
    return _BY_ERROR.get(error.code, INVALID)
