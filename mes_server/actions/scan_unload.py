"""A worker unloads a run at the tablet: what came out of each lot, or every reason why not. Once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from mes_server.actions.answer_scan import UNLOAD, Answer, answer_once, nobody, tell
from mes_server.actions.handle_lots import SCRAP, SWARF
from mes_server.actions.record_events import Act, Book
from mes_server.actions.run_charge import Outcome, unload
from mes_server.domain.amounts import NOTHING
from mes_server.domain.balance import come_out
from mes_server.domain.charges import Run
from mes_server.domain.lots import Lot
from mes_server.domain.routes import Operation
from mes_server.domain.rules import Refusal, Worker
from mes_server.store.lots import lots_in_run
from mes_server.store.routes import load_route
from mes_server.store.runs import load_run, what_is_inside


@dataclass(frozen=True, slots=True)
class Told:
    """What a worker counts and weighs: the area and the rare earths in it follow from the lot."""

    pieces: int
    mass_mg: int


@dataclass(frozen=True, slots=True)
class LotTold:
    """What came out for one lot that went in."""

    lot: str
    product: Told
    scrap: Told = Told(0, 0)
    coupons: Told = Told(0, 0)
    swarf: Told = Told(0, 0)

    def parts(self) -> tuple[tuple[str, Told], ...]:
        """All that came out, by what it is."""
        product = ("product", self.product)
        return product, ("coupon", self.coupons), (SCRAP, self.scrap), (SWARF, self.swarf)


@dataclass(frozen=True, slots=True)
class Unloading:
    """What the tablet sends; `id` was made there. `at_ms`: when, by the tablet's clock."""

    id: str
    run: str
    station: str
    at_ms: int
    lots: Sequence[LotTold]


def scan_unload(engine: Engine, told: Unloading, worker: Worker, now_ms: int) -> Answer:
    """Answer it, and record the answer. Raises StoreFault: nothing happened, send it again."""
    act = Act(told.id, worker.badge, told.station, told.at_ms, now_ms)
    return answer_once(
        engine,
        act,
        lambda book: _answer(book, told, worker),
        lambda _, facts: (facts.get("what"), facts["run"]) == (UNLOAD, told.run[:100]),
    )


def _answer(book: Book, told: Unloading, worker: Worker) -> Answer:
    refused = nobody(worker)
    said = {"what": UNLOAD, "run": told.run[:100], "sent_by": worker.sent_by}
    run = load_run(book.conn, told.run)
    if run is None:
        return tell(book, [*refused, Refusal("run_is_known", {"run": told.run[:100]})], **said)
    inside = {lot.code: lot for lot in lots_in_run(book.conn, run.code)}
    operation, unknown = _operation(book.conn, run, list(inside.values()))
    refused += unknown + _out_of_place(book, run, told)
    if operation is not None and not operation.makes:
        refused += [r for one in told.lots if (r := _miscounted(one, inside.get(one.lot)))]
    if refused or operation is None:
        return tell(book, refused, **said, operation=run.operation)
    # The run itself refuses what is not open or not told whole; then nothing was noted.
    outcomes = [_outcome(one, inside.get(one.lot), operation) for one in told.lots]
    answer = unload(book, run.code, operation, outcomes)
    if isinstance(answer, list):
        return tell(book, answer, **said, operation=run.operation)
    made, held = _came_out(book, run.code)
    return tell(book, [], **said, operation=run.operation, made=made, held=held)


def _operation(
    conn: Connection, run: Run, inside: list[Lot]
) -> tuple[Operation | None, list[Refusal]]:
    """What was done there, by the route of the lots in it."""
    if not inside:
        return None, [Refusal("run_is_open", {"run": run.code})]
    route = load_route(conn, inside[0].route)
    operation = None if route is None else route.operations.get(run.operation)
    if operation is None:
        facts = {"lot": inside[0].code, "route": inside[0].route}
        return None, [Refusal("route_is_released", facts)]
    return operation, []


def _out_of_place(book: Book, run: Run, told: Unloading) -> list[Refusal]:
    refused = []
    if run.station != told.station:
        facts = {"run": run.code, "station": run.station, "here": told.station}
        refused.append(Refusal("run_is_here", facts))
    begun_ms = max([run.opened_ms, *(i.from_ms for i in what_is_inside(book.conn, run.code))])
    if told.at_ms < begun_ms:
        facts = {"run": run.code, "at_ms": str(begun_ms)}
        refused.append(Refusal("run_has_begun", facts))
    return refused


def _miscounted(told: LotTold, lot: Lot | None) -> Refusal | None:
    """Where the same pieces come out that went in, their number is the same."""
    if lot is None:
        return None
    pieces = sum(part.pieces for _, part in told.parts())
    if pieces == lot.amount.pieces:
        return None
    facts = {"lot": lot.code, "told": str(pieces), "inside": str(lot.amount.pieces)}
    return Refusal("pieces_add_up", facts)


def _outcome(told: LotTold, lot: Lot | None, operation: Operation) -> Outcome:
    stuff = NOTHING if lot is None else lot.amount
    weighed = [(part.pieces, part.mass_mg) for _, part in told.parts()]
    amounts = come_out(stuff, weighed, operation)
    named = zip([form for form, _ in told.parts()], amounts, strict=True)
    (_, product), *others = named
    return Outcome(told.lot, product, [(form, a) for form, a in others if not a.is_nothing])


def _came_out(book: Book, run: str) -> tuple[list[str], list[str]]:
    """The lots of product, and those that the book is about to hold."""
    closed = book.noted(f"charge:{run}")[-1].facts()
    made = list(closed["made"])
    held = [code for code in made if (lot := book.lot(code)) and book.act.id in lot.holds]
    return made, held
