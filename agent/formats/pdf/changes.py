"""Which of the revisions after a signature are more than further signatures.

Each revision is compared with the one before it, by pyHanko's analysis with stricter rules. Allowed: signature fields that come
signed, or get signed; document timestamps; the document security store; data about the document (Info, XMP). Not
allowed, though other programs let it pass: filling in other fields, and a new signature field without a signature, whose appearance
can cover what was signed and belongs to nobody ("sneaky signature attack", Rohlmann et al., IEEE S&P 2021); an object that was referred to
before there was one; and hybrid cross-references, by which some readers would see the change and others not.
"""

import functools
from collections.abc import Iterable
from typing import Any

from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DocInfoRule,
    DSSCompareRule,
    FieldComparisonContext,
    FieldMDPRule,
    FormUpdatingRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.commons import compare_dicts
from pyhanko.sign.diff_analysis.constants import ACROFORM_EXEMPT_STRICT_COMPARISON
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm

from agent.errors import BadInput
from agent.formats.pdf import document, hybrid, references
from agent.formats.pdf.document import Reader, SignatureField

# /SigFlags is set by whoever signs, and says nothing of looks.
_FORM_KEYS = ACROFORM_EXEMPT_STRICT_COMPARISON | {"/SigFlags"}
_FORM_KEYS_OF_REDRAWN_FIELDS = frozenset({"/Fields", "/SigFlags"})


class _NothingUnsigned(FieldMDPRule):
    """No new field without a signature, and no order to viewers to draw fields anew with other fonts (/NeedAppearances)."""

    def apply(self, context: FieldComparisonContext) -> Iterable[Any]:
        for name, spec in context.field_specs.items():
            if spec.old_field_ref is None and document.entry(spec.new_field or {}, "/V") is None:
                raise SuspiciousModification(f"the new field {name} is not signed")
        new = context.new.root["/AcroForm"]
        if document.entry(new, "/NeedAppearances"):
            compare_dicts(context.old.root["/AcroForm"], new, _FORM_KEYS_OF_REDRAWN_FIELDS)
        return ()


_POLICY = StandardDiffPolicy(
    global_rules=[
        CatalogModificationRule(),
        *(
            rule.as_qualified(ModificationLevel.LTA_UPDATES)
            for rule in (
                DocInfoRule(), XrefStreamRule(), ObjectStreamRule(), DSSCompareRule(), MetadataUpdateRule(),
            )
        ),
    ],
    form_rule=FormUpdatingRule(
        field_rules=[_NothingUnsigned(), SigFieldCreationRule(), SigFieldModificationRule()],
        ignored_acroform_keys=_FORM_KEYS,
    ),
)  # fmt: skip


class Changes:
    """The revisions of a file, compared pair by pair, each pair once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._step = functools.cache(self._compare)

    def are_allowed(self, field: SignatureField, revision: int) -> bool:
        """Whether all that came after `revision` (from 0) is of the allowed kinds, and this signature allows it (DocMDP, FieldMDP)."""
        try:
            permission = document.permission(field.value, field.dictionary)
            lock = _lock(field.value)
            return all(
                self._is_allowed(later, permission, lock)
                for later in range(revision + 1, self._reader.total_revisions)
            )
        except BadInput:
            return False  # what can't be compared can't be shown to be the same

    def _is_allowed(self, revision: int, permission: int | None, lock: FieldMDPSpec | None) -> bool:
        if hybrid.is_at(self._reader.xrefs, revision):
            return False
        found = self._step(revision, permission)
        if found is None:
            return False
        level, changed_fields = found
        if permission is not None and level.value > permission:
            return False
        return lock is None or not any(lock.is_locked(name) for name in changed_fields)

    def _compare(
        self, revision: int, permission: int | None
    ) -> tuple[ModificationLevel, frozenset[str]] | None:
        """What sort of change the revision is and which fields it touched; None where it is not an allowed one."""
        with document.reading("a later revision"):
            old, new = map(self._reader.get_historical_resolver, (revision - 1, revision))
            written = {reference.idnum for reference in new.explicit_refs_in_revision()}
            if written & references.to_nothing(old):
                return None  # a gap in what was there before is filled
            try:
                result = _POLICY.apply(old, new, doc_mdp=None if permission is None else MDPPerm(permission))
            except SuspiciousModification:
                return None
            return result.modification_level, frozenset(result.changed_form_fields)


def _lock(signature: Any) -> FieldMDPSpec | None:
    """Which fields the signature locks (FieldMDP, ISO 32000-2 §12.8.2.4)."""
    with document.reading("what a signature locks"):
        parameters = document.transform(signature, "/FieldMDP")
        return None if parameters is None else FieldMDPSpec.from_pdf_object(parameters)
