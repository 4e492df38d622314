"""The permits of the outlets as a page: what holds where and by which source, and the form that releases another one."""

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import Connection

from mes_server.actions.gather_waterworks import (
    Rules,
    day_of,
    discharge_rows,
    pollutants_on,
    rules_on,
    waterworks_at,
)
from mes_server.domain.permits import AVERAGINGS, DISCHARGES, Limit
from mes_server.domain.waterworks import Place
from mes_server.store.documents import list_documents
from mes_server.web.guards import needs
from mes_server.web.page import now_ms
from mes_server.web.problems import NotFound
from mes_server.web.site import this_site
from schemas.limit_rows import load_set

permit_pages = Blueprint("permits", __name__)
CERTAINTIES = {"H": "high", "M": "medium", "L": "low"}


@dataclass(frozen=True, slots=True)
class Outlet:
    """An outlet and what it is judged by now. `limits`: by pollutant, with all averagings that it is the limit of."""

    place: Place
    rules: Rules
    limits: dict[str, list[tuple[Limit, list[str]]]]


@permit_pages.get("/water/permits")
@needs("read")
def permits() -> str:
    """Each outlet with its limits."""
    with this_site().reading() as conn:
        works = waterworks_at(conn, now_ms())
        places = works.outlets if works is not None else ()
        outlets = [_outlet(conn, one) for one in places]
    return render_template("water/permits.html", outlets=outlets, titles=_titles(), **_words())


@permit_pages.get("/water/permits/<outlet>")
@needs("discharge")
def permit(outlet: str) -> str:
    """The form for a new revision, filled in with what is in force."""
    with this_site().reading() as conn:
        works = waterworks_at(conn, now_ms())
        place = None if works is None else works.place(outlet)
        if works is None or place is None or place not in works.outlets:
            raise NotFound("outlet", outlet)
        said = _last_content(conn, outlet)
    operations = sorted({line.operation for line in works.lines_of(outlet)})
    streams = list(works.streams_of(outlet))
    return render_template(
        "water/permit.html", place=place, said=said, operations=operations, streams=streams,
        sets={name: load_set(f"discharge_{name}")["title"] for name in sorted(discharge_rows())},
        pollutants=pollutants_on(_today()), averagings=AVERAGINGS, discharges=DISCHARGES,
        revision=_next_revision(said), again=request.args.get("again", ""),
    )  # fmt: skip


def _today() -> str:
    return day_of(now_ms(), this_site().settings.zone.key)


def _outlet(conn: Connection, place: Place) -> Outlet:
    rules = rules_on(conn, place.code, _today(), (now_ms(), now_ms()))
    if rules is None:
        raise NotFound("outlet", place.code)
    limits: dict[str, list[tuple[Limit, list[str]]]] = {}
    for (pollutant, averaging), limit in sorted(rules.limits.items()):
        same = [
            over
            for one, over in limits.get(pollutant, ())
            if replace(one, averaging=averaging) == limit
        ]
        if same:
            same[0].append(averaging)
        else:
            limits.setdefault(pollutant, []).append((limit, [averaging]))
    return Outlet(place, rules, limits)


def _titles() -> dict[str, Any]:
    return {name: load_set(f"discharge_{name}")["title"] for name in discharge_rows()}


def _words() -> dict[str, Any]:
    return {"pollutants": pollutants_on(_today()), "certainties": CERTAINTIES}


def _last_content(conn: Connection, outlet: str) -> dict[str, Any]:
    """The content of the newest permit of an outlet; {}: there is none."""
    found = [one for one in list_documents(conn, "permit") if one.content.get("outlet") == outlet]
    newest = max(found, key=lambda one: one.number, default=None)
    return {} if newest is None else dict(newest.content)


def _next_revision(said: dict[str, Any]) -> str:
    """After A comes B, after Z comes Z1, after 3 comes 4: a proposal, to be written over."""
    last = str(said.get("revision", ""))
    if last.isdigit():
        return str(int(last) + 1)
    if len(last) == 1 and last.isascii() and last.isalpha() and last.upper() != "Z":
        return chr(ord(last) + 1)
    return f"{last}1" if last else "A"
