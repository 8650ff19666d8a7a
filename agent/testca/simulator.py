"""The authorities' servers of a test authority: timestamps, OCSP, revocation lists and certificates. The pure side, without HTTP.

    POST /tsp/                                   application/timestamp-query       RFC 3161 section 3.4
    POST /ocsp/     GET /ocsp/BASE64             application/ocsp-request          RFC 6960 appendix A.1
    GET  /crl/FAMILY.crl  /crl/FAMILY_d.crl      the whole list, and what changed  RFC 5280 section 5
    GET  /cert/FAMILY.cer                        of the issuing authority
    GET  /crl/FAMILY-root.crl  /cert/FAMILY-root.cer                               of its root

These are the places that certificates of a test authority name (profiles.ADDRESS). Where a program is given the simulator as its proxy, the
timestamp and OCSP servers of the country lead here too, so that it can be tested with its own settings; the answers are the test
authority's, which nobody else trusts. Requests for other hosts are refused.

What each service does wrong, and who is revoked, can be changed at any time, from any thread.
"""

import base64
import collections
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from agent.certificate import Certificate
from agent.testca import profiles
from agent.testca.authority import FAMILIES, TestAuthority
from agent.testca.simulator_faults import (
    CUT_CONNECTION,
    GARBAGE,
    HTTP_500,
    NO_FAULT,
    SERVICES,
    SLOW,
    Fault,
    Service,
    checked,
)
from agent.testca.simulator_services import Role, Services
from agent.trust.reasons import UNSPECIFIED

CONTENT_TYPES: dict[Service, str] = {
    "tsp": "application/timestamp-reply",
    "ocsp": "application/ocsp-response",
    "crl": "application/pkix-crl",
    "cert": "application/pkix-cert",
}
_ASKED_BY: dict[Service, str] = {"tsp": "application/timestamp-query", "ocsp": "application/ocsp-request"}

OWN_HOSTS = (profiles.ADDRESS.removeprefix("http://"), "127.0.0.1", "localhost")
# The country's servers, each with the path of ours that stands for all of it. Their lists and certificates are not played:
# an authority of theirs with a certificate of ours would be a lie.
_NATIONAL_HOSTS = {"tsp.pki.gov.kz": "/tsp/", "ocsp.pki.gov.kz": "/ocsp/"}
_NATIONAL_TEST_HOST = "test.pki.gov.kz"
_GARBAGE = b"<html><body>502 Bad Gateway</body></html>"
_ROOT_MARK, _DELTA_MARK = "-root", "_d"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over HTTP. It is sent after `delay_s` seconds; where it `is_cut`, half of it, and then the connection ends."""

    status: HTTPStatus
    content_type: str
    body: bytes
    delay_s: float = 0.0
    is_cut: bool = False


def plain(status: HTTPStatus, text: str) -> Answer:
    """An answer for people."""
    return Answer(status, "text/plain; charset=utf-8", f"{text}\n".encode())


class _NoAnswer(Exception):
    """An answer of HTTP on its way out, not a mistake."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.answer = plain(status, text)


