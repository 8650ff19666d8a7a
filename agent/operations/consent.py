"""What the person is shown before they decide: who asks, and what is asked for.

The digests are SHA-256 over the very octets that will be signed, frozen before the window opens. Where a page gives only a
digest, that is shown, and said to be all there is.
"""

import dataclasses
import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from agent import algorithms, key_library, origins
from agent.key_library import Library
from agent.operations import known_keys
from agent.operations.approval import Approval, FoundKey
from agent.recent_keys import UsedKey
from protocol import preview, prompts
from protocol.messages import LargeDocument

MAX_KEY_FILES = 50


def describe(
    contents: Sequence[bytes], names: Sequence[str] = (), *, are_digests: bool = False
) -> tuple[prompts.Document, ...]:
    """The list of documents as the person sees it."""
    described = _digest if are_digests else _document
    padded = [*names, *[""] * len(contents)]
    return tuple(described(content, name) for content, name in zip(contents, padded, strict=False))


def describe_large(documents: Sequence[LargeDocument], names: Sequence[str]) -> tuple[prompts.Document, ...]:
    """Likewise for documents of which only size and digests are at hand; SHA-256 is one of them."""
    padded = [*names, *[""] * len(documents)]
    return tuple(
        prompts.Document(
            name=name,
            size=document.size,
            digest_name=algorithms.SHA256.name,
            digest=dict(document.digests)[algorithms.SHA256.oid].hex(),
        )
        for document, name in zip(documents, padded, strict=False)
    )


def lay_open(
    approval: Approval, documents: Sequence[prompts.Document], contents: Sequence[bytes | None]
) -> None:
    """Lets the person look into the documents of an approval: into `contents`, which they describe. Where that is None, only what the
    description says can be seen."""
    approval.user.lay_open(
        [
            _outside(document) if content is None or document.is_digest else content
            for document, content in zip(documents, contents, strict=True)
        ],
        [document.name or Path(document.path).name for document in documents],
    )


def _outside(document: prompts.Document) -> preview.Overview:
    """What is known of a document that can't be looked into."""
    if document.is_digest:
        return preview.Overview("digest", digest=document.digest)
    return preview.Overview("unknown", size=document.size or 0, digest=document.digest, why="too-large")


def ask_for_key(
    approval: Approval,
    action: prompts.Action,
    documents: tuple[prompts.Document, ...],
    *,
    purpose: prompts.Purpose,
    placement: prompts.Placement = "beside",
    timestamps: bool = False,
    storages: tuple[str, ...],
    language: prompts.Language | None,
    may_leave_out: bool = False,
    must_be_seen: bool = False,
) -> prompts.OpenKey:
    """The first question of an approval, with everything that the window shows from beginning to end. Where `storages` names none, all that
    can be opened now are offered."""
    library = known_keys.known(approval)
    offered = storages or approval.storages
    files = _key_files(approval, library, offered)
    used = approval.recent_keys.read()
    last = Path(used[0].path) if used else None
    of_site = library.of_site(approval.origin.canonical, purpose)
    wanted = [of_site.path if of_site else "", str(last) if last else ""]
    return prompts.OpenKey(
        caller=caller(approval),
        action=action,
        purpose=purpose,
        documents=documents,
        placement=placement,
        timestamps=timestamps,
        language=language or approval.language,
        storages=offered,
        folder=str(last.parent if last else next(iter(approval.first_folders), Path.home())),
        files=files,
        chosen=next((path for path in wanted if any(file.path == path for file in files)), ""),
        waiting=approval.waiting,
        may_leave_out=may_leave_out and len(documents) > 1,
        must_be_seen=must_be_seen,
    )


def _document(content: bytes, name: str) -> prompts.Document:
    digest = hashlib.sha256(content).hexdigest()
    return prompts.Document(name=name, size=len(content), digest_name="SHA-256", digest=digest)


def _digest(digest: bytes, name: str) -> prompts.Document:
    # Which hash it is of is not said anywhere; its length is what there is.
    label = f"{8 * len(digest)} bit"
    return prompts.Document(name=name, size=None, digest_name=label, digest=digest.hex(), is_digest=True)


def caller(approval: Approval) -> prompts.Caller:
    """Who asks, as the person sees them."""
    origin = approval.origin
    is_site = approval.kind == "site"
    return prompts.Caller(
        kind=approval.kind,
        origin=origin.canonical,
        site=origin.site,
        registrable=origins.registrable(origin),
        is_new=is_site
        and not approval.rules.knows(origin)
        and not approval.grants.is_remembered(origin, approval.now()),
        warning=origins.warning(origin),
    )


def _key_files(
    approval: Approval, library: Library, storages: tuple[str, ...]
) -> tuple[prompts.KeyFile, ...]:
    """Key files of these storages in the folders that were named to the agent, then in those that the person added, the usual ones and
    where earlier ones lay."""
    used = {key.path: key for key in approval.recent_keys.read()}
    added = [Path(place) for place in library.places] if approval.key_folders else []
    usual = dict.fromkeys([*(Path(path).parent for path in used), *added, *approval.key_folders])
    found = {
        each.path: each
        for folders in (approval.first_folders, tuple(usual))
        for each in approval.key_stores.find(folders, MAX_KEY_FILES)
        if each.storage in storages
    }
    return tuple(
        _key_file(each, _known_key(library, each.path, approval.now()), used.get(str(each.path)))
        for each in list(found.values())[:MAX_KEY_FILES]
    )


def _known_key(library: Library, path: Path, now: datetime) -> prompts.KeyFile | None:
    """What is known of a key file that was opened here once; of several keys in it, of the one that lasts longest."""
    file = library.at(path)
    if file is None or not file.keys:
        return None
    key = max(file.keys, key=lambda each: each.not_after)
    return prompts.KeyFile(
        path=str(path),
        storage="",
        modified="",
        owner=key.owner,
        valid_until=key.not_after.isoformat(),
        organisation=key.organisation,
        uses=key.uses,
        state=key_library.state_of(key, now, key_library.superseded(library.known_keys())),
        days_left=key.days_left(now),
    )


def _key_file(found: FoundKey, known: prompts.KeyFile | None, used: UsedKey | None) -> prompts.KeyFile:
    """The file, with what is known of it from the library, or at least from its last use."""
    if known is None:
        known = prompts.KeyFile(
            path="",
            storage="",
            modified="",
            owner=used.owner if used else "",
            valid_until=used.valid_until if used else "",
        )
    return dataclasses.replace(
        known,
        path=str(found.path),
        storage=found.storage,
        modified=found.modified.isoformat(timespec="seconds"),
        label=found.label,
    )
