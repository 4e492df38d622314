"""What is known of a bath make-up at a moment: its spec, what is overdue, what went through it, what is to be added."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.answer_scan import LATE_MS
from mes_server.domain.bath_spec import AH, AREA, TITRATION, BathSpec, spec_of
from mes_server.domain.baths import (
    WORN,
    Addition,
    Advice,
    Bath,
    Due,
    Flow,
    Held,
    Titration,
    Use,
    advise,
    concentration_after,
    dues,
    is_worn,
)
from mes_server.domain.days import utc_day
from mes_server.domain.plating import Metal, counted, metals_of
from mes_server.domain.titration import Method, methods_from
from mes_server.store.baths import (
    latest_values,
    list_additions,
    list_titrations,
    load_bath,
    tanks_of,
)
from mes_server.store.curves import load_series
from mes_server.store.documents import load_current
from schemas.limit_rows import load_rows, row_at

_POINTS = 20_000  # a counter read sample by sample over a shift, in steps over the life of a bath
_SILENCE_MS = (
    120_000  # twice the longest silence of a counter: its last value before a span counts for it
)


@cache
def _rows(name: str) -> list[dict[str, Any]]:
    return load_rows(name)


def known_of_baths() -> tuple[set[str], set[str]]:
    """The names of all methods and metals that a spec may name."""
    metals = {name for row in _rows("plating") for name in row["metals"]}
    return {str(row["method"]) for row in _rows("titration_methods")}, metals


def methods_at(at_ms: int) -> dict[str, Method]:
    """The methods in force, by name."""
    return methods_from(_rows("titration_methods"), utc_day(at_ms))


def row_in_force(name: str, at_ms: int) -> dict[str, Any]:
    """The row of a limit set in force."""
    return row_at(_rows(name), utc_day(at_ms))


def metals_at(at_ms: int) -> dict[str, Metal]:
    """The metals of Faraday's law."""
    return metals_of(row_in_force("plating", at_ms))


def spec_at(conn: Connection, bath: Bath, at_ms: int) -> BathSpec | None:
    """The revision of its spec in force then."""
    document = load_current(conn, "bath", bath.spec, at_ms)
    return None if document is None else spec_of(document)


def dues_of(conn: Connection, bath: Bath, at_ms: int) -> list[Due]:
    """What must be titrated before it is used; without a spec in force nothing can be said to be good."""
    spec = spec_at(conn, bath, at_ms)
    if spec is None:
        return []
    known = latest_values(conn, bath.lot, at_ms + LATE_MS)  # clocks of tablets differ
    latest = {name: one[:2] for name, one in known.items()}
    worn = [Due("age", WORN, bath.made_ms)] if is_worn(bath, spec, at_ms) else []
    return dues(spec, latest, at_ms) + worn


def untitrated(conn: Connection, mounted: Collection[str], at_ms: int) -> dict[str, str]:
    """Of the baths among what is mounted, why each may not be used: "fa_points:old, ta_points:out"."""
    found = {}
    for code in sorted(set(mounted)):
        bath = load_bath(conn, code)
        open_ = dues_of(conn, bath, at_ms) if bath is not None else []
        if open_:
            found[code] = ", ".join(f"{one.parameter}:{one.state}" for one in open_)
    return found


def counter_over(
    conn: Connection, station: str, counter: tuple[str, str], span: tuple[int, int]
) -> Decimal | None:
    """What a counter of a station went on by in a span; None: nothing was heard of it. `counter`: its metric, and what it
    counts: AH or AREA."""
    metric, unit = counter
    found = load_series(conn, station, metric, span[0] - _SILENCE_MS, span[1], _POINTS)
    pairs = [
        (at_ms, Decimal(str(low)), Decimal(str(high)))
        for at_ms, low, high in zip(found.times_ms, found.lows, found.highs, strict=True)
        if isinstance(low, int | float) and isinstance(high, int | float)
    ]
    before = [one for one in pairs if one[0] <= span[0]][-1:]
    inside = [one for one in pairs if one[0] > span[0]]
    if not inside:
        return Decimal(0) if before else None
    start = [(at_ms, high, high) for at_ms, _, high in before]
    most = Decimal(row_in_force("baths", span[1])["counter_per_h_max"][unit])
    return counted([*start, *inside], most)


