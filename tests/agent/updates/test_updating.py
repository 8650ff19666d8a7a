"""The whole story, from a repository to the program that runs."""

import dataclasses
import datetime as dt
import os
from pathlib import Path

import pytest

from agent import paths
from agent.config import Config
from agent.errors import AgentError, StorageFailed, Unreachable
from agent.instance import Lock
from agent.settings import BadConfig
from agent.updates import installers, updating
from agent.updates.errors import Busy, RepositoryRefused, UpdatesOff
from agent.updates.installation import Installation
from agent.updates.record import Records
from agent.updates.swap import TakenBack
from agent.updates.updating import Updates, Wish, checked_place
from tests.support import fake_agent
from tests.support.updates import NOW, PACKAGE, Made, new_people

DAY = dt.timedelta(days=1)


class Computer:
    """One with an AppImage of version 1.0."""

    def __init__(self, folder: Path, made: Made) -> None:
        self.state = folder / "state"
        self.file = fake_agent.write(folder / "bin" / "Q.AppImage", "1.0")
        self.made = made
        self.root = made.root
        self.installation = Installation("appimage", PACKAGE, self.file)
        self.settings = Config(paths.resolve(self.state), update_url=str(made.repository))
        self.version = "1.0"

    def set(self, source: str = "policy", **values: object) -> None:
        sources = {**self.settings.sources, **dict.fromkeys(values, source)}
        self.settings = dataclasses.replace(self.settings, sources=sources, **values)  # type: ignore[arg-type]

    def updates(self, **wish: object) -> Updates:
        return Updates(
            self.settings, self.installation, self.version,
            wish=Wish(**wish), now=lambda: self.made.now, read_root=lambda: self.root,  # type: ignore[arg-type]
        )  # fmt: skip

    @property
    def record(self) -> object:
        found = Records(self.settings.paths.updates / "state.json").read()
        return (found.outcome, found.version, found.code)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "work")


@pytest.fixture
def computer(made: Made, tmp_path: Path) -> Computer:
    return Computer(tmp_path, made)


def release(made: Made, version: str = "1.1", **more: object) -> bytes:
    """Publishes a version that runs; its octets."""
    file = fake_agent.write(
        made.work / f"program-{version}", version, is_broken=bool(more.pop("is_broken", False))
    )
    made.release(version, file.read_bytes(), **more)  # type: ignore[arg-type]
    return file.read_bytes()


@pytest.mark.service
def test_a_newer_version_is_installed(computer: Computer) -> None:
    octets = release(computer.made)
    choice, done = computer.updates().install()
    assert choice.release is not None
    assert (choice.release.version.text, done) == ("1.1", "installed")
    assert computer.file.read_bytes() == octets
    assert computer.record == ("installed", "1.1", "")
    assert not list((computer.settings.paths.updates / "packages").iterdir())


def test_looking_changes_nothing(computer: Computer) -> None:
    release(computer.made)
    before = computer.file.read_bytes()
    choice = computer.updates().check()
    assert choice.release is not None
    assert computer.file.read_bytes() == before
    assert computer.record == ("available", "1.1", "")


def test_where_nothing_newer_is_there_nothing_happens(computer: Computer) -> None:
    release(computer.made, "1.0")
    assert computer.updates().install() == (computer.updates().check(), None)
    assert computer.record == ("up-to-date", "", "")


def test_deferral_is_kept_and_may_be_skipped_by_who_set_it(computer: Computer) -> None:
    release(computer.made)
    computer.set("file", update_deferral_days=7)
    choice = computer.updates().check()
    assert (choice.release, choice.why) == (None, "deferral")
    assert computer.record == ("waits", "1.1", "")
    assert computer.updates(is_now=True).check().release is not None
    computer.made.now = NOW + 7 * DAY
    assert computer.updates().check().release is not None


def test_what_a_policy_defers_nobody_hurries(computer: Computer) -> None:
    release(computer.made)
    computer.set(update_deferral_days=7)
    with pytest.raises(UpdatesOff, match=r"policy .* how long"):
        computer.updates(is_now=True).check()


def test_where_a_policy_says_from_where_nobody_else_is_asked(computer: Computer, tmp_path: Path) -> None:
    computer.set(update_url=str(computer.made.repository))
    with pytest.raises(UpdatesOff, match=r"policy .* where updates come from"):
        computer.updates(place=str(tmp_path)).check()
    assert computer.updates(place=str(computer.made.repository)).check().release is None


def test_another_place_may_be_named_else(computer: Computer) -> None:
    release(computer.made)
    computer.set("default", update_url="")
    with pytest.raises(UpdatesOff, match="nobody said where"):
        computer.updates().check()
    assert computer.updates(place=str(computer.made.repository)).check().release is not None


