"""The bodies of /api/v1 for what people record about water: samples, analysers, meters, waste."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints

from mes_server.web.answers_checks import Written
from mes_server.web.answers_handling import ActBody
from mes_server.web.bodies import Body, Name, at_ms


def when_ms(text: str, zone: ZoneInfo) -> int:
    """Unix ms of a When."""
    moment = datetime.fromisoformat(text)
    return at_ms((moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat())


def _when(text: str) -> str:
    if text:
        when_ms(text, ZoneInfo("UTC"))
    return text


When = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(_when),
    Field(description="ISO 8601; without an offset: the clock of the plant. Empty: now"),
]


class AskedBody(Body):
    """A pollutant that a sample is to be analysed for."""

    parameter: Name = Field(description="Code of the pollutant")
    asked: Literal["yes"] = "yes"


class TakeBody(ActBody):
    """A sample of water was drawn."""

    place: Name
    kind: Literal["grab", "composite"] = "grab"
    begun: When = ""
    ended: When = Field("", description="Of a composite: when drawing ended")
    person: Name = Field("", description="Who drew it; empty: who records it")
    lab: Name = ""
    note: Name = Field("", description="Bottle, preservation, seal")
    readings: list[AskedBody] = Field(default_factory=list, max_length=100)


class HandBody(ActBody):
    """A sample goes into other hands."""

    when: When = ""
    person: Name = ""
    lab: Name = Field("", description="Of a laboratory that receives it")
    note: Name = ""


class ResultBody(Body):
    """A figure as the report has it. What has no value is not reported."""

    parameter: Name = Field(description="Code of the pollutant")
    value: Written = Field("", description="0.31, <0.02 or >100")
    unit: Written = ""
    method: Name = Field("", description="Empty: the usual one")
    lod: Written = ""


class ReportBody(ActBody):
    """A report of a laboratory on a sample. With one figure that cannot be it is refused whole."""

    number: Name
    when: When = ""
    person: Name = ""
    note: Name = ""
    readings: list[ResultBody] = Field(max_length=100)


class AnalyserBody(ActBody):
    """A zero or span check of an online analyser, or work on it."""

    place: Name
    pollutant: Name
    kind: Literal["zero", "span", "maintenance", "repaired"]
    when: When = ""
    ended: When = Field("", description="Of a maintenance; empty: it goes on")
    expected: Written = Field("", description="The value of the standard; empty at zero: 0")
    read: Written = ""
    full_scale: Written = Field("", description="Where the range of the analyser ends")
    person: Name = ""
    note: Name = ""


class EndBody(ActBody):
    """It is over."""

    when: When = ""


class MeterBody(ActBody):
    """Another meter was put in (`before` and `after`), or a meter was read by hand (`after`)."""

    when: When = ""
    before: Written = Field("", description="End reading of the old meter")
    after: Written
    person: Name = ""
    note: Name = ""


class SludgeBody(ActBody):
    """Wet cake out of a press."""

    when: When = ""
    place: Name
    kg: Written
    dry_percent: Written
    cycle: Name = ""
    note: Name = ""


class ReagentBody(ActBody):
    """A reagent came, or was used."""

    when: When = ""
    kind: Literal["received", "used"]
    substance: Name
    kg: Written
    supplier: Name = ""
    lot: Name = ""
    place: Name = ""
    note: Name = ""


class ManifestBody(ActBody):
    """Waste that is to leave."""

    when: When = ""
    number: Name
    code: Name = Field(description="Of the waste, such as 336-054-17")
    kg: Written
    transporter: Name
    receiver: Name
    note: Name = ""


class ConfirmBody(ActBody):
    """Who receives the waste says what came."""

    when: When = ""
    received_kg: Written
