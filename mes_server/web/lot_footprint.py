"""What a lot used and sent away: the panel of its page, and /api/v1/lots/<code>/footprint."""

from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, Response
from sqlalchemy import Connection

from mes_server.actions.gather_waterworks import known_pollutants
from mes_server.actions.lot_footprint import LotFootprint, Part, footprint_of
from mes_server.domain.decimals import written
from mes_server.store.lots import load_lot
from mes_server.store.runs import runs_of_lot
from mes_server.web import answers_comparison as shapes
from mes_server.web.api import as_json, parameters
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.page import now_ms, words
from mes_server.web.parameters import Operation, described
from mes_server.web.problems import NotFound
from mes_server.web.site import this_site

footprint_api = Blueprint("footprint_api", __name__, url_prefix="/api/v1")
FOOTPRINT = Operation(
    "Water, energy, chemicals, metals and sludge of a lot", shapes.FootprintAnswer
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the panel: over all runs of the lot in an operation. `shown`: with its unit."""

    title: str
    shown: str


@dataclass(frozen=True, slots=True)
class Shown:
    """`lines` by operation; empty and nothing missing: no line with meters had the lot."""

    footprint: LotFootprint
    lines: dict[str, list[Line]]


def lot_footprint(conn: Connection, code: str) -> Shown:
    """As the page of the lot shows it."""
    runs = [run for run, _ in runs_of_lot(conn, code)]
    found = footprint_of(conn, code, runs, now_ms())
    sums: dict[tuple[str, str, str, str], Decimal] = {}
    for one in found.parts:
        of = (one.operation, one.kind, one.pollutant, one.unit)
        sums[of] = sums.get(of, Decimal(0)) + one.amount
    lines: dict[str, list[Line]] = {}
    for (operation, kind, pollutant, unit), amount in sums.items():
        lines.setdefault(operation, []).append(
            Line(_title(kind, pollutant), f"{written(amount, 4)} {unit}")
        )
    return Shown(found, lines)


def _title(kind: str, pollutant: str) -> str:
    t = words()
    plain = t(f"footprint.{kind}")
    if not pollutant:
        return plain
    said = known_pollutants().get(pollutant)
    name = pollutant if said is None else t.one_of(said["title"])
    return f"{plain} · {name}"


@footprint_api.get("/lots/<code>/footprint")
@needs("read")
@described(FOOTPRINT)
def get_footprint(code: str) -> Response:
    """By run; shares of all lots and what nobody used add up to the meters."""
    parameters(FOOTPRINT)
    with this_site().reading() as conn:
        if load_lot(conn, code) is None:
            raise NotFound("lot", code)
        runs = [run for run, _ in runs_of_lot(conn, code)]
        found = footprint_of(conn, code, runs, now_ms())
    return as_json(
        shapes.FootprintAnswer(
            lot=code, known_until=None if found.known_ms is None else iso_text(found.known_ms),
            runs=list(found.runs), not_added=list(found.missing), parts=[_answer(one) for one in found.parts],
        )
    )  # fmt: skip


def _answer(one: Part) -> shapes.PartAnswer:
    return shapes.PartAnswer(
        run=one.run, operation=one.operation, kind=one.kind, pollutant=one.pollutant,
        amount=written(one.amount, 9), unit=one.unit,
    )  # fmt: skip
