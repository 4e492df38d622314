"""What lies at a station, and the one thing to do there next. The scan itself decides by its rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mes_server.domain.lots import Lot
from mes_server.domain.routes import Operation, Route, next_operations

SIGN_IN, LOAD, LOAD_MORE, UNLOAD, WAIT, NOTHING = (
    "sign_in", "load", "load_more", "unload", "wait", "nothing",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waiting:
    """Lots that may come next here, by route and operation. `count`: all of them, not only `lots`."""

    route: Route
    operation: Operation
    lots: tuple[Lot, ...]
    count: int


@dataclass(frozen=True, slots=True)
class NextStep:
    """`do`: one of the words above; `lot`: with which lot, "" for none."""

    do: str
    lot: str = ""


def operation_here(
    routes: Mapping[str, Route], route: str, done: Sequence[str], station_type: str
) -> Operation | None:
    """The next operation of a lot that a station of this type may do."""
    found = routes.get(route)
    if found is None:
        return None
    operations = (found.operations[code] for code in next_operations(found, done))
    return next((o for o in operations if station_type in o.station_types), None)


def next_step(
    signed_in: bool, inside: Sequence[Lot], waiting: Sequence[Waiting], running: bool
) -> NextStep:
    """The one thing to do. `running`: the machine says that it works on what is inside."""
    if not signed_in:
        return NextStep(SIGN_IN)
    if running and inside:
        return NextStep(WAIT)
    fitting = next((lot for lot in _free(waiting) if _fits(lot, inside, waiting)), None)
    if not inside:
        return NextStep(NOTHING) if fitting is None else NextStep(LOAD, fitting.code)
    return NextStep(UNLOAD) if fitting is None else NextStep(LOAD_MORE, fitting.code)


def _free(waiting: Sequence[Waiting]) -> list[Lot]:
    return [lot for group in waiting for lot in group.lots if not lot.holds]


def _fits(lot: Lot, inside: Sequence[Lot], waiting: Sequence[Waiting]) -> bool:
    """Whether it may share the run with what is inside (rules.lots_may_mix)."""
    if not inside:
        return True
    operation = next(group.operation for group in waiting if lot in group.lots)
    if operation.code != inside[0].operation:
        return False
    alike = all((i.grade, i.route) == (lot.grade, lot.route) for i in inside)
    return alike and (not operation.mix_max or len(inside) < operation.mix_max)
