"""Where nothing published settles how NCALayer behaves, we took one reading; a site may need the other one.

The default of each member is the reading that we took. The settings name sites that need others (agent.config):

    [sites."https://stat.example.kz"]
    basics_cms = "base64"

docs/readings.md is made of the two docstrings in this file (tests/protocol/make_readings.py).

Not switchable, for the other reading would help no page:

    booleans of basics as texts: "true" counts like true. A page that sends the one does not want the other passed over.
    XML that is none: refused before anybody is asked. After the window the page would get the same words, only later.
    changeLocale: answered. The one program that says nothing makes clients wait for ever.
    signerParams without members: no filter, and so is a missing extKeyUsageOids; null is refused, as was seen. An error in place
        of no filter could only fail.
    allowedStorages that are empty: all storages. As none at all they could only fail.
    the path of the socket: counts for nothing. The one client that has a path for each module is served as well.
    the greeting: sent once. A second one would be taken for the answer to a request.
    the first dialect, while it is off: answered as a module that is not there. The other answer has another errorCode, and pages
        compare with "NONE".
    keys for both uses: offered for signing and for identification. The person chooses.
    tokens that are not there: not listed. Programs that list every kind promise keys that nobody has.
    locale: English is understood beside Kazakh and Russian, and what else there is counts as Kazakh. No page sends one to be refused.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

NameKeywords: TypeAlias = Literal["S-G", "ST-GIVENNAME"]


@dataclass(frozen=True, slots=True)
class Readings:
    """How the requests of one site are read, and the replies to it written.

    basics_cms          a CMS of basics: pem in armour of 64 columns that ends with a line end; pem-open without the last line
                        end; base64 in one line without armour
    basics_single       the CMS of a single document, from basics: array of one; text alone, as NCALayer did until 2024
    basics_cancel       a cancelled call of basics: empty body and success; error with status false
    basics_certificate  outputCert of basics: raw signatures alone come with the certificate in an object; every format does
    basics_xml          an XML signature of basics: compact, without white space; lines, each element on one
    basics_encapsulate  encapsulate of basics, where it is absent: true, the document goes into the CMS; false, it stays outside
    basics_cosigns      a document of basics that is itself a CMS: no, it is signed as octets; yes, it gets one more signer
    cades_cosigns       a document of createCAdES methods that is itself a CMS: yes, it gets one more signer; no, it is signed as octets
    common_xml          an XML signature of commonUtils: lines, each element on one; compact, without white space
    key_dates           dates of getKeyInfo: milliseconds since 1970 as text; number of them; text as dd.MM.yyyy HH:mm:ss in the
                        computer's time
    key_algorithm       GOST 34.10-2015 in getKeyInfo: with-size is ECGOST3410-2015-512; without-size is ECGOST3410-2015
    name_keywords       state and given name in distinguished names: S-G; ST-GIVENNAME
    success_message     message of commonUtils, in a success: absent; empty text
    key_types           key types of commonUtils that filter: long are AUTHENTICATION and SIGNATURE; short ones too, AUTH and SIGN
    digest_length       the digest that createCAdESFromBase64Hash or digested gives for a CMS: exact length of the key's; any length,
                        and the window warns
    bare_digests        a raw signature of a digest: signing keys alone make it, for of one by a key that identifies a login could be
                        built; every key does
    usages              extKeyUsageOids: every one must stand in the certificate; client-auth alone counts, keys for identification
                        where it is there and for signing where it is not
    active_tokens       getActiveTokens: tokens alone; with-files has PKCS12 beside them
    bundles             getBundles: bare object of names and versions; enveloped list of commonUtils, which is empty
    """

    basics_cms: Literal["pem", "pem-open", "base64"] = "pem"
    basics_single: Literal["array", "text"] = "array"
    basics_cancel: Literal["empty", "error"] = "empty"
    basics_certificate: Literal["raw", "every"] = "raw"
    basics_xml: Literal["compact", "lines"] = "compact"
    basics_encapsulate: Literal["true", "false"] = "true"
    basics_cosigns: Literal["no", "yes"] = "no"
    cades_cosigns: Literal["yes", "no"] = "yes"
    common_xml: Literal["lines", "compact"] = "lines"
    key_dates: Literal["milliseconds", "number", "text"] = "milliseconds"
    key_algorithm: Literal["with-size", "without-size"] = "with-size"
    name_keywords: NameKeywords = "S-G"
    success_message: Literal["absent", "empty"] = "absent"
    key_types: Literal["long", "short"] = "long"
    digest_length: Literal["exact", "any"] = "exact"
    bare_digests: Literal["signing", "every"] = "signing"
    usages: Literal["every", "client-auth"] = "every"
    active_tokens: Literal["tokens", "with-files"] = "tokens"
    bundles: Literal["bare", "enveloped"] = "bare"


USUAL: Final = Readings()
