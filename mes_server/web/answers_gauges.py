"""The shapes of /api/v1 for gauges, their calibrations and studies of measurement systems."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_signatures import SignatureAnswer, SignatureBody
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
    signature: SignatureBody | None = Field(None, description="Of who answers for it: approved")


class SignCalibrationBody(ActBody):
    """A calibration that was recorded is signed."""

    signature: SignatureBody | None = Field(None, description="Meaning: approved")


Part = Annotated[list[Written], Field(max_length=50)]
Appraised = Annotated[list[Part], Field(max_length=100)]


FIGURES = (
    "grr_pct", "ndc", "repeatability", "reproducibility", "interaction", "grr", "part", "bias", "bias_pct", "low", "high",
    "t", "p", "readings", "slope", "intercept", "r_squared", "slope_p", "intercept_p", "worst_bias", "centre",
    "sigma_within", "times", "rules", "kappa", "kappa_between",
)  # fmt: skip
PER_PERSON = ("kappa", "effectiveness_pct", "miss_pct", "false_alarm_pct", "repeats_pct")
Kind = Literal["grr", "bias", "linearity", "stability", "attribute"]


class StudyBody(ActBody):
    """A study: `readings[appraiser][part][trial]` as written; of stability the parts are the times of a master."""

    kind: Kind = "grr"
    type: Name
    gauge: Name = ""
    characteristic: Name = ""
    plan: Name = Field(
        "", description="CP-7 or CP-7/B: the spec of the characteristic is the tolerance"
    )
    method: Name = Field(
        "", description="anova or ranges of GR&R; empty: the usual one of the kind"
    )
    readings: list[Appraised] = Field(default_factory=list, max_length=20)
    references: list[Written] = Field(
        default_factory=list,
        max_length=100,
        description="Of each part its known value, or good and bad",
    )
    appraisers: list[Name] = Field(default_factory=list, max_length=20)
    parts: list[Name] = Field(default_factory=list, max_length=100)
    tolerance: Written = Field("", description="Width to compare with; empty: the total variation")
    accept: Name = Field("", description="Why a fair one is accepted")
    table: Annotated[str, StringConstraints(max_length=90_000)] = Field(
        "",
        description="CSV with operator, part, trial, value, reference: in place of readings and names",
    )


class StudyRowAnswer(Answer):
    """Readings of a person, by part."""

    appraiser: str
    readings: list[list[str]]


class StudyPreviewAnswer(Answer):
    """What a study would be; nothing was recorded. `refusals`: why it is none, each with its row. `verdict` "": none."""

    rows: int
    parts: list[str]
    references: list[str]
    items: list[StudyRowAnswer]
    tolerance: str
    figures: dict[str, str]
    verdict: Literal["", "good", "fair", "poor"]
    refusals: list[dict[str, Any]]


class CalibrationAnswer(Answer):
    """`found_good`, `left_good`: within the tolerance. `affected`: lots it measured since it was last good. `voided`: why
    it counts no more."""

    number: int
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
    voided: str
    signatures: list[SignatureAnswer]


class GaugeAnswer(Answer):
    """A gauge with its calibrations, the oldest first. `accepted`: kinds of studies that its type has accepted."""

    gauge: str
    type: str
    title: str
    owner: str
    resolution: str
    interval_days: int
    state: Literal["good", "due", "expired", "failed", "new", "retired"]
    due_at: Time | None
    accepted: list[Kind]
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
    held: bool


class AffectedsAnswer(Answer):
    """Lots measured since the last good calibration, with this gauge as it would be found bad now."""

    gauge: str
    since: Time | None
    items: list[AffectedAnswer]


class StudyAnswer(Answer):
    """A study. `figures`: decimal texts; standard deviations in the unit of the readings, `…_pct` in percent.
    `judged_by`: since and source of the acceptance row."""

    kind: Kind
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
    plan: str
    tolerance: str
    judged_by: dict[str, str]
    readings: list[list[list[str]]]
    references: list[str]
    appraisers: list[str]
    parts: list[str]


class StudiesAnswer(Answer):
    """Of a type of gauge, the oldest first."""

    items: list[StudyAnswer]
