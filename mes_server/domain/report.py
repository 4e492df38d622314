"""A paper as a value: sections with facts, tables and curves, each naming what is missing and what failed.

Figures are decimal texts, times UTC texts, what is not known is left out: the value is the same in every language
and for every program. `domain.lot_report` says which sections a lot report has.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from mes_server.domain.seal import Anchor

OK, GAP, FAILED, NONE = "ok", "gap", "failed", "none"
CONFORMS, CONCESSION, OPEN, DOES_NOT_CONFORM, TOLD = (
    "conforms", "concession", "open", "does_not_conform", "told",
)  # fmt: skip
Cell = str | Mapping[str, str]
Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Remark:
    """What is missing (a gap) or failed. `what`: a key of the contract's remarks; `facts` stand in its text."""

    what: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Band:
    """From `lower` to `upper` between two moments of a curve (seconds from its begin); "" is not limited."""

    from_s: int
    to_s: int
    lower: str
    upper: str
    name: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A metric during a run. `times_s` from its begin; `values` with the least and greatest of each point, None
    where nothing is known; `gaps`: from, to, reason."""

    run: str
    station: str
    metric: str
    title: Mapping[str, str]
    unit: str
    span_ms: tuple[int, int]
    times_s: tuple[int, ...]
    values: tuple[str | None, ...]
    lows: tuple[str | None, ...]
    highs: tuple[str | None, ...]
    gaps: tuple[tuple[int, int, str], ...] = ()
    bands: tuple[Band, ...] = ()
    covered_percent: str = ""

    def as_content(self) -> dict[str, Any]:
        """As its JSON has it."""
        said: dict[str, Any] = {
            "run": self.run, "station": self.station, "metric": self.metric, "title": dict(self.title),
            "unit": self.unit, "from": iso(self.span_ms[0]), "to": iso(self.span_ms[1]),
            "t_s": list(self.times_s), "value": list(self.values), "low": list(self.lows),
            "high": list(self.highs),
            "gaps": [{"from_s": a, "to_s": b, "reason": why} for a, b, why in self.gaps],
            "bands": [_known(
                {"from_s": b.from_s, "to_s": b.to_s, "lower": b.lower, "upper": b.upper, "name": b.name}
            ) for b in self.bands],
        }  # fmt: skip
        if self.covered_percent:
            said["covered_percent"] = self.covered_percent
        return said


@dataclass(frozen=True, slots=True)
class Section:
    """`gaps`: evidence that is missing; `failures`: what is there and is not good. `applies` False: nothing of the
    kind was done with the lot."""

    facts: Row = field(default_factory=dict)
    tables: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    gaps: tuple[Remark, ...] = ()
    failures: tuple[Remark, ...] = ()
    curves: tuple[Curve, ...] = ()
    applies: bool = True

    @property
    def state(self) -> str:
        """failed, gap, ok, or none."""
        if self.failures:
            return FAILED
        if self.gaps:
            return GAP
        return OK if self.applies else NONE

    def as_content(self) -> dict[str, Any]:
        """As its JSON has it."""
        return {
            "state": self.state,
            "facts": _known(self.facts),
            "gaps": [_remark(one) for one in self.gaps],
            "failures": [_remark(one) for one in self.failures],
            "tables": {name: [_known(row) for row in rows] for name, rows in self.tables.items()},
            "curves": [one.as_content() for one in self.curves],
        }


def _remark(one: Remark) -> dict[str, Any]:
    return {"what": one.what, "facts": dict(one.facts)}


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in row.items() if value not in ("", None)}


@dataclass(frozen=True, slots=True)
class Report:
    """One paper. `kind`: of its contract ("lot_report"); `about`: the lot, shipment or suspicion; `earlier`: the
    numbers of the papers of the same made before; `ledger`: its head when this was gathered. `verdict`: CONFORMS,
    CONCESSION (conforms but for what the customer agreed to), OPEN (evidence is missing), DOES_NOT_CONFORM, or TOLD of a paper that judges nothing."""

    kind: str
    number: str
    about: str
    language: str
    made_ms: int
    made_by: str
    software: str
    site: str
    ledger: Anchor
    sections: Mapping[str, Section]
    earlier: tuple[str, ...] = ()
    verdict: str = TOLD

    def as_content(self) -> dict[str, Any]:
        """As its JSON has it; integers and strings only, so that it can be sealed."""
        return {
            "schema": f"urn:lodestone:{self.kind}:1",
            "number": self.number, "about": self.about, "language": self.language,
            "made_at": iso(self.made_ms), "made_by": self.made_by, "software": self.software,
            "site": self.site, "ledger": {"events": self.ledger.number, "hash": self.ledger.hash},
            "earlier": list(self.earlier), "verdict": self.verdict,
            "sections": {name: one.as_content() for name, one in self.sections.items()},
        }  # fmt: skip


def json_of(report: Report) -> bytes:
    """The JSON of a report, written as `seal.canonical` writes it: the same report gives the same bytes."""
    content = report.as_content()
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def iso(at_ms: int | None) -> str:
    """A time as papers have it: UTC, milliseconds; "" for none."""
    if at_ms is None:
        return ""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def scaled(whole: int, power: int) -> str:
    """An integer of a small unit in a larger one: scaled(12_345_000, 6) of mg is "12.345" kg."""
    value = Decimal(whole).scaleb(-power)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def kg(mass_mg: int) -> str:
    """Kilograms of milligrams; "" of nothing."""
    return scaled(mass_mg, 6) if mass_mg else ""


def square_metres(area_mm2: int) -> str:
    """m² of mm²; "" of nothing."""
    return scaled(area_mm2, 6) if area_mm2 else ""


def percent(ppm: int | None) -> str:
    """Per cent of millionths, two digits, never rounded up; "" of what is not known."""
    return "" if ppm is None else scaled(ppm // 100, 2)


def count(number: int) -> str:
    """A count; "" of none."""
    return str(number) if number else ""


def yes(truth: bool) -> str:
    """A truth as papers have it."""
    return "yes" if truth else "no"
