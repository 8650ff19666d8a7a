"""A repository, read with python-tuf's client (The Update Framework, specification 1.0). The only place that loads it.

What it holds against whoever stands between us and the maintainers, or got hold of a server, a mirror or one of the keys:

    a forged or changed file        every file is named, with length and digest, by a list that enough keys signed
    an old repository (rollback)    versions of lists only grow; the last ones that were seen are kept on the disk
    one that stands still (freeze)  lists end after days; one that has ended counts no more
    mixed states (mix-and-match)    one list (snapshot) says which versions of the others belong together
    a file without end              nothing is read beyond its signed length
    a stolen key                    lists of releases take the keys of two people; the root, too, and it replaces all others

All of its answers lie in one private folder. One process at a time uses it (the caller holds a lock).
"""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

from tuf.api import exceptions
from tuf.api.metadata import Metadata, Root, TargetFile
from tuf.ngclient import Updater, UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface

from agent import paths
from agent.errors import StorageFailed, Unreachable
from agent.fetch import unreachable
from agent.updates import releases
from agent.updates.errors import Reason, RepositoryRefused
from agent.updates.releases import Channel, Release
from agent.updates.sources import Missing, Source

MOST_LIST_BYTES = 1024 * 1024
MOST_PACKAGE_BYTES = 1024 * 1024 * 1024
_NOT_FOUND = 404
# None of ours comes near them; what is signed by a stolen key of a channel must not fill the disk either.
_LIMITS = UpdaterConfig(
    max_root_rotations=256,
    max_delegations=8,
    root_max_length=256 * 1024,
    timestamp_max_length=16 * 1024,
    snapshot_max_length=256 * 1024,
    targets_max_length=MOST_LIST_BYTES,
)


class Repository:
    """Raises RepositoryRefused, Unreachable, StorageFailed in all that it does. `root` is the first root of trust, as it came with the
    program; newer ones are taken over by its own rules."""

    def __init__(self, source: Source, folder: Path, root: bytes) -> None:
        self._folder = folder
        self._fetcher = _Fetcher(source, folder / "downloads")
        with _telling("the root of trust"):
            for place in (folder, folder / "metadata", folder / "downloads"):
                paths.make_private(place)
            for left in (folder / "downloads").iterdir():  # of a process that was killed
                left.unlink()
            self._updater = Updater(
                str(folder / "metadata"), "metadata", None, "targets",
                fetcher=self._fetcher, config=_LIMITS, bootstrap=root,
            )  # fmt: skip
        self._known: dict[str, TargetFile] = {}

    def refresh(self) -> None:
        """Asks what is new. Once, before all else."""
        with _telling("the lists of the repository"):
            self._updater.refresh()

    def releases(self, channel: Channel) -> tuple[Release, ...]:
        """What the lists of the channel hold; a version that stands in two of them is the first one's."""
        found: dict[str, Release] = {}
        for name in releases.LISTS[channel]:
            for release in self._list(name):
                found.setdefault(str(release.version), release)
        return tuple(found.values())

    def size(self, path: str) -> int:
        """Of a file, in octets."""
        return self._target(path, MOST_PACKAGE_BYTES).length

    def download(self, path: str, to: Path) -> None:
        """Writes the file to `to`. Nothing is there unless all of it came, and is what was signed. The folder may be one that others can
        write, too, and stays as it is; one that is missing is made, for its owner alone."""
        target = self._target(path, MOST_PACKAGE_BYTES)
        with _telling(path):
            if not to.parent.is_dir():
                paths.make_private(to.parent)
            with tempfile.TemporaryDirectory(dir=to.parent, prefix=f".{to.name[:40]}.") as made:  # 0700
                self._updater.download_target(target, str(Path(made) / to.name))
                (Path(made) / to.name).replace(to)

    def is_as_signed(self, path: str, file: Path) -> bool:
        """Whether that very file lies there."""
        return self._updater.find_cached_target(self._target(path, MOST_PACKAGE_BYTES), str(file)) is not None

    def _list(self, channel: Channel) -> tuple[Release, ...]:
        name = f"{channel}/releases.json"
        with _telling(name):
            if self._updater.get_targetinfo(name) is None:
                return ()  # a repository need not have that channel
        target = self._target(name, MOST_LIST_BYTES)
        file = self._folder / "lists" / f"{channel}.json"
        if not self.is_as_signed(name, file):
            self.download(name, file)
        with _telling(name):
            octets = file.read_bytes()
            target.verify_length_and_hashes(octets)
        return releases.read(octets, channel)

    def _target(self, path: str, most: int) -> TargetFile:
        if path not in self._known:
            with _telling(path):
                target = self._updater.get_targetinfo(path)
            if target is None:
                raise RepositoryRefused("incomplete", f"{path} is not in the repository")
            if target.length > most:
                raise RepositoryRefused("too-long", f"{path} has {target.length} octets")
            self._known[path] = target
        return self._known[path]


