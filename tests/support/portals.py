"""The demo portal in tests: a data folder, an authority made on the spot, people with keys, and a browser without scripts.

portal = portals.new(folder)                  # over HTTP without a socket
portal = portals.new(folder, verifier=portals.asking(authorities))     # one that asks about revocation; see also issued_key
page = portals.Browser(portal.app)
page.log_in(sample.ORGANISATION)
with portals.served(portal.settings) ...      # a real server on a free port, for real browsers
"""

import asyncio
import base64
import contextlib
import dataclasses
import functools
import json
import re
import socket
import sqlite3
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from websockets.sync.server import ServerConnection, serve

from agent import algorithms
from agent.certificate import CLIENT_AUTH, EMAIL_PROTECTION
from agent.drawing import stamp as drawing
from agent.fetch import Fetch
from agent.formats import cms, tsp
from agent.formats.pdf import pades
from agent.formats.pdf.place import Stamp
from agent.keystores import pkcs12
from agent.signer import Signer
from demo import act_pdf as drawn_act
from demo import acts, database, sample, subscribers
from demo import app as portal_app
from demo import keys as demo_keys
from demo.acts import Filter
from demo.evidence import Verifier
from demo.sample import Person
from demo.settings import Settings
from tests.support import authority as checked_in
from tests.support import chains, simulated_authorities, timestamps
from tests.support.chains import Party
from tests.support.sites import ServerCertificate

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LEGAL, INDIVIDUAL = "1.2.398.3.3.4.1.2", "1.2.398.3.3.4.1.1"
PORT = 8080


class Clock:
    """Stands still until a test moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


@dataclasses.dataclass(frozen=True)
class Portal:
    settings: Settings
    app: Starlette
    clock: Clock


def new(
    folder: Path,
    *,
    agent_url: str = "wss://127.0.0.1:13579/",
    port: int = PORT,
    verifier: Verifier | None = None,
    **more: Any,
) -> Portal:
    """A portal with the sample data, that trusts `authority()`, and asks nobody, where no verifier is given."""
    settings = Settings(data_dir=folder, port=port, agent_url=agent_url, **more)
    folder.mkdir(parents=True, exist_ok=True)
    settings.database.write_bytes(_filled_database())
    clock = Clock()
    return Portal(settings, portal_app.build(settings, verifier or asking(None), clock), clock)


def asking(fetch: Fetch | None) -> Verifier:
    """Trusts `authority()`, and the checked-in test authority, of which it asks by `fetch`."""
    own = [authority(family).certificate for family in ("gost2015", "p256")]
    return Verifier([*own, *checked_in.roots(), *checked_in.issuing()], fetch)


@functools.cache
def _filled_database() -> bytes:
    """The sample data, made once in a run: passwords are meant to be slow."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "portal.sqlite3"
        database.create(path)
        with database.transaction(path) as db:
            sample.fill(db, NOW.date())
        with contextlib.closing(sqlite3.connect(path)) as connection:
            # Everything into the one file that is copied.
            connection.execute("PRAGMA journal_mode = DELETE")
        return path.read_bytes()


@functools.cache
def act_pdf(position: int = 0) -> bytes:
    """An act of the organisation as the portal draws it; 0 is the newest."""
    with (
        tempfile.TemporaryDirectory() as folder,
        database.transaction(new(Path(folder)).settings.database) as db,
    ):
        act = acts.find(db, 1, Filter()).acts[position]
        details, subscriber = acts.details(db, act.id), subscribers.by_id(db, 1)
    return drawn_act.draw(act, details, subscriber)


# --- people and keys ----------------------------------------------------------------------------------------------


@functools.cache
def authority(family: str = "gost2015") -> Party:
    return chains.issue(f"Сынақ орталығы {family}", family, ca=True)


