"""What the portal could not accept. A problem has a code, and the pages hold a text for each code.

    signed-out              the session has ended
    forged-request          no or wrong CSRF token
    act-closed              the act is signed or refused already
    reason-missing          a refusal needs a reason
    challenge-unknown       no such challenge in this session, or it was answered already
    challenge-expired       the answer came too late
    challenge-changed       what was signed is not the text that the portal gave out
    clock-wrong             a login of another time: the clock of the person's computer is wrong
    not-identified          a decision needs identification first
    signature-unreadable    not a CMS or a signed PDF, or not with exactly one signer
    signature-broken        the mathematics does not hold
    other-document          a sound signature of something else
    pdf-changed             more than a signature was added to the PDF, or something after it
    timestamp-missing       a timestamp was asked for, and there is none
    timestamp-unproven      there is one, and it proves nothing here
    algorithm-unsupported
    authority-unknown       no path from the certificate to an authority that the portal trusts
    key-expired             key-not-yet-valid
    key-not-for-signing     key-not-for-identification
    key-of-another          IIN or BIN is not the account's
    key-revoked             the authority took the certificate back
    key-unknown             the authority does not know the certificate

`facts` are pairs of text key and value that help the person to see what was compared.
"""

Facts = tuple[tuple[str, str], ...]


class TextKey(str):
    """The value of a fact that is told in the person's language."""

    __slots__ = ()


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
