"""Files as the desk would list them."""

import dataclasses
from typing import Any

import pytest

from protocol.desk import files as page

_ALL = ("sign", "cosign", "timestamp", "verify", "card")


class Files:
    """Some of each kind, and others with `other`."""

    pdf = page.File(
        "/home/a/Акты/АВР-000482.pdf", 19_843, "pdf", ("sign",), ("pdf", "cms", "asic", "jws", "raw")
    )
    word = page.File(
        "/home/a/Акты/Приложение № 14.docx", 7_340_032, "other", ("sign",), ("cms", "asic", "jws", "raw")
    )
    xml = page.File(
        "/home/a/Акты/act.xml", 900, "xml", ("sign",), ("xml", "cms", "asic", "wsse", "jws", "raw")
    )
    cms = page.File("/home/a/Акты/act.pdf.cms", 21_000, "cms", _ALL, ("cms", "asic", "jws", "raw"))  # type: ignore[arg-type]  # wishes, all of them
    signed_pdf = page.File(
        "/home/a/Акты/signed.pdf",
        30_000,
        "signed-pdf",
        ("sign", "cosign", "verify", "card"),
        ("pdf", "cms", "asic"),
    )
    detached = page.File("/home/a/Акты/x.sig", 3_000, "detached-cms", ("sign", "timestamp"), ("cms", "asic"))

    def other(self, file: page.File, **changes: Any) -> page.File:
        return dataclasses.replace(file, **changes)


@pytest.fixture(scope="session")
def listed() -> Files:
    return Files()
