"""«Документы и отчеты»: the list of acts, their PDF, the history, and the tabs that the demo does not fill."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from demo import act_pdf, acts, history, subscribers, web
from demo.acts import Act
from demo.subscribers import Subscriber

# The tabs that the reference portal has and the demo honestly has not.
ABSENT_TABS = ("payments", "numbers", "invoices", "reconciliation")


def home(request: Request) -> Response:  # noqa: ARG001  the interface of an endpoint
    return RedirectResponse("/acts", 303)


def act_list(request: Request) -> Response:
    """The list, or only its rows where the page's script asks for them."""
    with web.visit(request) as visit:
        subscriber = visit.subscriber
        years = acts.years(visit.db, subscriber.id)
        wanted = _filter(request, years)
        found = acts.find(visit.db, subscriber.id, wanted)
        values: dict[str, Any] = {"found": found, "wanted": wanted, "query": _query(wanted)}
        if request.headers.get("x-part") == "rows":
            html = web.render(
                visit.portal, request, visit.language, "acts_rows.html", subscriber=subscriber, **values
            )
            return HTMLResponse(html, headers={"Vary": "X-Part"})
        accounts = subscribers.accounts_of(visit.db, subscriber.id)
        return visit.page("acts.html", tab="acts", years=years, accounts=accounts, **values)


def _filter(request: Request, years: tuple[int, ...]) -> acts.Filter:
    """The filter of the address; without one, the newest year. What makes no sense counts as "all"."""
    query = request.query_params
    default_year = years[0] if years and "year" not in query else None
    return acts.Filter(
        year=_number(query.get("year")) or default_year,
        month=_number(query.get("month")),
        account_id=_number(query.get("account")),
        page=_number(query.get("page")) or 1,
    )


def _number(text: str | None) -> int | None:
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) <= 9
    return int(text or "") if is_number else None


def _query(wanted: acts.Filter) -> str:
    """The filter as an address, without the page."""
    parts = {"year": wanted.year, "month": wanted.month, "account": wanted.account_id}
    return "&".join(f"{name}={value or ''}" for name, value in parts.items())


def document(request: Request) -> Response:
    """The act's PDF for a window of its own («Скачать»), or inside the EDO page where `?inside` says so."""
    with web.visit(request) as visit:
        subscriber = visit.subscriber
        act = own_act(visit, subscriber)
    pdf = act_document(request, act, subscriber)
    if "inside" not in request.query_params:
        with web.visit(request) as visit:
            acts.mark_viewed(visit.db, act.id)
            history.record(visit.db, subscriber.id, "downloaded", at=visit.at, act_id=act.id)
    return web.shown_pdf(pdf, f"{act.file_stem}.pdf")


def act_document(request: Request, act: Act, subscriber: Subscriber) -> bytes:
    """The PDF, drawn when it is needed first. Drawing happens outside of a transaction: it takes a while."""
    with web.visit(request) as visit:
        pdf = acts.stored_pdf(visit.db, act.id)
        if pdf is not None:
            return pdf
        details = acts.details(visit.db, act.id)
    drawn = act_pdf.draw(act, details, subscriber)
    with web.visit(request) as visit:
        return acts.store_pdf(visit.db, act.id, drawn)


def own_act(visit: web.Visit, subscriber: Subscriber) -> Act:
    """The act of the address; somebody else's is not found, as if it did not exist."""
    act = acts.get(visit.db, subscriber.id, visit.request.path_params["act_id"])
    if act is None:
        raise HTTPException(404)
    return act


def event_list(request: Request) -> Response:
    with web.visit(request) as visit:
        events = history.recent(visit.db, visit.subscriber.id)
        return visit.page("history.html", tab="history", events=events)


def absent(request: Request) -> Response:
    """A tab of the reference portal that says honestly that the demo does not contain it."""
    with web.visit(request) as visit:
        visit.subscriber  # noqa: B018  only for those who are signed in
        return visit.page("absent.html", tab=request.url.path.strip("/"))
