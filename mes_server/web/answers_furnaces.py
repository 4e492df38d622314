"""The shapes of /api/v1 for surveys of furnaces and their thermocouples."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_signatures import SignatureAnswer, SignatureBody
from mes_server.web.bodies import Body, Count, Name

Written = Annotated[str, StringConstraints(max_length=40)]
Test = Literal["SAT", "SAT_COMPARATIVE", "TUS", "OVER_TEMP", "INSTRUMENT", "SELF_ASSESSMENT"]


class PointBody(Body):
    """One reading of a survey, as written."""

    thermocouple: Name = ""
    test_thermocouple: Name = ""
    position: Name = ""
    reading: Written = Field(
        description="Of the furnace; of a TUS and of over-temperature the set point"
    )
    test: Written = Field(
        description="Of the test thermocouple; of over-temperature where it tripped"
    )
    correction: Written = Field(
        "", description="From the certificates of thermocouple and instrument"
    )


class SurveyBody(ActBody):
    """A survey of a furnace. Its result is computed."""

    test: Test
    instrument: Name = ""
    readings: list[PointBody] = Field(default_factory=list, max_length=100)
    passed: bool = Field(False, description="Of what is told and not measured")
    note: Name = ""
    signature: SignatureBody | None = Field(None, description="Of who answers for it; it is needed")


class InstallBody(ActBody):
    """A thermocouple goes into a furnace."""

    thermocouple: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    role: Annotated[str, StringConstraints(min_length=1, max_length=60)] = Field(
        description="The metric it measures"
    )
    type: Written = Field(description="By IEC 60584-1, such as N or S")
    uses_before: Count = 0
    correction_c: Written = ""


class RequirementAnswer(Answer):
    """One requirement, and how the furnace stands with it."""

    row: str
    scheme: str
    test: Test
    tolerance_c: str
    interval_days: int
    source: str
    certainty: str
    state: Literal["good", "due", "overdue", "never", "again", "bad"]
    last: str = Field(description='Number of the last survey, ""')
    due_at: Time | None


class InstalledAnswer(Answer):
    """A thermocouple that is installed."""

    thermocouple: str
    role: str
    type: str
    installed_at: Time
    uses: int
    uses_max: int
    ends_at: Time | None
    state: Literal["good", "due", "bad"]


class SurveyAnswer(Answer):
    """A survey, or a change of the furnace (`test` CHANGE)."""

    survey: str
    test: str
    result: Literal["passed", "failed", ""]
    at: Time
    person: str
    instrument: str
    readings: list[dict[str, str]]
    worst_c: str
    spread_c: str
    note: str
    signatures: list[SignatureAnswer]


class FurnaceAnswer(Answer):
    """How a furnace stands. `document` "": nothing is asked of it."""

    station: str
    document: str
    requirements: list[RequirementAnswer]
    thermocouples: list[InstalledAnswer]
    surveys: list[SurveyAnswer]
