"""The first start: the data folder with its test authority, demo keys and database.

Each part is made beside its place and moved in when it is complete, so a start that was interrupted is simply begun again.
"""

import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from demo import database, keys, sample, texts
from demo.settings import Settings


def data_dir(settings: Settings, *, at: datetime) -> bool:
    """Fills what is missing in the data folder, and brings an older database up to date; True when something had to be made."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = False
    if not settings.keys_dir.is_dir() or not settings.authority_dir.is_dir():
        _make_keys(settings, at)
        made = True
    if settings.database.is_file():
        database.upgrade(settings.database)
    else:
        _make_database(settings, at)
        made = True
    return made


def _make_keys(settings: Settings, at: datetime) -> None:
    """Keys and authority belong together: both are made anew when one is missing."""
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix=".new-") as folder:
        authority, key_files = Path(folder) / "authority", Path(folder) / "keys"
        keys.make(authority, key_files, at=at)
        for place in (settings.authority_dir, settings.keys_dir):
            shutil.rmtree(place, ignore_errors=True)
        authority.rename(settings.authority_dir)
        key_files.rename(settings.keys_dir)


def _make_database(settings: Settings, at: datetime) -> None:
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix=".new-") as folder:
        fresh = Path(folder) / settings.database.name
        database.create(fresh)
        with database.transaction(fresh) as db:
            sample.fill(db, at.astimezone(texts.KAZAKHSTAN).date())
        fresh.rename(settings.database)
