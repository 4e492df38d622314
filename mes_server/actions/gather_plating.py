"""How thick a run should have plated, by the line's ampere-hours and area, beside what the XRF read."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from mes_server.actions.gather_baths import counter_over, metals_at, row_in_force, spec_at
from mes_server.actions.loaded_lots import went_in
from mes_server.domain.bath_spec import AH, AREA, BathSpec
from mes_server.domain.charges import Run
from mes_server.domain.checks import Check
from mes_server.domain.control_plan import plan_of
from mes_server.domain.plating import Compared, compare, thickness_um
from mes_server.store.baths import load_bath
from mes_server.store.checks import list_checks
from mes_server.store.documents import load_named
from mes_server.store.runs import lots_of_run, resources_of_run

COUNTED, OF_LOTS = "counted", "of_lots"
TOTAL = "thickness_um"  # as control plans call all layers together
_MM2_PER_DM2 = 10_000
_DM2_PER_M2 = 100


@dataclass(frozen=True, slots=True)
class Plated:
    """A layer of a run. `area_dm2`: of parts and media; `area_by`: COUNTED by the line, or OF_LOTS as recorded.
    `bath`: "" for all layers together."""

    layer: str
    bath: str
    ah: Decimal | None
    area_dm2: Decimal | None
    area_by: str
    compared: Compared


def plated_in(conn: Connection, run: Run, now_ms: int) -> list[Plated]:
    """The layers that the baths of a run deposit, each predicted and measured; then all of them together."""
    readings = _xrf(conn, run.code)
    row = row_in_force("plating", run.opened_ms)
    ratio = Decimal(row["ratio_low"]), Decimal(row["ratio_high"])
    found = []
    for _, resource in resources_of_run(conn, run.code):
        bath = load_bath(conn, resource)
        spec = spec_at(conn, bath, run.opened_ms) if bath is not None else None
        if spec is not None and spec.layer is not None:
            found.append(_layer(conn, run, (resource, spec, now_ms), (readings, ratio)))
    thick = [one.compared.predicted_um for one in found if one.compared.predicted_um is not None]
    if len(found) > 1 or (found and TOTAL in readings):
        whole = sum(thick, Decimal(0)) if len(thick) == len(found) else None
        told = compare(whole, readings.get(TOTAL, ()), ratio)
        found.append(Plated("total", "", None, None, "", told))
    return found


def _layer(
    conn: Connection,
    run: Run,
    of: tuple[str, BathSpec, int],
    told: tuple[Mapping[str, list[Decimal]], tuple[Decimal, Decimal]],
) -> Plated:
    (code, spec, now_ms), (readings, ratio) = of, told
    layer = spec.layer
    assert layer is not None  # noqa: S101  # the caller asked
    span = (run.opened_ms, now_ms if run.closed_ms is None else run.closed_ms)
    ah = counter_over(conn, run.station, (layer.counter, AH), span)
    area, by = _area(conn, run, spec, span)
    metal = metals_at(run.opened_ms)[layer.metal]
    whole = area + layer.media_dm2 if area else None
    predicted = None
    if ah is not None and whole:
        predicted = thickness_um(metal, ah, layer.efficiency, whole)
    compared = compare(predicted, readings.get(layer.quantity, ()), ratio)
    return Plated(layer.name, code, ah, whole, by if whole else "", compared)


def _area(conn: Connection, run: Run, spec: BathSpec, span: tuple[int, int]) -> tuple[Decimal, str]:
    """dm² of the parts: as the line counted it; where it did not, as the lots are recorded."""
    counted = counter_over(conn, run.station, (spec.area, AREA), span)
    if counted:
        return counted * _DM2_PER_M2, COUNTED
    lots = [went_in(conn, run.code, code) for code, _ in lots_of_run(conn, run.code)]
    return Decimal(sum(one.area_mm2 for one in lots)) / _MM2_PER_DM2, OF_LOTS


def _xrf(conn: Connection, run: str) -> dict[str, list[Decimal]]:
    """The readings of a run's checks that count, by the quantity that their plan names."""
    found: dict[str, list[Decimal]] = {}
    for check in list_checks(conn, run=run):
        quantity = "" if check.voided else _quantity(conn, check)
        if quantity:
            found.setdefault(quantity, []).extend(one.value for one in check.readings)
    return found


def _quantity(conn: Connection, check: Check) -> str:
    document = load_named(conn, "plan", check.plan)
    line = plan_of(document).find(check.characteristic) if document is not None else None
    return line.quantity if line is not None else ""
