"""Record a check of the control plan. A reading that is out does what the reaction plan says, in the same action.

Readings that cannot be, or are not what the plan asks for, are refused, and kept as refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.call_help import call_help
from mes_server.actions.gather_evidence import last_work
from mes_server.actions.judge_process import judge_noted
from mes_server.actions.keep_gauge_lines import with_lines
from mes_server.actions.keep_studies import against_gauge
from mes_server.actions.make_lots import split_off
from mes_server.actions.record_events import Act, Book
from mes_server.actions.release_product import stands
from mes_server.actions.trace_lots import trace
from mes_server.domain import lots
from mes_server.domain.checks import (
    OUT,
    RECORDED,
    VOIDED,
    Reading,
    as_kept,
    impossible,
    incomplete,
    readings_from,
    stream_of,
    verdict_of,
)
from mes_server.domain.control_plan import CHARGE, LOT, Characteristic, Plan, plan_of
from mes_server.domain.days import utc_day
from mes_server.domain.gauge_lines import Asked
from mes_server.domain.genealogy import FORWARD
from mes_server.domain.lots import SHIPPED_OUT, Lot
from mes_server.domain.recalls import LOT as LOT_ITSELF
from mes_server.domain.recalls import STATION, Suspicion
from mes_server.domain.rules import Refusal
from mes_server.domain.texts import text_is_no_script
from mes_server.store.checks import list_checks, load_check
from mes_server.store.documents import load_named
from mes_server.store.lots import load_lot
from mes_server.store.numbering import next_code
from mes_server.store.plans import plan_for
from mes_server.store.runs import load_run, lots_of_run
from mes_server.store.stations import load_station
from schemas.limit_rows import load_rows, row_at


@dataclass(frozen=True, slots=True)
class Checking:
    """What was measured. `plan`: of a check of a station alone, "CP-7/B"; else that of the lot or run counts.

    `part`: of such a check, where the plan is for several.

    `readings`: {value, position, piece, line} as written; `line`: of a gauge. `rejected`: pieces found bad; `sort`: they become a lot of
    their own, which is held, and the rest goes on. `sample`: pieces looked at for an attribute.
    """

    characteristic: str
    lot: str = ""
    run: str = ""
    plan: str = ""
    part: str = ""
    gauge: str = ""
    readings: Sequence[Mapping[str, Any]] = ()
    sample: int = 0
    rejected: int = 0
    sort: bool = False
    temperature_c: str = ""
    note: str = ""
    source: str = "api"


@dataclass(frozen=True, slots=True)
class _Meant:
    """What a Checking is about."""

    plan: Plan
    line: Characteristic
    lot: Lot | None
    run: str
    part: str


def record_check(book: Book, said: Checking) -> list[Refusal] | list[str]:
    """The number of the check and, of pieces that were sorted out, their lot; or why it is refused."""
    meant, readings, refused = look_at(book.conn, book.act, said)
    if refused or meant is None:
        return refused
    verdict = verdict_of(meant.line, readings, said.rejected)
    code, mark = next_code(book.conn, "check", book.act.at_ms), book.mark()
    facts = {
        "check": code, "plan": meant.plan.name, "characteristic": meant.line.id, "operation": meant.line.operation,
        "moment": meant.line.moment, "lot": meant.lot.code if meant.lot else "", "run": meant.run, "part": meant.part,
        "gauge": said.gauge,
        "readings": [as_kept(one) for one in readings],
        "sample": said.sample or len(readings), "rejected": said.rejected, "verdict": verdict, "source": said.source,
        "temperature_c": said.temperature_c, "note": said.note,
    }  # fmt: skip
    book.note(stream_of(book.act.place), RECORDED, **facts)
    done = [code] if verdict != OUT else _react(book, said, meant, code)
    if any(isinstance(one, Refusal) for one in done):
        book.forget_since(mark)
    else:
        judge_noted(book, meant.line, facts)
    return done


def look_at(
    conn: Connection, act: Act, said: Checking
) -> tuple[_Meant | None, list[Reading], list[Refusal]]:
    """What a check is about, its readings, and every reason against it; nothing is written."""
    refused = text_is_no_script({"note": said.note, "gauge": said.gauge})
    meant = _understand(conn, act.at_ms, said)
    if not isinstance(meant, _Meant):
        return None, [], refused + meant
    readings, wrong = readings_from(said.readings)
    asked = Asked(act.place, meant.line.unit, said.gauge)
    readings, unfit = with_lines(conn, readings, asked, said.source)
    refused += unfit
    refused += wrong + _place_is_known(conn, act.place) + _still_open(conn, meant)
    refused += _sampled(meant.line, said, readings, act.at_ms) if not wrong else []
    refused += against_gauge(conn, said.gauge, meant.line, act.at_ms)
    return meant, readings, refused


def void_check(book: Book, code: str, reason: str) -> list[Refusal]:
    """The check counts for nothing from now on; it stays as it was written. What it held stays held."""
    found = load_check(book.conn, code)
    if found is None:
        return [Refusal("check_is_known", {"check": code})]
    refused = [] if reason.strip() else [Refusal("reason_is_given", {})]
    if found.voided:
        refused.append(Refusal("check_counts", {"check": code, "reason": found.voided}))
    if not refused:
        book.note(stream_of(found.place), VOIDED, reason, check=code)
    return refused


def _understand(conn: Connection, at_ms: int, said: Checking) -> _Meant | list[Refusal]:
    lot = None
    if said.lot:
        lot = load_lot(conn, said.lot)
        if lot is None:
            return [Refusal("lot_is_known", {"lot": said.lot})]
    run_code = said.run or (lot.run if lot else "")
    run = load_run(conn, run_code) if run_code else None
    if run_code and run is None:
        return [Refusal("run_is_known", {"run": run_code})]
    if run is not None and lot is None:
        inside = [load_lot(conn, code) for code, _ in lots_of_run(conn, run.code)]
        of_run = next((one for one in inside if one is not None), None)
        plan = _plan(conn, said, of_run, run.opened_ms)
    else:
        of_run = lot
        plan = _plan(conn, said, lot, run.opened_ms if run else at_ms)
    if plan is None:
        return [Refusal("plan_is_in_force", {"lot": said.lot, "run": said.run, "plan": said.plan})]
    line = plan.find(said.characteristic)
    if line is None or not line.is_recorded:
        facts = {"characteristic": said.characteristic, "plan": plan.name}
        return [Refusal("characteristic_is_planned", facts)]
    part = of_run.part if of_run is not None else _part_of(plan, said)
    return _of_run(conn, _Meant(plan, line, lot, run.code if run else "", part))


def _part_of(plan: Plan, said: Checking) -> str:
    if said.part in plan.parts:
        return said.part
    return plan.parts[0] if len(plan.parts) == 1 else ""


def _plan(conn: Connection, said: Checking, lot: Lot | None, at_ms: int) -> Plan | None:
    if lot is not None:
        return plan_for(conn, lot.part, lot.route, at_ms)
    document = load_named(conn, "plan", said.plan)
    return plan_of(document) if document is not None and document.is_in_force(at_ms) else None


def _of_run(conn: Connection, meant: _Meant) -> _Meant | list[Refusal]:
    """With the run it is of: of a lot that is in none, the one it came out of."""
    line = meant.line
    if line.each not in (LOT, CHARGE) or line.moment in ("first_off", "restart", "challenge"):
        return meant
    if meant.lot is None and (line.each == LOT or not meant.run):
        return [Refusal("check_names_its_lot", {"characteristic": line.id})]
    run = load_run(conn, meant.run) if meant.run else None
    if run is not None and run.operation == line.operation:
        return meant
    works = last_work(conn, meant.lot.code) if meant.lot else []
    known = [one.run.code for one in works if one.run.operation == line.operation]
    if not known:
        facts = {"characteristic": line.id, "operation": line.operation}
        return [Refusal("check_is_of_operation", facts)]
    return _Meant(meant.plan, line, meant.lot, known[-1], meant.part)


def _place_is_known(conn: Connection, place: str) -> list[Refusal]:
    if not place or place in ("lab", "office") or load_station(conn, place) is not None:
        return []
    return [Refusal("station_is_known", {"station": place})]


def _still_open(conn: Connection, meant: _Meant) -> list[Refusal]:
    """A lot that is released or gone is judged no more by what is written afterwards."""
    if meant.lot is None:
        return []
    if meant.lot.status != SHIPPED_OUT and not stands(conn, meant.lot.code):
        return []
    facts = {"lot": meant.lot.code, "shipment": meant.lot.shipment}
    return [Refusal("lot_is_not_released", facts)]


def _sampled(
    line: Characteristic, said: Checking, readings: list[Reading], at_ms: int
) -> list[Refusal]:
    widths, factor = _plausible(at_ms)
    refused = incomplete(line, readings) + impossible(line, readings, widths, factor)
    if line.kind == "attribute" and said.sample < line.sample:
        facts = {"characteristic": line.id, "sample": str(line.sample), "told": str(said.sample)}
        refused.append(Refusal("sample_is_whole", facts))
    if said.rejected > max(said.sample, len(readings)):
        refused.append(Refusal("rejects_are_of_the_sample", {"rejected": str(said.rejected)}))
    if said.sort and (not said.lot or not said.rejected):
        refused.append(Refusal("sorted_out_of_a_lot", {"characteristic": line.id}))
    return refused


def _plausible(at_ms: int) -> tuple[Decimal, Decimal]:
    row = row_at(_plausibility_rows(), utc_day(at_ms))
    return Decimal(row["widths"]), Decimal(row["factor"])


@cache
def _plausibility_rows() -> list[dict[str, Any]]:
    return load_rows("plausibility")


def _react(book: Book, said: Checking, meant: _Meant, code: str) -> list[Refusal] | list[str]:
    """What the reaction plan of a line does by itself when it is out."""
    made, line = [code], meant.line
    reason = f"{code} {line.id}"
    if said.sort and meant.lot is not None:
        bad = split_off(book, meant.lot.code, [(said.rejected, 0)])
        if any(isinstance(one, Refusal) for one in bad):
            return [one for one in bad if isinstance(one, Refusal)]
        made += [str(one) for one in bad]
        for one in made[1:]:
            book.note(f"lot:{one}", lots.HELD, reason)
    elif "hold" in line.reactions:
        for one in _suspects(book, meant):
            book.note(f"lot:{one}", lots.HELD, reason)
    if "call" in line.reactions and load_station(book.conn, book.act.place) is not None:
        call_help(book, book.act.place)
    return made


def _suspects(book: Book, meant: _Meant) -> list[str]:
    """The lots that a check which is out speaks against: its lot and all made of it since, those of its run; of a station all that it did
    since the last good check of the same."""
    conn = book.conn
    if meant.lot is not None:
        codes = {
            one.code for one in trace(conn, Suspicion(LOT_ITSELF, meant.lot.code), FORWARD).lots
        }
    elif meant.run:
        history = book.noted(f"charge:{meant.run}")
        codes = {code for code, _ in lots_of_run(conn, meant.run)}
        for event in history:
            codes |= set(event.facts().get("made", ()))
    else:
        codes = _since_last_good(book, meant)
    found = ((code, book.lot(code)) for code in sorted(codes))
    return [
        code
        for code, lot in found
        if lot is not None and lot.status in (lots.ACTIVE, lots.RUNNING) and lot.kind != "waste"
    ]


def _since_last_good(book: Book, meant: _Meant) -> set[str]:
    conn, place, now_ms = book.conn, book.act.place, book.act.at_ms
    before = list_checks(conn, 0, now_ms, place=place, characteristic=meant.line.id)
    good = [one for one in before if one.has_passed]
    since_ms = good[-1].at_ms if good else 0
    found = trace(conn, Suspicion(STATION, place, since_ms, now_ms), FORWARD)
    return {one.code for one in found.lots}