def key(
    person: Person | None,
    family: str = "gost2015",
    *,
    iin: str = "790305450182",
    uses: Sequence[str] = (EMAIL_PROTECTION,),
    usage: str = chains.SIGN_USAGE,
    by: Party | None = None,
    name: str = "ӘБДІРАХМАНОВА ГҮЛНҰР",
    end: datetime = chains.END,
) -> Party:
    """A key of the person or organisation; of nobody the portal knows where `person` is None."""
    attributes = [("2.5.4.4", name.split(" ", maxsplit=1)[0])]
    if person is not None and person.bin is None:
        attributes += [("2.5.4.5", f"IIN{person.iin}"), ("2.5.4.42", "БОЛАТҚЫЗЫ")]
        role = INDIVIDUAL
    else:
        number = person.bin if person is not None else "180240022335"
        organisation = person.name if person is not None else "ТОО «Басқа Компания»"
        attributes += [("2.5.4.5", f"IIN{iin}"), ("2.5.4.10", organisation), ("2.5.4.11", f"BIN{number}")]
        attributes += [("2.5.4.42", "ЕРКІНҚЫЗЫ")]
        role = LEGAL
    return chains.issue(
        name,
        by=by or authority(family),
        key_of=chains.new_key(family),
        attributes=attributes,
        usage=usage,
        extended=[*uses, role],
        end=end,
    )


def authentication_key(person: Person | None) -> Party:
    """The AUTH half of the older pair: identifies, does not sign."""
    return key(person, "p256", uses=[CLIENT_AUTH], usage=chains.AUTH_USAGE)


@functools.cache
def issued_key(profile: str = "gost2015-head") -> Signer:
    """A key of the organisation by the checked-in test authority: its certificate names servers that can be asked about it."""
    known = simulated_authorities.shared_authority()
    begin = NOW - timedelta(days=30)
    issued = known.issue(profile, demo_keys.HEAD, demo_keys.KOKZHIEK, not_before=begin)
    (stored,) = pkcs12.open(issued.p12(checked_in.PASSWORD), checked_in.secret())
    return stored.signer()


def sign(party: Signer, call: Mapping[str, Any], *, at: datetime = NOW, with_timestamps: bool = True) -> str:
    """What the agent answers to a call of the portal when this key's owner agrees. Timestamps are of the checked-in test authority;
    without them it forgets that they were asked for."""
    arguments = call["args"]
    content = base64.b64decode(arguments["data"])
    parameters = arguments["signingParams"]
    is_stamped = with_timestamps and "tsaProfile" in parameters
    if arguments["format"] == "pdf":
        signed = sign_pdf(party, content, at=at, with_stamp=parameters["stamp"], with_timestamp=is_stamped)
        return base64.b64encode(signed).decode()
    message = cms.sign(party, content, at=at, detached=parameters["encapsulate"] is False)
    return cms.to_pem(timestamps.stamped(message, at=at) if is_stamped else message)


def sign_pdf(
    party: Signer,
    document: bytes,
    *,
    at: datetime = NOW,
    with_stamp: bool = False,
    with_timestamp: bool = False,
) -> bytes:
    """A PDF, signed inside."""
    stamp = None
    if with_stamp:
        digest = algorithms.SHA256(document)
        drawn = drawing.draw(
            party.certificate, drawing.words("ru"), at=at, algorithm=algorithms.SHA256, digest=digest
        )
        stamp = Stamp(drawn)

    def token(octets: bytes) -> bytes:
        return timestamps.token(octets, tsp.profile_for(party.algorithm), at=at)

    return pades.sign(party, document, at=at, stamp=stamp, timestamp=token if with_timestamp else None)


# --- a browser without scripts ------------------------------------------------------------------------------------


