"""From a suspicion to every lot that it concerns, and where each of them is now."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from mes_server.domain.genealogy import FORWARD
from mes_server.domain.lots import CORRECTED, corrected_actions, replay
from mes_server.domain.recalls import (
    EVER_MS,
    LOT,
    PERSON,
    RESOURCE,
    RUN,
    SUPPLIER_LOT,
    Account,
    Flow,
    Found,
    Recall,
    Suspicion,
    account,
    into_what,
    whole_life,
)
from mes_server.store.ledger import load_stream
from mes_server.store.runs import load_run, runs_at, runs_with
from mes_server.store.traces import (
    Mounted,
    customers_of,
    flows_from,
    flows_into,
    load_found,
    lots_in_runs,
    lots_of_supplier,
    lots_served,
    mounted_by,
    reach,
    streams_of_person,
)


def trace(conn: Connection, suspicion: Suspicion, direction: str) -> Recall:
    """The lots that lie BACK (causes) or FORWARD (what became of them) of what is suspected."""
    starts, reached = _reach(conn, _starts(conn, suspicion), direction)
    found = load_found(conn, reached)
    forward = direction == FORWARD
    flows = flows_into(conn, reached) if forward else []
    balanced = _account(conn, starts, found, flows) if forward else None
    shipments = {lot.shipment for lot in found if lot.shipment}
    customers = customers_of(conn, shipments) if shipments else {}
    known = {lot.code for lot in found}
    begun = tuple(sorted(code for code in starts if code in known))
    into = into_what(found, flows)
    return Recall(suspicion, direction, begun, tuple(found), customers, into, balanced)


def reached_from(conn: Connection, suspicions: Iterable[Suspicion]) -> list[str]:
    """The codes of all lots that any of these leads to, by one walk."""
    begun: dict[str, int | None] = {}
    for one in suspicions:
        for code, at_ms in _starts(conn, one).items():
            before = begun.get(code, at_ms)
            begun[code] = None if None in (before, at_ms) else min(before or 0, at_ms or 0)
    _, reached = _reach(conn, begun, FORWARD)
    return sorted(reached)


def _reach(
    conn: Connection, starts: Mapping[str, int | None], direction: str
) -> tuple[dict[str, int], dict[str, int]]:
    """The starts, and all that lie in that direction, with the time that counts for each.

    Forward a bath make-up, target or slurry that is found leads to the lots of the runs that it served.
    """
    whole = whole_life(direction)
    begun = {code: whole if at_ms is None else at_ms for code, at_ms in starts.items()}
    while True:
        reached = reach(conn, begun, direction)
        served = lots_served(conn, reached) if direction == FORWARD else {}
        more = {c: at_ms for c, at_ms in served.items() if at_ms < reached.get(c, EVER_MS)}
        if not more:
            return begun, reached
        begun |= more


def _starts(conn: Connection, suspicion: Suspicion) -> Mapping[str, int | None]:
    """The lots to begin with, and from (until) when each counts; None: all its life."""
    if suspicion.kind == LOT:
        return {suspicion.name: None}
    if suspicion.kind == SUPPLIER_LOT:
        return dict.fromkeys(lots_of_supplier(conn, suspicion.name))
    if suspicion.kind == PERSON:
        return _touched(conn, suspicion)
    return lots_in_runs(conn, _runs(conn, suspicion))


def _span(suspicion: Suspicion) -> tuple[int, int]:
    from_ms = suspicion.from_ms if suspicion.from_ms is not None else 0
    return from_ms, suspicion.to_ms if suspicion.to_ms is not None else EVER_MS


def _runs(conn: Connection, suspicion: Suspicion) -> list[str]:
    from_ms, to_ms = _span(suspicion)
    if suspicion.kind == RUN:
        return [suspicion.name]
    if suspicion.kind != RESOURCE:
        return [run.code for run in runs_at(conn, suspicion.name, from_ms, to_ms)]
    used = runs_with(conn, suspicion.name)
    if suspicion.from_ms is None and suspicion.to_ms is None:
        return used
    loaded = [run for code in used if (run := load_run(conn, code)) is not None]
    return [
        run.code
        for run in loaded
        if run.opened_ms <= to_ms and (run.closed_ms is None or run.closed_ms >= from_ms)
    ]


def _touched(conn: Connection, suspicion: Suspicion) -> dict[str, int]:
    """The lots a person did something to, and those of the runs that person opened, closed or mounted for."""
    streams = streams_of_person(conn, suspicion.name, *_span(suspicion))
    runs = [s.removeprefix("charge:") for s in streams if s.startswith("charge:")]
    runs += [
        run
        for what in mounted_by(conn, suspicion.name, *_span(suspicion))
        for run in _used(conn, what)
    ]
    lots = {s.removeprefix("lot:"): at for s, at in streams.items() if s.startswith("lot:")}
    for code, at_ms in lots_in_runs(conn, runs).items():
        lots[code] = min(at_ms, lots.get(code, at_ms))
    return lots


def _used(conn: Connection, mounted: Mounted) -> list[str]:
    """The runs of a station that used what was mounted there, from then on."""
    used = set(runs_with(conn, mounted.resource))
    after = runs_at(conn, mounted.station, mounted.at_ms, EVER_MS)
    return [run.code for run in after if run.code in used]


def _account(
    conn: Connection, starts: Mapping[str, int], found: list[Found], flows: list[Flow]
) -> Account:
    by_code = {lot.code: lot for lot in found}
    masses = {
        code: (at_ms, _mass_at(conn, by_code[code], at_ms))
        for code, at_ms in starts.items()
        if code in by_code
    }
    return account(masses, found, flows)


def _mass_at(conn: Connection, lot: Found, at_ms: int) -> int:
    """The mass of a lot at a moment, at its birth if that is later; without a past: what it is and gave."""
    history = load_stream(conn, f"lot:{lot.code}")
    taken_back = corrected_actions(history)
    kept = [e for e in history if e.kind != CORRECTED and e.action not in taken_back]
    before = [event for event in kept if event.at_ms < at_ms] or kept[:1]
    then = replay(before)
    if then is not None:
        return then.amount.mass_mg
    return lot.mass_mg + sum(flow.mass_mg for flow in flows_from(conn, lot.code, at_ms))
