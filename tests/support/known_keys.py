"""Keys as the key library knows them, for tests."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.key_library import KnownFile, KnownKey

AT = datetime(2026, 11, 27, 12, 30, tzinfo=UTC)


def known_key(number: int = 1, *, days: int = 200, **changes: Any) -> KnownKey:
    """A key that ends in so many days, and was issued a year and a bit before its end."""
    end = AT + timedelta(days=days, hours=1)
    usual = KnownKey(
        fingerprint=f"{number:064x}",
        certificate_der=bytes([number]),
        owner="АХМЕТОВА АЙГЕРІМ",
        iin="850101400001",
        organisation="",
        bin="",
        roles=("individual",),
        uses=("sign", "identify"),
        algorithm="ГОСТ 34.10-2015 (512)",
        issuer="ҰКО",
        serial_number=f"{number:x}",
        not_before=end - timedelta(days=366),
        not_after=end,
    )
    return dataclasses.replace(usual, **changes)


def known_file(*keys: KnownKey, path: str = "/keys/a.p12", digest: str = "aa", **changes: Any) -> KnownFile:
    usual = KnownFile(digest, path, size=1700, modified_ns=1, keys=keys, seen_at=AT)
    return dataclasses.replace(usual, **changes)
