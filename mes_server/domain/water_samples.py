"""A lab sample of water with its chain of custody and the results it gave; the checks of online analysers."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

GRAB, COMPOSITE = SAMPLE_TYPES = ("grab", "composite")
LESS, MORE, EXACT = QUALIFIERS = ("<", ">", "")
TAKEN, HANDED, RECEIVED, REPORTED, VOIDED, WITHDRAWN = (
    "sample_taken", "sample_handed", "sample_received", "sample_reported", "sample_voided", "result_withdrawn",
)  # fmt: skip
ZERO, SPAN, MAINTENANCE, REPAIRED = CHECK_KINDS = ("zero", "span", "maintenance", "repaired")
CHECKED, ENDED, CHECK_VOIDED = "analyser_checked", "maintenance_ended", "check_voided"


@dataclass(frozen=True, slots=True)
class Result:
    """A figure. `value` in `unit` of the pollutant; with LESS it is the LOD. `lod`: of the method, None: not told.

    `refused`: the rule that refused it, or why it was withdrawn; it counts for nothing. `report`: that brought it.
    """

    pollutant: str
    value: Decimal
    unit: str
    qualifier: str
    method: str
    lod: Decimal | None
    refused: str = ""
    report: str = ""

    def for_average(self, rule: Mapping[str, str]) -> Decimal:
        """As it counts in a mean: a non-detect as the share of its LOD that the dated rule says."""
        return self.value * Decimal(rule["average_share"]) if self.qualifier == LESS else self.value

    def for_compliance(self, rule: Mapping[str, str]) -> Decimal:
        """As it counts against a limit: a non-detect as the share of its LOD that the dated rule says."""
        return (
            self.value * Decimal(rule["compliance_share"]) if self.qualifier == LESS else self.value
        )


@dataclass(frozen=True, slots=True)
class Custody:
    """A hand it went through: TAKEN, HANDED, RECEIVED, REPORTED or VOIDED; who and when (Unix ms)."""

    kind: str
    at_ms: int
    person: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class WaterSample:
    """A sample of a place (stream, treatment or outlet). `from_ms` to `to_ms`: when it was drawn, the same for a grab.

    `results` count. `refused`: figures that were refused, or withdrawn with a reason, and what they were. `asked`: the
    pollutants that it is to be analysed for. `voided`: the reason, "": the sample counts.
    """

    code: str
    place: str
    kind: str
    from_ms: int
    to_ms: int
    lab: str
    report: str
    results: tuple[Result, ...]
    custody: tuple[Custody, ...]
    voided: str = ""
    note: str = ""
    refused: tuple[Result, ...] = ()
    asked: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """The last thing that was done with it."""
        return VOIDED if self.voided else self.custody[-1].kind

    @property
    def missing(self) -> tuple[str, ...]:
        """What it was to be analysed for and no figure came of yet."""
        there = {one.pollutant for one in self.results}
        return tuple(one for one in self.asked if one not in there)

    @property
    def last_ms(self) -> int:
        """Nothing happens to it before the last hand had it."""
        return max(one.at_ms for one in self.custody)


@dataclass(frozen=True, slots=True)
class AnalyserCheck:
    """A zero or span check of an online analyser, or work on it. `kind`: "zero", "span", "maintenance", "repaired".

    `passed`: None for what is no check. A failed check makes the values since the last passed one doubtful.
    `to_ms`: when a maintenance ended, None: it goes on. `tolerance`: in the unit of the pollutant, as it was on that
    day. `full_scale`: where the range of the analyser ends.
    """

    code: str
    place: str
    pollutant: str
    kind: str
    at_ms: int
    to_ms: int | None
    person: str
    expected: Decimal | None
    read: Decimal | None
    passed: bool | None
    note: str = ""
    tolerance: Decimal | None = None
    voided: str = ""
    full_scale: Decimal | None = None


def sample_stream(code: str) -> str:
    """The stream of a sample."""
    return f"water_sample:{code}"


def analyser_stream(place: str, pollutant: str) -> str:
    """The stream of what measures a pollutant at a place."""
    return f"analyser:{place}/{pollutant}"
