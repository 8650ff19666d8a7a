"""What is left of a decision: the files to keep, and the document card.

GET  decision/document         what was signed; the signature is inside where it was made there
GET  decision/signature        the CMS, where the signature is a file of its own
GET  decision/bundle           both as a zip
GET  decision/card             the electronic document card, made of what is known at that moment
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from agent.operations import card
from agent.operations.card import Signed
from demo import acts, decisions, history, texts, web
from demo.acts import Act
from demo.decisions import Decision, File
from demo.pages import cabinet


def file(request: Request) -> Response:
    """A file of the decision, to keep; the document also for the EDO page itself, where `?inside` says so."""
    is_shown = "inside" in request.query_params
    with web.visit(request) as visit:
        act, decision = _decided(visit)
        pdf = acts.stored_pdf(visit.db, act.id)
        found = _file(request.path_params["part"], act, decision, pdf or b"")
        if not is_shown:
            history.record(visit.db, visit.subscriber.id, "kept", at=visit.at, act_id=act.id)
    if is_shown and found.media_type == "application/pdf":
        return web.shown_pdf(found.content, found.name)
    return web.download(found.content, found.name, found.media_type)


def _file(part: str, act: Act, decision: Decision, act_pdf: bytes) -> File:
    match part:
        case "document":
            return decisions.document_file(act, decision)
        case "signature" if not decision.is_inside:
            return decisions.signature_file(act, decision)
        case "bundle" if not decision.is_inside:
            return decisions.bundle(act, decision, act_pdf)
        case _:
            raise HTTPException(404)


def document_card(request: Request) -> Response:
    """The card, in the language of the page. The signature is verified anew for it: what a card says is of the day it was made."""
    with web.visit(request) as visit:
        act, decision = _decided(visit)
    document = None if decision.is_inside else decision.document
    report = visit.portal.verifier.report(decision.signature, document, at=visit.at)
    document_file, signature_file = (
        decisions.document_file(act, decision),
        decisions.signature_file(act, decision),
    )
    drawn = card.pdf(
        report,
        Signed(
            name=document_file.name,
            signature_name=signature_file.name,
            signature=signature_file.content,
            document=document_file.content,
        ),
        language=visit.language,
        at=visit.at,
        zone=texts.KAZAKHSTAN,
    )
    with web.visit(request) as visit:
        history.record(visit.db, visit.subscriber.id, "card", at=visit.at, act_id=act.id)
    return web.download(drawn, f"{act.file_stem}-kartochka.pdf", "application/pdf")


def _decided(visit: web.Visit) -> tuple[Act, Decision]:
    """Raises: SignedOut, HTTPException 404."""
    act = cabinet.own_act(visit, visit.subscriber)
    decision = decisions.of_act(visit.db, act.id)
    if decision is None:
        raise HTTPException(404)
    return act, decision
