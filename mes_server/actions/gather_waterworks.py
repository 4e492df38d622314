"""What holds for water at a moment: the plant's waterworks, the permit of an outlet, its limits, its working day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from mes_server.domain.documents import in_force
from mes_server.domain.permits import Limit, Permit, permit_of
from mes_server.domain.water_limits import limits_at
from mes_server.domain.waterworks import Place, Waterworks, waterworks_of
from mes_server.store.documents import list_documents
from schemas.limit_rows import list_sets, load_rows, row_at

_SETS = "discharge_"


@cache
def discharge_rows() -> dict[str, list[dict[str, Any]]]:
    """The rows of every discharge set, by its name without "discharge_"."""
    names = [name for name in list_sets() if name.startswith(_SETS)]
    return {name.removeprefix(_SETS): load_rows(name) for name in names}


@cache
def _pollutant_rows() -> list[dict[str, Any]]:
    return load_rows("pollutants")


def pollutants_on(day: str) -> dict[str, dict[str, Any]]:
    """All pollutants, by code: title, unit, first_class, metric, plausible_max, hj212, method."""
    found: dict[str, dict[str, Any]] = row_at(_pollutant_rows(), day)["pollutants"]
    return found


def known_pollutants() -> dict[str, dict[str, Any]]:
    """All that the newest row knows, by code."""
    found: dict[str, dict[str, Any]] = _pollutant_rows()[-1]["pollutants"]
    return found


def waterworks_at(conn: Connection, at_ms: int) -> Waterworks | None:
    """The revision in force; None: none was released yet. A site has one document of this kind."""
    document = in_force(list_documents(conn, "waterworks"), at_ms)
    return None if document is None else waterworks_of(document)


def permits_at(conn: Connection, at_ms: int) -> dict[str, Permit]:
    """The permits in force, by outlet; the newest where two documents are about one outlet."""
    found: dict[str, tuple[int, Permit]] = {}
    for one in list_documents(conn, "permit"):
        if one.is_in_force(at_ms):
            permit = permit_of(one)
            if permit.outlet not in found or found[permit.outlet][0] < one.number:
                found[permit.outlet] = (one.number, permit)
    return {outlet: permit for outlet, (_, permit) in found.items()}


def working_day(day: str, zone: str, starts_min: int = 0) -> tuple[int, int]:
    """A working day ("2026-11-28") in Unix ms, [from, to): 23 or 25 hours where clocks change."""
    first = date.fromisoformat(day)
    begins = time(starts_min // 60, starts_min % 60)
    ends = [datetime.combine(first + timedelta(days=n), begins, ZoneInfo(zone)) for n in (0, 1)]
    from_ms, to_ms = (int(one.timestamp() * 1000) for one in ends)
    return from_ms, to_ms


def day_of(at_ms: int, zone: str, starts_min: int = 0) -> str:
    """The working day that a moment is of."""
    local = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))
    if local.hour * 60 + local.minute < starts_min:
        local -= timedelta(days=1)
    return local.date().isoformat()


@dataclass(frozen=True, slots=True)
class Rules:
    """What an outlet is judged by on a day. `limits`: by pollutant and averaging; `operations`: whose water comes."""

    works: Waterworks
    outlet: Place
    permit: Permit | None
    limits: Mapping[tuple[str, str], Limit]
    operations: frozenset[str]


def rules_on(conn: Connection, outlet: str, day: str, span: tuple[int, int]) -> Rules | None:
    """As documents stood at the end of the day (`span`, Unix ms), or now where that is still to come.

    None: there is no such outlet. Without a permit nothing is limited, and the page says so.
    """
    works = waterworks_at(conn, span[1])
    place = None if works is None else works.place(outlet)
    if works is None or place is None:
        return None
    permit = permits_at(conn, span[1]).get(outlet)
    operations = frozenset(one.operation for one in works.lines_of(outlet))
    first = {name for name, said in pollutants_on(day).items() if said["first_class"]}
    limits: Mapping[tuple[str, str], Limit] = {}
    if permit is not None:
        limits = limits_at(permit, place.kind, discharge_rows(), (operations, first, day))
    return Rules(works, place, permit, limits, operations)
