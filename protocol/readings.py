"""Where nothing published settles how NCALayer behaves, we took one reading; a site may need the other one.

The default of each member is the reading that we took. The settings name sites that need others (agent.config):

    [sites."https://stat.example.kz"]
    basics_cms = "base64"
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Readings:
    """How the replies to one site are read and written.

    basics_cms            a CMS of basics in PEM armour, or as bare base64
    basics_single         the answer for one document: an array of one, or the text alone
    basics_cancel         a cancelled call of basics: success with an empty body, or an error
    basics_certificate    which formats outputCert turns into an object: raw alone, or every one
    basics_xml            XML of basics without white space in the signature, or each element on a line
    basics_encapsulate    what `encapsulate` means where it is absent
    basics_cosigns        what a document that is itself a CMS is to basics: octets to sign, or a signature to be joined
    key_dates             dates of getKeyInfo: milliseconds as text, as a number, or as dd.MM.yyyy HH:mm:ss
    name_keywords         keywords of state and given name in distinguished names: S and G, or ST and GIVENNAME
    success_message       an empty `message` in the successes of commonUtils, or none
    key_types             whether AUTH and SIGN filter keys in commonUtils like AUTHENTICATION and SIGNATURE
    digest_length         digests of the key's own length alone, or of any length that was given
    usages                a key must have every one of extKeyUsageOids, or only clientAuth where that is asked for
    active_tokens         tokens alone, or PKCS12 beside them
    bundles               getBundles as a bare object, or in an envelope
    """

    basics_cms: Literal["pem", "base64"] = "pem"
    basics_single: Literal["array", "text"] = "array"
    basics_cancel: Literal["empty", "error"] = "empty"
    basics_certificate: Literal["raw", "every"] = "raw"
    basics_xml: Literal["compact", "lines"] = "compact"
    basics_encapsulate: Literal["true", "false"] = "true"
    basics_cosigns: Literal["no", "yes"] = "no"
    key_dates: Literal["milliseconds", "number", "text"] = "milliseconds"
    name_keywords: Literal["S-G", "ST-GIVENNAME"] = "S-G"
    success_message: Literal["absent", "empty"] = "absent"
    key_types: Literal["long", "short"] = "long"
    digest_length: Literal["exact", "any"] = "exact"
    usages: Literal["every", "client-auth"] = "every"
    active_tokens: Literal["tokens", "with-files"] = "tokens"
    bundles: Literal["bare", "enveloped"] = "bare"
