"""Requirements, surveys and thermocouples of furnaces for tests."""

from collections.abc import Sequence
from typing import Any

from mes_server.actions.gather_furnace import pyrometry_rows
from mes_server.domain.pyrometry import (
    PASSED,
    SAT,
    Requirement,
    Standing,
    Survey,
    Thermocouple,
    requirement_from,
    stand,
)
from tests.mes_server.domain.lot_making import T0
from tests.mes_server.domain.plan_making import WORDS

DAY = 86_400_000
ROWS = ("cqi9-sat", "cqi9-tc-uses-base-metal", "own-tc-life-base-metal")


def asked(*rows: str, **more: Any) -> list[Requirement]:
    """Requirements of the reference data."""
    return [requirement_from(pyrometry_rows()[row], more) for row in rows or ROWS]


def survey(days_ago: float, test: str = SAT, result: str = PASSED, at_ms: int = T0) -> Survey:
    """One that was made so many days ago."""
    when = at_ms - int(days_ago * DAY)
    return Survey("PY26-000001-XX", "age-1", test, result, {"worst_c": "1"}, when, "L-1", "L-1")


def thermocouple(uses: int = 0, days: float = 20, kind: str = "K") -> Thermocouple:
    """One that was installed so many days ago."""
    return Thermocouple("TC-1", "age-1", "load_1", kind, T0 - int(days * DAY), None, uses)


def standing(surveys: Sequence[Survey] | None = None, uses: int = 0, **more: Any) -> Standing:
    """A furnace that is good but for what is told."""
    done = [survey(10)] if surveys is None else surveys
    return stand("age-1", ("age-1/A", asked()), done, [thermocouple(uses, **more)], T0)


def pyrometry_content(station: str = "sinter-1", *rows: str, **more: Any) -> dict[str, Any]:
    """The requirements of a furnace as a document."""
    chosen = [{"row": row} for row in rows or ROWS]
    return {"code": station, "revision": "A", "title": WORDS, "requirements": chosen} | more
