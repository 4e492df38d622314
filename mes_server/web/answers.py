"""The shapes of /api/v1, as pydantic models: what they say is what openapi.json says."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Time = Annotated[str, Field(description="ISO 8601, UTC", examples=["2026-11-23T19:43:07.120Z"])]
Cursor = Annotated[
    str | None, Field(description="Send as `after` for the next page; null: the end")
]
Scalar = float | int | bool | str | None


class Answer(BaseModel):
    """Nothing that is not promised, nothing promised left out."""

    model_config = ConfigDict(extra="forbid")


class LatestAnswer(Answer):
    """The latest sample of a metric."""

    metric: str
    at: Time
    received_at: Time
    value: Scalar
    unit: str
    quality: Literal["good", "bad", "stale"]
    reason: str | None = Field(
        description="Why it is bad, such as silence or check; null where that is not told"
    )
    band: Literal["normal", "warn", "alarm"] | None = Field(description="null: no range is known")
    historical: bool = Field(description="Came late, not while it was measured")


class StationAnswer(Answer):
    """A station and how it stands."""

    id: str
    type: str | None
    title: dict[str, str] = Field(description="By language")
    area: str
    group: str
    node: str
    device: str
    online: bool
    online_since: Time | None
    state: str | None = Field(
        description="What the station last said; see look for what to believe"
    )
    look: str = Field(description="The state while it is known, else unknown or offline")
    known: bool
    mark: Literal["none", "warn", "alarm"]
    open_excursions: int
    last_sample_at: Time | None
    last_received_at: Time | None
    contract_fits: bool = Field(description="Its birth had what its type promises")


class StationsAnswer(Answer):
    """Stations by id."""

    items: list[StationAnswer]
    next: Cursor


class StationDetailAnswer(StationAnswer):
    """A station with the latest sample of each of its metrics."""

    metrics: list[LatestAnswer]


class GapAnswer(Answer):
    """A stretch without samples."""

    from_: Time = Field(alias="from")
    to: Time
    reason: str


class CoverageAnswer(Answer):
    """How complete the span is, in samples."""

    expected: int = Field(description="At least so many if nothing is missing; 0: not known")
    received: int
    late: int
    lost: int = Field(description="Stated as given up by the edge")


class SeriesAnswer(Answer):
    """One metric over time; all lists are of one length, one entry per point."""

    station: str
    metric: str
    unit: str
    from_: Time = Field(alias="from")
    to: Time
    times: list[Time]
    values: list[Scalar] = Field(description="The mean where a point stands for several samples")
    lows: list[Scalar]
    highs: list[Scalar]
    counts: list[int] = Field(description="Samples behind each point")
    gaps: list[GapAnswer]
    count: int = Field(description="Samples in the span")
    coverage: CoverageAnswer


class CurveGap(Answer):
    """A stretch without samples."""

    from_ms: int
    to_ms: int
    reason: str


class Curve(Answer):
    """One metric, as the chart script takes it: Unix milliseconds."""

    metric: str
    times_ms: list[int]
    values: list[Scalar]
    lows: list[Scalar] | None = Field(description="null when every point is one sample")
    highs: list[Scalar] | None
    gaps: list[CurveGap]
    count: int
    lost: int


class CurvesAnswer(Answer):
    """Several metrics of one station over the same span, read at the same moment."""

    station: str
    from_ms: int
    to_ms: int
    curves: list[Curve]


class BasisAnswer(Answer):
    """Where limits come from and how sure they are."""

    source: str
    certainty: str
    since: str


class MetricAnswer(Answer):
    """A metric as its contract promises it."""

    name: str
    title: dict[str, str]
    unit: str
    datatype: str
    kind: str
    every_ms: int
    report_ms: int
    deadband: float | str
    normal: tuple[float | None, float | None] | None
    alarm: tuple[float | None, float | None] | None
    scale: str
    values: list[str]
    note: dict[str, str]
    basis: BasisAnswer


class StationTypeAnswer(Answer):
    """The contract of a station type."""

    type: str
    revision: str
    title: dict[str, str]
    area: str
    operation: str
    handles: str
    note: dict[str, str]
    basis: BasisAnswer
    metrics: list[MetricAnswer]


class StationTypesAnswer(Answer):
    """Every station type this version knows."""

    items: list[StationTypeAnswer]
    next: Cursor
