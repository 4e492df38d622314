"""What of a station type goes where on a page: areas in process order, tile values, chart groups.

Everything is read off the contract, so that a new station type needs no line here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.station_types import MetricSpec, StationType

# The order in which material meets the areas and, inside one, the operations. What is not named
# here comes last, by name.
AREAS = (
    "alloy", "powder", "pressing", "sintering", "machining", "gbd", "coating", "magnetizing",
    "effluent",
)  # fmt: skip
OPERATIONS = (
    "strip_casting", "hydrogen_decrepitation", "jet_milling", "pressing", "cold_isostatic_pressing",
    "sintering", "hot_isostatic_pressing", "ageing", "slicing", "grinding", "tumbling",
    "gbd_coating", "gbd_diffusion", "phosphating", "electroplating", "ecoating", "pvd_coating",
    "magnetizing", "flux_check", "effluent_collection", "effluent_treatment", "effluent_monitoring",
)  # fmt: skip
TILE_VALUES = 3
LINES_MAX = 8
_NUMBERS = frozenset(
    ("double", "float", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
)
_SETPOINT = re.compile(r"(^|_)set_?point_")
_DIGITS = re.compile(r"\d+")

Limits = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class ChartGroup:
    """Metrics that share one chart: the same quantity, unit, scale and limits."""

    key: str
    unit: str
    scale: str
    metrics: tuple[MetricSpec, ...]
    normal: Limits | None
    alarm: Limits | None


@dataclass(frozen=True, slots=True)
class Layout:
    """One station type, arranged for the pages."""

    type: StationType
    by_name: dict[str, MetricSpec]
    tile: tuple[MetricSpec, ...]

    @property
    def silence_ms(self) -> int:
        """The longest silence that this type promises, over its most talkative metric."""
        return min(metric.report_ms for metric in self.type.metrics)


def layout_of(station_type: StationType) -> Layout:
    """Arrange a station type; done once, at start."""
    metrics = tuple(station_type.metrics)
    return Layout(station_type, {m.name: m for m in metrics}, _tile_metrics(metrics))


def reported_metrics(
    known: Layout | None, series: Sequence[tuple[str, str]]
) -> tuple[MetricSpec, ...]:
    """What a station really reports, (metric, datatype): its contract's part of it, and the rest."""
    specs = known.by_name if known is not None else {}
    named = {name for name, _ in series}
    promised = [spec for name, spec in specs.items() if name in named]
    return (*promised, *(stranger(name, kind) for name, kind in series if name not in specs))


def stranger(name: str, datatype: str) -> MetricSpec:
    """A metric that no contract speaks of."""
    nothing: dict[str, str] = {}
    return MetricSpec(
        name=name, title={"en": name, "zh": name}, unit="", datatype=datatype, kind="analog",
        every_ms=0, report_ms=0, deadband=0, normal=None, alarm=None, scale="linear", values=(),
        note=nothing, basis=nothing,
    )  # fmt: skip


def place_in(order: tuple[str, ...], name: str | None) -> tuple[int, str]:
    """A sort key: the place in the order, unknown names behind all known ones."""
    if name in order:
        return order.index(name), name
    return len(order), name or ""


def is_number(datatype: str) -> bool:
    """Whether samples of this datatype make a curve; the others make a strip."""
    return datatype in _NUMBERS


def limits_of(limits: Sequence[float | None] | None) -> Limits | None:
    """A contract's [low, high], either end open, as a pair; None when there is none."""
    return (limits[0], limits[1]) if limits else None


def _tile_metrics(metrics: Sequence[MetricSpec]) -> tuple[MetricSpec, ...]:
    """Watched analogue metrics first, one of each unit; shown in the contract's order."""
    watched = [m for m in metrics if is_number(m.datatype) and m.normal]
    ranked = sorted(watched, key=lambda m: m.kind != "analog")
    chosen: dict[str, MetricSpec] = {}
    for metric in ranked:
        chosen.setdefault(metric.unit, metric)
    names = [m.name for m in chosen.values()]
    names += [m.name for m in ranked if m.name not in names]
    return tuple(m for m in metrics if m.name in names[:TILE_VALUES])


def strips_of(metrics: Sequence[MetricSpec]) -> tuple[MetricSpec, ...]:
    """The metrics without a number, the state first."""
    texts = [m for m in metrics if not is_number(m.datatype)]
    return tuple(sorted(texts, key=lambda m: m.name != "state"))


def charts_of(metrics: Sequence[MetricSpec]) -> tuple[ChartGroup, ...]:
    """One chart per quantity: `zone_1 … zone_6` together, a set point with what it governs."""
    numbers = [m for m in metrics if is_number(m.datatype)]
    groups: dict[tuple[object, ...], list[MetricSpec]] = {}
    setpoints = [m for m in numbers if _SETPOINT.search(m.name)]
    for metric in numbers:
        if metric in setpoints:
            continue
        stem = _DIGITS.sub("#", metric.name)
        limits = (limits_of(metric.normal), limits_of(metric.alarm))
        groups.setdefault((stem, metric.unit, metric.scale, *limits), []).append(metric)
    for metric in setpoints:
        governed = _SETPOINT.sub(r"\1", metric.name)
        home = next((g for key, g in groups.items() if str(key[0]).endswith(governed)), None)
        if home is None:
            groups[metric.name,] = [metric]
        else:
            home.append(metric)
    charts = [_group(part) for members in groups.values() for part in _parts(members)]
    return tuple(sorted(charts, key=lambda c: c.metrics[0].kind == "counter"))


def _parts(members: list[MetricSpec]) -> list[list[MetricSpec]]:
    return [members[at : at + LINES_MAX] for at in range(0, len(members), LINES_MAX)]


def _group(members: list[MetricSpec]) -> ChartGroup:
    first = members[0]
    normal, alarm = limits_of(first.normal), limits_of(first.alarm)
    return ChartGroup(first.name, first.unit, first.scale, tuple(members), normal, alarm)
