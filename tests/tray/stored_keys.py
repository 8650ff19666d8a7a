"""Keys as the desk would list them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from protocol import prompts
from protocol.desk import keys as page

BOTH = ("sign", "identify")
OWNER = "АХМЕТОВА АЙГЕРІМ"


def stored(
    number: int,
    *,
    uses: tuple[str, ...] = BOTH,
    days: int = 200,
    state: page.State = "good",
    organisation: str = "",
    **changes: Any,
) -> page.StoredKey:
    end = datetime.now(UTC) + timedelta(days=days, hours=1)
    key = prompts.Key(
        key_id=str(number), storage="PKCS12", path=f"/home/a/Загрузки/GOST512_{number:040x}.p12", owner=OWNER, iin="850101400001",
        organisation=organisation, bin="990440001234" if organisation else "", roles=("individual",), uses=uses,
        algorithm="ГОСТ 34.10-2015 (512)" if uses == BOTH else "RSA-2048", issuer="ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST) 2022",
        serial_number="1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d", not_before="2026-01-01T00:00:00+00:00", not_after=end.isoformat(),
    )  # fmt: skip
    more: dict[str, Any] = {
        "modified": "2026-05-14T10:00:00+05:00", "label": "ГОСТ 34.10-2015 (512)", "key": key, "fingerprint": f"{number:064x}",
        "days_left": days, **changes,
    }  # fmt: skip
    return page.StoredKey(key.path, state, **more)


def entry(*keys: page.StoredKey) -> page.Entry:
    return page.Entry(keys)


def group(owner: str, *entries: page.Entry, organisation: str = "") -> page.Group:
    return page.Group(owner, organisation, entries)


UNKNOWN = entry(
    page.StoredKey("/media/usb/AUTH_RSA256_91bc.p12", "unknown", "2026-03-02T10:00:00+05:00", "RSA AUTH")
)
PAIR = entry(
    stored(2, uses=("sign",), organisation="ТОО «Пример»"), stored(3, uses=("identify",), organisation="ТОО «Пример»"),
)  # fmt: skip
GROUPS = (
    group(OWNER, entry(stored(1, copies=("/media/copy.p12",), sites=("kds.ismet.kz", "salyk.kz")))),
    group(
        OWNER,
        PAIR,
        entry(stored(4, uses=("sign",), state="superseded", days=20, organisation="ТОО «Пример»")),
        organisation="ТОО «Пример»",
    ),
    group("", UNKNOWN),
)
