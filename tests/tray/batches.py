"""Batches as tests of their windows need them."""

from protocol import preview, prompts
from tray import batch

OWN = preview.Party("supplier", "990440001234", "ТОО «Пример Трейд»")
CUSTOMER = preview.Party("customer", "060240001201", "АО «Казахтелеком»")


def documents(count: int) -> tuple[prompts.Document, ...]:
    return tuple(
        prompts.Document(f"act-{place}.pdf", 1024 * (place + 1), "SHA-256", f"{place + 1:064x}")
        for place in range(count)
    )


def made(count: int) -> batch.Batch:
    """A batch of which nothing is known."""
    listed = documents(count)
    return batch.Batch(listed, [document.name for document in listed])


def act(place: int, total: str = "", *flags: preview.Flag) -> preview.Overview:
    """What a renderer finds in the act at this place."""
    facts = (
        preview.Lifted("number", f"А-{place}"),
        preview.Lifted("date", "31.10.2026"),
        preview.Lifted("total", total or f"{place + 1} 000,00 ₸"),
    )
    return preview.Overview(
        "pages", pages=(preview.Size(595, 842),), facts=facts, parties=(OWN, CUSTOMER), flags=flags
    )
