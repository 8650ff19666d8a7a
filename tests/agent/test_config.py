"""Settings from defaults, file and flags."""

import argparse
import locale
from pathlib import Path

import pytest

from agent import config, paths
from agent.config import BadConfig, BadPolicy, Config
from protocol.readings import USUAL, Readings
from tests.support import policies


def load(*words: str, simulates: bool = False) -> Config:
    parser = argparse.ArgumentParser()
    config.add_arguments(parser)
    if simulates:
        config.add_simulation_arguments(parser)
    return config.load(parser.parse_args(words))


def test_without_file_and_flags_everything_has_its_default(tmp_path: Path) -> None:
    loaded = load("--state-dir", str(tmp_path))
    assert (loaded.port, loaded.tray, loaded.log_level, loaded.spare_minutes) == (13579, "auto", "info", 15)
    assert loaded.simulation is None
    assert set(loaded.sources.values()) == {"default"}


def test_the_file_is_stronger_than_the_default_and_the_flag_than_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('port = 1234\nlanguage = "kk"\n')
    loaded = load("--state-dir", str(tmp_path), "--port", "4321")
    assert (loaded.port, loaded.language) == (4321, "kk")
    assert (loaded.sources["port"], loaded.sources["language"]) == ("flag", "file")
    assert loaded.sources["tray"] == "default"


def test_pages_come_with_tls_only_unless_file_or_flag_says_otherwise(tmp_path: Path) -> None:
    assert not load("--state-dir", str(tmp_path)).plain_websocket
    assert load("--state-dir", str(tmp_path), "--plain-websocket").plain_websocket
    (tmp_path / "config.toml").write_text("plain_websocket = true")
    loaded = load("--state-dir", str(tmp_path))
    assert (loaded.plain_websocket, loaded.sources["plain_websocket"]) == (True, "file")
    (tmp_path / "config.toml").write_text('plain_websocket = "yes"')
    with pytest.raises(BadConfig, match="plain_websocket is 'yes', expected true or false"):
        load("--state-dir", str(tmp_path))


def test_the_language_chosen_in_the_tray_is_remembered_until_a_flag_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('language = "kk"\n')
    (tmp_path / "language").write_text("en\n")
    loaded = load("--state-dir", str(tmp_path))
    assert (loaded.language, loaded.sources["language"]) == ("en", "tray")
    assert load("--state-dir", str(tmp_path), "--language", "ru").language == "ru"


def test_the_policy_is_stronger_than_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = policies.placed(tmp_path, monkeypatch)
    (tmp_path / "config.toml").write_text("unlock_minutes = 30\nport = 1234\n")
    assert load("--state-dir", str(tmp_path)).unlock_minutes == 30
    policies.write(policy, 'unlock_minutes = 0\nlanguage = "kk"\n')
    loaded = load("--state-dir", str(tmp_path), "--language", "ru")
    assert (loaded.unlock_minutes, loaded.language, loaded.port) == (0, "kk", 1234)
    assert (loaded.sources["unlock_minutes"], loaded.sources["port"]) == ("policy", "file")


def test_a_policy_that_can_not_be_used_stops_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = policies.placed(tmp_path, monkeypatch)
    policies.write(policy, "unlock_minutes = 61\n")
    with pytest.raises(BadConfig, match=r"policy\.toml: unlock_minutes is 61, expected 0 to 60"):
        load("--state-dir", str(tmp_path))


