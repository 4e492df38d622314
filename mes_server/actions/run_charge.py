"""Runs of stations: open one, load lots into it, unload them, close it. The lots in it are its charge.

Streams: "charge:<code>" tells the run itself, the lots' streams that they went in and came out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mes_server.actions.record_events import Book
from mes_server.domain import lots
from mes_server.domain.amounts import NOTHING, Amount
from mes_server.domain.balance import Balance, balance
from mes_server.domain.charges import CLOSED, OPENED, PUT_IN, USED, Run, replay_run
from mes_server.domain.lots import Lot, born_with
from mes_server.domain.process_changes import TAGGED, stream_of
from mes_server.domain.routes import Operation
from mes_server.domain.rules import Refusal
from mes_server.store.changes_of_process import list_temporaries
from mes_server.store.lines import load_line
from mes_server.store.lots import lots_in_run
from mes_server.store.numbering import next_code
from mes_server.store.runs import last_run_at, load_run, open_run_at

UNBALANCED = "mass balance"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes out of a run for one lot that went in. `others`: coupon, scrap, swarf, with its amount."""

    lot: str
    product: Amount
    others: Sequence[tuple[str, Amount]] = field(default_factory=tuple)


def load_lot_into(
    book: Book, code: str, operation: Operation, facts: Mapping[str, Any], heavy: bool = False
) -> str:
    """Put a lot into the open run of the station of the Book's act, which is opened if there is none.

    The rules were asked before. `facts`: recipe and resources of a run that is opened, beside what is
    mounted at the station; `position` of the lot. `heavy`: it holds Dy/Tb. Answers with the code of the run.
    """
    conn, act = book.conn, book.act
    run = open_run_at(conn, act.place)
    last = last_run_at(conn, act.place)
    if run is None:
        book.not_before((last.closed_ms or 0) if last else 0)
        run = Run(next_code(conn, "charge", act.at_ms), act.place, operation.code, act.at_ms)
        said = {str(k): str(v) for k, v in dict(facts.get("resources", {})).items()}
        book.note(
            f"charge:{run.code}",
            OPENED,
            operation=operation.code,
            recipe=str(facts.get("recipe", "")) or operation.recipe,
            resources={**load_line(conn, act.place).mounted, **said},
        )
    else:
        book.not_before(run.opened_ms)
        _use(book, run.code, facts)
    position = str(facts.get("position", ""))
    book.note(f"lot:{code}", lots.LOADED, run=run.code, operation=run.operation, position=position)
    book.note(f"charge:{run.code}", PUT_IN, lot=code, heavy=heavy, position=position)
    for one in list_temporaries(conn, act.at_ms):
        if one.replaces(act.place, run.operation) and one.is_active(act.at_ms):
            book.note(stream_of(one.code), TAGGED, lot=code, run=run.code)
    return run.code


def _use(book: Book, run: str, facts: Mapping[str, Any]) -> None:
    """What comes to an open run with a lot, such as its jig, belongs to the run from then on."""
    known = replay_run(book.noted(f"charge:{run}"))
    for role, resource in sorted(dict(facts.get("resources", {})).items()):
        if known is not None and (str(role), str(resource)) not in known.resources:
            book.note(f"charge:{run}", USED, role=str(role), resource=str(resource))


def unload(
    book: Book, code: str, operation: Operation, outcomes: Sequence[Outcome]
) -> list[Refusal] | Balance:
    """Everything comes out of a run, and it is closed. A mass that does not add up holds what came out, and so
    does a hold of the lot that it is made of.

    `outcomes`: one for each lot in it. Where the operation makes another kind of lot, each becomes a
    new one; else it goes on under its code.
    """
    conn = book.conn
    run = load_run(conn, code)
    if run is None or run.closed_ms is not None:
        return [Refusal("run_is_open", {"run": code})]
    inside = {lot.code: lot for lot in lots_in_run(conn, code)}
    told = [outcome.lot for outcome in outcomes]
    if sorted(told) != sorted(inside):
        facts = {"run": code, "lots": ", ".join(sorted(inside)), "told": ", ".join(told)}
        return [Refusal("every_lot_is_told", facts)]
    made: dict[str, Lot] = {}
    for outcome in outcomes:
        lot = inside[outcome.lot]
        made |= dict.fromkeys(_come_out(book, lot, run, operation, outcome), lot)
    went_in = [lot.amount for lot in inside.values()]
    came_out = [a for o in outcomes for a in (o.product, *(other for _, other in o.others))]
    kept = balance(went_in, came_out, operation)
    masses = {
        "in_mg": kept.in_mg, "out_mg": kept.out_mg, "tolerance_mg": kept.tolerance_mg,
        "missing_mg": kept.missing_mg,
    }  # fmt: skip
    book.note(f"charge:{code}", CLOSED, lots=sorted(inside), made=list(made), **masses)
    for new, lot in made.items():
        reasons = [UNBALANCED] * (not kept.is_kept)
        if new != lot.code:  # what is made of a held lot is held for the same reasons
            reasons += sorted(set(lot.holds.values()))
        if reasons:
            book.note(f"lot:{new}", lots.HELD, "; ".join(reasons))
    return kept


def _come_out(book: Book, lot: Lot, run: Run, operation: Operation, outcome: Outcome) -> list[str]:
    """The codes of the product lots that one lot becomes."""
    stream = f"lot:{lot.code}"
    left = NOTHING if operation.makes else outcome.product
    book.note(stream, lots.UNLOADED, run=run.code, amount=left.as_content())
    first = "" if lot.first == operation.code else lot.first
    done = {"done": [*lot.done, operation.code], "first": first}
    for form, amount in outcome.others:
        kind = "coupon" if form == "coupon" else "waste"
        made = born_with(lot, amount, kind) | {"done": [], "route": "", "first": ""}
        _make(book, lot.code, made | {"run": run.code}, form)
    if not operation.makes:
        return [lot.code]
    if outcome.product.is_nothing:
        return []
    made = born_with(lot, outcome.product, operation.makes) | done | {"run": run.code}
    made["expires_ms"] = None  # a shelf life is that of the stuff that went in
    return [_make(book, lot.code, made, "run")]


def _make(book: Book, parent: str, made: Mapping[str, Any], why: str) -> str:
    """A new lot from a run. The edge carries what came out: of what went in, nobody can tell apart."""
    code = next_code(book.conn, made["kind"], book.act.at_ms)
    parents = [{"lot": parent, "amount": made["amount"]}]
    book.note(f"lot:{code}", lots.CREATED, why=why, parents=parents, **made)
    return code
