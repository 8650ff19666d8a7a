"""What the portal could not accept. A problem has a code, and the pages hold a text for each code.

    signed-out              the session has ended
    forged-request          no or wrong CSRF token
    act-closed              the act is signed or refused already
    reason-missing          a refusal needs a reason
    challenge-unknown       no such challenge in this session, or it was answered already
    challenge-expired       the answer came too late
    challenge-changed       what was signed is not the text that the portal gave out
    not-identified          a decision needs identification first
    signature-unreadable    not a CMS, or not with exactly one signer
    signature-broken        the mathematics does not hold
    other-document          a sound signature of something else
    algorithm-unsupported
    authority-unknown       no path from the certificate to an authority that the portal trusts
    key-expired             key-not-yet-valid
    key-not-for-signing     key-not-for-identification
    key-of-another          IIN or BIN is not the account's

`facts` are pairs of text key and value that help the person to see what was compared.
"""

Facts = tuple[tuple[str, str], ...]


class Problem(Exception):
    """Something the person has to be told, in their language, with what to do next."""

    def __init__(self, code: str, facts: Facts = (), *, status: int = 422, technical: str = "") -> None:
        super().__init__(technical or code)
        self.code = code
        self.facts = facts
        self.status = status
        self.technical = technical


class SignedOut(Exception):
    """Nobody is signed in; the page asked for needs somebody."""