def test_no_variable_leads_to_another_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = paths.policy_file()
    for name in ("XDG_CONFIG_DIRS", "XDG_CONFIG_HOME", "HOME", "PROGRAMDATA", "ALLUSERSPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    assert paths.policy_file() == place


def test_a_value_is_checked_as_it_would_be_in_the_file() -> None:
    assert config.check("key_folders", ["~/keys"]) == (Path.home() / "keys",)
    with pytest.raises(BadConfig, match="theme is 'pink'"):
        config.check("theme", "pink")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('langauge = "kk"', "unknown setting 'langauge', the nearest known one is 'language'"),
        ('language = "kz"', "language is 'kz', expected one of kk, ru, en"),
        ("language = 1", "expected one of kk"),
        ("port = 65536", "port is 65536, expected 0 to 65535"),
        ("port = true", "port is True"),
        ('port = "13579"', "expected 0 to 65535"),
        ("spare_minutes = -1", "spare_minutes is -1"),
        ("port =", "is not TOML"),
        ("[port]\nx = 1", "port is"),
        ('key_folders = "/keys"', "expected a list of folders"),
        ("key_folders = [1]", "expected a list of folders"),
        ('key_folders = [""]', "expected a list of folders"),
        ('key_folders = ["keys"]', "expected a path from the root"),
        ('key_folders = ["~nobody-at-all/keys"]', "the home of nobody"),
        (f"key_folders = {['/a'] * 33}", "expected at most 32"),
        ('timestamp_url = ""', "timestamp_url is '', expected an http or https URL"),
        ('timestamp_url = "tsp.pki.gov.kz"', "expected an http or https URL"),
        ('ocsp_url = "ldap://a.kz/"', "ocsp_url is 'ldap://a.kz/', expected an http or https URL"),
        ("ocsp_url = 1", "expected an http or https URL"),
        (
            'proxy = "socks5://me:secret@a.kz"',
            "proxy can't be used, expected system, none or http://host:port",
        ),
        ("offline = 1", "offline is 1, expected true or false"),
        ('fetch_hosts = "a.kz"', "expected a list of hosts"),
        (
            'fetch_hosts = ["http://a.kz/"]',
            "fetch_hosts is 'http://a.kz/', expected host, *.host or host:port",
        ),
        (
            'authorities = ["/nowhere/ca.pem"]',
            "authorities has '/nowhere/ca.pem', which holds no certificate",
        ),
        ('authorities = ["ca.pem"]', "expected a path from the root"),
    ],
)
def test_a_mistake_in_the_file_is_an_error_that_names_it(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(BadConfig) as caught:
        load("--state-dir", str(tmp_path))
    assert message in caught.value.detail
    assert "config.toml" in caught.value.detail
    assert "secret" not in caught.value.detail


def test_a_file_that_is_no_text_or_too_long_is_an_error(tmp_path: Path) -> None:
    for content in (b"\xff\xfe", b"#" * (config.MAX_FILE_BYTES + 1)):
        (tmp_path / "config.toml").write_bytes(content)
        with pytest.raises(BadConfig):
            load("--state-dir", str(tmp_path))
    (tmp_path / "config.toml").unlink()
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(BadConfig):
        load("--state-dir", str(tmp_path))


def test_a_flag_out_of_range_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="flag: port is 70000"):
        load("--state-dir", str(tmp_path), "--port", "70000")


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("kk_KZ", "kk"),
        ("Kazakh_Kazakhstan", "kk"),
        ("ru_RU", "ru"),
        ("en_US", "en"),
        (None, "ru"),
        ("de_DE", "ru"),
    ],
)
def test_the_language_of_the_system_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str | None, language: str
) -> None:
    monkeypatch.setattr(locale, "getlocale", lambda: (name, "UTF-8"))
    assert load("--state-dir", str(tmp_path)).language == language


def test_a_simulation_knows_its_files_by_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("answers.toml").touch()
    for name in ("one.pem", "two.pem"):
        Path(name).write_text("-----BEGIN CERTIFICATE-----\n")
    loaded = load(
        "--answers",
        "answers.toml",
        "--test-ca",
        "one.pem",
        "--test-ca",
        "two.pem",
        "--state-dir",
        "s",
        simulates=True,
    )
    assert loaded.simulation is not None
    assert loaded.simulation.answers == tmp_path / "answers.toml"
    assert loaded.simulation.test_authorities == (tmp_path / "one.pem", tmp_path / "two.pem")
    with pytest.raises(BadConfig, match="is not a file"):
        load("--answers", "missing.toml", simulates=True)


