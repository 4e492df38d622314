"""A worker scans a lot at a station: it is loaded, or every reason why not is told. Each scan once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine

from mes_server.actions.answer_scan import (
    ACCEPTED,
    LATE_MS,
    LOAD,
    REFUSED,
    REVIEW,
    Answer,
    answer_once,
    tell,
)
from mes_server.actions.change_process import unreviewed_at
from mes_server.actions.gather_baths import untitrated
from mes_server.actions.gather_evidence import evidence_for, last_work
from mes_server.actions.gather_furnace import furnace_standing
from mes_server.actions.handle_lots import split_lot
from mes_server.actions.make_lots import some_of
from mes_server.actions.own_time import out_of_its_time
from mes_server.actions.read_code import read_code
from mes_server.actions.ready_station import name_resource, unfit_resources
from mes_server.actions.record_events import Act, Book
from mes_server.actions.run_charge import load_lot_into
from mes_server.domain.amounts import Amount
from mes_server.domain.days import utc_day
from mes_server.domain.lots import Lot
from mes_server.domain.routes import Operation, Route, next_operations
from mes_server.domain.rules import Place, Refusal, ScanAttempt, Worker, is_heavy, refusals
from mes_server.domain.scan_codes import LOT, Scanner, expected
from mes_server.domain.texts import text_is_no_script
from mes_server.store.ledger import load_stream
from mes_server.store.lines import load_line
from mes_server.store.lots import load_lot, lots_in_run
from mes_server.store.routes import load_route
from mes_server.store.runs import last_run_at, open_run_at, was_heavy
from mes_server.store.stations import load_station
from schemas.limit_rows import load_rows, row_at

__all__ = ["ACCEPTED", "LATE_MS", "REFUSED", "REVIEW", "Answer", "Scan", "scan_lot"]


@dataclass(frozen=True, slots=True)
class Scan:
    """What the tablet sends. `code`: the lot's, as scanned. `at_ms`: when, by the tablet's clock.

    `operation`: chosen by the worker where several may come next, "" to let the station decide.
    `unplanned`: the reason for work that the route does not ask for now. `facts`: of the run it opens.
    `part`: so many pieces and mg of the lot, and the rest stays; None: all of it.
    `scanner`: what is known of how it writes codes.
    """

    id: str
    code: str
    station: str
    at_ms: int
    operation: str = ""
    unplanned: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    part: tuple[int, int] | None = None
    scanner: Scanner = field(default_factory=Scanner)


def scan_lot(engine: Engine, scan: Scan, worker: Worker, now_ms: int) -> Answer:
    """Answer a scan, and record the answer. Raises StoreFault: nothing happened, send it again."""
    act = Act(scan.id, worker.badge, scan.station, scan.at_ms, now_ms)
    return answer_once(
        engine,
        act,
        lambda book: _answer(book, scan, worker),
        lambda _, facts: facts.get("scanned") == scan.code,
    )


def _answer(book: Book, scan: Scan, worker: Worker) -> Answer:
    scan, told = _named(book.conn, scan)
    found = _understand(book.conn, scan)
    lot_code, operation_code, run = scan.code, scan.operation, ""
    if isinstance(found, Refusal):
        told.append(found)
    else:
        lot, route, operation, place = found
        lot_code, operation_code = lot.code, operation.code
        heavy_ppm_max = heavy_limit(scan.at_ms)
        part, missing = _part(lot, scan.part)
        told += missing
        attempt = ScanAttempt(
            replace(lot, amount=part), route, operation, worker, _seen(book.conn, place), scan.at_ms,
            scan.unplanned, str(scan.facts.get("recipe", "")), heavy_ppm_max,
            _finished_ms(book.conn, lot.code) if operation.wait_max_ms else None,
            evidence_for(book.conn, lot, operation.code, (scan.station, worker.badge, scan.at_ms)),
        )  # fmt: skip
        told += [_with_who(book.conn, refusal, lot.code) for refusal in refusals(attempt)]
        told += out_of_its_time(book.conn, lot.code, scan.station, scan.at_ms, book.act.now_ms)
        if not told:
            if part != lot.amount:
                lot_code = str(split_lot(book, lot.code, [part])[0])
            heavy = is_heavy(lot, heavy_ppm_max)
            run = load_lot_into(book, lot_code, operation, scan.facts, heavy)
    said = {"lot": lot_code, "run": run, "operation": operation_code, "scanned": scan.code}
    return tell(book, told, scan.unplanned, what=LOAD, sent_by=worker.sent_by, **said)


def _named(conn: Connection, scan: Scan) -> tuple[Scan, list[Refusal]]:
    """The scan with its resources as the records call them, and why some of its texts are not taken."""
    said = dict(scan.facts.get("resources", {}))
    named = {role: name_resource(conn, str(what), scan.scanner) for role, what in said.items()}
    refused = [one for one in named.values() if isinstance(one, Refusal)]
    fields = {name: scan.facts.get(name) for name in ("recipe", "position")}
    refused += text_is_no_script({"unplanned": scan.unplanned, "roles": list(said), **fields})
    return (scan if refused else replace(scan, facts={**scan.facts, "resources": named})), refused


def heavy_limit(at_ms: int) -> int:
    """The Dy/Tb share in ppm up to which a lot counts as free of them, as in force at that time."""
    return int(row_at(_clearance_rows(), utc_day(at_ms))["heavy_ppm_max"])


@cache
def _clearance_rows() -> list[dict[str, Any]]:
    return load_rows("line_clearance")


def _part(lot: Lot, much: tuple[int, int] | None) -> tuple[Amount, list[Refusal]]:
    if much is None or lot.amount.is_nothing:
        return lot.amount, []
    part, refused = some_of(lot, *much)
    return (lot.amount if refused else part), refused


def _understand(conn: Connection, scan: Scan) -> tuple[Lot, Route, Operation, Place] | Refusal:
    """What the scan means; a refusal where it means nothing."""
    read = read_code(conn, scan.code, scan.scanner)
    if isinstance(read, Refusal):
        return read
    other = expected(read, (LOT,))
    if other is not None:
        return other
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
        following = ", ".join(next_operations(route, lot.done, lot.first))
        facts = {"station": scan.station, "next": following}
        return Refusal(
            "operation_is_next", facts | {"operation": scan.operation, "route": route.name}
        )
    line = load_line(conn, scan.station)
    mounted = {**line.mounted, **dict(scan.facts.get("resources", {}))}
    place = Place(
        scan.station, station.type, "" if station.online else "offline", line.locked,
        inside=tuple(lots_in_run(conn, run.code)) if run else (),
        operation=run.operation if run else "",
        recipe=run.recipe if run else "",
        mounted=mounted,
        unfit=unfit_resources(conn, mounted, scan.at_ms),
        furnace=furnace_standing(conn, scan.station, scan.at_ms),
        untitrated=untitrated(conn, mounted.values(), scan.at_ms),
        unreviewed=unreviewed_at(conn, scan.station, operation.code, scan.at_ms),
    )  # fmt: skip
    return lot, route, operation, place


def _operation(
    route: Route, lot: Lot, scan: Scan, station_type: str, running: str
) -> Operation | None:
    """The operation that is meant: the chosen one, that of the open run, or what may come next here."""
    named = scan.operation or running
    if named:
        return route.operations.get(named)
    here = [code for code, o in route.operations.items() if station_type in o.station_types]
    following = [code for code in next_operations(route, lot.done, lot.first) if code in here]
    meant = following or here
    return route.operations[meant[0]] if meant else None


def _seen(conn: Connection, place: Place) -> Place:
    """The place with what ran there last, unless the line was cleared since."""
    last = last_run_at(conn, place.station)
    if last is None:
        return place
    if load_line(conn, place.station).cleared_ms >= (last.closed_ms or last.opened_ms):
        return place
    return replace(place, heavy=was_heavy(conn, last.code))


def _finished_ms(conn: Connection, code: str) -> int | None:
    """When the last operation of a lot ended; of what was split off or put together: of its parents."""
    return min((work.ended_ms for work in last_work(conn, code)), default=None)


def _with_who(conn: Connection, refusal: Refusal, code: str) -> Refusal:
    """Who was quicker, and when: told to the one who came second."""
    if refusal.rule != "lot_is_here":
        return refusal
    last = load_stream(conn, f"lot:{code}")[-1]
    return Refusal(
        refusal.rule,
        refusal.facts | {"by": last.person, "at_ms": str(last.at_ms), "where": last.place},
    )
