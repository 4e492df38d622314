"""The shapes of /api/v1 for gauges, their calibrations and studies of measurement systems."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_handling import ActBody
from mes_server.web.bodies import Body, Name

Written = Annotated[str, StringConstraints(max_length=40)]
Days = Annotated[int, Field(ge=0, le=36_500)]


class GaugeBody(ActBody):
    """A gauge; it serves after its first calibration."""

    code: Name
    type: Name = Field(description="As control plans ask for it")
    title: Name = ""
    owner: Name = Field("", description="Empty: ours; else an employee, a customer")
    resolution: Written = ""
    interval_days: Days = 365


class PointBody(Body):
    """What the gauge read of a known value."""

    reference: Written
    reading: Written


class CalibrateBody(ActBody):
    """As found, and as left when something was adjusted; figures as written."""

    tolerance: Written
    found: list[PointBody] = Field(max_length=200)
    left: list[PointBody] = Field(default_factory=list, max_length=200)
    certificate: Name = ""


Part = Annotated[list[Written], Field(max_length=50)]
Appraised = Annotated[list[Part], Field(max_length=100)]


class StudyBody(ActBody):
    """A study of GR&R: `readings[appraiser][part][trial]` as written."""

    type: Name
    gauge: Name = ""
    characteristic: Name = ""
    method: Name = Field("anova", description="anova or ranges")
    readings: list[Appraised] = Field(max_length=20)
    tolerance: Written = Field(
        "", description="Compared with a sixth of it; empty: with the total variation"
    )
    accept: Name = Field("", description="Why a fair one is accepted")


class CalibrationAnswer(Answer):
    """`found_good`, `left_good`: within the tolerance. `affected`: lots it measured since it was last good."""

    at: Time
    by: str
    certificate: str
    tolerance: str
    found: list[dict[str, str]]
    left: list[dict[str, str]]
    found_good: bool
    left_good: bool
    due_at: Time
    affected: list[str]


class GaugeAnswer(Answer):
    """A gauge with its calibrations, the oldest first."""

    gauge: str
    type: str
    title: str
    owner: str
    resolution: str
    interval_days: int
    state: Literal["good", "due", "expired", "failed", "new", "retired"]
    due_at: Time | None
    has_study: bool
    calibrations: list[CalibrationAnswer]


class GaugesAnswer(Answer):
    """All gauges by code."""

    items: list[GaugeAnswer]


class AffectedAnswer(Answer):
    """A lot that was measured with a gauge while it is in doubt. `customer`: to be told, where it was shipped."""

    lot: str
    status: str
    shipment: str
    customer: str


class AffectedsAnswer(Answer):
    """Lots measured since the last good calibration, with this gauge as it would be found bad now."""

    gauge: str
    since: Time | None
    items: list[AffectedAnswer]


class StudyAnswer(Answer):
    """A study. `figures`: decimal texts; standard deviations in the unit of the readings, `grr_pct` in percent."""

    type: str
    number: int
    gauge: str
    characteristic: str
    method: str
    at: Time
    by: str
    figures: dict[str, str]
    verdict: Literal["good", "fair", "poor"]
    accepted: bool
    reason: str
    readings: list[list[list[str]]]


class StudiesAnswer(Answer):
    """Of a type of gauge, the oldest first."""

    items: list[StudyAnswer]