@pytest.mark.parametrize("content", [b"", b"junk", b"<html>", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_test_authority_that_is_no_certificate_is_an_error_at_the_start(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "answers.toml").touch()
    (tmp_path / "ca.pem").write_bytes(content)
    words = ["--answers", str(tmp_path / "answers.toml"), "--test-ca", str(tmp_path / "ca.pem")]
    with pytest.raises(BadConfig, match="holds no certificate"):
        load(*words, "--state-dir", str(tmp_path / "s"), simulates=True)


def test_folders_of_keys_come_from_the_file_or_from_flags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    (tmp_path / "config.toml").write_text('key_folders = ["/media/stick", "~/keys"]')
    assert load("--state-dir", str(tmp_path)).key_folders == (
        Path("/media/stick"),
        Path("/home/somebody/keys"),
    )
    given = load("--state-dir", str(tmp_path), "--key-folder", "one", "--key-folder", "/two")
    assert given.key_folders == (tmp_path / "one", Path("/two"))
    assert given.sources["key_folders"] == "flag"


def test_by_default_the_national_servers_are_asked_as_the_system_says(tmp_path: Path) -> None:
    loaded = load("--state-dir", str(tmp_path))
    assert loaded.timestamp_url == "http://tsp.pki.gov.kz/"
    assert (loaded.ocsp_url, loaded.proxy, loaded.offline) == ("", "system", False)
    assert (loaded.fetch_hosts, loaded.authorities) == ((), ())


def test_whom_to_ask_comes_from_the_file_or_from_flags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    (tmp_path / "config.toml").write_text(
        f"""
        timestamp_url = "http://test.pki.gov.kz/tsp/"
        proxy = "http://proxy.bank.kz:3128"
        offline = true
        fetch_hosts = ["*.bank.kz", "tsa.bank.kz:8080"]
        authorities = ["{tmp_path}"]
        """
    )
    loaded = load("--state-dir", str(tmp_path))
    assert loaded.timestamp_url == "http://test.pki.gov.kz/tsp/"
    assert (loaded.proxy, loaded.offline) == ("http://proxy.bank.kz:3128", True)
    assert loaded.fetch_hosts == ("*.bank.kz", "tsa.bank.kz:8080")
    assert loaded.authorities == (tmp_path,)
    words = ["--state-dir", str(tmp_path), "--proxy", "none", "--ocsp-url", "http://ocsp.bank.kz/"]
    words += [
        "--fetch-host",
        "a.kz",
        "--fetch-host",
        "b.kz:1",
        "--authority",
        "ca.pem",
        "--timestamp-url",
        "http://t.kz",
    ]
    given = load(*words)
    assert (given.proxy, given.ocsp_url, given.timestamp_url) == (
        "none",
        "http://ocsp.bank.kz/",
        "http://t.kz",
    )
    assert (given.fetch_hosts, given.authorities) == (("a.kz", "b.kz:1"), (tmp_path / "ca.pem",))
    assert given.offline  # the flag only says yes


@pytest.mark.parametrize(
    ("groups", "more"),
    [
        ({}, set()),
        ({"timestamps": True}, {"timestamp_url"}),
        ({"revocation": True}, {"ocsp_url"}),
        ({"trust": True}, {"authorities"}),
    ],
)
def test_a_command_takes_only_the_flags_about_the_network_that_it_reads(
    groups: dict[str, bool], more: set[str]
) -> None:
    parser = argparse.ArgumentParser()
    config.add_network_arguments(parser, **groups)
    assert vars(parser.parse_args([])).keys() == {"proxy", "offline", "fetch_hosts", *more}


def test_a_site_gets_its_readings_and_all_others_the_usual_ones(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        """
        [sites."https://STAT.example.kz:443"]
        basics_cms = "base64"
        key_dates = "text"
        [sites."http://old.example.kz"]
        """
    )
    loaded = load("--state-dir", str(tmp_path))
    assert loaded.sites == {
        "https://stat.example.kz": Readings(basics_cms="base64", key_dates="text"),
        "http://old.example.kz": USUAL,
    }
    assert loaded.sources["sites"] == "file"
    assert load("--state-dir", str(tmp_path / "other")).sites == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sites = 1", "sites is 1, expected tables such as"),
        ('sites = "https://x.kz"', "expected tables such as"),
        ('[sites."stat.example.kz"]', "sites has 'stat.example.kz', expected an origin"),
        ('[sites."https://x.kz/path"]', "sites has 'https://x.kz/path', expected an origin"),
        ('[sites."null"]', "expected an origin"),
        ('[sites."file://"]', "expected an origin"),
        ('[sites."chrome-extension://abc"]', "expected an origin"),
        ('[sites."*"]', "expected an origin"),
        ('[sites."https://x.kz"]\n[sites."https://X.kz"]', "sites has two tables for https://x.kz"),
        ('[sites]\n"https://x.kz" = 5', "is 5, expected a table"),
        (
            '[sites."https://x.kz"]\nbasic_cms = "pem"',
            "unknown reading 'basic_cms', the nearest known one is 'basics_cms'",
        ),
        (
            '[sites."https://x.kz"]\nbasics_cms = "der"',
            "basics_cms is 'der', expected one of pem, pem-open, base64",
        ),
        ('[sites."https://x.kz"]\nbasics_cms = ["pem"]', "expected one of pem"),
        (
            '[sites."https://x.kz"]\nbasics_encapsulate = true',
            "basics_encapsulate is True, expected one of true, false",
        ),
    ],
)
def test_a_mistake_about_a_site_is_an_error_that_names_it(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(BadConfig) as caught:
        load("--state-dir", str(tmp_path))
    assert message in caught.value.detail


def test_a_simulation_knows_which_tokens_its_script_plugs_in(tmp_path: Path) -> None:
    answers = tmp_path / "answers.toml"
    token = "[[token]]\nstorage = 'AKKaztokenStore'\nkey = 'a.p12'\npassword = 'x'\n"
    for text, expected in (
        (f"[[answer]]\n{token}", ("AKKaztokenStore",)),
        ("[[answer]]\n", ()),
        ("token = 5", ()),
        ("=", ()),
    ):
        answers.write_text(text)
        loaded = load("--answers", str(answers), "--state-dir", str(tmp_path), simulates=True)
        assert loaded.simulation is not None
        assert loaded.simulation.tokens == expected


def test_a_distribution_sets_defaults_and_people_may_set_them_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = policies.placed(tmp_path, monkeypatch)
    defaults = policy.with_name("defaults.toml")
    policies.write(defaults, "spare_minutes = 1\nport = 7\nupdate_channel = 'off'\nmax_documents = 5\n")
    (tmp_path / "config.toml").write_text("spare_minutes = 2\n")
    loaded = load("--state-dir", str(tmp_path))
    assert (loaded.spare_minutes, loaded.sources["spare_minutes"]) == (2, "file")
    assert (loaded.port, loaded.sources["port"], loaded.places["port"]) == (7, "distribution", str(defaults))
    assert (loaded.update_channel, loaded.max_documents) == ("off", 5)
    assert loaded.places["spare_minutes"] == str(tmp_path / "config.toml")
    assert "language" not in loaded.places


def test_of_two_policies_the_later_one_counts_and_says_where_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = policies.placed(tmp_path, monkeypatch)
    later = policy.parent / "policy.d" / "50-bank.toml"
    policies.write(policy, 'allowed_origins = ["https://a.kz"]\nlock_origins = true\n')
    policies.write(later, 'allowed_origins = ["https://b.kz"]\n')
    loaded = load("--state-dir", str(tmp_path))
    assert (loaded.allowed_origins, loaded.lock_origins) == (("https://b.kz",), True)
    assert (loaded.places["allowed_origins"], loaded.places["lock_origins"]) == (str(later), str(policy))


@pytest.mark.parametrize(
    "line", ["max_documents = 1", "lock_origins = false", 'formats = ["cms"]', 'update_url = ""']
)
def test_what_only_a_policy_may_set_is_an_error_in_the_persons_file(tmp_path: Path, line: str) -> None:
    (tmp_path / "config.toml").write_text(line)
    name = line.partition(" ")[0]
    with pytest.raises(BadConfig, match=f"{name} is for whoever runs the computer to set, by policy"):
        load("--state-dir", str(tmp_path))
    with pytest.raises(BadConfig):
        config.check(name, True)


def test_flags_can_not_set_it_either(tmp_path: Path) -> None:
    loaded = config.load(argparse.Namespace(state_dir=tmp_path, formats=["cms"], lock_origins=False))
    assert (loaded.formats, loaded.sources["lock_origins"]) == ((), "default")


def test_the_agent_itself_starts_with_a_broken_policy_and_knows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = policies.placed(tmp_path, monkeypatch)
    policies.write(policy, "port = 1234\nprot = 1\n")
    (tmp_path / "config.toml").write_text("spare_minutes = 2\n")
    flags = argparse.Namespace(state_dir=tmp_path)
    with pytest.raises(BadPolicy):
        config.load(flags)
    loaded = config.load_or_refuse(flags)
    assert "unknown setting 'prot'" in loaded.policy_trouble
    assert loaded.policy_place == str(policy)
    assert (loaded.port, loaded.spare_minutes) == (13579, 2)
    policies.write(policy, "port = 1234\n")
    assert (config.load_or_refuse(flags).policy_trouble, config.load_or_refuse(flags).port) == ("", 1234)
    (tmp_path / "config.toml").write_text("prot = 2\n")
    with pytest.raises(BadConfig):
        config.load_or_refuse(flags)


def test_broken_defaults_of_a_package_count_as_a_broken_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = policies.placed(tmp_path, monkeypatch)
    defaults = policy.with_name("defaults.toml")
    policies.write(defaults, "port = 5\n")
    defaults.chmod(0o666)
    loaded = config.load_or_refuse(argparse.Namespace(state_dir=tmp_path))
    assert (loaded.policy_place, loaded.port) == (str(defaults), 13579)


def test_a_policy_moves_the_journal_to_a_folder_of_each_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = policies.placed(tmp_path, monkeypatch)
    monkeypatch.setattr(paths, "account", lambda: "aliya")
    policies.write(policy, f'journal_path = "{tmp_path}/journals/{{user}}/journal.jsonl"\n')
    loaded = load("--state-dir", str(tmp_path))
    assert loaded.paths.journal == tmp_path / "journals" / "aliya" / "journal.jsonl"
    assert loaded.paths == paths.resolve(tmp_path)  # it is the same person's agent
    policies.write(policy, 'journal_path = "~/records/journal.jsonl"\n')
    assert load("--state-dir", str(tmp_path)).paths.journal == Path.home() / "records" / "journal.jsonl"
    policy.unlink()
    assert load("--state-dir", str(tmp_path)).paths.journal == tmp_path / "journal.jsonl"


def test_a_simulation_tries_a_policy_out_below_the_computers_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = policies.placed(tmp_path, monkeypatch)
    (tmp_path / "answers.toml").touch()
    trial = tmp_path / "trial.toml"
    trial.write_text("lock_origins = true\nmax_documents = 3\n")
    words = [
        "--answers",
        str(tmp_path / "answers.toml"),
        "--policy",
        str(trial),
        "--state-dir",
        str(tmp_path),
    ]
    policies.write(policy, "max_documents = 2\n")
    loaded = load(*words, simulates=True)
    assert (loaded.lock_origins, loaded.max_documents) == (True, 2)
    assert loaded.places["lock_origins"] == str(trial)
    trial.write_text("lock_orgins = true\n")
    with pytest.raises(BadPolicy):
        load(*words, simulates=True)
    with pytest.raises(SystemExit):
        load("--policy", str(trial))  # who runs the agent itself can't
