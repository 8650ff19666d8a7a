"""Every window of the agent in every state that people see, by name: what tests of all windows go through, and `gallery` draws.

A scene of a signing window is the series of messages that leads to it, with what the person does in between; one of the desk, the page
and what the desk tells it. Answers of a renderer come from `preview.gallery`, which makes documents of its own.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import QRect
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from agent import config, paths
from agent.desk import settings as settings_page
from agent.doctor import report
from agent.doctor.finding import Finding, worst
from agent.words import texts as agent_texts
from protocol import control, preview, prompts
from protocol.desk import doctor, files, frame, history, keys, settings, sites
from tests.tray import batches, stored_keys
from tests.tray.conftest import Samples
from tests.tray.preview import gallery
from tray.approval import SigningWindow
from tray.desk.window import DeskWindow

LANGUAGES: tuple[prompts.Language, ...] = ("kk", "ru", "en")
SAMPLES = Samples()
COMMAND = prompts.Caller("command")

Step = Any  # a prompt, or what the person does: a function of the window
Steps = Iterable[Step]


class Theatre:
    """A signing window with a clock of its own, where worker, renderer and person do what a scene says."""

    def __init__(self, items: Iterable[gallery.Item] = (), room: QRect | None = None) -> None:
        self.now = 1000.0
        self.sent: list[prompts.FromWindow] = []
        self.window = SigningWindow(self, lambda: self.now)
        if room is not None:
            self.window.available = lambda: room  # type: ignore[method-assign]  # a screen of another size
        self._renderer = gallery.Made(items) if items else None

    def send(self, answer: prompts.FromWindow) -> None:
        self.sent.append(answer)
        if isinstance(answer, preview.Question) and self._renderer is not None:
            self._renderer.pane = self
            self._renderer.ask(answer)

    def receive(self, answer: preview.Answer, pixels: bytes = b"") -> None:
        """The renderer's; when all is over it goes nowhere."""
        if self._renderer is not None:
            self.window.receive(answer, pixels)

    def send_secret(self, secret: bytearray) -> None:
        """Passwords go nowhere."""

    def play(self, steps: Steps) -> SigningWindow:
        """All of it; gives the window as it is then."""
        for step in steps:
            if callable(step):
                step(self.window)
            else:
                self.window.receive(step)
            if not isinstance(step, preview.Known):  # hundreds of them
                self.settle()
        return self.window

    def settle(self) -> None:
        QTest.qWait(1)
        QApplication.processEvents()
        self.now += 1.0
        self.window._refresh()  # what the window's own timer does

    def end(self) -> None:
        self._renderer = None
        self.window.vanish()
        self.window.deleteLater()


# --- signing windows --------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Scene:
    """`steps` of a language; `items` is what the documents are, for the preview."""

    steps: Callable[[prompts.Language], Steps]
    items: tuple[str, ...] = ()

    def made_items(self) -> list[gallery.Item]:
        return [gallery.ITEMS[name] for name in self.items]


_THREE = ("pdf", "digest", "form")
_FACTS = (prompts.Fact("Сумма", "11 648,00 ₸"), prompts.Fact("Контрагент", "ТОО «Пример Трейд»"))
_ACT = dataclasses.replace(SAMPLES.act, facts=_FACTS)
_LOCAL = dataclasses.replace(_ACT, path="/home/aigerim/Документы/Акты/АВР-000482 за октябрь 2026.pdf")
_KEY = SAMPLES.other_key(
    organisation="ТОО «Қарағанды Сервис»", bin="123456789021"
)  # a party of the acts in the gallery
STRANGER = SAMPLES.other_key(key_id="own", organisation="", bin="", iin="850101400002", roles=("individual",))
_EXPIRED = SAMPLES.other_key(
    key_id="old", suitable=False, reasons=("expired",), not_after="2026-01-01T00:00:00+05:00"
)
_KNOWN_FILES = (
    dataclasses.replace(SAMPLES.first_file, organisation="ТОО «Пример Трейд»", uses=("sign",), state="ending", days_left=2),
    dataclasses.replace(SAMPLES.first_file, path="/home/aigerim/old.p12", state="expired", valid_until="2025-05-14T12:00:00+05:00"),
    SAMPLES.second_file,
)  # fmt: skip
_CHOOSE = prompts.ChooseKey((_KEY,), remember_days=30, unlock_minutes=5)


