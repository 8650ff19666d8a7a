"""Windows: the folders of the people of this computer, as the system's own list of profiles has them."""

import errno
import importlib
from pathlib import Path
from typing import Any, Final

KEY: Final = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
_FOLDER: Final = "ProfileImagePath"


def folders(winreg: Any = None) -> tuple[Path, ...]:
    """Of everybody who has ever logged on, and of the system's own accounts. `winreg` is another than the standard library's only in
    tests. Untested with Windows' own. OSError."""
    registry = winreg or importlib.import_module("winreg")
    # A program of 32 bits would be led to a key of its own without the flag.
    access = registry.KEY_READ | registry.KEY_WOW64_64KEY
    found = []
    with registry.OpenKey(registry.HKEY_LOCAL_MACHINE, KEY, 0, access) as profiles:
        for name in [registry.EnumKey(profiles, n) for n in range(registry.QueryInfoKey(profiles)[0])]:
            try:
                with registry.OpenKey(profiles, name, 0, access) as profile:
                    folder, kind = registry.QueryValueEx(profile, _FOLDER)
            except FileNotFoundError:
                continue  # deleted meanwhile, or one that has no folder
            if not isinstance(folder, str):
                raise OSError(errno.EINVAL, f"the folder of {name} is no text")
            found.append(
                registry.ExpandEnvironmentStrings(folder) if kind == registry.REG_EXPAND_SZ else folder
            )
    return tuple(Path(folder) for folder in dict.fromkeys(found))
