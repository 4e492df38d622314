"""The pages about lots: the list with its search, all that is known of one lot, a run with its lots."""

from functools import partial
from itertools import chain
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from mes_server.actions.judge_run import recipe_of_run
from mes_server.domain.codes import BadCode, parse_code
from mes_server.domain.exposure import Exposure
from mes_server.domain.genealogy import BACK, FORWARD, near
from mes_server.domain.losses import losses_of
from mes_server.domain.lots import Lot, corrected_actions
from mes_server.domain.recalls import EVER_MS
from mes_server.domain.routes import next_operations, position_in
from mes_server.domain.seal import Event
from mes_server.store.exposures import exposure_in, exposures_of
from mes_server.store.labels import labels_of
from mes_server.store.ledger import head, load_stream
from mes_server.store.lot_search import Sought, find_lots
from mes_server.store.lots import list_edges, load_lot, load_lots
from mes_server.store.papers import papers_about
from mes_server.store.routes import load_route
from mes_server.store.runs import load_run, lots_of_run, resources_of_run
from mes_server.store.series import list_series
from mes_server.store.traces import customers_of, reach, runs_of_lots
from mes_server.store.verifying import unsealed
from mes_server.web.graph import graph_of
from mes_server.web.guards import needs
from mes_server.web.lot_footprint import lot_footprint
from mes_server.web.lot_words import lot_writers
from mes_server.web.page import now_ms
from mes_server.web.problems import NotFound
from mes_server.web.seen import load_metrics
from mes_server.web.signing import release_facts
from mes_server.web.site import this_site

lot_pages = Blueprint("lots", __name__)
lot_pages.app_context_processor(lot_writers)
SHOWN_MAX = 100
RUNS_MAX = 100
NEAR_MAX = 60  # lots of one side of the drawing; all parents are drawn, however many
FILTERS = (
    "kind", "status", "grade", "part", "place", "route", "shipment", "supplier_lot", "customer",
    "person",
)  # fmt: skip


def text_of(name: str, longest: int = 100) -> str:
    """A query parameter as a page may use it."""
    return request.args.get(name, "").replace("\0", "").strip()[:longest]


def chosen_filters() -> dict[str, str]:
    """Those of FILTERS that the address names."""
    return {name: text_of(name) for name in FILTERS if text_of(name)}


@lot_pages.get("/lots")
@needs("read")
def lots() -> str | Response:
    """Lots, a hundred at a time, the newest first; a whole code as `q` leads to its lot."""
    asked = text_of("q")
    chosen = chosen_filters()
    with this_site().reading() as conn:
        if asked and load_lot(conn, asked.upper()) is not None:
            return redirect(url_for("lots.lot", code=asked.upper()), 303)
        ledger = head(conn, 0).number
        found = find_lots(conn, Sought(asked, chosen, _cursor(text_of("after"))), SHOWN_MAX + 1)
    shown = found[:SHOWN_MAX]
    last = shown[-1] if len(found) > len(shown) else None
    return render_template(
        "lots/lots.html",
        lots=shown,
        ledger=ledger,
        asked=asked,
        chosen=chosen,
        after=text_of("after"),
        next=f"{last.born_ms}.{last.code}" if last is not None else None,
        misread=_misread(asked) if not shown else "",
    )


def _cursor(text: str) -> tuple[int, str] | None:
    born_ms, _, code = text.partition(".")
    return (int(born_ms), code) if born_ms.isascii() and born_ms.isdigit() and code else None


def _misread(text: str) -> str:
    """Why a text that looks like a code is none: a key of the words."""
    try:
        parse_code(text)
    except BadCode as error:
        return "lots.misread" if error.rule == "code_is_misread" else ""
    return ""


@lot_pages.get("/lots/<code>")
@needs("read")
def lot(code: str) -> str:
    """Everything that is known of a lot. `run`: whose curves are shown, the last one's unless told."""
    with this_site().reading() as conn:
        content = _load(conn, code)
    return render_template("lots/lot.html", **content)


def lot_or_404(conn: Connection, code: str) -> Lot:
    """A lot; raises NotFound."""
    found = load_lot(conn, code)
    if found is None:
        raise NotFound("lot", code)
    return found