@pytest.mark.parametrize(
    ("source", "words"), [("policy", "by the policy of this computer"), ("file", r"switched off \(")]
)
def test_updates_that_are_off_are_off(computer: Computer, source: str, words: str) -> None:
    computer.set(source, update_channel="off")
    for act in (
        computer.updates().check,
        computer.updates().install,
        lambda: computer.updates().download(PACKAGE, computer.state),
    ):
        with pytest.raises(UpdatesOff, match=words):
            act()
    assert not (computer.settings.paths.updates / "metadata").exists()


@pytest.mark.parametrize("kind", ["deb", "rpm", "source"])
def test_where_others_bring_new_versions_nobody_is_asked(computer: Computer, kind: str) -> None:
    computer.installation = Installation(kind, kind)  # type: ignore[arg-type]
    for act in (computer.updates().check, computer.updates().install):
        with pytest.raises(UpdatesOff):
            act()
    assert not computer.settings.paths.updates.exists()


def test_trial_versions_are_for_who_wants_them(computer: Computer) -> None:
    release(computer.made, "1.1b1", channel="beta")
    assert computer.updates().check().release is None
    computer.set(update_channel="beta")
    found = computer.updates().check().release
    assert found is not None
    assert found.version.text == "1.1b1"


@pytest.mark.service
def test_a_version_that_did_not_start_is_not_tried_again_until_somebody_says_so(computer: Computer) -> None:
    release(computer.made, is_broken=True)
    old = computer.file.read_bytes()
    with fake_agent.running(computer.file, computer.state):
        with pytest.raises(TakenBack):
            computer.updates().install()
        fake_agent.wait_until(lambda: fake_agent.version_of(computer.state) == "1.0")
        assert computer.record == ("failed", "1.1", "install-failed")
        assert computer.updates().status().record.bad == ("1.1",)
        assert computer.updates().install()[1] is None
        release(computer.made, "1.2")
        assert computer.updates().install()[1] == "installed"
        assert fake_agent.version_of(computer.state) == "1.2"
    assert computer.file.read_bytes() != old
    assert computer.updates(is_now=True).check().release is not None


@pytest.mark.service
def test_nothing_is_installed_while_an_approval_runs_and_what_was_fetched_waits(computer: Computer) -> None:
    release(computer.made)
    fake_agent.write(computer.file, "1.0", busy=True)
    with fake_agent.running(computer.file, computer.state):
        with pytest.raises(Busy):
            computer.updates().install()
        assert fake_agent.version_of(computer.state) == "1.0"
        assert computer.record == ("available", "1.1", "")
        (waiting,) = (computer.settings.paths.updates / "packages").iterdir()
        (computer.state / "idle").touch()
        (computer.made.repository / "targets" / "stable" / "1.1").rename(
            computer.made.work / "gone"
        )  # it is not fetched again
        assert computer.updates().install()[1] == "installed"
    assert not waiting.exists()


def test_a_package_that_was_changed_on_this_computer_is_fetched_again(computer: Computer) -> None:
    computer.installation = Installation("msi-user", PACKAGE)
    started: list[bytes] = []
    system = installers.System(detach=lambda command: started.append(Path(command[2]).read_bytes()))
    octets = release(computer.made)
    folder = computer.settings.paths.updates / "packages"
    folder.mkdir(parents=True)
    (folder / "qalamsap-1.1.bin").write_bytes(octets.replace(b"1.1", b"6.6"))
    updates = Updates(
        computer.settings, computer.installation, "1.0", read_root=lambda: computer.made.root, system=system
    )
    assert updates.install()[1] == "handed-over"
    assert started == [octets]
    assert computer.record == ("handed-over", "1.1", "")
    assert updates.status().record.log
    later = Updates(computer.settings, computer.installation, "1.1", read_root=lambda: computer.made.root)
    assert later.status().record.outcome == "installed"
    assert computer.record == ("installed", "1.1", "")