def _type(*words: str) -> Callable[[SigningWindow], None]:
    """Into the fields for passwords, one after another."""

    def do(window: SigningWindow) -> None:
        from tray import stage

        assert window.panel is not None
        for field, text in zip(stage.fields_of(window.panel), words, strict=False):
            field.setText(text)
            field.textEdited.emit(text)

    return do


def _detail(window: SigningWindow) -> None:
    """Unfolds whatever can be."""
    from PySide6.QtWidgets import QPushButton

    for button in window.findChildren(QPushButton):
        if button.isCheckable() and button.isVisible():
            button.setChecked(True)


def _agree(window: SigningWindow) -> None:
    assert window.accent.isEnabled()
    window.accent.click()
    window._show_busy()


def _open(language: prompts.Language, **changes: Any) -> prompts.OpenKey:
    return SAMPLES.open_key(language=language, **changes)


def _one(language: prompts.Language, **changes: Any) -> prompts.OpenKey:
    return _open(language, documents=(_ACT,), **changes)


def _preview(item: str) -> Scene:
    """A document of its own: what was found in another is not shown in its place."""
    document = dataclasses.replace(_ACT, digest=hashlib.sha256(item.encode()).hexdigest())
    return Scene(lambda it: [_open(it, documents=(document,))], (item,))


def _batch(language: prompts.Language, count: int = 300, **changes: Any) -> list[Step]:
    documents = list(batches.documents(count))
    documents[1] = dataclasses.replace(documents[1], name=SAMPLES.long_name.name)
    flags = (preview.Flag("javascript"),)
    known = [
        preview.Known(place, batches.act(place, "48 000 000 ₸" if place == 3 else f"{40 + place % 9} 000,00 ₸", *(flags if place == 5 else ())))
        for place in range(count)
    ]  # fmt: skip
    asked = _open(language, documents=tuple(documents), may_leave_out=True, **changes)
    return [asked, *known, lambda window: window._documents.table.settle()]


def _left_out(window: SigningWindow) -> None:
    assert window._documents is not None
    for entry in window._documents.batch.entries[:2]:
        entry.is_in = False
    assert window._documents.table is not None
    window._documents.table.settle()


def _failed(code: str, **more: Any) -> prompts.Finished:
    return prompts.Finished(
        0, prompts.Problem(code, detail="the authority answered 503 after 2 tries", **more)
    )


def _site(**changes: Any) -> prompts.Caller:
    return dataclasses.replace(SAMPLES.site, **changes)