def use_of(conn: Connection, tanks: Sequence[Held], spec: BathSpec, span: tuple[int, int]) -> Use:
    """What went through a bath in a span, over all tanks that held it."""
    ah: Decimal | None = None
    m2: Decimal | None = None
    for tank in tanks:
        from_ms = max(span[0], tank.from_ms)
        to_ms = min(span[1], span[1] if tank.to_ms is None else tank.to_ms)
        if to_ms <= from_ms:
            continue
        if spec.layer is not None:
            ah = _plus(
                ah, counter_over(conn, tank.station, (spec.layer.counter, AH), (from_ms, to_ms))
            )
        m2 = _plus(m2, counter_over(conn, tank.station, (spec.area, AREA), (from_ms, to_ms)))
    return Use(ah, m2)


def _plus(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b


@dataclass(frozen=True, slots=True)
class BathState:
    """All of it at a moment. `use`: since it was made up. `expected`: of the metal now, by what went in and out since
    it was titrated last; None: not known."""

    bath: Bath
    spec: BathSpec | None
    dues: tuple[Due, ...]
    latest: Mapping[str, tuple[int, str, Decimal]]
    titrations: tuple[Titration, ...]
    additions: tuple[Addition, ...]
    tanks: tuple[Held, ...]
    use: Use
    advice: tuple[Advice, ...]
    expected: Decimal | None


def state_of(conn: Connection, bath: Bath, at_ms: int) -> BathState:
    """Read all that is known of a make-up."""
    spec = spec_at(conn, bath, at_ms)
    titrations, additions = list_titrations(conn, bath.lot), list_additions(conn, bath.lot)
    tanks, latest = tanks_of(conn, bath.lot), latest_values(conn, bath.lot, at_ms + LATE_MS)
    until_ms = at_ms if bath.dumped_ms is None else bath.dumped_ms
    if spec is None:
        return BathState(
            bath, None, (), latest, tuple(titrations), tuple(additions), tuple(tanks), Use(), (), None
        )  # fmt: skip
    used = {}
    for one in spec.replenishment:
        if one.by == TITRATION:
            continue
        since = [a.at_ms for a in additions if a.product == one.product]
        used[one.product] = use_of(conn, tanks, spec, (max([bath.made_ms, *since]), until_ms))
    advice = advise(spec, used, titrations, additions) if bath.dumped_ms is None else []
    return BathState(
        bath, spec, tuple(dues_of(conn, bath, until_ms)), latest, tuple(titrations), tuple(additions),
        tuple(tanks), use_of(conn, tanks, spec, (bath.made_ms, until_ms)), tuple(advice),
        _expected(conn, bath, spec, (latest, tanks, until_ms)),
    )  # fmt: skip


def _expected(
    conn: Connection,
    bath: Bath,
    spec: BathSpec,
    known: tuple[Mapping[str, tuple[int, str, Decimal]], Sequence[Held], int],
) -> Decimal | None:
    """The metal of a plating bath now: as titrated last, less what was deposited and dragged out, and from the anodes."""
    latest, tanks, at_ms = known
    layer = spec.layer
    found = latest.get(layer.parameter) if layer is not None else None
    if layer is None or found is None:
        return None
    use = use_of(conn, tanks, spec, (found[0], at_ms))
    if use.ah is None:
        return None
    gram = metals_at(at_ms)[layer.metal].g_per_ah * use.ah
    drag_out_l = (use.m2 or Decimal(0)) * spec.drag_out_ml_m2 / 1000
    flow = Flow(drag_out_l, Decimal(0), gram * layer.efficiency, gram * layer.anode_efficiency)
    return concentration_after(found[2], bath.volume_l, flow)
