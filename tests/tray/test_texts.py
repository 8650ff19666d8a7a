import re
import string
import typing
from pathlib import Path

import pytest

from agent import errors, journal
from agent.config import SETTINGS
from agent.desk import base as desk
from agent.desk import settings as desk_settings
from agent.operations import named_file
from agent.operations.approval import Recorded
from protocol import preview, preview_labels
from protocol.desk import doctor as desk_doctor
from protocol.desk import files as desk_files
from protocol.desk import frame as desk_frame
from protocol.desk import history as desk_history
from protocol.desk import keys as desk_keys
from protocol.desk import settings as settings_page
from protocol.desk import sites as desk_sites
from tray import batch, menu, question, texts
from tray.desk import settings

LANGUAGES = ("kk", "ru", "en")
FORMS = {"kk": {"other"}, "ru": {"one", "few", "many"}, "en": {"one", "other"}}
TRAY = Path(texts.__file__).parent
_WISHES = set(typing.get_args(desk_frame.Wish)) - {""}
# Of what can go wrong with a file; the rest is "other".
_FILES_FAILED = {
    "bad-input", "file-unusable", "timestamp-failed", "storage-failed", "no-one-to-ask", "window-failed", "timed-out",
    "unsupported-key", "key-unsuitable", "journal-broken", "not-shown", "other",
}  # fmt: skip
# Tables whose members are picked by a word at run time, each with all the words that can pick.
PICKED = {
    "who.warning.": {"unprotected", "file", "program", "mixed-script", "punycode"},
    "who.name.": {"file", "program", "command"},
    "window.": set(typing.get_args(question.Wish)),
    "button.": {"send", "log_in", "add_certificate"},
    "key.": {"signing", "sending", "adding"},
    "done.": {"sign", "show_key", "log_in", "import_certificate", "new_key", "change_password"},
    "new_key.rule.": {"length", "variety", "again"},
    "batch.mark.": set(typing.get_args(batch.Mark)),
    "batch.result.": set(typing.get_args(batch.Result)) - {""},
    "batch.by.": set(batch.COLUMNS),
    "batch.column.": set(batch.COLUMNS) - {"place", "marks"},
    "subject.": {
        "UID", "DC", "CN", "SURNAME", "SERIALNUMBER", "C", "L", "S", "STREET", "O", "OU", "BUSINESSCATEGORY", "T", "G", "E", "other",
    },
    "what.unit.": {"kilo", "mega", "giga"},
    "preview.flag.": set(typing.get_args(preview.FlagCode)),
    "preview.fact.": set(typing.get_args(preview.FactName)) - {"title"},
    "preview.role.": {"supplier", "customer", "other"},
    "preview.why.": set(typing.get_args(preview.Why)) - {""},
    "preview.advice.": set(typing.get_args(preview.Why)) - {""},
    "preview.in.": {"cms", "jws", "base64", "other"},
    "preview.": {"empty", "empty_archive", "covered", "uncovered"},
    preview_labels.PREFIX: {label.removeprefix(preview_labels.PREFIX) for label in preview_labels.FORM_LABELS},
    "who.": set(typing.get_args(question.Wish)),
    "what.": {"beside", "around", "inside", "bare"},
    "storage.": {"PKCS12", "JKS", "other"},
    "role.": {
        "individual", "legal", "head", "sign-right", "finance-right", "hr", "employee", "information-system", "treasury",
        "other",
    },
    "use.": {"sign", "identify", "other"},
    "reason.": {
        "expired", "revoked", "not-yet-valid", "wrong-use", "other-iin", "other-bin", "other-serial", "untrusted-chain", "missing-eku",
        "unsupported", "test-authority", "unknown-authority", "other-digest-length", "bare-digest", "other",
    },
    "trouble.": {"identity-renewal", "https-api-port", "broker", "bad-policy", "bad-settings", "other"},
    "icon.page.": set(menu.PAGES),
    "drop.": {
        f"{name}{advice}"
        for name in (
            "not_a_key", "certificate", "frozen", "key_chosen", "one_key", "empty_folder", "unreadable", "elsewhere", "missing", "one_file",
            "one_folder", "wants_folder", "busy", "only_certificate",
        )
        for advice in ("", "_advice")
    },
    "desk.page.": set(typing.get_args(desk_frame.Page)),
    "files.wish.": _WISHES,
    "files.do.": _WISHES,
    "files.about.": _WISHES,
    "files.impossible.": _WISHES,
    "files.done.": _WISHES,
    "files.format.": {"title", *typing.get_args(desk_files.Format)},
    "files.format_note.": set(typing.get_args(desk_files.Format)),
    "files.kind.": set(typing.get_args(desk_files.Kind)),
    "files.result.": {"wants_document", "key-file", *typing.get_args(desk_files.Result)} - {"", "verified"},
    "files.verdict.": {"none", *typing.get_args(desk_files.Verdict)} - {""},
    "files.failed.": _FILES_FAILED,
    "files.failed_advice.": _FILES_FAILED,
    "history.action.": {name for each in typing.get_args(Recorded) for name in (typing.get_args(each) or (each,))} | {"other"},
    "history.kind.": {"file", "program", "command", "other"},
    "history.outcome.": {"all", *typing.get_args(desk_history.Outcome)},
    "history.about.": {"title", *typing.get_args(desk_history.About)} - {"", "unknown"},
    "history.file.": set(typing.get_args(desk_history.About)) - {""},
    "history.period.": {"title", "all", "today", "week", "month", "year"},
    "history.form.": {"csv", "pdf"},
    "sites.": {f"{name}{note}" for name in ("forget", "block", "unblock") for note in ("", "_note")},
    "keys.": {
        "add_file", "add_folder", "for_sign", "for_identify", "for_nothing", "pair_sign", "pair_identify", "open", "change_password",
        "export", "show_file", "forget",
    },
    "keys.state.": set(typing.get_args(desk_keys.State)) - {"good", "ending"},
    "keys.explained.": set(typing.get_args(desk_keys.State)) - {"good", "ending"},
    "keys.advice.": {"bad-input", "key-password", "key-read-only", "no-one-to-ask", "file-not-written", "storage-failed", "other"},
    "settings.group.": {*settings.GROUPS, "rules"},
    "settings.why.": set(typing.get_args(settings_page.Why)),
    "settings.no_unlock.": set(typing.get_args(settings_page.NoUnlock)) - {""},
    "settings.name.": {*(name for names in settings.GROUPS.values() for name in names), *desk_settings.RULES},
    "settings.note.": {*(name for names in settings.GROUPS.values() for name in names), *desk_settings.RULES},
    **{
        f"settings.choice.{name}.": set(SETTINGS[name].choices)
        for name in desk_settings.SHOWN
        if SETTINGS[name].kind == "choice" and name != "language"
    },
    "doctor.group.": {"trouble", "hint"},
    **{f"doctor.{table}.": set(typing.get_args(desk_doctor.Repair)) - {""} for table in ("repair", "question", "done")},
    "sites.state.": set(typing.get_args(desk_sites.State)),
    "sites.caution.": {"mixed-script", "punycode", "unprotected"},
}  # fmt: skip
PICKED_ALONE = {
    "icon.ready",
    "icon.asking",
    "icon.signing",
    "icon.paused",
    "icon.trouble",
    "icon.pause",
    "icon.resume",
}