SIGNING: Mapping[str, Scene] = MappingProxyType({
    "choose-file-key": Scene(lambda it: [_open(it, waiting=2, files=_KNOWN_FILES), _type("Qwerty12")], _THREE),
    "no-key-files": Scene(lambda it: [_one(it, files=(), timestamps=True)], ("pdf",)),
    "wrong-password": Scene(
        lambda it: [_open(it, problem=prompts.Problem("wrong-password", tries_left=2, detail="mac does not match")), _detail], _THREE),
    "key-own-password": Scene(lambda it: [_one(it, problem=prompts.Problem("key-password"))], ("pdf",)),
    "unsuitable-file": Scene(lambda it: [_one(it, problem=prompts.Problem("key-unsuitable", detail="expired"))], ("form",)),
    "approve-one": Scene(lambda it: [_one(it), _CHOOSE], ("pdf",)),
    "approve-three": Scene(lambda it: [_open(it), prompts.ChooseKey((dataclasses.replace(_KEY, is_test=True),), 30)], _THREE),
    "choose-of-keys": Scene(lambda it: [_one(it), prompts.ChooseKey((_KEY, STRANGER, _EXPIRED), 30)], ("pdf",)),
    "no-key-fits": Scene(lambda it: [_one(it), prompts.ChooseKey((_EXPIRED,))], ("pdf",)),
    "wrong-party": Scene(lambda it: [_one(it), prompts.ChooseKey((STRANGER,))], ("form",)),
    "wary": Scene(lambda it: [_one(it), _CHOOSE], ("wary-pdf",)),
    "preview-form": _preview("form"),
    "preview-tree": _preview("tree"),
    "preview-archive": _preview("archive"),
    "preview-text": _preview("text"),
    "preview-unknown": _preview("unknown"),
    "preview-signed": _preview("signed-pdf"),
    "digest-only": Scene(lambda it: [_open(it, documents=(SAMPLES.only_digest,))], ("digest",)),
    "facts-of-page": Scene(lambda it: [_open(it, documents=(_LOCAL,), placement="bare")], ("pdf",)),
    "announced": Scene(lambda it: [_open(it, documents=(), announced=300)]),
    "batch": Scene(_batch),
    "batch-approve": Scene(lambda it: [*_batch(it), _CHOOSE, _left_out]),
    "batch-signing": Scene(lambda it: [*_batch(it), _CHOOSE, _agree, prompts.Progress(120, 300)]),
    "batch-signed": Scene(lambda it: [*_batch(it), _CHOOSE, _left_out, _agree, prompts.Finished(298)]),
    "batch-lacking": Scene(lambda it: [*_batch(it), _CHOOSE, _agree, prompts.Finished(300, lacking=(3, 150))]),
    "batch-stopped": Scene(lambda it: [*_batch(it), _CHOOSE, _agree, dataclasses.replace(_failed("timestamp-failed"), failed=(prompts.Failure(150, "timestamp-failed"),))]),
    "batch-written-in-part": Scene(
        lambda it: [*_batch(it), _CHOOSE, _left_out, _agree, prompts.Finished(
            297, prompts.Problem("file-not-written", detail="act-150.pdf.cms can't be written: No space left on device"),
            lacking=(5,), failed=(prompts.Failure(150, "file-not-written"),))]),
    "must-be-seen": Scene(
        lambda it: [*_batch(it, 6, must_be_seen=True), preview.Known(2, preview.Overview("unknown", why="broken")), _CHOOSE]),
    "key-elsewhere": Scene(lambda it: [_one(it, problem=prompts.Problem("key-folder", detail="the key file lies elsewhere")), _detail], ("pdf",)),
    "policy-forbids": Scene(lambda it: [_open(it), _CHOOSE, _failed("policy-forbids"), _detail], _THREE),
    "signed-without-timestamp": Scene(lambda it: [_one(it), _CHOOSE, prompts.Finished(1, lacking=(0,))], ("pdf",)),
    "series-stopped": Scene(
        lambda it: [_open(it, documents=(), announced=300), _CHOOSE, dataclasses.replace(_failed("timed-out"), count=2, failed=(prompts.Failure(2, "timed-out"),))]),
    "busy": Scene(lambda it: [_one(it), _type("Qwerty12"), _agree], ("pdf",)),
    "signed": Scene(lambda it: [_open(it), _CHOOSE, prompts.Finished(3)], _THREE),
    "failed": Scene(lambda it: [_open(it), _CHOOSE, _failed("timestamp-failed"), _detail], _THREE),
    "failed-storage": Scene(lambda it: [_open(it), _CHOOSE, _failed("storage-failed")], _THREE),
    "mixed-script": Scene(lambda it: [_one(it, caller=_site(site="xn--80ak6aa92e.kz", registrable="xn--80ak6aa92e.kz", warning="mixed-script"))], ("pdf",)),
    "unprotected": Scene(lambda it: [_one(it, caller=_site(kind="unprotected", is_new=False))], ("pdf",)),
    "program": Scene(lambda it: [_one(it, caller=prompts.Caller("program"))], ("pdf",)),
    "page-from-disk": Scene(lambda it: [_one(it, caller=prompts.Caller("file"))], ("pdf",)),
    "identify": Scene(lambda it: [_one(it, purpose="identify"), _CHOOSE], ("text",)),
    "show-key": Scene(lambda it: [_open(it, action="show_key", documents=()), _CHOOSE]),
    "show-key-done": Scene(lambda it: [_open(it, action="show_key", documents=()), prompts.Finished(1)]),
    "log-in": Scene(lambda it: [prompts.Approve(_open(it, action="log_in", purpose="identify", documents=(SAMPLES.act,)), (_KEY,), 30, can_go_back=True)]),
    "import-certificate": Scene(lambda it: [_open(it, action="import_certificate", documents=(), certificate=SAMPLES.other_key(storage="", path=""))]),
    "import-replaces": Scene(lambda it: [_open(it, action="import_certificate", documents=(), certificate=SAMPLES.other_key(storage="", path=""), replaced=_KEY)]),
    "new-key": Scene(lambda it: [SAMPLES.new_key("/tmp", language=it), _type("Qwerty12")]),
    "new-key-failed": Scene(lambda it: [SAMPLES.new_key("/tmp", language=it, problem=prompts.Problem("key-not-kept", detail="permission denied"))]),
    "new-key-made": Scene(lambda it: [SAMPLES.new_key("/tmp", language=it), _type("Qwerty12", "Qwerty12"), _agree, prompts.Finished(1)]),
    "read-key": Scene(lambda it: [prompts.ReadKey(COMMAND, SAMPLES.first_file, it)]),
    "read-key-wrong": Scene(lambda it: [prompts.ReadKey(COMMAND, SAMPLES.second_file, it, problem=prompts.Problem("wrong-password"))]),
    "change-password-read-only": Scene(
        lambda it: [prompts.ChangePassword(COMMAND, SAMPLES.second_file, it, problem=prompts.Problem("key-read-only"))]),
    "change-password": Scene(lambda it: [prompts.ChangePassword(COMMAND, SAMPLES.first_file, it, keep_copy=True), _type("Qwerty12", "abc")]),
    "change-password-done": Scene(lambda it: [prompts.ChangePassword(COMMAND, SAMPLES.first_file, it), prompts.Finished(1)]),
    "choose-file": Scene(lambda it: [prompts.ChooseFile(SAMPLES.site, "any", "/usr/share/doc", it)]),
    "choose-folder": Scene(lambda it: [prompts.ChooseFile(SAMPLES.site, "folder", "/usr/share", it)]),
    "allow-file": Scene(lambda it: [prompts.AllowFile(SAMPLES.site, "/home/aigerim/Документы/Акты/АВР-000482 за октябрь 2026.pdf", it, hours=8)]),
    "about": Scene(lambda it: [prompts.About(SAMPLES.site, "1.0.0", 13579, it)]),
})  # fmt: skip


