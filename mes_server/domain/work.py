"""What lies at a station, and the one thing to do there next. The scan itself decides by its rules."""

from collections.abc import Sequence
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


def operations_here(
    route: Route | None, done: Sequence[str], first: str, station_type: str
) -> list[Operation]:
    """What may come next of a lot that had these operations, and can be done at a station of this type."""
    if route is None:
        return []
    codes = next_operations(route, done, first)
    operations = [route.operations[code] for code in codes if code in route.operations]
    return [o for o in operations if station_type in o.station_types]


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