class Simulator:
    """All services of one test authority. Safe to use from several threads."""

    def __init__(self, authority: TestAuthority, *, at: datetime) -> None:
        """Services get new keys and certificates, valid from the day before `at` for a year, which are kept in memory only."""
        self.services = Services(authority, at=at)
        self._lock = threading.Lock()
        self._faults: dict[Service, Fault] = dict.fromkeys(SERVICES, NO_FAULT)
        self._questions = collections.Counter[Service]()

    @property
    def faults(self) -> Mapping[Service, Fault]:
        with self._lock:
            return dict(self._faults)

    @property
    def questions(self) -> Mapping[Service, int]:
        """How often each service was asked, answers with faults included."""
        with self._lock:
            return {service: self._questions[service] for service in SERVICES}

    def switch(self, service: str, fault: Fault) -> None:
        """From now on the service goes wrong like this. Raises BadInput where it can't."""
        known, fault = checked(service, fault)
        with self._lock:
            self._faults[known] = fault

    def revoke(self, certificate: Certificate, *, at: datetime, reason: str = UNSPECIFIED) -> None:
        """From `at` on its OCSP responder and lists say so. The reason is a word of RFC 5280: keyCompromise, superseded, certificateHold;
        removeFromCRL ends a hold.

        Raises: BadInput where this authority did not issue it, or for an unknown reason.
        """
        self.services.revoke(certificate, at=at, reason=reason)

    def answer(
        self, method: str, url: str, body: bytes = b"", *, at: datetime, content_type: str | None = None
    ) -> Answer:
        """The answer to one request. `url` is absolute, as a proxy gets it, or a path. `content_type` is that of the body; None: not judged."""
        try:
            return self._answer(method, _path(url), body, at, content_type)
        except _NoAnswer as no:
            return no.answer

    def _answer(self, method: str, path: str, body: bytes, at: datetime, content_type: str | None) -> Answer:
        service, _, rest = path.removeprefix("/").partition("/")
        match service:
            case "tsp":
                _check_post(method, rest, "tsp", content_type)
                return self._serve("tsp", lambda fault: self.services.timestamp(body, at=at, fault=fault))
            case "ocsp":
                asked = _ocsp_request(method, rest, body, content_type)
                return self._serve("ocsp", lambda fault: self.services.status(asked, at=at, fault=fault))
            case "crl":
                family, role, is_delta = _list_name(method, rest)
                return self._serve(
                    "crl",
                    lambda fault: self.services.list(family, role, is_delta=is_delta, at=at, fault=fault),
                )
            case "cert":
                family, role = _certificate_name(method, rest)
                return self._serve("cert", lambda _fault: self.services.certificate(family, role))
            case _:
                return plain(HTTPStatus.NOT_FOUND, "nothing is here; there are /tsp/, /ocsp/, /crl/, /cert/")

    def _serve(self, service: Service, make: Callable[[Fault], bytes]) -> Answer:
        with self._lock:
            self._questions[service] += 1
            fault = self._faults[service]
        if fault.kind == HTTP_500:
            return plain(HTTPStatus.INTERNAL_SERVER_ERROR, "the simulator was told to fail")
        body = _GARBAGE if fault.kind == GARBAGE else make(fault)
        delay_s = fault.seconds if fault.kind == SLOW else 0.0
        return Answer(HTTPStatus.OK, CONTENT_TYPES[service], body, delay_s, fault.kind == CUT_CONNECTION)


def _path(url: str) -> str:
    """The path of ours that is meant, whoever's server was asked."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise _NoAnswer(HTTPStatus.BAD_REQUEST, "that is no address") from error
    if not parts.scheme and not parts.netloc:
        return parts.path
    if parts.scheme == "http" and host in OWN_HOSTS:
        return parts.path
    if parts.scheme == "http" and host in _NATIONAL_HOSTS:
        return _NATIONAL_HOSTS[host] + parts.path.removeprefix("/")
    if parts.scheme == "http" and host == _NATIONAL_TEST_HOST and parts.path.startswith(("/tsp", "/ocsp")):
        return parts.path
    raise _NoAnswer(HTTPStatus.FORBIDDEN, "the simulator plays no such server, and forwards nothing")


def _check_post(method: str, rest: str, service: Service, content_type: str | None) -> None:
    if rest:
        raise _NoAnswer(HTTPStatus.NOT_FOUND, "nothing is below this address")
    if method != "POST":
        raise _NoAnswer(HTTPStatus.METHOD_NOT_ALLOWED, "this takes POST")
    if content_type not in (None, _ASKED_BY[service]):
        raise _NoAnswer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"this takes {_ASKED_BY[service]}")


def _ocsp_request(method: str, rest: str, body: bytes, content_type: str | None) -> bytes:
    """The request in DER: of a POST its body, of a GET the path in base64 (RFC 6960 appendix A.1)."""
    if method != "GET":
        _check_post(method, rest, "ocsp", content_type)
        return body
    try:
        return base64.b64decode(unquote(rest), validate=True)
    except ValueError as error:
        raise _NoAnswer(HTTPStatus.BAD_REQUEST, "that is no base64") from error


def _list_name(method: str, name: str) -> tuple[str, Role, bool]:
    """Whose list, and whether only what changed: FAMILY.crl, FAMILY_d.crl, FAMILY-root.crl."""
    stem = _stem(method, name, ".crl")
    is_delta = stem.endswith(_DELTA_MARK)
    return (*_issuer(stem.removesuffix(_DELTA_MARK)), is_delta)


def _certificate_name(method: str, name: str) -> tuple[str, Role]:
    return _issuer(_stem(method, name, ".cer"))


def _stem(method: str, name: str, suffix: str) -> str:
    if method != "GET":
        raise _NoAnswer(HTTPStatus.METHOD_NOT_ALLOWED, "this takes GET")
    if not name.endswith(suffix):
        raise _NoAnswer(HTTPStatus.NOT_FOUND, f"files here end with {suffix}")
    return name.removesuffix(suffix)


def _issuer(stem: str) -> tuple[str, Role]:
    family = stem.removesuffix(_ROOT_MARK)
    if family not in FAMILIES:
        raise _NoAnswer(HTTPStatus.NOT_FOUND, f"no such family; there are {', '.join(FAMILIES)}")
    return family, "root" if stem.endswith(_ROOT_MARK) else "issuing"
