"""`qalamsap admin export`: the words, what comes of them, and what is refused."""

import json
import plistlib
from pathlib import Path

import pytest

from agent.commands import exit_codes
from agent.localhost import authority
from tests.support import sites
from tests.support.command_line import CommandLine
from tests.support.trusting import NOW, tree

PORTAL = "https://portal.example.kz"
LISTS = {"LoopbackNetworkAllowedForUrls": [PORTAL], "LocalNetworkAccessAllowedForUrls": [PORTAL]}


def export(run: CommandLine, *words: object) -> int:
    return run("admin", "export", *words, "--state-dir", run.state_dir)


def test_one_browsers_policy_is_printed(run: CommandLine) -> None:
    assert export(run, "--origins", PORTAL, "--browser", "chrome") == exit_codes.DONE
    assert json.loads(run.out) == LISTS
    assert run.err == ""


def test_origins_may_be_repeated_separated_and_written_in_any_way(run: CommandLine) -> None:
    words = ["--origins", f"{PORTAL},https://B.kz:443", "https://c.kz", "--origins", PORTAL]
    assert export(run, *words, "--browser", "edge", "--format", "json") == exit_codes.DONE
    assert json.loads(run.out)["LoopbackNetworkAllowedForUrls"] == [PORTAL, "https://b.kz", "https://c.kz"]


def test_all_browsers_come_as_a_tree(run: CommandLine) -> None:
    folder = run.folder / "out"
    assert export(run, "--origins", PORTAL, "--browser", "all", "--output", folder) == exit_codes.DONE
    printed = [str(Path(line).relative_to(folder)) for line in run.out.splitlines()]
    assert printed == [
        "etc/opt/chrome/policies/managed/qalamsap.json",
        "etc/opt/edge/policies/managed/qalamsap.json",
        "etc/opt/yandex/browser/policies/managed/qalamsap.json",
        "etc/chromium/policies/managed/qalamsap.json",
        "etc/firefox/policies/policies.json",
    ]
    assert json.loads((folder / printed[1]).read_bytes()) == LISTS
    assert "browser://policy" in run.err


def test_a_single_file_goes_where_it_belongs_below_a_folder(run: CommandLine) -> None:
    folder = run.folder / "new"
    words = ("--origins", PORTAL, "--browser", "chrome")
    assert export(run, *words, "--output", f"{folder}/") == exit_codes.DONE
    assert (folder / "etc/opt/chrome/policies/managed/qalamsap.json").is_file()
    assert export(run, *words, "--output", folder / "plain") == exit_codes.DONE
    assert json.loads((folder / "plain").read_bytes()) == LISTS


def test_files_that_say_the_same_are_printed_once_and_others_need_a_folder(run: CommandLine) -> None:
    assert export(run, "--origins", PORTAL, "--format", "json") == exit_codes.DONE
    assert json.loads(run.out) == LISTS
    assert export(run, "--origins", PORTAL) == exit_codes.BAD_INPUT
    assert "--output" in run.err


def test_a_format_takes_the_browsers_it_is_for(run: CommandLine) -> None:
    assert export(run, "--origins", PORTAL, "--format", "policies.json") == exit_codes.DONE
    assert json.loads(run.out)["policies"]["LocalNetworkAccess"]["SkipDomains"] == ["portal.example.kz"]
    words = ("--origins", PORTAL, "--browser", "firefox", "--format", "json")
    assert export(run, *words) == exit_codes.BAD_INPUT
    assert "not for Firefox" in run.err


def test_windows_and_macos_get_one_file_each_for_all(run: CommandLine) -> None:
    for kind, name in (("reg", "a.reg"), ("lgpo", "a.txt"), ("mobileconfig", "a.mobileconfig")):
        path = run.folder / name
        words = ("--origins", PORTAL, "--format", kind, "--output", path)
        assert export(run, *words) == exit_codes.DONE
        assert run.out == f"{path}\n"
    registry = (run.folder / "a.reg").read_bytes().decode("utf-16")
    assert registry.count(f'"1"="{PORTAL}"') == 8
    assert "\\YandexBrowser\\" in registry
    assert (run.folder / "a.txt").read_bytes().count(b"Computer\r\n") == 9
    assert len(plistlib.loads((run.folder / "a.mobileconfig").read_bytes())["PayloadContent"]) == 5
    assert export(run, "--origins", PORTAL, "--format", "plist", "--output", run.folder / "mac") == 0
    assert (run.folder / "mac/Library/Managed Preferences/com.microsoft.Edge.plist").is_file()


def test_its_file_is_changed_in_place_and_comes_back(run: CommandLine) -> None:
    theirs = b'{"LoopbackNetworkAllowedForUrls": ["https://it.kz"]}\n'
    path = run.file("managed/it.json", theirs)
    assert export(run, "--origins", PORTAL, "--browser", "chromium", "--merge", path) == exit_codes.DONE
    assert run.out == f"{path}: changed\n"
    assert json.loads(path.read_bytes())["LoopbackNetworkAllowedForUrls"] == ["https://it.kz", PORTAL]
    assert export(run, "--browser", "chromium", "--merge", path, "--remove") == exit_codes.DONE
    assert path.read_bytes() == theirs
    assert export(run, "--browser", "chromium", "--merge", path, "--remove") == exit_codes.BAD_INPUT
    assert "nothing of ours is known" in run.err


