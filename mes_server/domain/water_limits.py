"""The limits that hold at an outlet on a day: of the sets that its permit applies, and of the permit itself.

Rows of schemas/limit_sets/discharge_*.json. First-class pollutants are judged at the workshop outlet, the others at the
plant outlet (GB 21900-2008, monitoring position); a set says what of it holds for water that goes to a municipal plant.
"""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from mes_server.domain.decimals import figure_or_none
from mes_server.domain.permits import DIRECT, Applied, Limit, Permit, strictest
from mes_server.domain.waterworks import WORKSHOP

ALL, FIRST_CLASS, NOTHING = "all", "first_class", "none"
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def row_in_force(rows: Sequence[Mapping[str, Any]], day: str) -> Mapping[str, Any] | None:
    """The row of a set in force on a day ("2026-11-28"); None: not yet, or no more."""
    begun = [row for row in rows if row["since"] <= day]
    row = begun[-1] if begun else None
    return None if row is None or row.get("until", day) < day else row


def applied_rows(
    permit: Permit, rows: Rows, operations: Collection[str], day: str
) -> list[tuple[Applied, Mapping[str, Any]]]:
    """The sets that hold: in force, and about an operation whose water comes here. `rows`: by set."""
    found = []
    for one in permit.applied:
        row = row_in_force(rows[one.set], day)
        concerns = not one.operations or bool(set(one.operations) & set(operations))
        if row is not None and concerns:
            found.append((one, row))
    return found


def limits_at(
    permit: Permit, kind: str, rows: Rows, about: tuple[Collection[str], Collection[str], str]
) -> dict[tuple[str, str], Limit]:
    """The limit that holds, by pollutant and averaging. `kind`: of the outlet, WORKSHOP or PLANT; `about`: the
    operations whose water comes here, the first-class pollutants, and the day."""
    operations, first_class, day = about
    found = list(permit.own)
    for one, row in applied_rows(permit, rows, operations, day):
        what = row.get(permit.discharge, ALL if permit.discharge == DIRECT else FIRST_CLASS)
        for said in row["limits"]:
            first = said["pollutant"] in first_class
            if what == NOTHING or (what == FIRST_CLASS and not first):
                continue
            here = said.get("outlet") or (WORKSHOP if first else "plant")
            if here == kind:
                found.append(_limit(one.set, row, said))
    return strictest(found)


def benchmark_of(
    permit: Permit, rows: Rows, operations: Collection[str], day: str
) -> tuple[Mapping[str, Decimal], str] | None:
    """m³ that may be discharged for each m², by class of layers, and the set that says so; None: no set has one.

    The first that the permit names.
    """
    for one, row in applied_rows(permit, rows, operations, day):
        said = row.get("benchmark_m3_m2")
        if said:
            return {name: Decimal(value) for name, value in said.items()}, one.set
    return None


def combines(permit: Permit, rows: Rows, operations: Collection[str], day: str) -> set[str]:
    """The sets whose limits are those of the combined wastestream formula (40 CFR 403.6(e))."""
    applied = applied_rows(permit, rows, operations, day)
    return {one.set for one, row in applied if row.get("combined")}


def _limit(name: str, row: Mapping[str, Any], said: Mapping[str, Any]) -> Limit:
    return Limit(
        said["pollutant"], figure_or_none(said.get("low")), figure_or_none(said.get("high")),
        said["unit"], said["averaging"], name, f"{row['standard']} {row['table']}",
        said.get("certainty", row["certainty"]),
    )  # fmt: skip
