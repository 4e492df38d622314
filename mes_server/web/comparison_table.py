"""The comparison as a table of a page: rows of figures, bars with their intervals, remarks as sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mes_server.actions.compare_coatings import Comparison
from mes_server.domain.coating_comparison import Figure, Side
from mes_server.domain.coating_days import BY_KG, BY_SST, Measure, key_of, measures_of
from mes_server.domain.decimals import written
from mes_server.domain.footprints import Remark
from mes_server.web.page import words

WIDTH, HEIGHT = 170.0, 16.0


@dataclass(frozen=True, slots=True)
class Bar:
    """In pixels of a picture of WIDTH × HEIGHT: to where the value reaches, and the interval, None: there is none."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a coating with its picture; `bar` None: there is no figure."""

    side: Side
    figure: Figure
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of all coatings, drawn to one scale."""

    key: str
    measure: Measure
    unit: str
    cells: tuple[Cell, ...]


def rows_of(found: Comparison) -> list[Row]:
    """All figures; none is left out because nothing is known of it."""
    rows = []
    for measure in measures_of(found.row):
        key = key_of(measure)
        figures = [side.figures[key] for side in found.sides]
        most = max((_reach(one) for one in figures), default=0.0)
        cells = tuple(
            Cell(side, one, _bar(one, most)) for side, one in zip(found.sides, figures, strict=True)
        )
        rows.append(Row(key, measure, unit_of(measure, found.wanted.by), cells))
    return rows


def unit_of(measure: Measure, by: str) -> str:
    """With what it is for each of."""
    if measure.unit == "%":
        return "%"
    return f"{measure.unit}/{'kg' if by == BY_KG else 'm²'}"


def _reach(one: Figure) -> float:
    if one.estimate is None:
        return 0.0
    return one.estimate.value if one.estimate.high is None else one.estimate.high


def _bar(one: Figure, most: float) -> Bar | None:
    if one.estimate is None or most <= 0:
        return None
    scale = (WIDTH - 4) / most

    def at(value: float | None) -> float | None:
        return None if value is None else round(max(value, 0.0) * scale + 1, 1)

    return Bar(at(one.estimate.value) or 1.0, at(one.estimate.low), at(one.estimate.high))


def title_of(measure: Measure, pollutants: Mapping[str, Mapping[str, Any]]) -> str:
    """ "Discharged after treatment · Total nickel"."""
    t = words()
    plain = t(f"comparison.figure.{measure.name}")
    if not measure.pollutant:
        return plain
    said = pollutants.get(measure.pollutant)
    name = measure.pollutant if said is None else t.one_of(said["title"])
    return f"{plain} · {name}"


def number(value: float | None) -> str:
    """Three digits that mean something; a dash for none."""
    return "–" if value is None else written(value, 3).replace("-", "\N{MINUS SIGN}")


def remark_text(
    remark: Remark, pollutants: Mapping[str, Mapping[str, Any]], sides: Sequence[Side] = ()
) -> str:
    """What is missing, or how something was shared, as a sentence."""
    t = words()
    rule, facts = remark
    told = dict(facts)
    titles = {side.code: t.one_of(side.title) for side in sides}
    if "pollutant" in told:
        told["pollutant"] = _pollutant(told["pollutant"], pollutants)
    if "coating" in told:
        told["coating"] = titles.get(told["coating"], told["coating"])
    if "kind" in told:
        told["kind"] = t(f"comparison.kind.{told['kind']}")
    if told.get("by") in ("volume", "area", "water"):
        told["by"] = t(f"comparison.shared.{told['by']}")
    elif "by" in told:
        told["by"] = t("comparison.shared.load", pollutant=_pollutant(told["by"], pollutants))
    return t(f"comparison.remark.{rule}", **told)


def _pollutant(name: str, pollutants: Mapping[str, Mapping[str, Any]]) -> str:
    said = pollutants.get(name)
    return name if said is None else words().one_of(said["title"])


def is_by_life(found: Comparison) -> bool:
    """Whether figures are for each 24 h of salt spray."""
    return found.wanted.by == BY_SST
