"""A worker scans a lot at a station: it is loaded, or every reason why not is told. Each scan once.

The answer is recorded with the scan's own id, made on the tablet: a scan that comes again, because the
network was gone when it was answered, gets its first answer and does nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Engine

from mes_server.actions.read_code import read_code
from mes_server.actions.record_events import Act, Book
from mes_server.actions.run_charge import load_lot_into
from mes_server.domain.lots import UNLOADED, Lot
from mes_server.domain.routes import Operation, Route, next_operations
from mes_server.domain.rules import Place, Refusal, ScanAttempt, Worker, is_heavy, refusals
from mes_server.domain.scan_codes import Scanner, expected
from mes_server.store.ledger import list_action, load_stream
from mes_server.store.lots import load_lot, lots_in_run
from mes_server.store.routes import load_route
from mes_server.store.runs import last_run_at, open_run_at, was_heavy
from mes_server.store.stations import load_station
from mes_server.store.transaction import writing

ACCEPTED, REFUSED, REVIEW = "scan_accepted", "scan_refused", "scan_to_review"
CLEARED = "line_cleared"
LATE_MS = 300_000  # a scan so old was made offline: if refused, a person looks at it


@dataclass(frozen=True, slots=True)
class Scan:
    """What the tablet sends. `code`: the lot's, as scanned. `at_ms`: when, by the tablet's clock.

    `operation`: chosen by the worker where several may come next, "" to let the station decide.
    `unplanned`: the reason for work that the route does not ask for now. `facts`: of the run it opens.
    `scanner`: how the site's scanners are set up.
    """

    id: str
    code: str
    station: str
    at_ms: int
    operation: str = ""
    unplanned: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    scanner: Scanner = field(default_factory=Scanner)


@dataclass(frozen=True, slots=True)
class Answer:
    """`outcome`: ACCEPTED, REFUSED or REVIEW. `again`: the scan was answered before."""

    outcome: str
    lot: str
    run: str = ""
    operation: str = ""
    refusals: tuple[Refusal, ...] = ()
    again: bool = False


def scan_lot(
    engine: Engine, scan: Scan, worker: Worker, now_ms: int, heavy_ppm_max: int = 0
) -> Answer:
    """Answer a scan, and record the answer. Raises StoreFault: nothing happened, send it again.

    Of two workers on one lot one is quicker; the other hears of it.
    """
    with writing(engine) as conn:
        act = Act(scan.id, worker.badge, scan.station, scan.at_ms, now_ms)
        book = Book(conn, act)
        return _first_answer(conn, scan) or _answer(book, scan, worker, heavy_ppm_max)


def _first_answer(conn: Connection, scan: Scan) -> Answer | None:
    for event in list_action(conn, scan.id):
        if event.kind in (ACCEPTED, REFUSED, REVIEW):
            facts = event.facts()
            told = tuple(Refusal(r["rule"], r["facts"]) for r in facts["refusals"])
            return Answer(event.kind, facts["lot"], facts["run"], facts["operation"], told, True)
    return None


def _answer(book: Book, scan: Scan, worker: Worker, heavy_ppm_max: int) -> Answer:
    found = _understand(book.conn, scan)
    told: list[Refusal] = []
    lot_code, operation_code, run = scan.code, scan.operation, ""
    if isinstance(found, Refusal):
        told = [found]
    else:
        lot, route, operation, place = found
        lot_code, operation_code = lot.code, operation.code
        attempt = ScanAttempt(
            lot, route, operation, worker, _seen(book.conn, place), scan.at_ms,
            scan.unplanned, heavy_ppm_max, _finished_ms(book.conn, lot.code),
        )  # fmt: skip
        told = [_with_who(book.conn, refusal, lot.code) for refusal in refusals(attempt)]
        if not told:
            heavy = is_heavy(lot, heavy_ppm_max)
            run = load_lot_into(book, lot.code, operation, scan.facts, heavy)
    late = book.act.now_ms - scan.at_ms > LATE_MS
    outcome = ACCEPTED if not told else REVIEW if late else REFUSED
    said = {"lot": lot_code, "run": run, "operation": operation_code, "scanned": scan.code}
    stream = f"scans:{scan.station}"
    book.note(stream, outcome, scan.unplanned, refusals=[asdict(r) for r in told], **said)
    book.close()
    return Answer(outcome, lot_code, run, operation_code, tuple(told))


def _understand(conn: Connection, scan: Scan) -> tuple[Lot, Route, Operation, Place] | Refusal:
    """What the scan means; a refusal where it means nothing."""
    read = read_code(conn, scan.code, scan.scanner)
    if isinstance(read, Refusal):
        return read
    refusal = expected(read, ("lot",))
    if refusal is not None:
        return refusal
    code = read.value
    lot = load_lot(conn, code)
    if lot is None:
        return Refusal("lot_is_known", {"lot": code})
    station = load_station(conn, scan.station)
    if station is None or station.type is None:
        return Refusal("station_is_known", {"station": scan.station})
    route = load_route(conn, lot.route)
    if route is None:
        return Refusal("route_is_released", {"lot": code, "route": lot.route})
    run = open_run_at(conn, scan.station)
    operation = _operation(route, lot, scan, station.type, run.operation if run else "")
    if operation is None:
        facts = {"station": scan.station, "next": ", ".join(next_operations(route, lot.done))}
        return Refusal(
            "operation_is_next", facts | {"operation": scan.operation, "route": route.name}
        )
    fault = "" if station.online else "offline"
    inside = tuple(lots_in_run(conn, run.code)) if run else ()
    return lot, route, operation, Place(scan.station, station.type, fault, None, inside)


def _operation(
    route: Route, lot: Lot, scan: Scan, station_type: str, running: str
) -> Operation | None:
    """The operation that is meant: the chosen one, that of the open run, or what may come next here."""
    named = scan.operation or running
    if named:
        return route.operations.get(named)
    here = [code for code, o in route.operations.items() if station_type in o.station_types]
    following = [code for code in next_operations(route, lot.done) if code in here]
    meant = following or here
    return route.operations[meant[0]] if meant else None


def _seen(conn: Connection, place: Place) -> Place:
    """The place with what ran there last, unless the line was cleared since."""
    last = last_run_at(conn, place.station)
    if last is None:
        return place
    cleared = [e.at_ms for e in load_stream(conn, f"line:{place.station}") if e.kind == CLEARED]
    if cleared and cleared[-1] >= (last.closed_ms or last.opened_ms):
        return place
    return replace(place, heavy=was_heavy(conn, last.code))


def _finished_ms(conn: Connection, code: str) -> int | None:
    ends = [e.at_ms for e in load_stream(conn, f"lot:{code}") if e.kind == UNLOADED]
    return ends[-1] if ends else None


def _with_who(conn: Connection, refusal: Refusal, code: str) -> Refusal:
    """Who was quicker, and when: told to the one who came second."""
    if refusal.rule != "lot_is_here":
        return refusal
    last = load_stream(conn, f"lot:{code}")[-1]
    return Refusal(
        refusal.rule,
        refusal.facts | {"by": last.person, "at_ms": str(last.at_ms), "where": last.place},
    )
