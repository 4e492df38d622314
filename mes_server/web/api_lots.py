"""/api/v1 about lots: found, looked at, traced; and the ledger. Writing is in holds.py."""

from typing import Any

from flask import Blueprint, Response, current_app

from mes_server.actions.trace_lots import trace
from mes_server.domain.exposure import Exposure
from mes_server.domain.genealogy import BACK, FORWARD
from mes_server.domain.lots import Lot
from mes_server.domain.recalls import LOT, Found, Recall, Suspicion
from mes_server.domain.seal import Anchor, Event, anchor_on_paper
from mes_server.store.exposures import exposures_of
from mes_server.store.ledger import list_events, load_stream
from mes_server.store.lot_search import Sought, find_lots
from mes_server.store.verifying import gather_anchors, unsealed, verify_ledger
from mes_server.web import answers_lots as answers
from mes_server.web.api import (
    PAGED,
    as_json,
    first_of,
    key_of,
    no_cursor,
    number_of,
    page_of,
    parameters,
)
from mes_server.web.api_words import iso_or_none
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.lots import FILTERS, lot_or_404
from mes_server.web.page import now_ms, words
from mes_server.web.parameters import Operation, Parameter, described
from mes_server.web.problems import BadParameter, BadRequest
from mes_server.web.site import this_site

api_lots = Blueprint("api_lots", __name__, url_prefix="/api/v1")
Q = Parameter(
    "q", "text", "Held by code, part, grade, shipment, customer or supplier's lot; or a badge"
)
CHOICES = tuple(Parameter(name, "text", f"Only lots of this {name}") for name in FILTERS)
DIRECTION = Parameter("direction", "text", "back: causes; forward: what became of it", default=BACK)

LOTS = Operation("Lots, the newest first", answers.LotsAnswer, (Q, *CHOICES, *PAGED))


@api_lots.get("/lots")
@needs("read")
@described(LOTS)
def lots() -> Response:
    """Lots by what they are."""
    given = parameters(LOTS)
    same = {name: given[name] for name in FILTERS if given[name] is not None}
    after = _lot_cursor(given["after"])
    with this_site().reading() as conn:
        found = find_lots(conn, Sought(given["q"] or "", same, after), given["limit"] + 1)
    shown, following = first_of(found, lambda lot: f"{lot.born_ms}.{lot.code}", given)
    return as_json(answers.LotsAnswer(items=[_lot(lot) for lot in shown], next=following))