class Browser:
    """Speaks HTTP with an application in the same process, keeps cookies, fills in the CSRF token of the last page."""

    def __init__(
        self, app: Starlette, *, language: str = "ru", origin: str = f"http://127.0.0.1:{PORT}"
    ) -> None:
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url=origin,
            headers={"Accept-Language": language},
        )
        self.token = ""

    @property
    def cookies(self) -> httpx.Cookies:
        return self._client.cookies

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            return await self._client.request(method, path, **more)

        response = asyncio.run(ask())
        found = (
            re.search(r'(?:name="csrf" value|data-csrf)="([^"]+)"', response.text)
            if _is_html(response)
            else None
        )
        self.token = found[1] if found else self.token
        return response

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def submit(self, path: str, **fields: str) -> httpx.Response:
        """A form, with the token of the page that was seen last."""
        return self.request("POST", path, data={"csrf": self.token, **fields})

    def call(self, path: str, **body: Any) -> httpx.Response:
        """What the page's script does."""
        headers = {"Accept": "application/json", "X-CSRF-Token": self.token}
        return self.request("POST", path, content=json.dumps(body), headers=headers)

    def log_in(self, person: Person) -> None:
        self.get("/login")
        response = self.submit("/login", phone=person.phone, password=person.password)
        assert response.status_code == 303, response.text
        self.get("/acts")

    def act(self, index: int = 0) -> int:
        """The number in the address of an act in the list."""
        found = re.findall(r'data-act="(\d+)"', self.get("/acts").text)
        return int(found[index])

    def status(self, act: int) -> str:
        rows = self.get("/acts?year=").text.split("<tr data-testid")
        return next(re.search(r'data-status="(\w+)"', row)[1] for row in rows if f'data-act="{act}"' in row)  # type: ignore[index]

    def identify(self, act: int, party: Signer) -> httpx.Response:
        given = self.call(f"/acts/{act}/identification").json()
        return self.call(
            f"/acts/{act}/identification/answer", nonce=given["nonce"], signature=sign(party, given["call"])
        )

    def sign(self, act: int, party: Signer, **wish: str) -> httpx.Response:
        """`wish` is how the person wants to sign: format="pdf", timestamp="yes"."""
        given = self.call(f"/acts/{act}/signature", **wish).json()
        return self.call(f"/acts/{act}/signature/answer", signature=sign(party, given["call"]), **wish)

    def refuse(self, act: int, party: Signer, reason: str, **wish: str) -> httpx.Response:
        given = self.call(f"/acts/{act}/refusal", reason=reason, **wish).json()
        return self.call(
            f"/acts/{act}/refusal/answer",
            nonce=given["nonce"],
            signature=sign(party, given["call"]),
            **wish,
        )


def _is_html(response: httpx.Response) -> bool:
    return response.headers.get("content-type", "").startswith("text/html")


# --- for real browsers --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def served(
    folder: Path, *, name: str | None = None, certificate: ServerCertificate | None = None, **more: Any
) -> Iterator[Portal]:
    """The portal on a free port; over TLS with a certificate, and then also under a public name."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        scheme = "https" if certificate else "http"
        public_name = f"{scheme}://{name}:{port}" if name else None
        portal = new(folder, port=port, public_name=public_name, is_tls=certificate is not None, **more)
        config = uvicorn.Config(
            portal.app,
            log_config=None,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
            ssl_certfile=certificate.certificate_path if certificate else None,
            ssl_keyfile=certificate.key_path if certificate else None,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield portal
        finally:
            server.should_exit = True
            thread.join(10)


class FakeAgent:
    """A WebSocket that answers calls of the page from `script`: a key signs, a text is the answer as it stands, "hang up" closes,
    "wait" answers nothing. The last entry repeats."""

    def __init__(
        self,
        *script: Signer | str,
        greeting: str = '{"result":{"version":"1.4"}}',
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.tls = tls
        self.script = list(script)
        self.greeting = greeting
        self.calls: list[dict[str, Any]] = []
        self.url = ""

    def __enter__(self) -> Self:
        self._server = serve(self._converse, "127.0.0.1", 0, ssl=self.tls)
        self.url = f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self._server.socket.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(10)

    def _converse(self, connection: ServerConnection) -> None:
        connection.send(self.greeting)
        for text in connection:
            if text == "--heartbeat--":
                connection.send(text)
                continue
            call = json.loads(text)
            if call["module"] == "kz.qalamsap.v1":  # it is an NCALayer
                connection.send(NO_MODULE)
                continue
            self.calls.append(call)
            entry = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            if not isinstance(entry, str):
                connection.send(json.dumps({"body": {"result": [sign(entry, call)]}, "status": True}))
            elif entry == "hang up":
                connection.close(1001)
            elif entry != "wait":
                connection.send(entry)


NO_MODULE = '{"success":false,"errorCode":"MODULE_NOT_FOUND"}'
CANCELLED = '{"body":{},"status":true}'
NO_TIMESTAMP = '{"code":"SIGNING_FAILURE","details":"timestamp-failed: no timestamp could be had: status: tsp.pki.gov.kz 500","message":"x","status":false}'
NO_PDF = '{"code":"INVALID_SIGNING_PARAMS","details":"x","message":"x","status":false}'
FAILED = '{"code":"SIGNING_FAILURE","details":"x","message":"Signing failed.","status":false}'