# --- the desk ---------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class DeskScene:
    """`told` is what the desk says to the page in a language, and what the person does there: functions of the page."""

    page: frame.Page
    told: Callable[[prompts.Language], Steps]


def open_desk(scene: DeskScene, language: prompts.Language, theme: frame.Theme = "light") -> DeskWindow:
    """The window as that scene shows it."""
    made = DeskWindow(lambda _: None)
    made.receive(frame.Begin(scene.page, language, "1.0.0", theme))
    QApplication.processEvents()
    tell(made, scene, language)
    return made


def tell(window: DeskWindow, scene: DeskScene, language: prompts.Language) -> None:
    page, _ = window._made[scene.page]
    for step in scene.told(language):
        if callable(step):
            step(page)
        else:
            window.receive(step)
        QApplication.processEvents()


_ALL: tuple[files.Wish, ...] = ("sign", "cosign", "timestamp", "verify", "card")
_F = files.File
FILES = (
    _F("/home/a/Акты/АВР-000482.pdf", 19_843, "pdf", ("sign",), ("pdf", "cms", "asic", "jws", "raw"), result="signed", made="/home/a/Акты/АВР-000482 (подписан).pdf"),
    _F("/home/a/Акты/Приложение № 14.docx", 7_340_032, "other", ("sign",), ("cms", "asic", "jws", "raw"), result="failed", code="file-unusable", detail="no such file"),
    _F("/home/a/Акты/act.xml", 900, "xml", ("sign",), ("xml", "cms", "asic", "wsse", "jws", "raw"), result="left-out"),
    _F("/home/a/Акты/act.pdf.cms", 21_000, "cms", _ALL, ("cms", "asic", "jws", "raw"), result="verified", verdict="valid", lacks_timestamp=True),
    _F("/home/a/Акты/signed.pdf", 30_000, "signed-pdf", ("sign", "cosign", "verify", "card"), ("pdf", "cms", "asic"), result="verified", verdict="invalid"),
    _F("/home/a/Акты/x.sig", 3_000, "detached-cms", ("sign", "timestamp"), ("cms", "asic")),
    _F("/home/a/Акты/pack.asice", 93_000, "asic", _ALL, ("asic", "cms"), result="verified", verdict="indeterminate"),
    _F("/home/a/Акты/stamp.tsr", 3_100, "timestamp", ("sign",), ("cms", "asic")),
)  # fmt: skip
_FILES_VERIFIED = files.Told(
    FILES[3].path,
    files.Report(
        "valid",
        "Подпись верна",
        "Документ не изменён с тех пор, как его подписали.",
        (prompts.Fact("Документ", "act.pdf"), prompts.Fact("Подписей", "1")),
        (
            files.Signer(
                "valid",
                "АХМЕТОВА АЙГЕРІМ: подпись верна.",
                (prompts.Fact("ИИН", "850101400001"), prompts.Fact("Время", "12.03.2026 10:15")),
                ("У подписи нет метки времени. Время взято с компьютера подписавшего.",),
            ),
        ),
    ),
)
_STORED = keys.Keys(
    (
        stored_keys.group(
            stored_keys.OWNER,
            stored_keys.entry(stored_keys.stored(9, state="ending", days=2, is_there=False)),
        ),
        *stored_keys.GROUPS,
    ),
    ("/media/usb/keys",),
    ("/root/x",),
)
_ROWS = tuple(
    history.Row(
        f"2026-11-{26 - number:02d}T09:30:00+00:00", kind, site, action, count, outcome, code, owner,
        "ab" * 32 if owner else "", ("0a" * 32, "0b" * 32)[:count],
    )
    for number, (kind, site, action, count, outcome, code, owner) in enumerate((
        ("site", "kds.ismet.kz", "sign", 3, "signed", "", "АХМЕТОВА АЙГЕРІМ"),
        ("site", "egov.kz", "log_in", 1, "cancelled", "", ""),
        ("site", "new.kz", "show_key", 0, "shown", "", "АХМЕТОВА АЙГЕРІМ"),
        ("command", "", "sign", 1, "failed", "timestamp-failed", "АХМЕТОВА АЙГЕРІМ"),
        ("program", "", "new_key", 0, "approved", "", ""),
        ("site", "kds.ismet.kz", "change_password", 0, "approved", "", ""),
        ("site", "kds.ismet.kz", "choose_file", 0, "unfinished", "", ""),
        ("site", "salyk.kz", "sign", 300, "left", "", "АХМЕТОВА АЙГЕРІМ"),
    ))
)  # fmt: skip
_SITES = (
    sites.Site("https://kds.ismet.kz", "kds.ismet.kz", "ismet.kz", "remembered", is_protected=True, since="2026-11-01T00:00:00+00:00", until="2027-01-30T00:00:00+00:00", asked="2026-11-26T09:30:00+00:00", signed=4),
    sites.Site("http://spam.kz", "spam.kz", "spam.kz", "blocked", is_protected=False, since="2026-11-01T00:00:00+00:00"),
    sites.Site("https://xn--80ak6aa92e.kz", "xn--80ak6aa92e.kz", "xn--80ak6aa92e.kz", "seen", is_protected=True, warning="mixed-script", asked="2026-11-26T09:30:00+00:00"),
)  # fmt: skip


