"""The one reader: where policies stand on this system, and what they say together."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from agent import paths
from agent.policy import base
from agent.policy.base import Place, Table, Value
from agent.policy.files import OwnedFiles, TrialFile


def read(trials: Iterable[Path] = ()) -> dict[str, Value]:
    """What is set by policy; of `trials`, which anybody may have written, what the computer's own policy leaves open.

    Raises BadPolicy.
    """
    places = (*(TrialFile(path) for path in trials), *places_of_policies())
    return base.gather(_tables(places))


def read_distribution() -> dict[str, Value]:
    """What a package or whoever installed the program set in place of our defaults. Raises BadPolicy."""
    return base.gather(_tables(places_of_defaults()))


def stamp() -> object:
    """Something that is another one once the policy was changed. Never raises."""
    return tuple(place.stamp() for place in places_of_policies())


def places_of_policies() -> Sequence[Place]:
    """The weakest first."""
    if sys.platform == "win32":
        from agent.policy import registry  # noqa: PLC0415  # of no use elsewhere, and every start would load it

        return (
            registry.RegistryKey(registry.HKEY_CURRENT_USER, registry.POLICIES),
            registry.RegistryKey(registry.HKEY_LOCAL_MACHINE, registry.POLICIES),
        )
    files = OwnedFiles(paths.policy_file(), paths.policy_folder())
    if sys.platform == "darwin":
        from agent.policy.managed import ManagedPreferences  # noqa: PLC0415  # likewise

        return (files, ManagedPreferences(paths.managed_preferences(paths.account())))
    return (files,)


def places_of_defaults() -> Sequence[Place]:
    """The weakest first."""
    if sys.platform == "win32":
        from agent.policy import registry  # noqa: PLC0415  # likewise

        return (registry.RegistryKey(registry.HKEY_LOCAL_MACHINE, registry.DEFAULTS),)
    return (OwnedFiles(paths.distribution_file()),)


def _tables(places: Iterable[Place]) -> Iterable[Table]:
    for place in places:
        yield from place.tables()
