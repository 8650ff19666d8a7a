"""Files, new keys and NCALayer's first methods, from socket to answer with real processes and real windows, by the keyboard alone."""

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from agent.formats import cms, raw
from demo.cast import ROOT
from protocol import accessory, basics, common_utils
from tests.support import authority, walks
from tests.support.walks import Walk, call, hear

pytestmark = pytest.mark.display
ACT = b"%PDF-1.4 act"
CANCELED = {"code": "500", "message": "action.canceled"}
PASSWORD = "Tulpar-2026"
SUBJECT = {"CN": "ТЕСТОВ ИВАН", "SURNAME": "ТЕСТОВ", "SERIALNUMBER": "IIN123456789013", "C": "KZ"}
SIGNED = ["sign asked", "sign decided approved", "sign signed"]


def document(walk: Walk, name: str) -> Path:
    path = walk.home / "Documents" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(ACT)
    return path


def sign_file(page: ClientConnection, path: Path) -> None:
    call(page, common_utils.MODULE, "createCAdESFromFile", ["PKCS12", "SIGNATURE", str(path), False])


def assert_signs_act(reply: Any) -> None:
    assert reply["code"] == "200"
    (evidence,) = cms.verify(cms.read(base64.b64decode(reply["responseObject"])), ACT)
    assert evidence.signature == "valid"


def test_a_file_that_the_person_chose_is_signed_without_one_question_more(walk: Walk) -> None:
    act, diary = document(walk, "akt-17.pdf"), walk.diary()
    with walk.page() as page:
        call(page, common_utils.MODULE, "showFileChooser", ["ALL", str(act.parent)])
        walk.see("Выбор файла", "choose-file")
        walk.screen.type(act.name)
        walk.screen.press("Return")
        assert hear(page) == {"responseObject": str(act), "code": "200"}
        walk.see_none()
        sign_file(page, act)
        walk.see("Подписание документов", "sign-chosen-file")
        walk.type_password()
        assert_signs_act(walk.agree(page))
    assert diary() == ["choose_file asked", "choose_file decided approved", *SIGNED]


def test_who_chooses_nothing_gives_nothing_away(walk: Walk) -> None:
    diary = walk.diary()
    for kind, title in (("ALL", "Выбор файла"), ("DIRECTORY", "Выбор папки"), ("P12", "Выбор файла ключа")):
        with walk.page() as page:
            call(page, common_utils.MODULE, "showFileChooser", [kind, ""])
            walk.screen.wait_for_window(title)
            walk.refuse()
            assert hear(page) == CANCELED
    assert diary() == ["choose_file asked", "choose_file decided cancelled"] * 3


def test_a_path_that_the_page_made_up_is_asked_about_once_for_each_site(walk: Walk) -> None:
    act, diary = document(walk, "agreement-5.pdf"), walk.diary()
    with walk.page() as page:
        sign_file(page, act)
        walk.see("Подписание файла", "allow-file")
        walk.refuse()
        assert hear(page) == CANCELED
    with walk.page() as page:
        sign_file(page, act)
        walk.see("Подписание файла")
        walk.screen.press("ctrl+Return")
        walk.see("Подписание документов")
        walk.type_password()
        assert_signs_act(walk.agree(page))
        sign_file(page, act)
        walk.screen.wait_for_window("Подписание документов")
        walk.refuse()
        assert hear(page) == CANCELED
    asked, signing = "allow_file asked", ["sign asked", "sign decided cancelled"]
    assert diary() == [
        asked, "allow_file decided cancelled", asked, "allow_file decided approved", *SIGNED, *signing,
    ]  # fmt: skip