_RULES = (
    settings.Setting(
        "allowed_origins", "list", "policy", items=("https://edo.example.kz", "https://*.example.kz")
    ),
    settings.Setting("blocked_origins", "list", "policy", items=("https://spam.kz",)),
    settings.Setting("lock_origins", "switch", "policy", is_on=True),
    settings.Setting("only_key_folders", "switch", "policy", is_on=True),
    settings.Setting("formats", "list", "policy", items=("cms", "pdf")),
    settings.Setting("require_preview", "switch", "policy", is_on=True),
    settings.Setting("forbid_hash_only", "switch", "policy", is_on=True),
    settings.Setting("max_documents", "number", "policy", number=50, most=10_000),
    settings.Setting("journal_path", "text", "policy", text="~/journal/journal.jsonl"),
    settings.Setting("update_url", "text", "policy", text="https://updates.example.kz/qalamsap/"),
)


def settings_of(language: prompts.Language, **changes: Any) -> settings.Settings:
    """All settings that the desk shows, as they come, but for some that were changed, and one that is locked."""
    sources: dict[str, config.Source] = dict.fromkeys(settings_page.SHOWN, "default")
    defaults = config.Config(paths.resolve(Path("/nonexistent")), sources=sources)
    known = {name: settings_page._setting(name, defaults) for name in settings_page.SHOWN}
    known["language"] = dataclasses.replace(known["language"], text=language, source="file")
    known["unlock_minutes"] = dataclasses.replace(known["unlock_minutes"], number=5, source="policy")
    known["key_folders"] = dataclasses.replace(
        known["key_folders"], items=("/media/usb/keys",), source="file"
    )
    values: dict[str, Any] = {
        "settings": tuple(known.values()), "autostart": "off", "is_running": True, "is_stale": False,
        "file": "/home/a/.config/qalamsap/config.toml",
    }  # fmt: skip
    return settings.Settings(**{**values, **changes})


