"""The interfaces beside NCALayer's through real windows: kz.qalamsap.v1 and HTTPS; and what becomes of any window whose page leaves."""

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection

from agent.formats import cms, login
from protocol import accessory, basics, common_utils
from tests.conformance.protocol import asking
from tests.support import authority, walks
from tests.support.https_pages import ORIGIN, port_of, wanted
from tests.support.walks import Walk, ask, call, hear

pytestmark = pytest.mark.display
NONCE = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
TEXTS = ("act 17", "act 18", "act 19")
SIGN = {
    "documents": [
        {
            "title": f"Акт выполненных работ № {text[4:]}",
            "facts": [
                {"label": "Сумма", "value": f"{text[4:]} 648,00 ₸"},
                {"label": "Контрагент", "value": "ТОО «Ромашка»"},
            ],
            "content": {"text": text},
        }
        for text in TEXTS
    ],
    "format": "cms",
}
SIGNING = "Подписание документов"
NEW_KEY = {
    "csrParams": {
        "subject": {"CN": "ТЕСТОВ ИВАН", "SERIALNUMBER": "IIN123456789013"},
        "algorithm": "ECDSA-P256",
    }
}


def frames_until(page: ClientConnection, last: str) -> list[dict[str, Any]]:
    """What the page hears, up to a frame that has the member `last`, or an event of that name."""
    heard = [hear(page)]
    while last not in (*heard[-1], heard[-1].get("event")):
        heard.append(hear(page))
    return heard


def open_key(walk: Walk, page: ClientConnection) -> None:
    """In the window's first step, until the second one stands there."""
    walk.type_password()
    frames_until(page, "waiting-for-approval")


def agreed(walk: Walk, page: ClientConnection) -> dict[str, Any]:
    """In the second step: says yes, and gives the result."""
    heard: list[dict[str, Any]] = []

    def ended() -> bool:
        heard.extend(walks.heard(page))
        return bool(heard) and "result" in heard[-1]

    walk.agree_until(ended)
    walk.see_none()
    return heard[-1]["result"]


def test_a_page_has_a_person_log_in_to_it_and_nobody_else(walk: Walk) -> None:
    diary = walk.diary()
    with walk.page("https://login.example.kz") as page:
        ask(page, "login", {"nonce": NONCE, "language": "ru"})
        walk.see("Вход на сайт login.example.kz", "login")
        open_key(walk, page)
        result = agreed(walk, page)
    message = cms.read(base64.b64decode(result["login"]))
    (evidence,) = cms.verify(message)
    assert evidence.signature == "valid"
    statement = login.read(message)
    assert (statement.origin, statement.nonce) == ("https://login.example.kz", NONCE)
    assert diary() == ["log_in asked", "log_in decided approved", "log_in signed"]


def test_three_documents_with_titles_and_facts_are_signed_with_one_yes(walk: Walk) -> None:
    diary = walk.diary()
    with walk.page() as page:
        ask(page, "sign", SIGN)
        walk.see(SIGNING, "own-sign")
        open_key(walk, page)
        walk.see(SIGNING, "own-sign-key")
        signatures = agreed(walk, page)["signatures"]
    for text, piece in zip(TEXTS, signatures, strict=True):
        (evidence,) = cms.verify(cms.read(base64.b64decode(piece["base64"])), text.encode())
        assert evidence.signature == "valid"
    assert diary() == ["sign asked", "sign decided approved", "sign signed"]


def test_a_key_is_described_to_who_may_see_it(walk: Walk) -> None:
    diary = walk.diary()
    with walk.page() as page:
        ask(page, "describeKey", {})
        walk.see("Передача сертификата", "describe-key")
        open_key(walk, page)
        result = agreed(walk, page)
    assert base64.b64decode(result["certificate"]) == authority.certificate("gost2015-individual").der
    assert result["owner"]["iin"] == "123456789011"
    assert diary() == ["show_key asked", "show_key decided approved"]


def test_the_window_goes_when_the_page_takes_its_request_back(walk: Walk) -> None:
    diary = walk.diary()
    with walk.page() as page:
        ask(page, "sign", SIGN)
        walk.screen.wait_for_window(SIGNING)
        ask(page, "cancel", {"request": "1"}, request="2")
        ended = {
            frame["id"]: frame
            for frame in (*frames_until(page, "result"), hear(page))
            if "event" not in frame
        }
        assert ended["2"]["result"] == {"cancelled": True}
        assert ended["1"]["error"]["code"] == "cancelled-by-page"
        walk.see_none()
    walks.until(lambda: diary() == ["sign asked", "sign left"], "the journal's line")


# --- pages that leave ----------------------------------------------------------------------------------------------


def _import() -> dict[str, Any]:
    return {"certificate": authority.certificate("p256-individual").pem(), "chain": None, "locale": "ru"}


def _by_first_methods(page: ClientConnection, walk: Walk) -> None:
    """A site of the first dialect has the key file chosen, and asks for a signature with it."""
    folder = str(walk.key_file.parent)
    page.send(json.dumps({"method": "browseKeyStore", "args": ["PKCS12", "P12", folder]}))
    walk.see("Выбор файла ключа")
    walk.screen.type(walk.key_file.name)
    walk.screen.press("Return")
    arguments = ["PKCS12", hear(page)["result"], "", authority.PASSWORD, "agreed"]
    page.send(json.dumps({"method": "signPlainData", "args": arguments}))