def agent_codes():
    def below(kind):
        return {kind} | {deeper for child in kind.__subclasses__() for deeper in below(child)}

    ours = {kind for kind in below(errors.AgentError) if kind.__module__ == "agent.errors"}
    others = {
        journal.JournalBroken,
        desk.FileNotWritten,
        desk.NotShown,
        named_file.FileNotChosen,
        named_file.KeyFileNotChosen,
    }
    return {kind.code for kind in ours | others}


def forms(entry):
    return [entry] if isinstance(entry, str) else list(entry.values())


def placeholders(entry):
    return {name for form in forms(entry) for _, name, _, _ in string.Formatter().parse(form) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_keys_and_placeholders_of_the_others(language):
    ours, russian = texts.load(language).entries, texts.load("ru").entries
    assert ours.keys() == russian.keys()
    assert {key: placeholders(entry) for key, entry in ours.items()} == {
        key: placeholders(entry) for key, entry in russian.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_that_depends_on_a_number_has_every_form_of_its_language_and_no_other(language):
    plural = {
        key: set(entry) for key, entry in texts.load(language).entries.items() if not isinstance(entry, str)
    }
    assert plural
    assert {key: found for key, found in plural.items() if found != FORMS[language]} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_kept_in_another_language(language):
    for key, entry in texts.load(language).entries.items():
        for form in forms(entry):
            assert form.strip() == form != ""
            cyrillic = re.search(r"[Ѐ-ӿ]", form)
            assert not (language == "en" and cyrillic), key
    kazakh, russian = texts.load("kk").entries, texts.load("ru").entries
    same = {key for key in kazakh if forms(kazakh[key]) == forms(russian[key])}
    assert {key for key in same if re.search(r"[а-я]{4}", " ".join(forms(kazakh[key])))} <= {
        "batch.column.party",
        "fact.path",
        "settings.name.proxy",
        "what.bytes",
    }


def test_every_text_is_used():
    source = "\n".join(path.read_text(encoding="utf-8") for path in TRAY.rglob("*.py"))
    picked = {prefix + word for prefix, words in PICKED.items() for word in words} | PICKED_ALONE
    facts = {"fact." + name for name in re.findall(r'^        \("(\w+)", ', source, re.MULTILINE)}
    known = picked | facts | {f"{table}.{code}" for table in ("error", "advice") for code in agent_codes()}
    entries = texts.load("en").entries
    assert [
        key for key in entries if not re.search(f"[\"']{re.escape(key)}[\"']", source) and key not in known
    ] == []
    assert [key for key in known - facts if key not in entries] == []


def test_every_error_of_the_agent_has_a_sentence_and_an_advice():
    entries = texts.load("en").entries
    assert agent_codes() >= {"wrong-password", "broken-file", "cancelled", "internal"}
    for code in agent_codes():
        assert f"error.{code}" in entries
        assert f"advice.{code}" in entries


@pytest.mark.parametrize(
    ("language", "count", "form"),
    [
        ("ru", 1, "one"), ("ru", 21, "one"), ("ru", 101, "one"), ("ru", 2, "few"), ("ru", 34, "few"), ("ru", 0, "many"),
        ("ru", 5, "many"), ("ru", 11, "many"), ("ru", 12, "many"), ("ru", 14, "many"), ("ru", 111, "many"),
        ("kk", 1, "other"), ("kk", 2, "other"), ("en", 1, "one"), ("en", 0, "other"), ("en", 21, "other"),
    ],
)  # fmt: skip
def test_the_plural_form_fits_the_number(language, count, form):
    assert texts.plural_form(language, count) == form


def test_a_number_stands_in_its_sentence():
    russian = texts.load("ru")
    assert russian("who.sign", count=1) == "просит подписать 1 документ"
    assert russian("who.sign", count=3) == "просит подписать 3 документа"
    assert russian("who.sign", count=10_000) == "просит подписать 10\u202f000 документов"
    assert texts.load("kk")("who.sign", count=3) == "3 құжатқа қол қоюыңызды сұрайды"


def test_a_word_that_is_new_to_the_window_gives_a_general_sentence_and_no_raw_key():
    english = texts.load("en")
    assert english.chosen("reason", "moon-phase") == "The key does not meet the conditions of the request."
    assert english.problem("error", "no-such-code") == "Internal error"
    with pytest.raises(KeyError):
        english("no.such.text")
