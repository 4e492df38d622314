"""What people do at a station between runs: clear the line, mount a bath or a target, lock and unlock it."""

from collections.abc import Mapping

from sqlalchemy import Connection

from mes_server.actions.answer_scan import LATE_MS
from mes_server.actions.read_code import read_code
from mes_server.actions.record_events import Book
from mes_server.domain.cards import CONTAINER
from mes_server.domain.charges import USED
from mes_server.domain.codes import BadCode, parse_code
from mes_server.domain.lines import CLEARED, LOCKED, MOUNTED, UNLOCKED
from mes_server.domain.reviews import since
from mes_server.domain.rules import Refusal
from mes_server.domain.scan_codes import BATH, LOT, Scanner, expected
from mes_server.store.lines import load_line
from mes_server.store.lots import load_lots
from mes_server.store.runs import open_run_at, runs_at
from mes_server.store.stations import load_station

_SCANNER = Scanner()
_UNREADABLE = ("code_is_misread", "code_is_no_script", "label_is_good", "label_is_known")


def _stream(station: str) -> str:
    return f"line:{station}"


def _unknown(book: Book, station: str) -> list[Refusal]:
    found = load_station(book.conn, station)
    return [] if found is not None else [Refusal("station_is_known", {"station": station})]


def clear_line(book: Book, station: str, reason: str) -> list[Refusal]:
    """Nothing of what ran before is left at the station. `reason`: how it was done, may be empty."""
    refused = _unknown(book, station)
    run = open_run_at(book.conn, station)
    if run is not None:
        refused.append(Refusal("station_is_empty", {"station": station, "run": run.code}))
    if not refused:
        book.note(_stream(station), CLEARED, reason)
    return refused


def mount(
    book: Book, station: str, role: str, resource: str, scanner: Scanner = _SCANNER
) -> list[Refusal]:
    """From now on each run opened here uses the resource in this role; "" takes off what was there."""
    named = name_resource(book.conn, resource, scanner)
    if isinstance(named, Refusal):
        return [*_unknown(book, station), named]
    refused, resource = _unknown(book, station), named
    if not role.strip():
        refused.append(Refusal("role_is_given", {}))
    refused += _moved_on(book, station)
    unfit = unfit_resources(book.conn, {role: resource}, book.act.at_ms)
    if unfit:
        told = "; ".join(f"{what}: {why}" for what, why in unfit.items())
        refused.append(Refusal("resources_are_good", {"resources": told}))
    if not resource and role not in load_line(book.conn, station).mounted:
        refused.append(Refusal("resource_is_mounted", {"role": role, "station": station}))
    if not refused:
        book.note(_stream(station), MOUNTED, role=role, resource=resource)
        run = open_run_at(book.conn, station)
        if run is not None and resource:
            book.note(f"charge:{run.code}", USED, role=role, resource=resource)
    return refused


def lock_station(book: Book, station: str, reason: str) -> list[Refusal]:
    """Nothing is loaded here until it is unlocked."""
    refused = _unknown(book, station) + _without_reason(reason)
    if not refused:
        book.note(_stream(station), LOCKED, reason)
    return refused


def unlock_station(book: Book, station: str, reason: str) -> list[Refusal]:
    """Work may go on."""
    refused = _unknown(book, station) + _without_reason(reason) + _moved_on(book, station)
    if not load_line(book.conn, station).locked:
        refused.append(Refusal("station_is_locked", {"station": station}))
    if not refused:
        book.note(_stream(station), UNLOCKED, reason)
    return refused


def _moved_on(book: Book, station: str) -> list[Refusal]:
    """A refusal of what was told late, when something else was done at the station since."""
    at_ms, now_ms = book.act.at_ms, book.act.now_ms
    if now_ms - at_ms <= LATE_MS:
        return []
    later = since(book.noted(_stream(station)), at_ms)
    over = [run for run in runs_at(book.conn, station, at_ms, now_ms) if run.closed_ms is not None]
    if later is None and not over:
        return []
    by = "" if later is None else later.person
    last_ms = later.at_ms if later is not None else over[-1].closed_ms
    return [Refusal("station_is_as_it_was", {"station": station, "by": by, "at_ms": str(last_ms)})]


def _without_reason(reason: str) -> list[Refusal]:
    return [] if reason.strip() else [Refusal("reason_is_given", {})]


def name_resource(conn: Connection, text: str, scanner: Scanner = _SCANNER) -> str | Refusal:
    """What a resource is called in the records, however it was scanned: a recall must find it by one name.

    A lot by its code, not by its label; what is no code of ours (the number of a jig) as it is.
    """
    read = read_code(conn, text, scanner) if text else text
    if isinstance(read, Refusal):
        return read if read.rule in _UNREADABLE else text
    if isinstance(read, str):
        return read
    if read.kind in (LOT, BATH) and read.ours:
        return read.value
    return expected(read, (LOT, BATH, CONTAINER)) or (text.strip().upper() if read.ours else text)


def unfit_resources(conn: Connection, mounted: Mapping[str, str], at_ms: int) -> dict[str, str]:
    """Which of these resources may not be used, and why. What is no lot of ours (a jig) is not judged."""
    codes = [what for what in mounted.values() if _is_lot(what)]
    known = load_lots(conn, codes)
    unfit = {}
    for code in codes:
        lot = known.get(code)
        if lot is None:
            unfit[code] = "unknown"
        elif lot.holds:
            unfit[code] = "; ".join(sorted(lot.holds.values()))
        elif lot.expires_ms is not None and at_ms >= lot.expires_ms:
            unfit[code] = "expired"
        elif lot.amount.is_nothing:
            unfit[code] = lot.status
    return unfit


def _is_lot(text: str) -> bool:
    try:
        return parse_code(text).kind not in ("charge", "shipment")
    except BadCode:
        return False
