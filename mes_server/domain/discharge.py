"""A day of an outlet, judged: means by flow, what was left out and why, the ratio to the benchmark discharge, status.

What does not count is never averaged in and never replaced; it is listed with its reason, and hours without enough
valid minutes have no mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mes_server.domain.permits import Limit

OK, WARN, EXCEED, NO_DATA, NO_PRODUCTION, NO_DISCHARGE, NO_LIMIT = STATUSES = (
    "ok", "warn", "exceed", "no_data", "no_production", "no_discharge", "no_limit",
)  # fmt: skip
# The worst first: what speaks for a pollutant, and for an outlet.
ORDER = (EXCEED, NO_DATA, WARN, NO_PRODUCTION, OK, NO_DISCHARGE, NO_LIMIT)
ONLINE, COMPOSITE, GRAB = WAYS = ("online", "composite", "grab")
# Why values do not count.
CALIBRATING, MAINTENANCE, FAULT, STUCK, SPAN_FAILED, IMPLAUSIBLE, NOT_GOOD, FUTURE, VOIDED, REJECTED = REASONS = (
    "calibrating", "maintenance", "fault", "stuck", "span_failed", "implausible", "not_good", "future", "voided", "rejected",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Excluded:
    """What was left out of a pollutant's day: a span (Unix ms) and its samples, or a lab sample `code`, and why."""

    from_ms: int
    to_ms: int
    count: int
    reason: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the day. `mean`: weighted by flow, None: too few valid minutes. `covered`: share of its minutes with
    water that are valid. `volume_m3`: by the flow."""

    from_ms: int
    mean: float | None
    low: float | None
    high: float | None
    volume_m3: float
    covered: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A pollutant against one of its limits. `value`: what is compared, after the benchmark conversion where it holds;
    `share`: value / limit in %, None: no value or a limit of another kind."""

    limit: Limit
    value: float | None
    share: float | None
    status: str
    sample: str = ""


@dataclass(frozen=True, slots=True)
class PollutantDay:
    """One pollutant on one day. `converted`: mean times the ratio of the benchmark discharge where that is above 1.

    `forecast`: the day's value at its end as it runs now, after the conversion that its limit asks for; None: the day
    is over or nothing is known. `samples`: codes of lab samples that count. `covered`: share of the minutes with water
    that have a valid value. `substituted_kg`: the load with missing hours substituted, of which there are
    `substituted_h`; in no mean. `by`: what the mean is of, ONLINE, COMPOSITE or GRAB.
    """

    pollutant: str
    unit: str
    count: int
    low: float | None
    mean: float | None
    high: float | None
    p95: float | None
    covered: float
    converted: float | None
    load_kg: float | None
    status: str
    verdicts: tuple[Verdict, ...] = ()
    hours: tuple[Hour, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    samples: tuple[str, ...] = ()
    forecast: float | None = None
    forecast_status: str = ""
    substituted_kg: float | None = None
    substituted_h: int = 0
    by: str = ""
    due_h: int = 0
    valid_h: int = 0

    @property
    def worst(self) -> Verdict | None:
        """The verdict that decides the status."""
        ranked = sorted(self.verdicts, key=lambda one: (ORDER.index(one.status), -(one.share or 0)))
        return ranked[0] if ranked else None


@dataclass(frozen=True, slots=True)
class OutletDay:
    """A working day of an outlet. `volume_m3`: by the totaliser, None: nothing was heard. `area_m2`: by layer class,
    of the lots that were coated that day; `benchmark_m3`: what GB 21900 allows for it; `ratio`: volume / benchmark.

    `notes`: what a reader must know, as keys of the translations with their facts. `digest`: of all that was judged.
    `flow_m3`: the volume by the flow, beside the totaliser's. `methods`: how the volume was found, how it is forecast.
    """

    outlet: str
    day: str
    from_ms: int
    to_ms: int
    over: bool
    permit: str
    volume_m3: float | None
    area_m2: Mapping[str, float]
    benchmark_m3: float | None
    ratio: float | None
    pollutants: tuple[PollutantDay, ...]
    notes: tuple[tuple[str, Mapping[str, str]], ...] = ()
    lots: tuple[str, ...] = ()
    digest: str = ""
    methods: Mapping[str, str] = field(default_factory=dict)
    flow_m3: float | None = None
    forecast_m3: float | None = None
    forecast_ratio: float | None = None

    @property
    def status(self) -> str:
        """The worst of its pollutants."""
        found = {one.status for one in self.pollutants}
        return next((one for one in ORDER if one in found), NO_DATA)


@dataclass(frozen=True, slots=True)
class PollutantMonth:
    """One pollutant in a calendar month. `values`: of the days that have one; `mean`: of these, each day the same."""

    pollutant: str
    unit: str
    values: tuple[tuple[str, float], ...]
    mean: float | None
    high: float | None
    load_kg: float | None
    status: str
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class OutletMonth:
    """A calendar month ("2026-11") of an outlet, from its working days."""

    outlet: str
    month: str
    over: bool
    volume_m3: float | None
    area_m2: Mapping[str, float]
    days: tuple[OutletDay, ...]
    pollutants: tuple[PollutantMonth, ...]
    digest: str = ""

    @property
    def status(self) -> str:
        """The worst of its pollutants."""
        found = {one.status for one in self.pollutants}
        return next((one for one in ORDER if one in found), NO_DATA)
