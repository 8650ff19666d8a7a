"""Why a certificate was taken back: numbers on the wire (CRLReason, RFC 5280 §5.3.1) and the words of that standard.

certificateHold may end, and removeFromCRL says in a delta list that it did. keyCompromise and cACompromise say that somebody else had the
key: perhaps before the revocation, and then the entry may give an invalidity date.
"""

UNSPECIFIED = "unspecified"
CERTIFICATE_HOLD = "certificateHold"
REMOVE_FROM_CRL = "removeFromCRL"

REASONS = {
    0: UNSPECIFIED,
    1: "keyCompromise",
    2: "cACompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    6: CERTIFICATE_HOLD,
    8: REMOVE_FROM_CRL,
    9: "privilegeWithdrawn",
    10: "aACompromise",
}