def test_a_key_is_made_gets_its_certificate_and_signs(walk: Walk, tmp_path: Path) -> None:
    diary = walk.diary()
    with walk.page() as page:
        before = set(walk.home.rglob("*.p12"))
        params = {"subject": SUBJECT, "algorithm": "GOST-2015-512"}
        call(page, basics.MODULE, "generateCsr", {"csrParams": params, "locale": "ru"})
        walk.see("Создание ключа ЭЦП", "new-key")
        walk.type_password(PASSWORD)
        walk.type_password(f"{PASSWORD}x")  # mistyped: Return does nothing
        walk.look("new-key-mistyped")
        walk.screen.press("BackSpace", "Return")
        made = hear(page)["body"]["result"]
        (key,) = set(walk.home.rglob("*.p12")) - before
        assert key.stat().st_mode & 0o077 == 0
        walk.see("Создание ключа ЭЦП", "new-key-made")  # where it lies is there to read
        walk.refuse()

        own, issuer = issued(made["csr"], tmp_path)
        call(
            page, basics.MODULE, "importCertificate", {"certificate": own, "chain": [issuer], "locale": "ru"}
        )
        walk.see("Добавление сертификата к ключу", "import-certificate")
        walk.type_password(PASSWORD)  # for the file that is the newest, which nobody had to look for
        assert hear(page) == {"body": {"result": {"keyId": made["keyId"]}}, "status": True}
        walk.see_none()

        call(page, basics.MODULE, "sign", sign_args())
        walk.see("Подписание документов")
        walk.type_password(PASSWORD)
        (signature,) = walk.agree(page)["body"]["result"]
    (evidence,) = cms.verify(cms.read(signature.encode()), ACT)
    assert (evidence.signature, evidence.certificate.common_name) == ("valid", "ТЕСТОВ ИВАН")
    made_and_joined = [
        f"{action} {event}"
        for action in ("new_key", "import_certificate")
        for event in ("asked", "decided approved")
    ]
    assert diary() == [*made_and_joined, *SIGNED]
    assert PASSWORD not in "".join(walk.agent.log)


def issued(request: str, folder: Path) -> list[str]:
    """The certificate that a test authority issues for a request, and that of the authority."""
    home, asked, answer = folder / "ca", folder / "request.pem", folder / "certificate.pem"
    shutil.copytree(authority.FOLDER / "ca", home)
    asked.write_text(request, encoding="ascii")
    command = [sys.executable, "-m", "agent", "testca", str(home), "--csr", str(asked), "--out", str(answer)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=walks.LIMIT_S)
    end = "-----END CERTIFICATE-----\n"
    return [f"{text}{end}" for text in answer.read_text("ascii").split(end)[:2]]


def sign_args() -> dict[str, Any]:
    return {
        "format": "cms",
        "data": base64.b64encode(ACT).decode(),
        "signingParams": {"decode": True, "encapsulate": False},
        "signerParams": {"extKeyUsageOids": [], "chain": []},
        "locale": "ru",
    }


def test_a_page_has_the_agent_shown_which_asks_for_nothing(walk: Walk) -> None:
    diary = walk.diary()
    with walk.page() as page:
        call(page, accessory.MODULE, "showSettings", [])
        walk.see("О программе Qalamsap", "about")
        walk.screen.press("Return")
        assert hear(page) == {"success": True}
        walk.see_none()
    assert diary() == ["show_agent asked", "show_agent decided cancelled"]


def first(page: ClientConnection, method: str, *args: str) -> None:
    page.send(json.dumps({"method": method, "args": args}))


def test_ncalayers_first_methods_sign_only_with_a_yes(walk: Walk) -> None:
    diary = walk.diary()
    with walk.page() as page:
        first(page, "browseKeyStore", "PKCS12", "P12", str(walk.key_file.parent))
        walk.see("Выбор файла ключа", "first-methods-key")
        walk.screen.type(walk.key_file.name)
        walk.screen.press("Return")
        path = hear(page)["result"]
        assert path == str(walk.key_file)
        walk.see_none()
        first(page, "getKeys", "PKCS12", path, authority.PASSWORD, "SIGN")
        alias = hear(page)["result"].strip().split("|")[-1]
        first(page, "signPlainData", "PKCS12", path, alias, authority.PASSWORD, "agreed")
        walk.see("Подписание документов", "first-methods-sign")
        signature = walk.agree(page)["result"]
        first(page, "signPlainData", "PKCS12", path, alias, authority.PASSWORD, "agreed")
        walk.screen.wait_for_window("Подписание документов")
        walk.refuse()
        assert hear(page) == {"result": "", "errorCode": "NONE"}
    with walk.page() as page:
        first(page, "getKeys", "PKCS12", str(walk.home / "other.p12"), authority.PASSWORD, "SIGN")
        assert hear(page) == {"errorCode": "LOAD_KEYSTORE_ERROR"}  # nobody chose it, and nobody is asked
    certificate = authority.certificate("gost2015-individual")
    assert raw.verify(base64.b64decode(signature), b"agreed", certificate).signature == "valid"
    assert diary() == [
        "choose_file asked", "choose_file decided approved", "show_key asked", "show_key shown", *SIGNED,
        "sign asked", "sign decided cancelled", "allow_file asked", "allow_file failed",
    ]  # fmt: skip
    assert authority.PASSWORD not in "".join(walk.agent.log)
