"""/api/v1 for checks: what the control plan asks for at a station now, and what was measured."""

from collections.abc import Iterable

from flask import Blueprint, Response
from sqlalchemy import Connection

from mes_server.actions import record_check as record
from mes_server.actions import stop_line as stop
from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED
from mes_server.actions.gather_evidence import due_of_place, due_of_run, due_of_work
from mes_server.actions.record_events import Act, Book
from mes_server.domain.charges import Run
from mes_server.domain.checks import Check
from mes_server.domain.control_plan import Characteristic, Plan, plan_of
from mes_server.domain.due import Due
from mes_server.domain.lots import ACTIVE, HELD, Lot
from mes_server.store.checks import list_checks, load_check
from mes_server.store.documents import load_current, load_named
from mes_server.store.ledger import list_action
from mes_server.store.lots import list_lots, load_lots
from mes_server.store.plans import acknowledged, any_plan, plan_for
from mes_server.store.runs import open_run_at, what_is_inside
from mes_server.store.stations import load_station
from mes_server.web import answers_checks as shapes
from mes_server.web.answers_scans import ScanAnswer
from mes_server.web.api import as_json, parameters
from mes_server.web.bodies import read_body
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.handling import carry, scanner
from mes_server.web.identity import access
from mes_server.web.page import now_ms
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.scans import moment_of, told, worker_of
from mes_server.web.site import this_site
from mes_server.web.work import waiting_here

check_pages = Blueprint("checks", __name__, url_prefix="/api/v1")
_ASKED_MAX = 40  # lots and parts looked at for one answer
_BEFORE_MAX = 10


@check_pages.post("/checks")
@needs("check")
@described(Operation("Record a check", shapes.CheckDoneAnswer, body=shapes.CheckBody))
def post_check() -> Response:
    """What was measured. A reading that is out does what the reaction plan says."""
    body = read_body(shapes.CheckBody)
    worker = worker_of(body.badge, "check")
    act = Act(body.act_id, worker.badge, body.station, moment_of(body.at), now_ms())
    names = (
        "characteristic",
        "run",
        "plan",
        "part",
        "sample",
        "rejected",
        "sort",
        "note",
        "source",
    )
    said = {name: getattr(body, name) for name in names}
    readings = [one.model_dump() for one in body.readings]
    asked = Ask("check", (body.lot,) if body.lot else (), body.characteristic, "", scanner())

    def acting(book: Book, codes: list[str]) -> object:
        lot = codes[0] if codes else ""
        checking = record.Checking(
            **said, lot=lot, readings=readings, gauge=body.gauge.strip().upper(),
            temperature_c=body.temperature_c,
        )  # fmt: skip
        return record.record_check(book, checking)

    answer = act_once(this_site().engine, act, asked, worker, acting)
    if answer.outcome != ACCEPTED:
        return told(body.act_id, answer)
    return as_json(_done(body.act_id, answer.made, answer.again))


def _done(act_id: str, made: tuple[str, ...], again: bool) -> shapes.CheckDoneAnswer:
    with this_site().reading() as conn:
        check = load_check(conn, made[0])
        if check is None:
            raise NotFound("check", made[0])
        line = _line(conn, check)
        events = list_action(conn, act_id)
    held = [e.stream.removeprefix("lot:") for e in events if e.kind == HELD]
    return shapes.CheckDoneAnswer(
        id=act_id, outcome="accepted", check=check.code, verdict=check.verdict,  # type: ignore[arg-type]
        held=held, sorted_out=list(made[1:]), again=again,
        reaction=dict(line.reaction) if line else {},
    )  # fmt: skip


@check_pages.get("/checks/<code>")
@needs("read")
@described(Operation("A check", shapes.CheckAnswer))
def get_check(code: str) -> Response:
    """One check with its readings."""
    with this_site().reading() as conn:
        found = load_check(conn, code)
        if found is None:
            raise NotFound("check", code)
        return as_json(check_answer(conn, found))


