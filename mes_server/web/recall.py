"""The recall page: from a suspicion to where every lot concerned is now, and the drills."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import Connection

from mes_server.actions.drill_recall import STARTED, STOPPED
from mes_server.actions.trace_lots import trace
from mes_server.domain.genealogy import BACK, FORWARD
from mes_server.domain.recalls import LOT, PLACES, STATION, SUSPECTS, Recall, Suspicion
from mes_server.domain.seal import Event
from mes_server.store.ledger import head, list_kind
from mes_server.web.guards import needs
from mes_server.web.page import words
from mes_server.web.problems import BadParameter, BadRequest
from mes_server.web.site import this_site

recall_pages = Blueprint("recall", __name__)
SHOWN_MAX = 200
DRILLS_MAX = 50
NAME_MAX = 100


@recall_pages.get("/recall")
@needs("read")
def recall() -> str:
    """What a suspicion leads to. Without one: how to begin, and the drills so far."""
    given = request.args
    suspicion = read_suspicion(given) if given.get("name") else None
    direction = BACK if given.get("direction") == BACK else FORWARD
    with this_site().reading() as conn:
        found = trace(conn, suspicion, direction) if suspicion is not None else None
        running, stopped = _drills(conn)
        ledger = head(conn, 0).number
    return render_template(
        "lots/recall.html",
        found=found,
        ledger=ledger,
        direction=direction,
        suspicion=suspicion,
        given=given,
        running=running,
        stopped=stopped,
        SUSPECTS=SUSPECTS,
        PLACES=PLACES,
        **(_leaf(found, given) if found is not None else {}),
    )


def _leaf(found: Recall, given: Mapping[str, str]) -> dict[str, Any]:
    """The lots on this page, those of one place if it was chosen, and the code behind which the next begins."""
    chosen = given.get("where", "")
    lots = found.at(chosen) if chosen in PLACES else list(found.lots)
    lots.sort(key=lambda lot: (PLACES.index(lot.where), lot.code))
    codes = [lot.code for lot in lots]
    first = codes.index(given["after"]) + 1 if given.get("after") in codes else 0
    shown = lots[first : first + SHOWN_MAX]
    more = first + len(shown) < len(lots)
    return {
        "shown": shown,
        "where": chosen,
        "next": shown[-1].code if more else None,
        "first": first,
    }


def _drills(conn: Connection) -> tuple[list[Event], list[Event]]:
    """The drills whose clock runs, and those that were stopped, the newest first."""
    stopped = list_kind(conn, STOPPED, DRILLS_MAX)
    over = {event.stream for event in stopped}
    running = [event for event in list_kind(conn, STARTED, DRILLS_MAX) if event.stream not in over]
    return running, stopped


def read_suspicion(given: Mapping[str, str]) -> Suspicion:
    """The Suspicion of a form; raises BadRequest with all that is wrong with it."""
    t = words()
    faults = []
    kind = given.get("kind", LOT)
    if kind not in SUSPECTS:
        faults.append(BadParameter("kind", t("recall.bad_kind"), t("recall.bad_kind.next")))
    name = given.get("name", "").replace("\0", "").strip()[:NAME_MAX]
    if not name:
        faults.append(BadParameter("name", t("recall.bad_name"), t("recall.bad_name.next")))
    ends: list[int | None] = []
    for end in ("from", "to"):
        text = given.get(end, "")
        ends.append(_moment(text))
        if ends[-1] is None and (text or kind == STATION):
            faults.append(BadParameter(end, t("recall.bad_time"), t("recall.bad_time.next")))
    if faults:
        raise BadRequest(faults)
    return Suspicion(kind, name.upper() if kind in ("lot", "run") else name, *ends)


def _moment(text: str) -> int | None:
    """Unix ms of ISO 8601; without an offset it is plant time, as a browser's form sends it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=this_site().settings.zone)
    return int(moment.timestamp() * 1000)