def _lot_cursor(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    born_ms, _, code = key_of(text).partition(".")
    if not (born_ms.isascii() and born_ms.isdigit() and code):
        raise no_cursor()
    return int(born_ms), code


def _facts(lot: Lot) -> dict[str, Any]:
    return {
        "code": lot.code,
        "kind": lot.kind,
        "part": lot.part,
        "grade": lot.grade,
        "route": lot.route,
        "status": lot.status,
        "place": lot.place,
        "run": lot.run,
        "operation": lot.operation,
        "shipment": lot.shipment,
        "supplier_lot": lot.supplier_lot,
        "amount": {
            "pieces": lot.amount.pieces,
            "mass_mg": lot.amount.mass_mg,
            "area_mm2": lot.amount.area_mm2,
            "elements_mg": dict(lot.amount.elements),
        },
        "done": list(lot.done),
        "holds": dict(lot.holds),
        "reworks": dict(lot.reworks),
        "born_at": iso_text(lot.born_ms),
        "expires_at": iso_or_none(lot.expires_ms),
    }


def _lot(lot: Lot) -> answers.LotAnswer:
    return answers.LotAnswer.model_validate(_facts(lot))


LOT_OPERATION = Operation("One lot with its windows in stations", answers.LotDetailAnswer)


@api_lots.get("/lots/<code>")
@needs("read")
@described(LOT_OPERATION)
def lot(code: str) -> Response:
    """One lot."""
    parameters(LOT_OPERATION)
    with this_site().reading() as conn:
        found = lot_or_404(conn, code)
        windows = exposures_of(conn, code, now_ms())
    facts = _facts(found) | {"windows": [_window(window) for window in windows]}
    return as_json(answers.LotDetailAnswer.model_validate(facts))


def _window(window: Exposure) -> dict[str, Any]:
    return {
        "run": window.run,
        "station": window.station,
        "operation": window.operation,
        "from": iso_text(window.from_ms),
        "to": iso_text(window.to_ms) if window.is_over else None,
    }


EVENTS = Operation("The history of a lot, each event with its seal", answers.LotEventsAnswer, PAGED)


@api_lots.get("/lots/<code>/events")
@needs("read")
@described(EVENTS)
def events(code: str) -> Response:
    """What happened to a lot."""
    given = parameters(EVENTS)
    after = number_of(given["after"]) or 0
    with this_site().reading() as conn:
        lot_or_404(conn, code)
        found = [e for e in load_stream(conn, f"lot:{code}") if e.stream_number > after]
        shown, following = first_of(found, lambda event: str(event.stream_number), given)
        broken = unsealed(conn, shown)
    items = [
        answers.LotEventAnswer(**_event(event), sealed=event.number not in broken)
        for event in shown
    ]
    return as_json(answers.LotEventsAnswer(items=items, next=following))


def _event(event: Event) -> dict[str, Any]:
    facts = event._asdict()
    at_ms, noted_ms = facts.pop("at_ms"), facts.pop("noted_ms")
    times = {"at": iso_text(at_ms), "noted_at": iso_text(noted_ms), "content": event.facts()}
    return facts | times


TRACE = Operation(
    "All lots that lie back or forward of a lot", answers.TraceAnswer, (DIRECTION, *PAGED)
)


@api_lots.get("/lots/<code>/trace")
@needs("read")
@described(TRACE)
def trace_of(code: str) -> Response:
    """Where a lot came from, or what became of it and where that is now."""
    given = parameters(TRACE)
    if given["direction"] not in (BACK, FORWARD):
        t = words()
        fault = BadParameter("direction", t("query.direction"), t("query.direction.next"))
        raise BadRequest([fault])
    with this_site().reading() as conn:
        lot_or_404(conn, code)
        found = trace(conn, Suspicion(LOT, code), given["direction"])
    shown, following = page_of(found.lots, lambda lot: lot.code, given)
    balance = found.account
    answer = answers.TraceAnswer(
        direction=given["direction"],
        count=len(found.lots),
        counts=found.counts(),
        account=None
        if balance is None
        else answers.AccountAnswer(**balance.as_content(), missing_mg=balance.missing_mg),
        items=[_found(found, each) for each in shown],
        next=following,
    )
    return as_json(answer)


def _found(recall: Recall, lot: Found) -> answers.FoundAnswer:
    return answers.FoundAnswer.model_validate(
        {
            "code": lot.code,
            "kind": lot.kind,
            "part": lot.part,
            "where": lot.where,
            "status": lot.status,
            "place": lot.place,
            "run": lot.run,
            "shipment": lot.shipment,
            "customer": recall.customers.get(lot.shipment, ""),
            "into": list(recall.into.get(lot.code, ())),
            "pieces": lot.pieces,
            "mass_mg": lot.mass_mg,
            "area_mm2": lot.area_mm2,
            "held": lot.held,
        }
    )


LEDGER = Operation("The ledger, in its order", answers.EventsAnswer, PAGED)


@api_lots.get("/ledger")
@needs("ledger")
@described(LEDGER)
def ledger() -> Response:
    """Events behind a number: `after` is the number of the last one seen, `next` that of the last one here."""
    given = parameters(LEDGER)
    after = given["after"] or "0"
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise no_cursor()
    with this_site().reading() as conn:
        found = list_events(conn, int(after), given["limit"] + 1)
    shown = found[: given["limit"]]
    items = [answers.EventAnswer(**_event(event)) for event in shown]
    following = str(shown[-1].number) if len(found) > len(shown) else None
    return as_json(answers.EventsAnswer(items=items, next=following))


ANCHOR = Parameter(
    "anchor", "text", "COUNT:HASH as a paper says, twelve characters of the hash or more"
)
VERIFY = Operation("Whether the ledger is what was sealed", answers.VerdictAnswer, (ANCHOR,))


@api_lots.get("/ledger/verify")
@needs("ledger")
@described(VERIFY)
def verify() -> Response:
    """Every event and every anchor is checked: seconds for each hundred thousand events."""
    papers = _papers(parameters(VERIFY)["anchor"])
    site = this_site()
    anchors, unread = gather_anchors(site.engine, site.settings.data_dir)
    if unread:
        current_app.logger.warning("%s lines of the file of anchors are none", unread)
    verdict = verify_ledger(site.engine, [*anchors, *papers], now_ms())
    broken = verdict.broken
    answer = answers.VerdictAnswer(
        sealed=broken is None,
        events=verdict.head.number,
        hash=verdict.head.hash,
        anchors=verdict.anchors,
        broken_number=None if broken is None else broken.number,
        why=None if broken is None else broken.why,
        unknown=[
            answers.AnchorAnswer(
                source=anchor.source or "file",
                at=iso_text(anchor.at_ms) if anchor.at_ms else None,
                number=anchor.number,
                hash=anchor.hash,
            )
            for anchor in verdict.unknown
        ],
    )
    return as_json(answer)


def _papers(text: str | None) -> list[Anchor]:
    if text is None:
        return []
    anchor = anchor_on_paper(text)
    if anchor is None:
        t = words()
        raise BadRequest([BadParameter("anchor", t("query.anchor"), t("query.anchor.next"))])
    return [anchor]