def describe_root(folder: Path, root: bytes) -> tuple[int, str]:
    """The version of the root that counts, as far as this computer knows, and the day when it ends. Raises RepositoryRefused."""
    try:
        octets = (folder / "metadata" / "root.json").read_bytes()
    except OSError:
        octets = root
    with _telling("the root of trust"):
        known = Metadata[Root].from_bytes(octets).signed
        return known.version, known.expires.date().isoformat()


class _Fetcher(FetcherInterface):
    """Gets files for tuf's client, into files without a name in a folder of ours: /tmp may be memory."""

    def __init__(self, source: Source, folder: Path) -> None:
        self._source = source
        self._folder = folder

    def _fetch(self, url: str) -> Iterator[bytes]:
        with self.download_file(url, MOST_PACKAGE_BYTES) as stream:
            yield stream.read()

    @contextlib.contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """Raises DownloadError with what happened behind it, OSError."""
        with tempfile.TemporaryFile(dir=self._folder) as stream:
            into = _Bounded(stream, max_length)
            try:
                self._source.send(url, into)
            except Missing as error:
                raise exceptions.DownloadHTTPError(f"{url} is not there", _NOT_FOUND) from error
            except Unreachable as error:
                if into.failure is not None:
                    raise into.failure from error
                raise exceptions.DownloadError(str(error)) from error
            stream.seek(0)
            yield stream


class _Bounded:
    """A sink into a file that takes so many octets. What stopped it is in `failure`."""

    def __init__(self, stream: BinaryIO | IO[bytes], most: int) -> None:
        self._stream = stream
        self._left = most
        self.failure: OSError | exceptions.DownloadError | None = None

    def __call__(self, piece: bytes) -> None:
        self._left -= len(piece)
        if self._left < 0:
            self.failure = exceptions.DownloadLengthMismatchError("more came than was signed")
            raise unreachable("stopped")
        try:
            self._write(piece)
        except OSError as error:
            self.failure = error
            raise unreachable("stopped") from error
        except ValueError as error:  # closed: whoever asked has lost patience
            raise unreachable("stopped") from error

    def _write(self, piece: bytes) -> None:
        self._stream.write(piece)


# The most exact first.
_REASONS: tuple[tuple[type[Exception], Reason, str], ...] = (
    (exceptions.ExpiredMetadataError, "expired", "they ended some time ago: nobody keeps the repository, or newer ones are held back"),
    (exceptions.BadVersionNumberError, "rolled-back", "they are older than what this computer has seen, or don't belong together"),
    (exceptions.UnsignedMetadataError, "signatures", "not enough of the keys that count have signed"),
    (exceptions.LengthOrHashMismatchError, "altered", "it is not what was signed"),
    (exceptions.DownloadLengthMismatchError, "too-long", "more came than was signed"),
    (exceptions.DownloadHTTPError, "incomplete", "a file that was promised is not there"),
    (exceptions.RepositoryError, "incomplete", "it is damaged, or mixed from different states"),
)  # fmt: skip


@contextlib.contextmanager
def _telling(what: str) -> Iterator[None]:
    """tuf's errors become ours."""
    try:
        yield
    except (exceptions.RepositoryError, exceptions.DownloadError) as error:
        for kind, reason, text in _REASONS:
            if isinstance(error, kind):
                raise RepositoryRefused(reason, f"{what}: {text}") from error
        raise (
            error.__cause__ if isinstance(error.__cause__, Unreachable) else Unreachable(str(error))
        ) from error
    except OSError as error:
        raise StorageFailed(f"{what} can't be kept: {error.strerror or error}") from error
