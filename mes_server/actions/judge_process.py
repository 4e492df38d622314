"""Judge the process by its control chart after a check: out of control, the reaction plan is carried out.

IATF 16949:2016 9.1.1.1: for characteristics that are not stable or capable the reaction plan is started, with
containment where it says so.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from mes_server.actions.record_events import Book
from mes_server.domain import lots
from mes_server.domain.checks import Check
from mes_server.domain.control_plan import Characteristic
from mes_server.domain.process import process_of, reaction_of, subgroups_needed
from mes_server.domain.spc import CannotChart
from mes_server.store.subgroups import Sought, newest_subgroups

UNSTABLE = "process_unstable"
_WINDOW = 100  # subgroups that the limits come of


@dataclass(frozen=True, slots=True)
class Judged:
    """What the chart said of a check: rules that it breaks, the checks in doubt, the lots that were held."""

    rules: tuple[str, ...]
    checks: tuple[str, ...]
    held: tuple[str, ...]


def judge_process(
    book: Book, check: Check, line: Characteristic, rule_set: str = "aiag"
) -> Judged | None:
    """Note what the newest check breaks on its chart, and hold the lots in doubt where the plan says hold.

    None: nothing, or too few subgroups to have limits of. `check` may be one that the same action has noted.
    """
    sought = Sought(check.part, check.characteristic, check.place)
    before = newest_subgroups(book.conn, sought, _WINDOW, check.at_ms)
    checks = [*(one for one in before if one.code != check.code), check]
    try:
        process = process_of(checks, rule_set=rule_set)
    except CannotChart:
        return None
    if process.checks[-1].code != check.code or len(process.checks) < subgroups_needed(_day(check)):
        return None
    reaction = reaction_of(process.chart)
    if reaction is None:
        return None
    doubted = process.checks[reaction.first :]
    found = ((code, book.lot(code)) for code in sorted({one.lot for one in doubted if one.lot}))
    here = [code for code, lot in found if lot and lot.status in (lots.ACTIVE, lots.RUNNING)]
    held = here if "hold" in line.reactions else []
    codes = tuple(dict.fromkeys(one.code for one in doubted))
    book.note(
        sought.stream, UNSTABLE, check=check.code, rule_set=rule_set, rules=list(reaction.rules),
        checks=list(codes), held=held, place=check.place,
    )  # fmt: skip
    for code in held:
        book.note(f"lot:{code}", lots.HELD, f"{line.id} out of control ({check.code})")
    return Judged(reaction.rules, codes, tuple(held))


def _day(check: Check) -> str:
    return datetime.fromtimestamp(check.at_ms / 1000, UTC).date().isoformat()
