"""The two curves of Kazakhstan's keys, as plain numbers.

Both have prime order (cofactor 1) and a = p - 3. Names and numbers: RFC 7836 app. A.1 (512-bit set) and RFC 4357 §11.4
(CryptoPro-A, which RFC 7836 calls id-tc26-gost-3410-2012-256-paramSetB).
"""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Curve:
    """y^2 = x^3 + a x + b modulo p, with a base point (gx, gy) of prime order q."""

    name: str
    octets: (
        int  # length of a coordinate, a private key, a digest; a signature and a public key are twice as long
    )
    p: int
    a: int
    b: int
    q: int
    gx: int
    gy: int


def _number(text: str) -> int:
    return int("".join(text.split()), 16)


_P_512 = 2**512 - 569
_P_256 = 2**256 - 617

PARAM_SET_A_512 = Curve(
    name="id-tc26-gost-3410-12-512-paramSetA",
    octets=64,
    p=_P_512,
    a=_P_512 - 3,
    b=_number("""
        E8C2505D EDFC86DD C1BD0B2B 6667F1DA 34B82574 761CB0E8 79BD081C FD0B6265
        EE3CB090 F30D2761 4CB45740 10DA90DD 862EF9D4 EBEE4761 50319078 5A71C760"""),
    q=_number("""
        FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF
        27E69532 F48D8911 6FF22B8D 4E056060 9B4B38AB FAD2B85D CACDB141 1F10B275"""),
    gx=3,
    gy=_number("""
        7503CFE8 7A836AE3 A61B8816 E25450E6 CE5E1C93 ACF1ABC1 778064FD CBEFA921
        DF1626BE 4FD036E9 3D75E6A5 0E3A41E9 8028FE5F C235F5B8 89A589CB 5215F2A4"""),
)

CRYPTO_PRO_A = Curve(
    name="id-GostR3410-2001-CryptoPro-A-ParamSet",
    octets=32,
    p=_P_256,
    a=_P_256 - 3,
    b=166,
    q=_number("FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF 6C611070 995AD100 45841B09 B761B893"),
    gx=1,
    gy=_number("8D91E471 E0989CDA 27DF505A 453F2B76 35294F2D DF23E3B1 22ACC99C 9E9F1E14"),
)

BY_OCTETS = {curve.octets: curve for curve in (PARAM_SET_A_512, CRYPTO_PRO_A)}
