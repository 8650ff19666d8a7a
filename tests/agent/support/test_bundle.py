"""The bundle: nothing that was planted anywhere gets into it, and what is written is what was shown."""

import argparse
import dataclasses
import io
import json
import logging
import zipfile
from pathlib import Path

import pytest

from agent import config, logs
from agent.doctor import examination
from agent.journal import Journal
from agent.support import bundle, parts
from agent.support.bundle import Bundle, BundleNotWritten
from agent.words import texts
from agent.words.texts import Language
from tests.support import examined

# What somebody would not want to find in a file that they give away; each stands in several places of the agent's folders.
IIN = "870101300123"
BIN = "050140000123"
PASSWORD = "correct-horse-battery"
OWNER = "СЕРИКОВА АЙГУЛЬ"
SITE = "kds.example.kz"
DOCUMENT = "Договор с Ивановым"
LOGIN = "aigul"
COMPUTER = "BUH-07"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
MAIL = "aigul.serikova@firm.kz"
ADDRESS = "10.11.12.13"
PLANTED = (
    IIN,
    BIN,
    PASSWORD,
    OWNER,
    SITE,
    DOCUMENT,
    LOGIN,
    COMPUTER,
    DIGEST,
    MAIL,
    ADDRESS,
    "Серикова",
    "firm.kz",
)


@pytest.fixture
def one(tmp_path: Path) -> examination.Computer:
    """A computer on which everything personal stands wherever the program, or anything else, could have written it."""
    home = tmp_path / LOGIN
    home.mkdir()
    made = examined.computer(
        home,
        settings={
            "proxy": f"http://{LOGIN}:{PASSWORD}@{ADDRESS}:3128",
            "key_folders": (home / DOCUMENT,),
            "fetch_hosts": (f"tsa.{SITE}",),
            "allowed_origins": (f"https://{SITE}",),
            "ocsp_url": f"http://ocsp.{SITE}/{IIN}",
            "journal_path": f"~/{DOCUMENT}",
        },
        environment={"DISPLAY": ":0", "XDG_SESSION_TYPE": OWNER, "HTTP_PROXY": f"http://{PASSWORD}@x"},
    )
    places = made.settings.paths
    book = Journal(places.journal)
    facts = {"origin": f"https://{SITE}", "owner": OWNER, "digests": [DIGEST], "iin": IIN, "action": DOCUMENT}
    for event in ("asked", "signed", "failed"):
        book.write(event, "1", examined.AT, {**facts, "code": f"{OWNER} {IIN}"})  # type: ignore[arg-type]  # three of them
    for name in (
        "grants.json",
        "key-library.json",
        "folders.json",
        "chosen-files.json",
        "config.toml",
        "language",
    ):
        (places.state_dir / name).write_text(json.dumps([*PLANTED]))
    for name in PLANTED:
        (places.state_dir / f"{name}.p12").write_text(PASSWORD)
    root, ours = logging.getLogger(), logging.getLogger("agent")
    levels = root.level, ours.level
    logs.set_up("debug", places.log, to_standard_error=False)
    for word in PLANTED:
        try:
            raise ValueError(word)
        except ValueError as error:
            logs.note(ours, logging.ERROR, "internal error", error=error, origin=f"https://{SITE}")
        logs.note(
            ours, logging.INFO, "call", method=word, origin=f"https://{SITE}:8443", path=home / DOCUMENT
        )
        logging.getLogger("websockets").warning("frame %s", word)
    logs.close()
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    with places.log.open("a", encoding="utf-8") as stream:
        stream.writelines(f"{word}\n" for word in PLANTED)
        stream.writelines(
            f"2026-11-27 08:48:01,123 1300 INFO agent.x: call {word} kind={word}\n"
            for word in PLANTED
            if word != PASSWORD  # nobody can tell it from a word of ours, there and then
        )
        stream.writelines(f"2026-11-27 08:48:01,123 1300 INFO {word}: call\n" for word in PLANTED)
        stream.writelines(f"  error {word} at x.py:1 f\n  after {word}\n" for word in PLANTED)
    return made


def made_of(one: examination.Computer, language: Language = "ru", *, keep_sites: bool = False) -> Bundle:
    names = (LOGIN, COMPUTER, COMPUTER.lower(), "Айгуль", "Серикова")
    return bundle.gather(
        one, examination.examine(one), texts.load(language), keep_sites=keep_sites, names=names
    )


