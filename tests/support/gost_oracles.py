"""Other people's GOST, through ctypes: libgcrypt, nettle and gost-engine where the system has them.

They serve tests and benchmarks only. Each offers `streebog512(data)`, perhaps `gost94(data)` (test substitution), and
`signer(octets, d, x, y)` with `sign(e) -> (r, s)` and `verify(r, s, e) -> bool`, all in Python's integers. Making one
raises Unavailable with the reason.
"""

import ctypes
import os
from ctypes import byref, c_char_p, c_int, c_size_t, c_void_p
from typing import ClassVar

NO_EXTENSION = "needs tool: C extension (python setup.py build_ext --inplace)"


class Unavailable(Exception):
    """The library is not installed, or not in a version that is known here."""


def _load(name: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        raise Unavailable(f"{name} is not installed") from error


class Libgcrypt:
    """libgcrypt 1.8 or later. Its GOSTR3411_94 is the test substitution, its GOSTR3411_CP is not."""

    name = "libgcrypt"
    _INIT_SECMEM, _INITIALIZATION_FINISHED = 24, 38
    _GOST94, _STREEBOG_256, _STREEBOG_512 = 308, 309, 310
    _CURVES: ClassVar = {64: "GOST2012-512-tc26-A", 32: "GOST2001-CryptoPro-A"}

    def __init__(self) -> None:
        library = self._library = _load("libgcrypt.so.20")
        library.gcry_check_version.restype = c_char_p
        library.gcry_check_version(None)
        library.gcry_control(c_int(self._INIT_SECMEM), c_size_t(65536), c_int(0))
        library.gcry_control(c_int(self._INITIALIZATION_FINISHED), c_int(0))
        library.gcry_md_hash_buffer.argtypes = [c_int, c_void_p, c_void_p, c_size_t]
        library.gcry_sexp_sscan.argtypes = [c_void_p, c_void_p, c_char_p, c_size_t]
        library.gcry_sexp_release.argtypes = [c_void_p]
        library.gcry_sexp_find_token.restype = c_void_p
        library.gcry_sexp_find_token.argtypes = [c_void_p, c_char_p, c_size_t]
        library.gcry_sexp_nth_data.restype = c_void_p
        library.gcry_sexp_nth_data.argtypes = [c_void_p, c_int, c_void_p]
        library.gcry_pk_sign.argtypes = [c_void_p, c_void_p, c_void_p]
        library.gcry_pk_verify.argtypes = [c_void_p, c_void_p, c_void_p]

    def streebog512(self, data: bytes) -> bytes:
        return self._digest(self._STREEBOG_512, data, 64)

    def streebog256(self, data: bytes) -> bytes:
        return self._digest(self._STREEBOG_256, data, 32)

    def gost94(self, data: bytes) -> bytes:
        return self._digest(self._GOST94, data, 32)

    def _digest(self, algorithm: int, data: bytes, size: int) -> bytes:
        digest = ctypes.create_string_buffer(size)
        self._library.gcry_md_hash_buffer(algorithm, digest, data, len(data))
        return digest.raw

    def signer(self, octets: int, d: int, x: int, y: int) -> "LibgcryptSigner":
        public = f"04{x:0{2 * octets}x}{y:0{2 * octets}x}"
        head = f"(ecc(curve {self._CURVES[octets]})(q #{public}#)"
        return LibgcryptSigner(
            self,
            octets,
            self.expression(f"(private-key{head}(d #{d:0{2 * octets}x}#)))"),
            self.expression(f"(public-key{head}))"),
        )

    def expression(self, text: str) -> c_void_p:
        result = c_void_p()
        octets = text.encode()
        if self._library.gcry_sexp_sscan(byref(result), None, octets, len(octets)):
            raise Unavailable(f"libgcrypt does not read {text[:40]}")
        return result

    def number(self, expression: c_void_p, token: bytes) -> int:
        part = self._library.gcry_sexp_find_token(expression, token, 0)
        size = c_size_t()
        start = self._library.gcry_sexp_nth_data(part, 1, byref(size))
        number = int.from_bytes(ctypes.string_at(start, size.value), "big")
        self._library.gcry_sexp_release(part)
        return number


class LibgcryptSigner:
    def __init__(self, gcrypt: Libgcrypt, octets: int, private: c_void_p, public: c_void_p) -> None:
        self._gcrypt, self._digits = gcrypt, 2 * octets
        self._library = gcrypt._library
        self._private, self._public = private, public

    def sign(self, e: int) -> tuple[int, int]:
        data, signature = self._data(e), c_void_p()
        if self._library.gcry_pk_sign(byref(signature), data, self._private):
            raise RuntimeError("libgcrypt does not sign")
        pair = self._gcrypt.number(signature, b"r"), self._gcrypt.number(signature, b"s")
        self._library.gcry_sexp_release(signature)
        self._library.gcry_sexp_release(data)
        return pair

    def verify(self, r: int, s: int, e: int) -> bool:
        data = self._data(e)
        signature = self._gcrypt.expression(
            f"(sig-val(gost(r #{r:0{self._digits}x}#)(s #{s:0{self._digits}x}#)))"
        )
        failed = self._library.gcry_pk_verify(signature, data, self._public)
        self._library.gcry_sexp_release(signature)
        self._library.gcry_sexp_release(data)
        return not failed

    def _data(self, e: int) -> c_void_p:
        return self._gcrypt.expression(f"(data(flags gost)(value #{e:0{self._digits}x}#))")


class Nettle:
    """nettle 3.7 to 3.10 with GMP; version 4 has another interface. Its gosthash94 is the test substitution."""

    name = "nettle"
    _CURVES: ClassVar = {64: "nettle_get_gost_gc512a", 32: "nettle_get_gost_gc256b"}
    _CONTEXT_OCTETS = 1024  # more than any of its hash contexts

    def __init__(self) -> None:
        gmp, nettle = _load("libgmp.so.10"), _load("libnettle.so.8")
        self._hogweed = _load("libhogweed.so.6")
        self._nettle = nettle
        for name in ("streebog512", "gosthash94"):
            getattr(nettle, f"nettle_{name}_update").argtypes = [c_void_p, c_size_t, c_char_p]
            getattr(nettle, f"nettle_{name}_digest").argtypes = [c_void_p, c_size_t, c_void_p]
        for name in self._CURVES.values():
            getattr(self._hogweed, name).restype = c_void_p
        self._set, self._get, self._init = gmp["__gmpz_set_str"], gmp["__gmpz_get_str"], gmp["__gmpz_init"]
        self._set.argtypes = [c_void_p, c_char_p, c_int]
        self._get.argtypes = [c_void_p, c_int, c_void_p]
        self._get.restype = c_char_p

    def streebog512(self, data: bytes) -> bytes:
        return self._digest("streebog512", data, 64)

    def gost94(self, data: bytes) -> bytes:
        return self._digest("gosthash94", data, 32)

    def _digest(self, name: str, data: bytes, size: int) -> bytes:
        context, digest = ctypes.create_string_buffer(self._CONTEXT_OCTETS), ctypes.create_string_buffer(size)
        getattr(self._nettle, f"nettle_{name}_init")(context)
        getattr(self._nettle, f"nettle_{name}_update")(context, len(data), data)
        getattr(self._nettle, f"nettle_{name}_digest")(context, size, digest)
        return digest.raw

    def signer(self, octets: int, d: int, x: int, y: int) -> "NettleSigner":
        return NettleSigner(self, octets, getattr(self._hogweed, self._CURVES[octets])(), d, (x, y))

    def number(self, value: int) -> ctypes.Array[ctypes.c_char]:
        number = ctypes.create_string_buffer(16)  # mpz_t
        self._init(number)
        self.assign(ctypes.addressof(number), value)
        return number

    def assign(self, address: int, value: int) -> None:
        self._set(address, b"%x" % value, 16)

    def value(self, address: int) -> int:
        return int(self._get(None, 16, address), 16)


class NettleSigner:
    def __init__(self, nettle: Nettle, octets: int, curve: int, d: int, point: tuple[int, int]) -> None:
        self._nettle, self._octets = nettle, octets
        library = self._library = nettle._hogweed
        self._private, self._public = ctypes.create_string_buffer(16), ctypes.create_string_buffer(16)
        library.nettle_ecc_scalar_init.argtypes = [c_void_p, c_void_p]
        library.nettle_ecc_point_init.argtypes = [c_void_p, c_void_p]
        library.nettle_ecc_scalar_init(self._private, curve)
        library.nettle_ecc_point_init(self._public, curve)
        accepted = library.nettle_ecc_scalar_set(self._private, nettle.number(d))
        accepted &= library.nettle_ecc_point_set(self._public, *map(nettle.number, point))
        if not accepted:
            raise RuntimeError("nettle does not take the key")
        self._signature = ctypes.create_string_buffer(32)  # two mpz_t
        library.nettle_dsa_signature_init(self._signature)
        library.nettle_gostdsa_sign.argtypes = [
            c_void_p, c_void_p, c_void_p, c_size_t, c_char_p, c_void_p,
        ]  # fmt: skip
        library.nettle_gostdsa_verify.argtypes = [c_void_p, c_size_t, c_char_p, c_void_p]
        self._random = _FILL(lambda _context, size, target: ctypes.memmove(target, os.urandom(size), size))

    def sign(self, e: int) -> tuple[int, int]:
        digest = e.to_bytes(self._octets, "little")
        self._library.nettle_gostdsa_sign(
            self._private, None, self._random, self._octets, digest, self._signature
        )
        start = ctypes.addressof(self._signature)
        return self._nettle.value(start), self._nettle.value(start + 16)

    def verify(self, r: int, s: int, e: int) -> bool:
        start = ctypes.addressof(self._signature)
        self._nettle.assign(start, r)
        self._nettle.assign(start + 16, s)
        digest = e.to_bytes(self._octets, "little")
        return bool(self._library.nettle_gostdsa_verify(self._public, self._octets, digest, self._signature))


_FILL = ctypes.CFUNCTYPE(None, c_void_p, c_size_t, c_void_p)


class GostEngine:
    """The engine `gost` of OpenSSL 1.1 or 3, where OpenSSL itself finds it. It has the CryptoPro substitution only, so no
    gost94 here, and makes its own key."""

    name = "gost-engine"
    _CURVES: ClassVar = {64: b"gost2012_512", 32: b"gost2001"}

    def __init__(self) -> None:
        library = self._library = _load("libcrypto.so.3")
        if not hasattr(library, "ENGINE_by_id"):
            raise Unavailable("this OpenSSL has no engines")
        for name in ("ENGINE_by_id", "EVP_get_digestbyname", "EVP_MD_CTX_new", "EVP_PKEY_CTX_new_id"):
            getattr(library, name).restype = c_void_p
        library.EVP_PKEY_CTX_new.restype = c_void_p
        engine = c_void_p(library.ENGINE_by_id(b"gost"))
        if not engine.value:
            library.ERR_clear_error()
            raise Unavailable("OpenSSL has no engine gost")
        if library.ENGINE_init(engine) != 1 or library.ENGINE_set_default(engine, ctypes.c_uint(0xFFFF)) != 1:
            raise Unavailable("OpenSSL cannot start its engine gost")
        self._digest = c_void_p(library.EVP_get_digestbyname(b"md_gost12_512"))
        self._context = c_void_p(library.EVP_MD_CTX_new())
        library.EVP_DigestUpdate.argtypes = [c_void_p, c_char_p, c_size_t]
        library.EVP_PKEY_sign.argtypes = [c_void_p, c_void_p, c_void_p, c_char_p, c_size_t]
        library.EVP_PKEY_verify.argtypes = [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]

    def streebog512(self, data: bytes) -> bytes:
        digest = ctypes.create_string_buffer(64)
        self._library.EVP_DigestInit_ex(self._context, self._digest, None)
        self._library.EVP_DigestUpdate(self._context, data, len(data))
        self._library.EVP_DigestFinal_ex(self._context, digest, None)
        return digest.raw

    def own_signer(self, octets: int) -> "GostEngineSigner":
        return GostEngineSigner(self._library, octets, self._CURVES[octets])


class GostEngineSigner:
    """`public_key` is X || Y little-endian, of a key that the engine has made."""

    def __init__(self, library: ctypes.CDLL, octets: int, name: bytes) -> None:
        self._library, self._octets = library, octets
        making = c_void_p(library.EVP_PKEY_CTX_new_id(c_int(library.OBJ_txt2nid(name)), None))
        key = c_void_p()
        _must(library.EVP_PKEY_keygen_init(making))
        _must(library.EVP_PKEY_CTX_ctrl_str(making, b"paramset", b"A"))
        _must(library.EVP_PKEY_keygen(making, byref(key)))
        encoded = c_void_p()
        size = library.i2d_PUBKEY(key, byref(encoded))
        assert encoded.value is not None
        self.public_key = ctypes.string_at(encoded.value, size)[-2 * octets :]
        self._signing = c_void_p(library.EVP_PKEY_CTX_new(key, None))
        self._verifying = c_void_p(library.EVP_PKEY_CTX_new(key, None))
        _must(library.EVP_PKEY_sign_init(self._signing))
        _must(library.EVP_PKEY_verify_init(self._verifying))

    def sign(self, e: int) -> tuple[int, int]:
        octets, size = ctypes.create_string_buffer(256), c_size_t(256)
        digest = e.to_bytes(self._octets, "little")
        _must(self._library.EVP_PKEY_sign(self._signing, octets, byref(size), digest, self._octets))
        s_then_r = octets.raw[: size.value]
        return (
            int.from_bytes(s_then_r[self._octets :], "big"),
            int.from_bytes(s_then_r[: self._octets], "big"),
        )

    def verify(self, r: int, s: int, e: int) -> bool:
        s_then_r = s.to_bytes(self._octets, "big") + r.to_bytes(self._octets, "big")
        digest = e.to_bytes(self._octets, "little")
        accepted = self._library.EVP_PKEY_verify(
            self._verifying, s_then_r, len(s_then_r), digest, self._octets
        )
        self._library.ERR_clear_error()
        return bool(accepted == 1)


def _must(result: int) -> None:
    if result != 1:
        raise RuntimeError("gost-engine refuses")
