"""The shapes of /api/v1 for the comparison of coatings and the footprint of a lot."""

from typing import Literal

from pydantic import Field

from mes_server.web.answers import Answer, Time


class EstimateAnswer(Answer):
    """A figure with its interval. Without one: a single day says nothing of it."""

    value: float
    low: float | None
    high: float | None
    sd: float | None = Field(description="Of single days; as least and most")
    least: float | None
    most: float | None


class FigureAnswer(Answer):
    """One figure of one coating."""

    figure: str
    pollutant: str
    unit: str
    estimate: EstimateAnswer | None
    bound: Literal["", "at_most"] = Field(
        description="at_most: a salt-spray test ended before anything was seen"
    )
    why: str = Field(description="Why there is no figure")
    look: Literal["pale", "whole"] = Field(
        description="pale: too little is known to conclude anything"
    )
    days: int
    runs: int
    samples: int
    against_first_percent: list[float] = Field(
        description="Difference from the first coating, lower and upper end; empty: none is stated"
    )


class LifeAnswer(Answer):
    """Salt spray in hours."""

    hours: EstimateAnswer | None
    at_least: bool
    asked_h: list[str] = Field(description="Lower limits of the control plans")
    checks: list[str]


class CoatingAnswer(Answer):
    """A coating of the period."""

    coating: str
    title: str
    area_m2: float
    mass_kg: float
    pieces: int
    runs: list[str]
    days: list[str]
    life: LifeAnswer
    figures: list[FigureAnswer]


class RemarkAnswer(Answer):
    """Something a reader must know. `days`: on how many, 0: of the whole period."""

    rule: str
    text: str
    days: int


class ComparisonAnswer(Answer):
    """Coatings side by side."""

    from_: str = Field(alias="from")
    to: str
    part: str
    by: Literal["m2", "kg", "sst"]
    days_added_up: int
    known_until: Time | None
    confidence_percent: str
    boundary: str
    source: str
    certainty: Literal["H", "M", "L"]
    coatings: list[CoatingAnswer]
    missing: list[RemarkAnswer]
    notes: list[RemarkAnswer]
    unallocated_percent: dict[str, float]


class PartAnswer(Answer):
    """What a lot had of one kind in a run."""

    run: str
    operation: str
    kind: str = Field(description="water, drained, electricity, before (treatment), settled …")
    pollutant: str
    amount: str
    unit: str


class FootprintAnswer(Answer):
    """What a lot used and sent away."""

    lot: str
    known_until: Time | None
    runs: list[str]
    not_added: list[str] = Field(description="Runs whose days are not added up yet")
    parts: list[PartAnswer]
