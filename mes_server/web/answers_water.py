"""The shapes of /api/v1 for what people recorded about water: samples, analysers, meters, waste."""

from typing import Literal

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_lots import RefusalAnswer


class WaterResultAnswer(Answer):
    """A figure of a sample. `refused`: the rule, or the reason why it was withdrawn; such a one counts for nothing."""

    pollutant: str
    qualifier: Literal["", "<", ">"]
    value: str
    unit: str
    method: str
    lod: str
    report: str
    refused: str


class CustodyAnswer(Answer):
    """A hand that the sample went through."""

    kind: str
    at: Time
    person: str
    note: str


class WaterSampleAnswer(Answer):
    """A sample with its custody, its results, and what was refused of it."""

    sample: str
    place: str
    kind: Literal["grab", "composite"]
    begun: Time
    ended: Time
    state: str
    lab: str
    note: str
    reports: str
    asked: list[str]
    missing: list[str]
    results: list[WaterResultAnswer]
    refused: list[WaterResultAnswer]
    custody: list[CustodyAnswer]
    voided: str


class WaterSamplesAnswer(Answer):
    """The newest first."""

    items: list[WaterSampleAnswer]


class WaterRefusedAnswer(Answer):
    """Something about water that was refused."""

    number: int
    what: str
    about: str
    at: Time
    person: str
    reasons: list[RefusalAnswer]


class WaterRefusedsAnswer(Answer):
    """The newest first; `count`: of all there ever were."""

    count: int
    items: list[WaterRefusedAnswer]


class AnalyserCheckAnswer(Answer):
    """A check of an analyser, or work on it. `passed`: null for work."""

    check: str
    place: str
    pollutant: str
    kind: Literal["zero", "span", "maintenance", "repaired"]
    at: Time
    until: Time | None
    person: str
    expected: str
    read: str
    difference: str
    tolerance: str
    passed: bool | None
    note: str
    voided: str


class AnalyserDoneAnswer(AnalyserCheckAnswer):
    """What came of it. `doubtful`: a check failed; `doubtful_since`: null: it was never good."""

    id: str
    outcome: Literal["accepted"]
    again: bool
    made: list[str]
    doubtful: bool
    doubtful_since: Time | None
    next: str


class AnalyserAnswer(Answer):
    """An online analyser as it stands."""

    place: str
    pollutant: str
    state: Literal["good", "due", "doubtful", "maintenance", "unchecked"]
    doubtful: bool
    doubtful_since: Time | None
    checks: list[AnalyserCheckAnswer]


class AnalysersAnswer(Answer):
    """Those of the outlets first."""

    items: list[AnalyserAnswer]


class MeterNoteAnswer(Answer):
    """A meter was exchanged or read by hand."""

    number: int
    meter: str
    kind: Literal["meter_exchanged", "meter_read"]
    at: Time
    person: str
    before: str
    after: str
    note: str
    voided: str


class MeterNotesAnswer(Answer):
    """The newest first."""

    items: list[MeterNoteAnswer]


class WasteAnswer(Answer):
    """A line of the book of waste. `said`: its facts as written."""

    record: str
    kind: Literal["sludge", "received", "used", "manifest"]
    at: Time
    person: str
    place: str
    kg: str
    dry_kg: str
    state: str
    received_kg: str
    differs_percent: str
    differs_too_much: bool
    said: dict[str, str]
    voided: str


class WastesAnswer(Answer):
    """The newest first."""

    items: list[WasteAnswer]
