"""A page in the manner of the official sample of basics (clients/sample_page), in Chromium and Firefox, from a web server and from disk."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import WebDriverException

from agent.certificate import Certificate
from agent.formats import cms, raw
from agent.formats.xml import verify as xml_verify
from tests.support import agents, authority, live_pages, npm_clients, timestamps
from tests.support.agents import RunningAgent
from tests.support.browsers import BidiError
from tests.support.live_pages import BROWSERS, Browser, read, wait
from tests.support.visits import Tab

pytestmark = pytest.mark.browser
PAGE = npm_clients.SOURCES / "sample_page" / "index.html"
PERSON, HEAD, RSA = "gost2015-individual", "gost2015-head", "rsa-sign-individual"
TEXT = "Шарт №7, «Көкжиек»"
XML = '<?xml version="1.0" encoding="UTF-8"?><act>бір</act>'


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with npm_clients.served(PAGE.parent) as port:
        yield f"http://localhost:{port}"


def signs(name: str) -> dict[str, object]:
    return {"key": authority.path(name), "password": authority.PASSWORD, "decision": "sign"}


class Form:
    """The page's form: filled in, sent, and read."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.taken = 0
        wait(lambda: self.count() == 1, "greeting")
        self.taken = 1

    def count(self) -> int:
        return int(self.tab.evaluate("window.answers.length"))

    def sign(self, values: Mapping[str, str | bool]) -> dict[str, Any]:
        """Fills the form as a person with a fresh page would, presses SIGN, and gives the answer that came."""
        self.fill(values)
        return self.press("sign")

    def fill(self, values: Mapping[str, str | bool]) -> None:
        fresh = (
            "for (const box of document.querySelectorAll('input[type=checkbox]')) box.checked = false;"
            "for (const field of document.querySelectorAll('input:not([type=checkbox]), textarea')) field.value = '';"
            "for (const list of document.querySelectorAll('select')) list.selectedIndex = 0;"
        )
        settings = "".join(
            f"document.getElementById({json.dumps(name)})."
            f"{'checked' if isinstance(value, bool) else 'value'} = {json.dumps(value)};"
            for name, value in values.items()
        )
        self.tab.evaluate(f"(() => {{ {fresh} {settings} }})()")

    def press(self, button: str) -> dict[str, Any]:
        self.tab.click(f"#{button}")
        wait(lambda: self.count() > self.taken, f"answer to {button}")
        self.taken += 1
        assert self.count() == self.taken
        answer: dict[str, Any] = json.loads(self.tab.evaluate(f"window.answers[{self.taken - 1}]"))
        return answer

    @property
    def shown(self) -> str:
        return str(self.tab.evaluate("document.getElementById('signature').value"))

    @property
    def alerts(self) -> list[str]:
        told: list[str] = read(self.tab, "window.alerts.splice(0)")
        return told


@pytest.mark.parametrize("place", ["http", "file"])
@pytest.mark.parametrize("browser", BROWSERS)
def test_it_gets_what_it_asks_for(
    browser: Browser, place: str, site: str, timestamp_url: str, tmp_path: Path
) -> None:
    trusted = [f"--authority={path}" for path in (*authority.root_paths(), *authority.issuing_paths())]
    flags = ("--proxy", "none", "--timestamp-url", timestamp_url, *trusted)
    answers = [signs(name) for name in (PERSON, RSA, PERSON, HEAD, RSA, PERSON, PERSON, HEAD, PERSON, RSA)]
    answers += [{"decision": "cancel"}, signs(PERSON)]
    address = f"{site}/index.html" if place == "http" else PAGE.as_uri()
    with (
        agents.simulated(
            tmp_path / "agent", answers, test_authorities=authority.issuing_paths(), flags=flags
        ) as agent,
        live_pages.opened(browser, tmp_path, agent, address) as tab,
    ):
        form = Form(tab)
        check_raw(form)
        check_cms(form)
        check_xml(form)
        check_refusals(form)
        check_cancelled(form)
        check_windows_of_the_program(form)
        origins = origins_of(agent)
        assert tab.evaluate("document.getElementById('state').textContent") == "open"
        assert read(tab, "window.questions") == []
    assert origins == ({site} if place == "http" else {""})


