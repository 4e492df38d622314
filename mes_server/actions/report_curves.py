"""What the stations told during the runs of a lot: curves to draw, how much of each is there, energy."""

from dataclasses import dataclass

from mes_server.actions.report_line import Line, both
from mes_server.domain.charges import Run
from mes_server.domain.decimals import written
from mes_server.domain.exposure import Exposure
from mes_server.domain.report import Band, Curve, Remark, percent
from mes_server.store.columns import Value
from mes_server.store.exposures import Seen, exposure_in, load_seen
from mes_server.store.series import list_series
from schemas.sparkplug import DATATYPES
from schemas.station_types import MetricSpec

POINTS = 240
_NUMBERS = ("double", "float", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")  # fmt: skip
_DATATYPES = {code: name for name, code in DATATYPES.items()}
ENERGY = "energy_kwh"


@dataclass(frozen=True, slots=True)
class Told:
    """A metric during a run, as the first lot of the line saw it."""

    run: Run
    window: Exposure
    spec: MetricSpec
    seen: Seen


def told_by(line: Line, run: Run) -> list[Told]:
    """Every metric with numbers that the station of a run reported, in the order of its contract."""
    window = exposure_in("", run, line.loaded_ms[run.code], line.now_ms)
    kind = line.type_of(run.station)
    specs = {} if kind is None else {one.name: one for one in kind.metrics}
    found = []
    for series in list_series(line.conn, run.station):
        spec = specs.get(series.metric)
        if spec is None or _DATATYPES.get(series.datatype) not in _NUMBERS:
            continue
        seen = load_seen(line.conn, window, spec.name, spec.report_ms or None, POINTS)
        found.append(Told(run, window, spec, seen))
    order = list(specs)
    return sorted(found, key=lambda one: order.index(one.spec.name))


def curve_of(told: Told, bands: tuple[Band, ...] = ()) -> Curve:
    """As the paper draws it."""
    series, window = told.seen.series, told.window

    def at(ms: int) -> int:
        return round((ms - window.from_ms) / 1000)

    return Curve(
        told.run.code, told.run.station, told.spec.name, both(told.spec.title, told.spec.name),
        told.spec.unit, (window.from_ms, window.to_ms), tuple(map(at, series.times_ms)),
        tuple(map(_text, series.values)), tuple(map(_text, series.lows)),
        tuple(map(_text, series.highs)),
        tuple((at(gap.from_ms), at(gap.to_ms), gap.reason) for gap in series.gaps), bands,
        percent(told.seen.covered_ppm),
    )  # fmt: skip


def _text(value: Value) -> str | None:
    if value is None or isinstance(value, str | bool):
        return None
    text = f"{value:.7g}"
    return text if "e" not in text else written(float(value), 7)


def gap_remarks(told: list[Told], run: Run, station: str) -> list[Remark]:
    """What is not whole of the curves of a run."""
    if not told or not any(one.seen.series.count for one in told):
        return [Remark("no_curve", {"station": station, "run": run.code})]
    return [
        Remark("curve_gaps", {"run": run.code, "metric": one.spec.name, "percent": percent(one.seen.covered_ppm)})
        for one in told
        if one.seen.covered_ppm is not None and one.seen.covered_ppm < 1_000_000
    ]  # fmt: skip


def is_thermal(line: Line, run: Run) -> bool:
    """Whether the station heats by a set point: sintering, ageing, diffusion, HIP."""
    kind = line.type_of(run.station)
    return kind is not None and kind.handles == "charge" and kind.area in ("sintering", "gbd") and any(
        one.name == "setpoint_temperature_c" for one in kind.metrics
    )  # fmt: skip


def is_drawn(one: Told) -> bool:
    """Of a furnace its temperatures and the pressure in it; of others nothing is drawn."""
    name = one.spec.name
    return name.startswith(("setpoint_", "zone_", "load_")) and one.spec.unit == "°C"