def examined(language: prompts.Language, findings: Iterable[Finding]) -> doctor.Examined:
    """As the desk words it."""
    words = agent_texts.load(language)
    found = tuple(findings)
    return doctor.Examined(
        tuple(_worded(words, number, each) for number, each in enumerate(found)),
        report.verdict(words, found), worst(found), is_all=True, moment="2026-11-27T07:30:00+00:00",
    )  # fmt: skip


def _worded(words: Any, number: int, one: Finding) -> doctor.Finding:
    told = report.worded(words, one)
    return doctor.Finding(
        number, one.state, told.title, told.sentence, told.advice, one.subject, one.repair if one.state != "ok" else "",
        f"{one.what.lower()}-{one.code}", one.text,
    )  # fmt: skip


_GOOD = (
    Finding("agent", "ready", "ok", "the agent answers"),
    Finding("port", "ours", "ok", "13579 is ours", {"port": 13579}),
    Finding("certificate", "good", "ok", "until 2028", {"until": datetime(2028, 3, 1, tzinfo=UTC)}),
    Finding("browsers", "trusted", "ok", "3 stores", {"count": 3}),
    Finding(
        "store", "trusted", "ok", "trusted", subject="Firefox: ~/.mozilla/firefox/a1b2c3d4.default-release"
    ),
    Finding("browser", "asks", "ok", "asks", {"browser": "Chromium", "version": "147"}),
    Finding("windows", "ready", "ok", "Qt", {"version": "6.8"}),
    Finding("keys", "found", "ok", "2 files", {"count": 2}),
    Finding("clock", "right", "ok", "0.2 s"),
    Finding("timestamps", "answered", "ok", "200"),
    Finding("revocation", "answered", "ok", "200"),
    Finding("proxy", "none", "ok", "none"),
    Finding("GOST", "native", "ok", "native"),
    Finding("program", "version", "ok", "1.0.0", {"version": "1.0.0", "python": "3.11.2", "system": "Linux"}),
)
TROUBLES = (
    Finding("agent", "stopped", "trouble", "no agent answers at ~/.local/state/qalamsap/control", repair="start-agent"),
    Finding("browsers", "not-all", "trouble", "2 of 3 stores", {"count": 2}, repair="install-trust"),
    Finding("key", "open", "trouble", "mode 0644", subject="~/Загрузки/GOST512_2f6c1e0a9b7d4c3e8f5a6b7c8d9e0f1a2b3c4d5e.p12", repair="make-private"),
    Finding("access", "refused", "trouble", "refused", {"browser": "Chrome", "count": 1}),
    Finding("clock", "slightly-ahead", "hint", "75 s", {"count": 75}),
    Finding("timestamps", "unreached", "hint", "no address", {"reason": "name"}),
)  # fmt: skip


