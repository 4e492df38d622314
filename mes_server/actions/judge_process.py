"""Judge the process by its control chart after a check: out of control, the reaction plan is carried out.

IATF 16949:2016 9.1.1.1: for characteristics that are not stable or capable the reaction plan is started, with
containment where it says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mes_server.actions.call_help import call_help
from mes_server.actions.record_events import Book
from mes_server.actions.trace_lots import reached_from
from mes_server.domain import lots
from mes_server.domain.checks import Check, check_of
from mes_server.domain.control_plan import Characteristic
from mes_server.domain.days import utc_day
from mes_server.domain.process import Process, Reaction, process_of, reaction_of, subgroups_needed
from mes_server.domain.recalls import LOT, Suspicion
from mes_server.domain.spc import CannotChart
from mes_server.domain.spc_rules import rules_of
from mes_server.store.runs import lots_of_run
from mes_server.store.stations import load_station
from mes_server.store.subgroups import Sought, alike, newest_subgroups, process_events

UNSTABLE = "process_unstable"
_WINDOW = 100  # subgroups that the limits come of


@dataclass(frozen=True, slots=True)
class Judged:
    """What the chart said of a check: rules that it breaks, the checks in doubt, the lots that were held."""

    rules: tuple[str, ...]
    checks: tuple[str, ...]
    held: tuple[str, ...]


def judge_noted(book: Book, line: Characteristic, facts: Mapping[str, Any]) -> Judged | None:
    """Judge the check whose facts the same action has noted, where its plan asks for a chart."""
    if line.chart is None:
        return None
    act = book.act
    made = (act.at_ms, act.now_ms, act.person, act.place)
    return judge_process(book, check_of(facts, made, act.id), line)


def judge_process(book: Book, check: Check, line: Characteristic) -> Judged | None:
    """Note what the newest check breaks on its chart, and do with the lots in doubt what the plan says.

    None: nothing, or too few subgroups to have limits of. `check` may be one that the same action has noted.
    """
    sought = Sought(check.part, check.characteristic, check.place)
    found = _newest(book, sought, check, line)
    if found is None:
        return None
    process, reaction = found
    doubted = process.checks[reaction.first :]
    codes = tuple(dict.fromkeys(one.code for one in doubted))
    held = _in_doubt(book, sought, doubted) if "hold" in line.reactions else []
    rule_set, day = _rule_set(line), utc_day(check.at_ms)
    book.note(
        sought.stream, UNSTABLE, check=check.code, rule_set=rule_set, rules=list(reaction.rules),
        checks=list(codes), held=held, place=check.place,
    )  # fmt: skip
    told = [rule.told for rule in rules_of(rule_set, day) if rule.id in reaction.rules]
    reason = f"{check.code} {line.id} out of control: {'; '.join(told)} ({rule_set})"
    for code in held:
        book.note(f"lot:{code}", lots.HELD, reason)
    if "call" in line.reactions and load_station(book.conn, check.place) is not None:
        call_help(book, check.place)
    return Judged(reaction.rules, codes, tuple(held))


def _rule_set(line: Characteristic) -> str:
    return line.chart.rule_set if line.chart is not None else "aiag"


def _newest(
    book: Book, sought: Sought, check: Check, line: Characteristic
) -> tuple[Process, Reaction] | None:
    """The chart that ends with the check, and what its last point asks for."""
    before = newest_subgroups(book.conn, sought, _WINDOW, check.at_ms)
    checks = alike(book.conn, [*(one for one in before if one.code != check.code), check])
    kind = line.chart.kind if line.chart is not None else ""
    try:
        process = process_of(checks, kind, _rule_set(line))
    except CannotChart:
        return None
    few = len({one.code for one in process.checks}) < subgroups_needed(process.day)
    if few or process.checks[-1].code != check.code:
        return None
    reaction = reaction_of(process.chart)
    return None if reaction is None else (process, reaction)


def _in_doubt(book: Book, sought: Sought, doubted: Sequence[Check]) -> list[str]:
    """The lots of these checks and all made of them since, but those that were held for it before: what was
    decided of them stands."""
    conn = book.conn
    before = {lot for event in process_events(conn, sought) for lot in event.facts()["held"]}
    measured = {one.lot for one in doubted if one.lot}
    for run in {one.run for one in doubted if one.run and not one.lot}:
        measured |= {code for code, _ in lots_of_run(conn, run)}
    reached = reached_from(conn, [Suspicion(LOT, code) for code in measured])
    found = ((code, book.lot(code)) for code in reached if code not in before)
    return [
        code
        for code, lot in found
        if lot is not None
        and lot.status in (lots.ACTIVE, lots.RUNNING)
        and lot.kind != "waste"
        and book.act.id not in lot.holds
    ]