def test_a_full_disk_is_told_before_anything_is_fetched(
    computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(computer.made)
    usage = type("Usage", (), {"free": updating.FREE_BYTES})
    monkeypatch.setattr("agent.updates.updating.shutil.disk_usage", lambda _: usage)
    with pytest.raises(StorageFailed, match="too full: the update needs 65 MB free"):
        computer.updates().install()
    assert computer.record == ("failed", "", "storage-failed")
    assert not (computer.settings.paths.updates / "packages").exists()


def test_an_untrusted_repository_is_remembered_as_such(computer: Computer, tmp_path: Path) -> None:
    other = Made(tmp_path / "other", people=new_people())
    computer.set(update_url=str(other.repository))
    with pytest.raises(RepositoryRefused):
        computer.updates().install()
    assert computer.record == ("failed", "", "signatures")


def test_no_network_is_told_and_the_next_look_is_better(computer: Computer) -> None:
    release(computer.made)
    place = computer.made.repository
    place.rename(place.with_name("elsewhere"))
    with pytest.raises(Unreachable):
        computer.updates().check()
    assert computer.record == ("failed", "", "unreachable")
    place.with_name("elsewhere").rename(place)
    assert computer.updates().check().release is not None


def test_one_update_at_a_time(computer: Computer) -> None:
    with (
        Lock.take(computer.settings.paths.updates / "lock"),
        pytest.raises(Busy, match="another update is under way"),
    ):
        computer.updates().check()


def test_a_folder_that_can_not_be_written_is_told(computer: Computer) -> None:
    computer.state.write_text("a file")
    with pytest.raises(StorageFailed):
        computer.updates().check()


def test_a_program_that_does_not_know_its_version_takes_none(computer: Computer) -> None:
    computer.version = "source"
    with pytest.raises(UpdatesOff, match="its own version"):
        computer.updates().check()


def test_a_package_of_any_kind_is_written_for_who_installs_it_by_other_ways(
    computer: Computer, tmp_path: Path
) -> None:
    release(computer.made, "1.1", package="deb-amd64")
    octets = release(computer.made, "1.2", package="deb-amd64")
    release(computer.made, "1.3")
    computer.installation = Installation("source", "source")
    found, file = computer.updates().download("deb-amd64", tmp_path / "out")
    assert found.version.text == "1.2"
    assert file.read_bytes() == octets
    assert file.parent == tmp_path / "out"
    with pytest.raises(UpdatesOff, match="no msi-x64"):
        computer.updates().download("msi-x64", tmp_path / "out")


def test_a_share_that_a_package_is_written_to_stays_open_to_others_and_no_link_in_it_is_followed(
    computer: Computer, tmp_path: Path
) -> None:
    octets = release(computer.made, "1.2", package="deb-amd64")
    share = tmp_path / "share"
    share.mkdir()
    share.chmod(0o755)
    (tmp_path / "precious").write_text("mine")
    name = computer.updates().download("deb-amd64", tmp_path / "out")[1].name
    for left in (name, f"{name}.part"):
        (share / left).symlink_to(tmp_path / "precious")
    _, file = computer.updates().download("deb-amd64", share)
    assert file.read_bytes() == octets
    assert not file.is_symlink()
    assert (tmp_path / "precious").read_text() == "mine"
    assert share.stat().st_mode & 0o777 == 0o755


def test_root_does_not_work_in_the_home_of_somebody_else(
    computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(computer.made)
    home = computer.state
    home.mkdir()
    if os.geteuid() == 0:
        os.chown(home, 4242, 4242)
    monkeypatch.setattr("agent.updates.updating.os.geteuid", lambda: 0)
    with pytest.raises(UpdatesOff, match="sudo -H"):
        computer.updates().install()
    assert list(home.iterdir()) == []


def test_how_it_stands_is_said_without_asking(computer: Computer) -> None:
    first = computer.updates().status()
    assert (first.installed, first.channel, first.package, first.root_version, first.off) == (
        "1.0",
        "stable",
        PACKAGE,
        1,
        "",
    )
    assert first.record.outcome == ""
    computer.installation = Installation("deb", "deb-amd64")
    assert "apt upgrade" in computer.updates().status().off
    computer.installation = Installation("appimage", PACKAGE, computer.file)
    computer.set(update_channel="off")
    assert "policy" in computer.updates().status().off
    assert not (computer.settings.paths.updates / "metadata").exists()


def test_a_build_without_a_root_says_so(computer: Computer, tmp_path: Path) -> None:
    def none() -> bytes:
        raise UpdatesOff("no root")

    updates = Updates(computer.settings, computer.installation, "1.0", read_root=none)
    assert updates.status().off == "no root"
    with pytest.raises(UpdatesOff, match="no root"):
        updates.install()


def test_a_place_is_an_https_address_or_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert checked_place("updates") == str(tmp_path / "updates")
    assert checked_place("https://x.kz/updates") == "https://x.kz/updates"
    for wrong in ("http://x.kz/updates", "ftp://x.kz", "https://"):
        with pytest.raises(BadConfig, match="--from"):
            checked_place(wrong)


def test_all_errors_have_a_code_and_a_sentence(computer: Computer) -> None:
    for error in (UpdatesOff("x"), Busy("x"), RepositoryRefused("expired", "x")):
        assert isinstance(error, AgentError)
        assert error.code != AgentError.code
        assert error.detail
