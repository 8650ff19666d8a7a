"""The EDO window of one act: identification, decision, result.

    GET  edo                        the window, at the step that the act and the session are at
    POST identification             a challenge and the call for the agent      -> identification/answer checks it
    POST signature                  the document and the call for the agent     -> signature/answer checks and keeps it
    POST refusal                    the text of the refusal and the call        -> refusal/answer checks and keeps it

The person chooses where the signature goes (`format`: cms, a file of its own; pdf, inside the document) and whether it gets a
timestamp (`timestamp`: yes). The choice comes with the request for the call and again with the answer, which is held against it.

Who identifies by `login` (docs/api/v1.md) proves to be at this very site. NCALayer has no such thing: it signs a text that names the site, and
another site could relay that. The portal takes it, too: it asks only people who came in with a password, for a key of the account's own
owner, and each act is signed by itself.

The page's script carries calls to the agent and answers back; it decides nothing. Every check is made here.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from demo import acts, agent_calls, database, decisions, history, parties, sessions, texts, web
from demo.acts import Act
from demo.decisions import Decision
from demo.evidence import Evidence
from demo.pages import cabinet
from demo.problems import Problem, SignedOut
from demo.subscribers import Subscriber

REASON_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Wish:
    """How a person wants to sign: where the signature goes, and whether with a timestamp."""

    format: str
    timestamp: bool

    @classmethod
    def of(cls, body: Mapping[str, str], *formats: str) -> Self:
        """What the page sent, where the signature may be of these formats, by itself the first. Raises: Problem."""
        found = body.get("format", formats[0])
        if found not in formats:
            raise Problem("bad-request", status=400, technical="the format is none of those that are offered")
        return cls(found, body.get("timestamp") == "yes")


def window(request: Request) -> Response:
    """The page, with the document drawn before it is shown."""
    with web.visit(request) as visit:
        subscriber = visit.subscriber
        act = cabinet.own_act(visit, subscriber)
        is_at_document = bool(visit.session.identified_as) and not act.is_decided
    if is_at_document:
        cabinet.act_document(request, act, subscriber)
    with web.visit(request) as visit:
        if is_at_document:
            acts.mark_viewed(visit.db, act.id)
            history.record(visit.db, subscriber.id, "viewed", at=visit.at, act_id=act.id)
        decision = decisions.of_act(visit.db, act.id)
        step = "done" if decision else "document" if is_at_document else "identification"
        return visit.page(
            "edo.html",
            step=step,
            act=act,
            decision=decision,
            person=visit.session.identified_as,
            limit=REASON_LIMIT,
            # Where it was told of the authorities' servers, the agent was, too.
            has_authorities=visit.portal.settings.authorities_url is not None,
        )


# --- identification -----------------------------------------------------------------------------------------------


def begin_identification(request: Request) -> Response:
    with web.visit(request) as visit:
        web.demand_csrf_header(visit)
        act = cabinet.own_act(visit, visit.subscriber)
        nonce = secrets.token_urlsafe(24)
        expires = visit.at + sessions.CHALLENGE_FOR
        text = visit.text(
            "identification.document",
            origin=visit.origin,
            account=act.account_number,
            nonce=nonce,
            until=texts.date_time(expires),
            expires=database.moment(expires),
        )
        given = sessions.challenge(
            visit.db,
            visit.session,
            "identify",
            act.id,
            f"{text}\n".encode(),
            nonce=nonce,
            reason="",
            at=visit.at,
        )
        call = agent_calls.identify(given.text, chain=visit.portal.verifier.chain, locale=visit.language)
        login = agent_calls.log_in(nonce, chain=visit.portal.verifier.chain, locale=visit.language)
        return JSONResponse({"nonce": nonce, "call": call, "login": login})


async def answer_identification(request: Request) -> Response:
    body = await web.json_body(request)
    return await run_in_threadpool(_answer_identification, request, body)


def _answer_identification(request: Request, body: Mapping[str, str]) -> Response:
    with web.visit(request) as visit:
        web.demand_csrf_header(visit)
        subscriber = visit.subscriber
        act = cabinet.own_act(visit, subscriber)
        # Taken and committed before anything is checked: an answer that fails can't be tried again.
        challenge = sessions.take_challenge(
            visit.db, visit.session, "identify", act.id, body.get("nonce", ""), at=visit.at
        )
    verifier = visit.portal.verifier

    def check() -> Evidence:
        if "login" not in body:
            return verifier.identification(_signature_of(body), challenge.text, subscriber, at=visit.at)
        answer = body["login"].encode()
        return verifier.login(
            answer, origin=visit.origin, nonce=challenge.nonce, subscriber=subscriber, at=visit.at
        )

    evidence = _checked(request, act, check)
    person = parties.full_name(evidence.certificate)
    with web.visit(request) as visit:
        if visit.subscriber.id != subscriber.id:
            raise SignedOut  # somebody else came in while the signature was checked
        visit.session = sessions.identify(visit.db, visit.session, person, at=visit.at)
        history.record(visit.db, subscriber.id, "identified", at=visit.at, act_id=act.id, person=person)
        return visit.keep(JSONResponse({"person": person}))


def forget_identification(request: Request) -> Response:
    """Another key, please."""
    with web.visit(request) as visit:
        web.demand_csrf_header(visit)
        sessions.forget(visit.db, visit.session)
        return JSONResponse({})


# --- the decision -------------------------------------------------------------------------------------------------


async def begin_signature(request: Request) -> Response:
    body = await web.json_body(request)
    return await run_in_threadpool(_begin_signature, request, body)


def _begin_signature(request: Request, body: Mapping[str, str]) -> Response:
    with web.visit(request) as visit:
        subscriber, act = _ready(visit)
    wish = Wish.of(body, decisions.CMS, decisions.PDF)
    document = cabinet.act_document(request, act, subscriber)
    make = agent_calls.sign_inside if wish.format == decisions.PDF else agent_calls.sign
    call = make(
        document,
        subscriber,
        chain=visit.portal.verifier.chain,
        locale=visit.language,
        timestamp=wish.timestamp,
    )
    return JSONResponse({"call": call})


async def answer_signature(request: Request) -> Response:
    body = await web.json_body(request)
    return await run_in_threadpool(_answer_signature, request, body)


def _answer_signature(request: Request, body: Mapping[str, str]) -> Response:
    with web.visit(request) as visit:
        subscriber, act = _ready(visit)
        document = acts.stored_pdf(visit.db, act.id)
    wish = Wish.of(body, decisions.CMS, decisions.PDF)
    if document is None:
        # Nothing was given out to be signed, so this can't be a signature of it.
        raise Problem("other-document")
    return _decide(
        request, act, subscriber, kind="signed", document=document, reason="", body=body, wish=wish
    )


async def begin_refusal(request: Request) -> Response:
    body = await web.json_body(request)
    return await run_in_threadpool(_begin_refusal, request, body)


def _begin_refusal(request: Request, body: Mapping[str, str]) -> Response:
    reason = _clean_reason(body.get("reason", ""))
    wish = Wish.of(body, decisions.CMS)
    with web.visit(request) as visit:
        subscriber, act = _ready(visit)
    digest = hashlib.sha256(cabinet.act_document(request, act, subscriber)).hexdigest()
    with web.visit(request) as visit:
        nonce = secrets.token_urlsafe(24)
        text = visit.text(
            "refusal.document",
            number=act.number,
            date=texts.date(act.drawn_at),
            account=act.account_number,
            subscriber=subscriber.name,
            identifier=subscriber.identifier,
            total=texts.money(act.total),
            digest=digest,
            reason=reason,
            moment=texts.date_time(visit.at),
            origin=visit.origin,
            nonce=nonce,
        )
        given = sessions.challenge(
            visit.db,
            visit.session,
            "refuse",
            act.id,
            f"{text}\n".encode(),
            nonce=nonce,
            reason=reason,
            at=visit.at,
        )
        call = agent_calls.sign(
            given.text,
            subscriber,
            chain=visit.portal.verifier.chain,
            locale=visit.language,
            timestamp=wish.timestamp,
        )
        return JSONResponse({"nonce": nonce, "call": call})


async def answer_refusal(request: Request) -> Response:
    body = await web.json_body(request)
    return await run_in_threadpool(_answer_refusal, request, body)


def _answer_refusal(request: Request, body: Mapping[str, str]) -> Response:
    wish = Wish.of(body, decisions.CMS)
    with web.visit(request) as visit:
        subscriber, act = _ready(visit)
        challenge = sessions.take_challenge(
            visit.db, visit.session, "refuse", act.id, body.get("nonce", ""), at=visit.at
        )
    return _decide(
        request,
        act,
        subscriber,
        kind="refused",
        document=challenge.text,
        reason=challenge.reason,
        body=body,
        wish=wish,
    )


def _ready(visit: web.Visit) -> tuple[Subscriber, Act]:
    """The act that this person may decide about now.

    Raises: SignedOut, Problem, HTTPException 404.
    """
    web.demand_csrf_header(visit)
    subscriber = visit.subscriber
    act = cabinet.own_act(visit, subscriber)
    if act.is_decided:
        raise Problem("act-closed", status=409)
    if not visit.session.identified_as:
        raise Problem("not-identified", status=403)
    return subscriber, act


def _decide(
    request: Request,
    act: Act,
    subscriber: Subscriber,
    *,
    kind: str,
    document: bytes,
    reason: str,
    body: Mapping[str, str],
    wish: Wish,
) -> Response:
    portal: web.Portal = request.app.state.portal
    at = portal.clock()
    verifier = portal.verifier
    check = verifier.signature_inside if wish.format == decisions.PDF else verifier.signature
    evidence = _checked(
        request,
        act,
        lambda: check(_signature_of(body), document, subscriber, at=at, wants_timestamp=wish.timestamp),
    )
    certificate, proven = evidence.certificate, evidence.timestamp
    with web.visit(request) as visit:
        acts.decide(visit.db, act.id, kind)
        decisions.keep(
            visit.db,
            Decision(
                act_id=act.id,
                kind=kind,
                format=wish.format,
                document=document,
                signature=evidence.octets,
                reason=reason,
                decided_at=at,
                signer=parties.full_name(certificate),
                iin=certificate.iin or "",
                bin=certificate.bin or "",
                organisation=certificate.organisation or "",
                algorithm=evidence.algorithm,
                issuer=certificate.issuer.common_name or certificate.issuer.text(),
                valid_until=certificate.not_after,
                fingerprint=certificate.fingerprint,
                timestamp_at=proven.moment if proven else None,
                timestamp_by=proven.authority if proven else "",
                revocation=evidence.revocation.state,
                revocation_source=evidence.revocation.source,
                revocation_at=evidence.revocation.checked_at,
            ),
        )
        history.record(
            visit.db, subscriber.id, kind, at=at, act_id=act.id, person=parties.full_name(certificate)
        )
    return JSONResponse({"status": kind})


def _checked(request: Request, act: Act, check: Callable[[], Evidence]) -> Evidence:
    """The evidence; a signature that the portal turns down stands in the history, too."""
    try:
        return check()
    except Problem as problem:
        with web.visit(request) as visit:
            person = next((value for key, value in problem.facts if key == "fact.key-owner"), "")
            history.record(
                visit.db, visit.subscriber.id, "rejected", at=visit.at, act_id=act.id, person=person
            )
        raise


def _signature_of(body: Mapping[str, str]) -> bytes:
    return body.get("signature", "").encode()


def _clean_reason(text: str) -> str:
    """The reason in one line: it becomes part of a document whose other lines are the portal's.

    Raises: Problem reason-missing.
    """
    reason = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[
        :REASON_LIMIT
    ]
    if len(reason) < 3:
        raise Problem("reason-missing")
    return reason