def unpacked(octets: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_nothing_that_was_planted_is_in_it(one: examination.Computer, language: Language) -> None:
    words = texts.load(language)
    found = unpacked(bundle.packed(made_of(one, language), words))
    assert list(found) == [bundle.COVER, *(part.file for part in made_of(one, language).parts)]
    for name, text in found.items():
        for word in PLANTED:
            assert word.lower() not in text.lower(), f"{word} in {name}"
            assert word.lower() not in name.lower()
    assert "call method=" in found["log.txt"]  # the log is there all the same
    assert json.loads(found["history.json"])["events"] == {"asked": 1, "failed": 1, "signed": 1}


@pytest.mark.parametrize(
    "word", [*PLANTED, "Akhmetov Serik", "Ахметов Серік", "/mnt/бухгалтерия/Ахметов.p12"]
)
def test_what_somebody_wrote_into_settings_that_can_not_be_used_stays_out(
    one: examination.Computer, word: str
) -> None:
    path = one.settings.paths.config_file
    path.write_text(f"language = {word!r}\n", encoding="utf-8")
    places = argparse.Namespace(state_dir=path.parent)
    broken = dataclasses.replace(
        one, trouble=examination.computer(one.settings.paths, lambda: config.load(places)).trouble
    )
    assert word in broken.trouble
    for part in made_of(broken, "en").parts:
        assert word.lower() not in part.text.lower(), part.file
        if part.name in ("health", "settings"):
            assert "language can't be used, expected one of kk, ru, en" in part.text


def test_the_names_of_sites_are_in_it_only_where_that_was_asked_for(one: examination.Computer) -> None:
    kept = unpacked(bundle.packed(made_of(one, "en", keep_sites=True), texts.load("en")))
    assert f"origin=https://{SITE}:8443" in kept["log.txt"]
    assert "names of sites were left in" in kept[bundle.COVER]
    for word in set(PLANTED) - {SITE, "firm.kz"}:
        assert all(word.lower() not in text.lower() for text in kept.values())


def test_the_cover_says_what_is_in_it_and_what_is_not(one: examination.Computer) -> None:
    words = texts.load("en")
    made = made_of(one, "en")
    cover = made.cover(words)
    assert cover.startswith("Qalamsap ")
    for part, title in zip(made.parts, made.titles, strict=True):
        assert f"  {part.file}: {title}\n" in cover
    assert "  keys and passwords: the program never writes passwords down" in cover
    assert "lines or words of the log that the program did not write that way" in cover
    assert "something was taken out in " in cover
    assert cover.rstrip().endswith("You decide whom to give this file to.")


def test_the_same_bundle_is_the_same_octets(one: examination.Computer) -> None:
    made = made_of(one)
    words = texts.load("ru")
    assert bundle.packed(made, words) == bundle.packed(made, words)
    assert made.file_name == f"qalamsap-support-{examined.AT:%Y-%m-%d-%H%M}.zip"


def test_what_is_written_is_what_was_shown_and_only_the_person_can_read_it(
    one: examination.Computer, tmp_path: Path
) -> None:
    made = made_of(one)
    shown = {part.file: part.text for part in made.parts}
    one.settings.paths.log.write_text("changed meanwhile\n")
    path = tmp_path / "a.zip"
    bundle.write(made, texts.load("ru"), path)
    written = unpacked(path.read_bytes())
    assert {name: text for name, text in written.items() if name != bundle.COVER} == shown
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_is_replaced(one: examination.Computer, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_text("mine")
    with pytest.raises(BundleNotWritten, match="is there already"):
        bundle.write(made_of(one), texts.load("ru"), path)
    assert path.read_text() == "mine"
    with pytest.raises(BundleNotWritten, match="can't be written"):
        bundle.write(made_of(one), texts.load("ru"), tmp_path / "none" / "a.zip")


def test_an_agent_that_was_never_started_gives_a_bundle_too(tmp_path: Path) -> None:
    one = examined.computer(tmp_path)
    made = bundle.gather(one, (), texts.load("kk"), names=())
    assert [part.text for part in made.parts if part.name == "log"] == [""]
    assert len(made.titles) == len(parts.NAMES)