def _mended(language: prompts.Language) -> doctor.Mended:
    title = agent_texts.load(language)("doctor.what.browsers")
    return doctor.Mended("install-trust", title, is_done=False, detail="certutil: could not find a database")


def gathered(language: prompts.Language) -> doctor.Gathered:
    """A bundle of everything, and all that can be said of what was left out."""
    words = agent_texts.load(language)
    left = [
        words(f"support.left.{name}")
        for name in ("keys", "documents", "history", "people", "folders", "sites")
    ]
    left += [words("support.left.lines", count=3), words("support.left.places", count=118)]
    log = "2026-11-27 08:48:01,123 1308 INFO agent.operations.approval: signatures were made kind=site origin=https://site-1 count=2\n"
    shown = [doctor.Part("README.txt", words("support.cover"), "\n".join(left))]
    shown += [
        doctor.Part(f"{name}.txt", words(f"support.part.{name}"), log * 40)
        for name in ("program", "examination", "settings", "log", "events", "history", "files")
    ]
    return doctor.Gathered("qalamsap-support-2026-11-27-1230.zip", tuple(shown), tuple(left))


def _show(row: int) -> Callable[[Any], None]:
    return lambda page: page.table.select(row)


def _found(*rows: history.Row) -> Callable[[Any], None]:
    """What history has, in answer to whatever the page asked last."""
    return lambda page: page.receive(history.Found(page._question, len(rows), 0, rows))


_ENDING = (
    control.EndingKey("АХМЕТОВА АЙГЕРІМ", "2026-12-10T00:00:00+00:00", 13, "ЖШС «АЛМАТЫ ҚҰРЫЛЫС КОМПАНИЯСЫ»", ("aa", "bb")),
    control.EndingKey("ИВАНОВ ИВАН", "2026-12-24T00:00:00+00:00", 27, "", ("cc",)),
)  # fmt: skip


def _look_for_document(page: Any) -> None:
    page.add_paths(
        ["/home/a/Акты/Акт выполненных работ № 482 от 27.11.2026, подписанный обеими сторонами.pdf"]
    )


def _found_document(page: Any) -> None:
    row = dataclasses.replace(_ROWS[0], left_out=2, left_out_digests=("0b" * 32,), about="inside")
    page.receive(history.Found(page._question, 1, 0, (row,), "inside", 21))


def _trouble(page: frame.Page) -> frame.Trouble:
    return frame.Trouble(page, "storage-failed", "no space left on device")