def test_with_output_its_file_stays_as_it_is(run: CommandLine) -> None:
    path = run.file("policies.json", b'{"policies": {"DisableTelemetry": true}}')
    result = run.folder / "merged.json"
    words = ("--origins", PORTAL, "--browser", "firefox", "--merge", path, "--output", result)
    assert export(run, *words) == exit_codes.DONE
    assert json.loads(result.read_bytes())["policies"]["DisableTelemetry"] is True
    assert path.read_bytes() == b'{"policies": {"DisableTelemetry": true}}'
    assert not run.state_dir.exists()
    words = (*words[:-2], "--remove", "--output", result)
    assert export(run, *words) == exit_codes.BAD_INPUT


def test_a_registry_file_fits_beside_what_was_exported_and_so_does_its_way_back(run: CommandLine) -> None:
    key = "SOFTWARE\\Policies\\Google\\Chrome\\LoopbackNetworkAllowedForUrls"
    exported = (
        f'Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\{key}]\r\n"1"="https://it.kz"\r\n'
    )
    path = run.file("before.reg", exported.encode("utf-16"))
    words = ("--origins", PORTAL, "--browser", "chrome", "--format", "reg", "--merge", path)
    assert export(run, *words, "--output", run.folder / "add.reg") == exit_codes.DONE
    assert export(run, *words, "--remove", "--output", run.folder / "undo.reg") == exit_codes.DONE
    assert f'"2"="{PORTAL}"' in (run.folder / "add.reg").read_bytes().decode("utf-16")
    undo = (run.folder / "undo.reg").read_bytes().decode("utf-16")
    assert '"2"=-' in undo
    assert '"1"=-' not in undo
    assert "look first whether others use them" in undo
    assert path.read_bytes() == exported.encode("utf-16")


def test_what_stands_there_already_is_told(run: CommandLine) -> None:
    assert export(run, "--origins", PORTAL, "--browser", "chrome", "--format", "lgpo") == exit_codes.DONE
    path = run.file("before.txt", run.out.encode())
    words = ("--origins", PORTAL, "--browser", "chrome", "--format", "lgpo", "--merge", path)
    assert export(run, *words) == exit_codes.DONE
    assert "stands there already" in run.err


def test_an_authority_must_be_limited_to_the_computer(run: CommandLine) -> None:
    ours = authority.issue(run.folder / "tls", NOW).authority_path
    folder = run.folder / "out"
    words = ("--origins", PORTAL, "--browser", "firefox", "--output", folder, "--authority")
    assert export(run, *words, ours) == exit_codes.DONE
    assert len(list((folder / "etc/firefox/policies").glob("qalamsap-*.pem"))) == 1
    free = sites.SiteAuthority.create(run.folder / "free").certificate_path
    before = tree(folder)
    assert export(run, *words, free) == exit_codes.BAD_INPUT
    assert "limited to this computer" in run.err
    assert export(run, *words, run.folder / "missing.pem") == exit_codes.BAD_INPUT
    assert tree(folder) == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--browser", "chrome"), "name the sites"),
        (("--origins", "https://*.kz"), "is a pattern"),
        (("--origins", "http://portal.kz"), "is not https"),
        (("--origins", "https://127.0.0.1"), "this computer itself"),
        (("--origins", PORTAL, "--remove"), "--merge"),
        (("--origins", PORTAL, "--merge", "x.json"), "name that browser"),
        (
            ("--origins", PORTAL, "--browser", "chrome", "edge", "--format", "plist", "--merge", "x"),
            "name that browser",
        ),
        (("--origins", PORTAL, "--format", "mobileconfig", "--merge", "x"), "nothing can be merged"),
        (("--origins", PORTAL, "--format", "reg", "--merge", "/missing.reg"), "missing.reg"),
    ],
)
def test_what_makes_no_sense_is_refused(run: CommandLine, words: tuple[str, ...], told: str) -> None:
    assert export(run, *words) == exit_codes.BAD_INPUT
    assert told in run.err


def test_unknown_words_are_wrong_usage(run: CommandLine) -> None:
    assert export(run, "--origins", PORTAL, "--browser", "lynx") == exit_codes.USAGE
    assert run("admin") == exit_codes.USAGE


def test_a_file_that_can_not_be_written_is_an_error(run: CommandLine) -> None:
    path = run.file("plain")
    words = ("--origins", PORTAL, "--browser", "chrome", "--output", path / "below.json")
    assert export(run, *words) == exit_codes.NOT_POSSIBLE


def test_its_file_that_makes_no_sense_is_left_alone(run: CommandLine) -> None:
    path = run.file("it.json", b"not json")
    assert export(run, "--origins", PORTAL, "--browser", "chrome", "--merge", path) == exit_codes.BAD_INPUT
    assert "left as it is" in run.err
    assert path.read_bytes() == b"not json"


def test_policies_become_a_profile_for_macs(run: CommandLine) -> None:
    path = run.file("policy.toml", b'port = 13579\nblocked_origins = ["https://bad.kz"]\n')
    target = run.folder / "own.mobileconfig"
    assert run("admin", "profile", path, "--output", target) == exit_codes.DONE
    own, _ = plistlib.loads(target.read_bytes())["PayloadContent"]
    assert (own["PayloadType"], own["blocked_origins"]) == ("kz.qalamsap", ["https://bad.kz"])
    path.write_text("prot = 1")
    assert run("admin", "profile", path) == exit_codes.BAD_INPUT
    assert "unknown setting 'prot'" in run.err
    assert run("admin", "profile", run.folder / "missing.toml") == exit_codes.BAD_INPUT