@check_pages.post("/checks/<code>/void")
@needs("correct")
@described(Operation("A check counts for nothing", ScanAnswer, body=shapes.VoidBody))
def post_void(code: str) -> Response:
    """It stays as it was written; what it held stays held."""
    body = read_body(shapes.VoidBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return record.void_check(book, code, body.reason)

    return carry(body, ("void_check", [], code), "correct", acting)


@check_pages.get("/lots/<code>/checks")
@needs("read")
@described(Operation("The checks of a lot", shapes.ChecksAnswer))
def of_lot(code: str) -> Response:
    """Those that name the lot, by time."""
    with this_site().reading() as conn:
        found = [check_answer(conn, one) for one in list_checks(conn, lot=code)]
    return as_json(shapes.ChecksAnswer(items=found))


@check_pages.post("/stations/<station_id>/stop")
@needs("scan")
@described(Operation("The line was stopped", ScanAnswer, body=shapes.VoidBody))
def post_stop(station_id: str) -> Response:
    """What runs next is verified first, where the control plan says so; the reason is needed."""
    body = read_body(shapes.VoidBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return stop.stop_line(book, station_id, body.reason)

    return carry(body, ("stop", [], station_id), "scan", acting)


@check_pages.post("/acknowledgements")
@needs("check")
@described(Operation("An instruction was read", ScanAnswer, body=shapes.AcknowledgeBody))
def post_acknowledged() -> Response:
    """Who acts has read this revision."""
    body = read_body(shapes.AcknowledgeBody)

    def acting(book: Book, _codes: list[str]) -> object:
        return stop.acknowledge(book, body.instruction)

    return carry(body, ("acknowledge", [], body.instruction), "check", acting)


DUE = Operation("What the control plans ask for at a station now", shapes.DuesAnswer)


@check_pages.get("/stations/<station_id>/due")
@needs("read", quiet=True)
@described(DUE)
def get_due(station_id: str) -> Response:
    """Of the lots in the open run, of those that wait, of those that came out last, and of the station."""
    parameters(DUE)
    with this_site().reading() as conn:
        return as_json(dues_at(conn, station_id))


def dues_at(conn: Connection, station_id: str) -> shapes.DuesAnswer:
    """Raises NotFound."""
    view = load_station(conn, station_id)
    if view is None:
        raise NotFound("station", station_id)
    items: list[shapes.DueAnswer] = []
    instructions: dict[str, shapes.InstructionAnswer] = {}
    if any_plan(conn):
        found, plans = _dues(conn, station_id, view.type or "")
        items = list({_key(one): one for one in found}.values())
        for plan, operation in plans:
            instructions |= {one.name: one for one in _instructions(conn, plan, operation)}
    return shapes.DuesAnswer(
        station=station_id,
        at=iso_text(now_ms()),
        items=items,
        instructions=list(instructions.values()),
    )


def _key(one: shapes.DueAnswer) -> tuple[str, ...]:
    return one.plan, one.characteristic, one.lot, one.run, one.part


def _dues(
    conn: Connection, station: str, station_type: str
) -> tuple[list[shapes.DueAnswer], list[tuple[Plan, str]]]:
    """The checks, and the plans with operations that are in question here."""
    run = open_run_at(conn, station)
    items, plans = [], {}
    here: list[tuple[Lot, str]] = []
    if run is not None:
        whole = Run(
            run.code, run.station, run.operation, run.opened_ms, run.recipe, None,
            tuple(what_is_inside(conn, run.code)),
        )  # fmt: skip
        lots = load_lots(conn, [one.lot for one in whole.lots])
        here += [(lot, run.operation) for lot in lots.values()]
        part = next(iter(lots.values())).part if lots else ""
        items += [_due(one, part) for one in due_of_run(conn, whole)]
    for group in waiting_here(conn, station_type):
        here += [(lot, group.operation.code) for lot in group.lots[:_ASKED_MAX]]
        for lot in group.lots[
            :_BEFORE_MAX
        ]:  # what the operation before owes stands in the way here
            items += [_due(one, lot.part) for one in due_of_work(conn, lot.code, now_ms())]
    for lot in list_lots(conn, limit=_ASKED_MAX, place=station, status=ACTIVE):
        items += [_due(one, lot.part) for one in due_of_work(conn, lot.code, now_ms())]
    for lot, operation in here:
        plan = plan_for(conn, lot.part, lot.route, now_ms())
        if plan is not None and (plan.name, operation, lot.part) not in plans:
            plans[plan.name, operation, lot.part] = (plan, operation)
            at = (station, lot.part, now_ms())
            items += [_due(one, lot.part) for one in due_of_place(conn, plan, operation, at)]
    return items, list(plans.values())


def _instructions(
    conn: Connection, plan: Plan, operation: str
) -> Iterable[shapes.InstructionAnswer]:
    who = access().person
    known = acknowledged(conn, who.badge) if who is not None else {}
    for one in plan.instructions:
        if one.operation != operation:
            continue
        found = (
            load_named(conn, "instruction", f"{one.code}/{one.revision}")
            if one.revision
            else load_current(conn, "instruction", one.code, now_ms())
        )
        if found is not None:
            yield shapes.InstructionAnswer(
                name=found.name, title=dict(found.content["title"]), operation=operation,
                text=dict(found.content["text"]), read=found.name in known,
            )  # fmt: skip


def _due(one: Due, part: str) -> shapes.DueAnswer:
    line = one.line
    return shapes.DueAnswer(
        plan=one.plan, characteristic=line.id, title=dict(line.title), symbol=line.symbol,
        kind=line.kind, quantity=line.quantity, unit=line.unit, **_limits(line),
        sample=line.sample, positions=list(line.positions), gauge=line.gauge,
        method=dict(line.method), moment=line.moment, why=one.why, state=one.state,  # type: ignore[arg-type]
        due_at=iso_text(one.due_ms) if one.due_ms else None, lot=one.lot, run=one.run, part=part,
        operation=line.operation, reaction=dict(line.reaction),
        last=one.last.code if one.last else "",
    )  # fmt: skip


def _limits(line: Characteristic) -> dict[str, str]:
    names = ("lower", "upper", "action_lower", "action_upper", "nominal")
    return {
        name: "" if getattr(line, name) is None else format(getattr(line, name), "f")
        for name in names
    }


def _line(conn: Connection, check: Check) -> Characteristic | None:
    document = load_named(conn, "plan", check.plan)
    return plan_of(document).find(check.characteristic) if document is not None else None


def check_answer(conn: Connection, one: Check) -> shapes.CheckAnswer:
    """A check as programs see it."""
    line = _line(conn, one)
    return shapes.CheckAnswer(
        check=one.code, at=iso_text(one.at_ms), person=one.person, place=one.place, plan=one.plan,
        characteristic=one.characteristic, title=dict(line.title) if line else {},
        unit=line.unit if line else "", operation=one.operation, moment=one.moment, lot=one.lot,
        run=one.run, part=one.part, gauge=one.gauge,
        readings=[
            shapes.ReadingAnswer(value=r.text, position=r.position, piece=r.piece, line=r.line, said=r.said)
            for r in one.readings
        ],
        sample=one.sample, rejected=one.rejected, temperature_c=one.temperature_c,
        verdict=one.verdict, source=one.source, note=one.note, voided=one.voided,  # type: ignore[arg-type]
    )  # fmt: skip
