"""The maintainers' command, from the ceremony to a computer that reads what was published: the words of installer/updates/README.md."""

from pathlib import Path

import pytest

from agent.updates.client import Repository
from agent.updates.sources import Folder
from installer.updates.__main__ import main
from installer.updates.repository import ROLES


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("a long password\n")
    return file


def test_from_the_ceremony_to_a_computer(
    tmp_path: Path, password: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work, people = tmp_path / "work", tmp_path / "keys"
    secret = ("--password-file", str(password))

    def tool(*words: str, folder: Path = work) -> int:
        return main([str(folder), *words])

    for owner in ("anna", "bolat", "dina", "server"):
        assert tool("key", owner, *secret, folder=people) == 0
    pub = {owner: str(people / f"{owner}.pub.json") for owner in ("anna", "bolat", "dina", "server")}
    pem = {owner: str(people / f"{owner}.key.pem") for owner in pub}
    roles = dict.fromkeys(ROLES, f"1:{pub['server']}") | {
        "root": f"2:{pub['anna']},{pub['bolat']},{pub['dina']}",
        "targets": f"2:{pub['anna']},{pub['dina']}",
        "stable": f"2:{pub['anna']},{pub['bolat']},{pub['dina']}",
        "beta": f"1:{pub['anna']},{pub['bolat']}",
    }
    assert (
        tool("begin", *(word for role, text in roles.items() for word in ("--role", f"{role}={text}"))) == 0
    )
    assert "root version 1" in capsys.readouterr().out
    online = ("--snapshot-key", pem["server"], "--timestamp-key", pem["server"], *secret)
    assert tool("publish", *online) == 1
    assert "signatures are missing: root (2), targets (2), stable (2), beta (1)" in capsys.readouterr().err
    for role, owner in (
        ("root", "anna"),
        ("root", "dina"),
        ("targets", "anna"),
        ("targets", "dina"),
        ("stable", "anna"),
        ("stable", "bolat"),
        ("beta", "bolat"),
    ):
        assert tool("sign", role, "--key", pem[owner], *secret) == 0
    assert "signed; that is enough" in capsys.readouterr().out
    assert tool("publish", *online) == 0
    package = tmp_path / "Q.AppImage"
    package.write_bytes(b"a package")
    assert (
        tool(
            "add",
            "stable",
            "0.2.0",
            "--file",
            f"appimage-x86_64={package}",
            "--stages",
            "0:10,3:100",
            "--security",
            "--urgent",
        )
        == 0
    )
    assert tool("sign", "stable", "--key", pem["anna"], *secret) == 0
    assert "signed; 1 more wanted" in capsys.readouterr().out
    assert tool("show") == 0
    assert "1 signatures missing" in capsys.readouterr().out
    assert tool("sign", "stable", "--key", pem["dina"], *secret) == 0
    assert tool("publish", *online) == 0
    assert tool("refresh", "--timestamp-key", pem["server"], *secret) == 0
    assert tool("check") == 0
    assert "0.2.0: appimage-x86_64" in capsys.readouterr().out

    root = (work / "repository" / "metadata" / "1.root.json").read_bytes()
    computer = Repository(Folder(work / "repository"), tmp_path / "computer", root)
    computer.refresh()
    (found,) = computer.releases("stable")
    assert (found.version.text, found.stages, found.is_security) == ("0.2.0", ((0, 10), (3, 100)), True)
    assert found.is_urgent
    computer.download(found.files["appimage-x86_64"], tmp_path / "computer" / "Q")
    assert (tmp_path / "computer" / "Q").read_bytes() == b"a package"

    assert tool("withdraw", "stable", "0.2.0") == 0
    assert tool("renew", "beta") == 0
    assert tool("change-keys", "--role", f"beta=1:{pub['dina']}") == 0
    assert "targets version 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("begin", "--role", "root"),
        ("begin", "--role", "nobody=1:x"),
        ("begin", "--role", "root=1:/nowhere.pub.json"),
        ("check",),
        ("sign", "stable", "--key", "/nowhere.pem"),
        ("add", "stable", "1.0", "--file", "/nowhere"),
        ("add", "stable", "1.0", "--file", "x=/nowhere", "--urgent"),
        ("withdraw", "stable", "1.0"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_line(
    tmp_path: Path, words: tuple[str, ...], password: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("--password-file", str(password)) if words[0] == "sign" else ()
    assert main([str(tmp_path / "work"), *words, *more]) == 1
    told = capsys.readouterr().err
    assert told.startswith("updates: ")
    assert told.count("\n") == 1


def test_a_password_is_asked_for_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["a long password", "another password", "a long password", "a long password"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    assert main([str(tmp_path), "key", "anna"]) == 1
    assert "not the same" in capsys.readouterr().err
    assert main([str(tmp_path), "key", "anna"]) == 0
