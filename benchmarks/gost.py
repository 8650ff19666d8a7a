"""GOST speed, ours beside others', as ratios of one run.

    python benchmarks/gost.py [--rounds N] [--check]

Every round gives each candidate one slice of time in turn, so a processor that changes its clock, or neighbours that come
and go, hit all alike: compare the ratios, not the rates. A ratio is the median over the rounds of (candidate's rate /
reference's rate in the same round). --check ends with 1 when one of ours falls under its budget.
"""

import argparse
import dataclasses
import functools
import hashlib
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent.gost import backend, curves, nonce, python_twin, signature
from agent.gost.curves import PARAM_SET_A_512, Curve
from tests.support import gost_oracles

SLICE_S = 0.03
LARGE = bytes(range(256)) * 1024  # 256 KiB, what the agent reads at a time
SMALL = LARGE[: 8 << 10]  # for what takes long
DIGEST_64 = hashlib.sha512(b"benchmark").digest()


@dataclasses.dataclass
class Candidate:
    name: str
    run: Callable[[], object]
    amount: float = 1  # what one call does, in the table's unit
    budget: float = 0  # the least ratio to the reference that is acceptable
    rates: list[float] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Table:
    title: str
    unit: str
    candidates: list[Candidate]  # the first is the reference, the second ours

    def measure_round(self) -> None:
        for candidate in self.candidates:
            calls, start = 0, time.perf_counter()
            while (elapsed := time.perf_counter() - start) < SLICE_S:
                candidate.run()
                calls += 1
            candidate.rates.append(calls * candidate.amount / elapsed)

    def show(self) -> list[str]:
        """Prints the table, gives what is under its budget."""
        reference, ours = self.candidates[:2]
        print(f"\n{self.title}")
        print(f"  {'':<34}{'best, ' + self.unit:>14}{'to ' + reference.name:>18}{'to ' + ours.name:>28}")
        complaints = []
        for candidate in self.candidates:
            ratio = median_ratio(candidate, reference)
            budget = f"  (at least {candidate.budget:g})" if candidate.budget else ""
            print(
                f"  {candidate.name:<34}{max(candidate.rates):>14,.4g}{ratio:>18.3g}"
                f"{median_ratio(candidate, ours):>28.3g}{budget}"
            )
            if ratio < candidate.budget:
                complaints.append(
                    f"{candidate.name}: {ratio:.3g} of {reference.name}, {candidate.budget:g} expected"
                )
        return complaints