def origins_of(agent: RunningAgent) -> set[str]:
    """Who asked, in the journal. A page from the disk has no origin; its kind says what it is."""
    lines = [json.loads(line) for line in (agent.state_dir / "journal.jsonl").read_text("utf-8").splitlines()]
    asked = [line for line in lines if line["event"] == "asked"]
    assert {line["kind"] for line in asked} == ({"site"} if asked[0]["origin"] else {"file"})
    return {line["origin"] for line in asked}


def check_raw(form: Form) -> None:
    """Texts for booleans, empty filters, a null chain, Kazakh, a logo of the greatest length, the certificate beside."""
    answer = form.sign({"format": "raw", "dataToSign": TEXT, "outputCert": True, "logo": "iVBORw0K" * 6250})
    (signature,) = answer["body"]["result"]["signatures"]
    certificate = Certificate.from_pem_or_der(answer["body"]["result"]["certificate"].encode())
    assert certificate == authority.certificate(PERSON)
    assert raw.verify(base64.b64decode(signature), TEXT.encode(), certificate).signature == "valid"
    assert form.shown.startswith(signature)
    digest = hashlib.sha256(TEXT.encode()).digest()
    answer = form.sign(
        {
            "format": "raw",
            "dataToSign": base64.b64encode(digest).decode(),
            "decode": "true",
            "digested": "true",
        }
    )
    (signature,) = answer["body"]["result"]
    evidence = raw.verify(base64.b64decode(signature), TEXT.encode(), authority.certificate(RSA))
    assert evidence.signature == "valid"


def check_cms(form: Form) -> None:
    document = base64.b64encode(TEXT.encode()).decode()
    beside = {"format": "cms", "decode": "true", "encapsulate": "false", "dataToSign": document}
    (signature,) = form.sign({**beside, "storage-PKCS12": True, "usage-sign": True})["body"]["result"]
    assert signature == form.shown
    check_signature(signature, TEXT.encode())
    (signature,) = form.sign({"format": "cms", "dataToSign": TEXT, "locale": "ru", "usage-head": True})[
        "body"
    ]["result"]
    assert cms.read(signature.encode()).content == TEXT.encode()
    check_signature(signature, None)
    several = f"{document}\n----\nMTEK\n----\n{document}"
    signatures = form.sign({**beside, "dataToSign": several, "isArray": True, "chain": "[]"})["body"][
        "result"
    ]
    for signature, content in zip(signatures, [TEXT.encode(), b"11\n", TEXT.encode()], strict=True):
        check_signature(signature, content)
    (signature,) = form.sign({**beside, "tsaProfile": "{}"})["body"]["result"]
    (evidence,) = cms.verify(cms.read(signature.encode()), TEXT.encode())
    (timestamp,) = timestamps.of(evidence)
    assert evidence.signature == timestamp.evidence.signature == "valid"
    certificate = authority.certificate(PERSON)
    filters = {"iin": certificate.iin, "serialNumber": f"{certificate.serial_number:x}"}
    (signature,) = form.sign({**beside, **filters})["body"]["result"]
    check_signature(signature, TEXT.encode())


def check_signature(signature: str, document: bytes | None) -> None:
    assert signature.startswith("-----BEGIN CMS-----\n")
    (evidence,) = cms.verify(cms.read(signature.encode()), document)
    assert evidence.signature == "valid"
    assert not evidence.has_timestamp


