"""Gauges: which there are, whether they are calibrated, and whether their type has an accepted study.

IATF 16949:2016 7.1.5.2.1 (calibration records with as-found readings, and what was measured with a gauge that was
found bad) and 7.1.5.1.1 (measurement system analysis).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from mes_server.domain.attempts import Refusal
from mes_server.domain.decimals import figure
from mes_server.domain.seal import Event

ADDED, CALIBRATED, VOIDED, RETIRED, RETURNED, STUDIED = (
    "gauge_added", "gauge_calibrated", "gauge_calibration_voided", "gauge_retired", "gauge_returned",
    "gauge_studied",
)  # fmt: skip
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Calibration:
    """`found`, `left`: whether it was within its tolerance before and after adjustment. `due_ms`: until when it holds.
    `number`: among those of its gauge, as they were recorded."""

    at_ms: int
    by: str
    certificate: str
    found: bool
    left: bool
    due_ms: int
    action: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Gauge:
    """`type`: as control plans ask for it. `owner`: "" ours; else an employee, a customer. `interval_days`: between
    calibrations. `calibrations`: the oldest first, whenever they were recorded; voided ones are none."""

    code: str
    type: str
    title: str
    owner: str
    resolution: str
    interval_days: int
    calibrations: tuple[Calibration, ...] = ()
    retired_ms: int | None = None

    @property
    def last(self) -> Calibration | None:
        """The last calibration."""
        return self.calibrations[-1] if self.calibrations else None

    def calibration_at(self, at_ms: int) -> Calibration | None:
        """The last calibration at that time."""
        return next((c for c in reversed(self.calibrations) if c.at_ms <= at_ms), None)

    def state(self, now_ms: int) -> str:
        """good, due (within a tenth of its interval), expired, failed, new or retired."""
        last = self.last
        if self.retired_ms is not None:
            return "retired"
        if last is None:
            return "new"
        if not last.left:
            return "failed"
        if now_ms > last.due_ms:
            return "expired"
        soon_ms = self.interval_days * DAY_MS // 10
        return "due" if now_ms > last.due_ms - soon_ms else "good"


def stream_of(code: str) -> str:
    """The stream of a gauge."""
    return f"gauge:{code}"


def replay_gauge(history: Sequence[Event]) -> Gauge | None:
    """The gauge its events (the oldest first) make; None: there is none."""
    found: Gauge | None = None
    number = 0
    for event in history:
        facts = event.facts()
        if event.kind == ADDED:
            code = event.stream.removeprefix("gauge:")
            found = Gauge(
                code, facts["type"], facts["title"], facts["owner"], facts["resolution"],
                facts["interval_days"],
            )  # fmt: skip
        elif found is None:
            continue
        elif event.kind == CALIBRATED:
            number += 1
            one = Calibration(
                event.at_ms, event.person, facts["certificate"], facts["found_good"],
                facts["left_good"], facts["due_ms"], event.action, number,
            )  # fmt: skip
            by_time = sorted((*found.calibrations, one), key=lambda c: (c.at_ms, c.number))
            found = replace(found, calibrations=tuple(by_time))
        elif event.kind == VOIDED:
            kept = [c for c in found.calibrations if c.number != facts["calibration"]]
            found = replace(found, calibrations=tuple(kept))
        elif event.kind in (RETIRED, RETURNED):
            found = replace(found, retired_ms=event.at_ms if event.kind == RETIRED else None)
    return found


def within(points: Sequence[Mapping[str, str]], tolerance: Decimal) -> bool:
    """Whether every reading is its reference's value, within the tolerance; raises NoFigure."""
    return all(abs(figure(p["reading"]) - figure(p["reference"])) <= tolerance for p in points)


def last_good(gauge: Gauge, before_ms: int) -> int:
    """Since when a gauge is in doubt that is found bad now: its last good calibration; 0: it never had one."""
    good = [c.at_ms for c in gauge.calibrations if c.left and c.at_ms < before_ms]
    return max(good, default=0)


def gauge_faults(
    gauge: Gauge | None, asked: tuple[str, str], lacking: Sequence[str], at_ms: int
) -> list[Refusal]:
    """Why a gauge may not serve. `asked`: its code as told, and the type that is asked for; `lacking`: the
    studies that its use takes and that its type does not have."""
    code, kind = asked
    if not code:
        return [Refusal("gauge_is_told", {"type": kind})]
    if gauge is None:
        return [Refusal("gauge_is_known", {"gauge": code})]
    refused = []
    if gauge.type != kind or gauge.retired_ms is not None:
        refused.append(Refusal("gauge_is_of_type", {"gauge": code, "type": kind, "is": gauge.type}))
    last = gauge.calibration_at(at_ms)
    if last is None or at_ms > last.due_ms or not last.left:
        due_ms = str(last.due_ms) if last is not None and last.left else ""
        refused.append(Refusal("gauge_is_calibrated", {"gauge": code, "until_ms": due_ms}))
    if lacking:
        facts = {"gauge": code, "type": kind, "studies": "; ".join(lacking)}
        refused.append(Refusal("gauge_has_a_study", facts))
    return refused


@dataclass(frozen=True, slots=True)
class Study:
    """A measurement system study of a type of gauge. `figures`: as decimal texts; `verdict`: good, fair or poor.
    `judged_by`: the acceptance row, {since, source}; `tolerance`: what it was compared with, "" nothing."""

    type: str
    gauge: str
    characteristic: str
    method: str
    at_ms: int
    by: str
    figures: Mapping[str, str]
    verdict: str
    accepted: bool
    reason: str
    kind: str = "grr"
    plan: str = ""
    tolerance: str = ""
    judged_by: Mapping[str, str] = field(default_factory=dict)


def study_from(event: Event) -> Study:
    """The study an event tells of."""
    facts: dict[str, Any] = event.facts()
    return Study(
        facts["type"], facts["gauge"], facts["characteristic"], facts["method"], event.at_ms,
        event.person, facts["figures"], facts["verdict"], facts["accepted"], event.reason,
        facts.get("kind", "grr"), facts.get("plan", ""), facts["tolerance"], facts.get("judged_by", {}),
    )  # fmt: skip