def _load(conn: Connection, code: str) -> dict[str, Any]:
    found = lot_or_404(conn, code)
    windows = exposures_of(conn, code, now_ms())
    chosen = _chosen(conn, windows)
    events = load_stream(conn, f"lot:{code}")
    return {
        "lot": found,
        "footprint": lot_footprint(conn, code),
        "windows": windows,
        "chosen": chosen,
        "metrics": load_metrics(conn, chosen) if chosen is not None else [],
        "companions": {w.run: _companions(conn, w) for w in windows},
        "resources": {w.run: resources_of_run(conn, w.run) for w in windows},
        "ledger": head(conn, 0).number,
        "events": events,
        "broken": unsealed(conn, events),
        "acts": _acts(events),
        "labels": labels_of(conn, code),
        "papers": papers_about(conn, code)[::-1],
        "hold_events": {e.action: e for e in events if e.action in found.holds},
        "customer": customers_of(conn, [found.shipment]).get(found.shipment, "")
        if found.shipment
        else "",
        "released": release_facts(conn, found),
        **_route(conn, found),
        **_genealogy(conn, code),
    }


def _acts(events: list[Event]) -> list[Event]:
    """The first event of each action that still counts, the newest first."""
    taken_back = corrected_actions(events)
    first = {event.action: event for event in reversed(events) if event.action not in taken_back}
    return sorted(first.values(), key=lambda event: -event.number)


def _route(conn: Connection, lot: Lot) -> dict[str, Any]:
    """What of the route is behind the lot, what comes next, and what later."""
    route = load_route(conn, lot.route)
    if route is None:
        return {"route": None, "following": (), "later": ()}
    done = (*lot.done, lot.operation) if lot.operation else lot.done
    following = next_operations(route, done, lot.first)
    later = [
        s for s in route.steps[position_in(route, done) :] if not set(s.choices) & {*following}
    ]
    return {"route": route, "following": following, "later": later}


def _chosen(conn: Connection, windows: list[Exposure]) -> Exposure | None:
    """The window asked for, else the last one at a station that has something to show."""
    asked = [window for window in windows if window.run == text_of("run")]
    told = (window for window in reversed(windows) if list_series(conn, window.station))
    return next(chain(asked, told, windows[-1:]), None)


def _companions(conn: Connection, window: Exposure) -> list[str]:
    return [code for code, _ in lots_of_run(conn, window.run) if code != window.lot]


def _genealogy(conn: Connection, code: str) -> dict[str, Any]:
    sides, beyond = {}, {}
    found: dict[str, dict[str, int]] = {}
    for way, ever in ((BACK, EVER_MS), (FORWARD, 0)):
        sides[way] = near(code, way, partial(list_edges, conn, direction=way), NEAR_MAX)
        found[way] = reach(conn, {code: ever}, way)
        beyond[way] = len(found[way]) - len(sides[way].depths)
    drawn = graph_of(code, sides[BACK], sides[FORWARD])
    return {
        "graph": drawn,
        "beyond": beyond,
        "near": load_lots(conn, [node.code for node in drawn.nodes]),
        "came_through": runs_of_lots(
            conn, {k: v for k, v in found[BACK].items() if k != code}, RUNS_MAX
        ),
        "parents": [e for e in sides[BACK].edges if e.child == code],
        "children": [e for e in sides[FORWARD].edges if e.parent == code],
    }


@lot_pages.get("/runs/<code>")
@needs("read")
def run(code: str) -> str:
    """A run: its station, its lots, what it used, and the curves of its time."""
    with this_site().reading() as conn:
        found = load_run(conn, code)
        if found is None:
            raise NotFound("run", code)
        inside = lots_of_run(conn, code)
        events = load_stream(conn, f"charge:{code}")
        lots_inside = load_lots(conn, [lot for lot, _ in inside])
        window = exposure_in("", found, found.opened_ms, now_ms())
        content = {
            "run": found,
            "is_judged": bool(found.recipe) or recipe_of_run(conn, found) is not None,
            "window": window,
            "inside": inside,
            "lots": lots_inside,
            "route": next((load_route(conn, lot.route) for lot in lots_inside.values()), None),
            "resources": resources_of_run(conn, code),
            "metrics": load_metrics(conn, window),
            "ledger": head(conn, 0).number,
            "events": events,
            "losses": losses_of(events),
            "broken": unsealed(conn, events),
        }
    return render_template("lots/run.html", **content)