def median_ratio(candidate: Candidate, reference: Candidate) -> float:
    return statistics.median(own / other for own, other in zip(candidate.rates, reference.rates, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description="GOST speed beside others', as ratios of one run")
    parser.add_argument(
        "--rounds", type=int, default=11, help="how often each candidate gets its slice (default 11)"
    )
    parser.add_argument("--check", action="store_true", help="fail when ours falls under its budget")
    arguments = parser.parse_args()
    print(f"GOST implementation in use: {backend.describe()}")
    native, libraries = find_native(), find_libraries()
    tables = [streebog_table(native, libraries), gost94_table(native, libraries)]
    for curve in curves.BY_OCTETS.values():
        tables += signature_tables(native, libraries, curve)
    warm_up(tables)
    for _ in range(arguments.rounds):
        for table in tables:
            table.measure_round()
    complaints = [complaint for table in tables for complaint in table.show()]
    if arguments.check and complaints:
        print("\nunder budget:", *complaints, sep="\n  ")
        return 1
    return 0


def find_native() -> Any:
    if backend.NAME == "native":
        return backend.implementation
    print("missing: the C extension (python setup.py build_ext --inplace); the twin stands in its place")
    return None


def find_libraries() -> list[Any]:
    found = []
    for library in (gost_oracles.Libgcrypt, gost_oracles.Nettle, gost_oracles.GostEngine):
        try:
            found.append(library())
        except gost_oracles.Unavailable as error:
            print(f"missing: {library.name} ({error})")
    return found


def warm_up(tables: list[Table]) -> None:
    """The first call builds tables and loads code."""
    for table in tables:
        for candidate in table.candidates:
            candidate.run()


# --- hashes ---------------------------------------------------------------------------------------------------


def hashing(name: str, digest: Callable[[bytes], object], data: bytes, budget: float = 0) -> Candidate:
    return Candidate(name, functools.partial(digest, data), len(data) / 1e6, budget)


def openssl(name: str) -> Callable[[bytes], object]:
    return lambda data: hashlib.new(name, data).digest()


def streebog_table(native: Any, libraries: list[Any]) -> Table:
    hash_by = functools.partial(hashed, native, "streebog512")
    paths = native.streebog_paths()[::-1] if native is not None else ()
    ours = [
        hashing(f"ours, C, {path}", functools.partial(hash_by, path=path), LARGE, budget=0.12)
        for path in paths
    ]
    return Table(
        f"Streebog-512, {len(LARGE) >> 10} KiB a call",
        "MB/s",
        [
            hashing("SHA-512", openssl("sha512"), LARGE),
            *ours,
            hashing("ours, Python", functools.partial(hashed, python_twin, "streebog512"), SMALL),
            *(hashing(library.name, library.streebog512, LARGE) for library in libraries),
            hashing("OpenSSL SHA-256", openssl("sha256"), LARGE),
        ],
    )


def gost94_table(native: Any, libraries: list[Any]) -> Table:
    ours = []
    if native is not None:
        ours.append(hashing("ours, C", functools.partial(hashed, native, "gost94"), LARGE, budget=0.12))
    return Table(
        f"GOST R 34.11-94 (test substitution), {len(LARGE) >> 10} KiB a call",
        "MB/s",
        [
            hashing("SHA-512", openssl("sha512"), LARGE),
            *ours,
            hashing("ours, Python", functools.partial(hashed, python_twin, "gost94"), SMALL),
            *(
                hashing(library.name, library.gost94, LARGE)
                for library in libraries
                if hasattr(library, "gost94")
            ),
            hashing("OpenSSL SHA-256", openssl("sha256"), LARGE),
        ],
    )


def hashed(implementation: Any, name: str, data: bytes, **options: str) -> object:
    return implementation.new(name, data, **options).digest()


# --- signatures -----------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Key:
    curve: Curve
    private: bytes
    public: bytes
    digest: bytes
    signature: bytes

    def numbers(self) -> tuple[int, int, int]:
        """d and the coordinates of the point."""
        size = self.curve.octets
        return tuple(
            int.from_bytes(octets, "little")
            for octets in (self.private, self.public[:size], self.public[size:])
        )  # type: ignore[return-value]  # three of them


def make_key(curve: Curve) -> Key:
    private = bytes(signature.generate(curve))
    digest = DIGEST_64[: curve.octets]
    return Key(
        curve, private, signature.public_key(curve, private), digest, signature.sign(curve, private, digest)
    )


def signature_tables(native: Any, libraries: list[Any], curve: Curve) -> list[Table]:
    key = make_key(curve)
    signing, verifying = [], []
    for name, implementation in (("ours, C", native), ("ours, Python", python_twin)):
        if implementation is not None:
            signing.append(Candidate(f"{name}, nonce and all", functools.partial(sign, implementation, key)))
            verifying.append(
                Candidate(
                    name,
                    functools.partial(
                        implementation.verify, curve.octets, key.public, key.digest, key.signature
                    ),
                )
            )
    signing.append(
        Candidate(
            f"ours, {backend.NAME}, and verified",
            functools.partial(signature.sign, curve, key.private, key.digest),
        )
    )
    for library in libraries:
        signer = others_signer(library, key)
        e = int.from_bytes(key.digest, "little") % curve.q
        r, s = signer.sign(e)
        signing.append(Candidate(library.name, functools.partial(signer.sign, e)))
        verifying.append(Candidate(library.name, functools.partial(signer.verify, r, s, e)))
    rsa_sign, rsa_verify = rsa_candidates()
    ecdsa_sign, ecdsa_verify = ecdsa_candidates()
    if native is not None and curve == PARAM_SET_A_512:
        signing[0].budget, verifying[0].budget = 0.9, 0.35
    bits = 8 * curve.octets
    return [
        Table(f"GOST 34.10 signing, {bits} bits", "1/s", [ecdsa_sign, *signing, rsa_sign]),
        Table(f"GOST 34.10 verifying, {bits} bits", "1/s", [ecdsa_verify, *verifying, rsa_verify]),
    ]


def sign(implementation: backend.Implementation, key: Key) -> bytes | None:
    """One signature with a nonce of its own, not verified: what other libraries do."""
    randomness = nonce.fresh(nonce.RANDOMNESS_OCTETS)
    candidate = next(nonce.candidates(key.private, key.digest, key.curve.q, randomness))
    return implementation.sign(key.curve.octets, key.private, candidate, key.digest)


def others_signer(library: Any, key: Key) -> Any:
    if isinstance(library, gost_oracles.GostEngine):
        return library.own_signer(key.curve.octets)
    return library.signer(key.curve.octets, *key.numbers())


def rsa_candidates() -> tuple[Candidate, Candidate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    scheme = (padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
    signed, public = key.sign(DIGEST_64[:32], *scheme), key.public_key()
    return (
        Candidate("RSA-2048", functools.partial(key.sign, DIGEST_64[:32], *scheme)),
        Candidate("RSA-2048", functools.partial(public.verify, signed, DIGEST_64[:32], *scheme)),
    )


def ecdsa_candidates() -> tuple[Candidate, Candidate]:
    """P-521: the nearest thing in OpenSSL without a hand-written fast path."""
    key = ec.generate_private_key(ec.SECP521R1())
    scheme = ec.ECDSA(utils.Prehashed(hashes.SHA512()))
    signed, public = key.sign(DIGEST_64, scheme), key.public_key()
    return (
        Candidate("ECDSA P-521", functools.partial(key.sign, DIGEST_64, scheme)),
        Candidate("ECDSA P-521", functools.partial(public.verify, signed, DIGEST_64, scheme)),
    )


if __name__ == "__main__":
    sys.exit(main())