def check_xml(form: Form) -> None:
    (signed,) = form.sign({"format": "xml", "dataToSign": XML})["body"]["result"]
    several = form.sign({"format": "xml", "dataToSign": f"{XML}\n----\n<b/>", "isArray": True})["body"][
        "result"
    ]
    assert len(several) == 2
    for each in (signed, *several):
        assert [(one.signature, one.covers) for one in xml_verify.verify(each)] == [("valid", "")]


def check_refusals(form: Form) -> None:
    """What the page tells by `alert(code)`, and what it does not send at all."""
    assert form.alerts == []
    refused = form.sign({"dataToSign": TEXT})  # the format is what the list says before one is chosen
    assert (refused["status"], refused["code"]) == (False, "INVALID_SIGNING_PARAMS")
    assert form.alerts == ["INVALID_SIGNING_PARAMS"]
    form.sign({"format": "cms", "dataToSign": "not base64", "decode": "true"})
    assert form.alerts == ["INVOCATION_ERROR"]
    form.sign({"format": "cms", "dataToSign": TEXT, "storage-AKKaztokenStore": True})
    assert form.alerts == ["SIGNING_FAILURE"]
    before = form.count()
    form.fill({"format": "cms", "dataToSign": TEXT, "logo": "A" * 50001})
    form.tab.click("#sign")
    wait(lambda: form.tab.evaluate("window.alerts.length") == 1, "word of the page itself")
    assert form.alerts == ["logo"]
    assert form.count() == before


def check_cancelled(form: Form) -> None:
    """A filter that fits nobody's key, and a person who says no: the field stays as it is, and no alert."""
    for values in ({"iin": "000000000000"}, {}):
        form.fill({"format": "cms", "dataToSign": TEXT, **values})
        form.tab.evaluate("document.getElementById('signature').value = 'old'")
        assert form.press("sign") == {"body": {}, "status": True}
        assert form.shown == "old"
    assert form.alerts == []


def check_windows_of_the_program(form: Form) -> None:
    """The page does not look at the answer; the next signature is not mixed up with it."""
    for method in ("showSettings", "showBundleManager"):
        assert "status" not in form.press(method)
    assert form.alerts == []
    (signature,) = form.sign({"format": "cms", "dataToSign": TEXT})["body"]["result"]
    check_signature(signature, None)


@pytest.mark.parametrize("browser", BROWSERS)
def test_an_agent_that_ends_in_order_is_only_noted(browser: Browser, site: str, tmp_path: Path) -> None:
    with (
        agents.simulated(tmp_path / "agent", [{"decision": "cancel"}]) as agent,
        live_pages.opened(browser, tmp_path, agent, f"{site}/index.html") as tab,
    ):
        Form(tab)
        agent.process.terminate()
        wait(
            lambda: "closed cleanly code=1001" in tab.evaluate("document.getElementById('log').textContent"),
            "end",
        )
        assert read(tab, "window.questions") == []


@pytest.mark.parametrize("browser", BROWSERS)
def test_an_agent_that_is_killed_makes_the_page_ask_and_load_again(
    browser: Browser, site: str, tmp_path: Path
) -> None:
    with (
        agents.simulated(tmp_path / "agent", [{"decision": "cancel"}]) as agent,
        live_pages.opened(browser, tmp_path, agent, f"{site}/index.html") as tab,
    ):
        Form(tab)
        tab.evaluate("window.agreed = true")
        agent.process.kill()
        wait(lambda: has_failed_after_loading_again(tab), "second failure")


def has_failed_after_loading_again(tab: Tab) -> bool:
    """Nothing listens any more, which is unclean as well: the fresh page asks in a dialog of the browser's, which is closed."""
    failed = (
        "performance.getEntriesByType('navigation')[0].type === 'reload'"
        " && document.getElementById('log').textContent.includes('closed uncleanly')"
    )
    try:
        # A dialog that opens meanwhile makes chromedriver answer null, where Firefox answers an error.
        return tab.evaluate(failed) is True
    except (BidiError, WebDriverException):  # it loads, or shows its dialog
        return False
