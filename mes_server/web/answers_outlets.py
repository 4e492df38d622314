"""The shapes of /api/v1 for outlets and their judged days."""

from typing import Literal

from pydantic import Field

from mes_server.web.answers import Answer, Time

Status = Literal["ok", "warn", "exceed", "no_data", "no_production", "no_discharge", "no_limit"]
Averaging = Literal["spot", "hourly", "daily", "four_day", "monthly"]


class LimitAnswer(Answer):
    """A limit, both ends allowed."""

    low: str | None
    high: str | None
    unit: str
    averaging: Averaging
    origin: str = Field(description="The limit set, or permit")
    source: str
    certainty: Literal["H", "M", "L"]


class LimitVerdictAnswer(Answer):
    """A pollutant against one limit."""

    limit: LimitAnswer
    value: float | None = Field(
        description="What is compared, at the benchmark discharge where it holds"
    )
    share: float | None = Field(description="Of the limit, in %")
    status: Status
    sample: str


class HourAnswer(Answer):
    """An hour of a day."""

    from_: Time = Field(alias="from")
    mean: float | None
    low: float | None
    high: float | None
    volume_m3: float
    covered: float


class ExcludedAnswer(Answer):
    """What was left out, and why."""

    from_: Time = Field(alias="from")
    to: Time
    count: int
    reason: str
    sample: str


class PollutantDayAnswer(Answer):
    """One pollutant on one day."""

    pollutant: str
    unit: str
    status: Status
    by: str = Field(description="What the mean is of: online, composite or grab")
    count: int
    low: float | None
    mean: float | None
    high: float | None
    p95: float | None
    covered: float = Field(
        description="Share of the minutes with water that have a valid value, 0 to 1"
    )
    hours_due: int
    hours_valid: int
    converted: float | None = Field(description="The mean at the benchmark discharge")
    load_kg: float | None
    substituted_kg: float | None = Field(
        description="The load with missing hours substituted; in no mean"
    )
    substituted_h: int
    forecast: float | None
    forecast_status: str
    verdicts: list[LimitVerdictAnswer]
    hours: list[HourAnswer]
    excluded: list[ExcludedAnswer]
    samples: list[str]


class OutletDayAnswer(Answer):
    """A working day of an outlet, judged as it stands."""

    outlet: str
    day: str
    from_: Time = Field(alias="from")
    to: Time
    over: bool
    status: Status
    permit: str
    volume_m3: float | None
    volume_by: str
    flow_m3: float | None
    area_m2: dict[str, float] = Field(description="Coated, by class of layers")
    benchmark_m3: float | None
    ratio: float | None
    forecast_m3: float | None
    forecast_ratio: float | None
    pollutants: list[PollutantDayAnswer]
    notes: list[str]
    lots: list[str]
    digest: str = Field(description="SHA-256 of all that was judged")


class OutletDaysAnswer(Answer):
    """Days in order."""

    items: list[OutletDayAnswer]


class OutletNowAnswer(Answer):
    """An outlet and how its running day stands."""

    outlet: str
    kind: Literal["workshop", "plant"]
    title: str
    station: str
    permit: str
    day: str
    status: Status
    volume_m3: float | None
    ratio: float | None


class OutletsAnswer(Answer):
    """The worst first."""

    items: list[OutletNowAnswer]
