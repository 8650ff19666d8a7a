"""A hive of Windows' registry in memory, as `registry_policies` sees it: keys in any case, as Windows has them."""

import dataclasses
from collections.abc import Mapping

from agent.localhost.errors import StoreFailed


@dataclasses.dataclass
class FakePolicyKeys:
    """`keys` may be filled beforehand. `refused` are keys that nobody may write."""

    keys: dict[str, dict[str, object]] = dataclasses.field(default_factory=dict)
    refused: frozenset[str] = frozenset()

    def _found(self, key: str) -> str | None:
        return next((each for each in self.keys if each.lower() == key.lower()), None)

    def values(self, key: str) -> Mapping[str, object] | None:
        found = self._found(key)
        return None if found is None else dict(self.keys[found])

    def put(self, key: str, name: str, text: str) -> None:
        if key in self.refused:
            raise StoreFailed(f"access to '{key}' is denied")
        words = key.split("\\")
        for length in range(1, len(words) + 1):
            above = "\\".join(words[:length])
            if self._found(above) is None:
                self.keys[above] = {}
        self.keys[self._found(key) or key][name] = text

    def delete_value(self, key: str, name: str) -> None:
        found = self._found(key)
        if found is not None:
            self.keys[found].pop(name, None)

    def delete_if_empty(self, key: str) -> None:
        found = self._found(key)
        if found is None or self.keys[found]:
            return
        if not any(each.lower().startswith(f"{key.lower()}\\") for each in self.keys):
            del self.keys[found]