DESK: Mapping[str, DeskScene] = MappingProxyType({
    "files-empty": DeskScene("files", lambda _: [files.Listed(())]),
    "files": DeskScene("files", lambda _: [files.Listed(FILES), _show(3), _FILES_VERIFIED]),
    "files-signed": DeskScene("files", lambda _: [files.Listed(FILES[:3]), _show(0), files.Ended("sign", skipped=1)]),
    "files-failed": DeskScene("files", lambda _: [files.Listed(FILES[:3]), _show(1), files.Ended("sign")]),
    "files-working": DeskScene("files", lambda _: [files.Listed(FILES), files.Working("sign", 2, 8, is_asking=True)]),
    "files-cosign": DeskScene("files", lambda _: [files.Listed((FILES[3], FILES[4]), "cosign")]),
    "files-verify": DeskScene("files", lambda _: [files.Listed((FILES[3], FILES[4], FILES[5]), "verify"), _show(2)]),
    "keys-empty": DeskScene("keys", lambda _: [keys.Keys(())]),
    "keys": DeskScene("keys", lambda _: [_STORED]),
    "keys-end-soon": DeskScene("keys", lambda _: [frame.Ending(_ENDING), _STORED]),
    "keys-pair": DeskScene("keys", lambda _: [keys.Keys((stored_keys.GROUPS[1],))]),
    "keys-unknown": DeskScene("keys", lambda _: [keys.Keys((stored_keys.GROUPS[2],))]),
    "keys-asking": DeskScene("keys", lambda _: [_STORED, keys.Asking("/a.p12")]),
    "keys-trouble": DeskScene("keys", lambda _: [_STORED, _trouble("keys")]),
    "history-empty": DeskScene("history", lambda _: [_found()]),
    "history": DeskScene("history", lambda _: [_found(*_ROWS), _show(0), history.Checked(9)]),
    "history-broken": DeskScene("history", lambda _: [_found(*_ROWS), _show(3), history.Checked(3, 4)]),
    "history-of-a-document": DeskScene("history", lambda _: [_found(*_ROWS), _look_for_document, _found_document]),
    "sites-empty": DeskScene("sites", lambda _: [sites.Sites(())]),
    "sites": DeskScene("sites", lambda _: [sites.Sites(_SITES), _show(0)]),
    "sites-wary": DeskScene("sites", lambda _: [sites.Sites(_SITES), _show(2)]),
    "doctor-looking": DeskScene("doctor", lambda it: [dataclasses.replace(examined(it, _GOOD[:3]), is_all=False)]),
    "doctor-good": DeskScene("doctor", lambda it: [examined(it, _GOOD), lambda page: page.more.setChecked(True)]),
    "doctor-bad": DeskScene("doctor", lambda it: [examined(it, (*TROUBLES, *_GOOD[2:]))]),
    "doctor-question": DeskScene("doctor", lambda it: [examined(it, (*TROUBLES, *_GOOD[2:])), lambda page: page.cards[1].repair.click()]),
    "doctor-bundle": DeskScene("doctor", lambda it: [examined(it, (*TROUBLES, *_GOOD[2:])), gathered(it), lambda page: page.bundle.parts.setCurrentIndex(4)]),
    "doctor-not-mended": DeskScene("doctor", lambda it: [examined(it, (*TROUBLES, *_GOOD[2:])), _mended(it)]),
    "settings": DeskScene("settings", lambda it: [settings_of(it)]),
    "settings-stale": DeskScene("settings", lambda it: [settings_of(it, is_stale=True), settings.Refused("theme", "theme is 'pink'")]),
    "settings-hints": DeskScene("settings", lambda it: [
        settings_of(it, menus="stale", no_unlock="icon-off", is_icon_unseen=True), settings.NotWritten("file_menus", "foreign", "x")]),
    "settings-rules": DeskScene("settings", lambda it: [settings_of(it, rules=_RULES)]),
    "settings-stopped": DeskScene("settings", lambda it: [settings_of(it, is_running=False, autostart="unsupported")]),
})  # fmt: skip
