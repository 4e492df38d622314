"""The shapes of /api/v1 for proofs of runs."""

from typing import Literal

from pydantic import Field

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_handling import ActBody
from mes_server.web.bodies import Name

Verdict = Literal["proven", "not_proven", "failed"]
Figure = str


class ProveBody(ActBody):
    """Judge a run by all data that are there now."""

    golden: Name = Field(
        "", description="The run to compare it with, instead of the recipe's golden run"
    )


class FindingAnswer(Answer):
    """One reason; `message` in the reader's language."""

    key: str
    verdict: Verdict
    facts: dict[str, str]
    message: str


class ThermocoupleAnswer(Answer):
    """One thermocouple in one soak; temperatures as decimal texts, "" where not known."""

    metric: str
    in_band_s: int
    longest_s: int
    highest_c: Figure
    lowest_c: Figure
    unknown_s: int
    gaps: int


class StageAnswer(Answer):
    """One soak. `span`, `extent`: begin and end in Unix ms; empty: never all in the band."""

    id: str
    setpoint_c: Figure
    tolerance_c: Figure
    asked_s: int
    held_s: int
    span: list[int]
    extent: list[int]
    spread_c: Figure
    thermocouples: list[ThermocoupleAnswer]


class OverallAnswer(Answer):
    """One thermocouple over the whole run."""

    metric: str
    dose_c_h: Figure
    ramp_c_min: Figure
    covered_ppm: int


class ApartAnswer(Answer):
    """Root mean square of the difference from the other run, in °C."""

    stage: str
    way_c: Figure
    soak_c: Figure
    longer_s: int


class BesideAnswer(Answer):
    """The comparison with another run: the golden one, or the last that is proven."""

    run: str
    why: Literal["golden", "last"]
    stages: list[ApartAnswer]


class ProofAnswer(Answer):
    """One judgement of a run, as the ledger has it (`event`: its number there)."""

    run: str
    station: str
    recipe: str
    verdict: Verdict
    at: Time
    person: str
    event: int
    findings: list[FindingAnswer]
    stages: list[StageAnswer]
    thermocouples: list[OverallAnswer]
    beside: BesideAnswer | None
    diffusion: list[dict[str, str]]
    samples: int
    bad: int
    held: list[str]


class ProofsAnswer(Answer):
    """The newest proof first."""

    items: list[ProofAnswer]