Begin = Callable[[ClientConnection, Walk], None]
WINDOWS: dict[str, tuple[str, Begin]] = {
    "choose_file": (
        "Выбор файла",
        lambda page, _: call(page, common_utils.MODULE, "showFileChooser", ["ALL", ""]),
    ),
    "allow_file": (
        "Подписание файла",
        lambda page, walk: call(
            page,
            common_utils.MODULE,
            "createCAdESFromFile",
            ["PKCS12", "SIGNATURE", str(walk.home / "a.pdf"), True],
        ),
    ),
    "new_key": (
        "Создание ключа ЭЦП",
        lambda page, _: call(page, basics.MODULE, "generateCsr", {**NEW_KEY, "locale": "ru"}),
    ),
    "import_certificate": (
        "Добавление сертификата",
        lambda page, _: call(page, basics.MODULE, "importCertificate", _import()),
    ),
    "show_agent": ("О программе", lambda page, _: call(page, accessory.MODULE, "showSettings", [])),
    "log_in": ("Вход на сайт", lambda page, _: ask(page, "login", {"nonce": NONCE})),
    "sign": (SIGNING, lambda page, _: ask(page, "sign", SIGN)),
    "show_key": ("Передача сертификата", lambda page, _: ask(page, "describeKey", {})),
}


@pytest.mark.parametrize("action", WINDOWS)
def test_the_window_goes_with_its_page_and_the_journal_says_so(walk: Walk, action: str) -> None:
    title, begin = WINDOWS[action]
    diary, files = walk.diary(), set(walk.home.rglob("*"))
    with walk.page() as page:
        begin(page, walk)
        walk.screen.wait_for_window(title)
    walk.see_none()
    walks.until(lambda: diary() == [f"{action} asked", f"{action} left"], "the journal's line")
    assert set(walk.home.rglob("*")) == files


def test_the_window_goes_with_its_page_however_far_the_person_is(walk: Walk) -> None:
    """With a chooser open over it, with the key open, and where the page has opened the key itself."""
    diary = walk.diary()
    with walk.page() as page:
        WINDOWS["new_key"][1](page, walk)
        walk.see("Создание ключа ЭЦП")
        walk.type_password()
        walk.screen.press("ctrl+o")
        walk.screen.wait_for_window("Где сохранить ключ")
    walk.see_none()
    with walk.page() as page:
        WINDOWS["sign"][1](page, walk)
        walk.see(SIGNING)
        open_key(walk, page)
    walk.see_none()
    with walk.page() as page:
        _by_first_methods(page, walk)
        walk.screen.wait_for_window(SIGNING)
    walk.see_none()
    chosen = ["choose_file asked", "choose_file decided approved"]
    left = ["new_key asked", "new_key left", "sign asked", "sign left", *chosen, "sign asked", "sign left"]
    walks.until(lambda: diary() == left, "the journal's lines")


def test_two_pages_have_their_windows_one_after_the_other(walk: Walk) -> None:
    diary = walk.diary()
    with walk.page() as first, walk.page() as second:
        WINDOWS["choose_file"][1](first, walk)
        walk.see("Выбор файла")
        ask(second, "login", {"nonce": NONCE})
        assert hear(second) == {"module": "kz.qalamsap.v1", "id": "1", "event": "queued", "waiting": 1}
        walk.look("one-waits")
        assert len(walk.screen.windows()) == 1
        walk.screen.press("Escape")
        assert hear(first) == {"code": "500", "message": "action.canceled"}
        walk.see("Вход на сайт")
        assert len(walk.screen.windows()) == 1
        walk.refuse()
        assert frames_until(second, "error")[-1]["error"]["code"] == "cancelled"
    assert diary() == [
        "choose_file asked", "choose_file decided cancelled", "log_in asked", "log_in decided cancelled",
    ]  # fmt: skip


# --- the HTTPS interface -------------------------------------------------------------------------------------------


@pytest.fixture
def client(walk: Walk) -> Iterator[httpx.Client]:
    """A page of that interface; its browser keeps the cookie."""
    with httpx.Client(
        base_url=f"https://127.0.0.1:{port_of(walk.agent)}",
        verify=asking.context_of(walk.agent),
        headers={"Origin": ORIGIN},
        timeout=walks.LIMIT_S,
        trust_env=False,
    ) as made:
        yield made


def test_documents_come_one_by_one_after_one_yes(walk: Walk, client: httpx.Client) -> None:
    diary = walk.diary()
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(client.post, "/", content=wanted(2))
        walk.see(SIGNING, "series")
        walk.type_password()
        walk.agree_until(begun.done)
        operation = f"/{begun.result().text}"
    for document in (b"first", b"second"):
        (evidence,) = cms.verify(cms.read(client.post(operation, content=document).content), document)
        assert evidence.signature == "valid"
    walk.see_none()
    assert diary() == ["sign asked", "sign decided approved", "sign signed", "sign signed"]


def test_a_person_can_end_a_series_and_so_can_its_page(walk: Walk, client: httpx.Client) -> None:
    diary = walk.diary()
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(client.post, "/", content=wanted(2))
        walk.see(SIGNING)
        walk.refuse()
        assert (begun.result().status_code, begun.result().text) == (409, "cancelled\n")
        begun = pool.submit(client.post, "/", content=wanted(3))
        walk.see(SIGNING)
        walk.type_password()
        walk.agree_until(begun.done)
        operation = f"/{begun.result().text}"
    assert client.post(operation, content=b"first").status_code == 200
    assert client.delete(operation).status_code == 204
    walk.see_none()
    end = ["sign asked", "sign decided approved", "sign signed", "sign left"]
    walks.until(lambda: diary() == ["sign asked", "sign decided cancelled", *end], "the journal's lines")
