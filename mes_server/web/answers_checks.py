"""The shapes of /api/v1 for documents, control plans and checks."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_signatures import SignatureAnswer, SignatureBody
from mes_server.web.bodies import Body, Count, Name

Written = Annotated[str, StringConstraints(max_length=40)]
Verdict = Literal["ok", "action", "out"]


class ReadingBody(Body):
    """One figure as it was read: digits and a point, ">" before what was not reached."""

    value: Written
    position: Name = ""
    piece: Name = ""
    line: Count = Field(0, description="The number of the gauge line that it is")


class CheckBody(ActBody):
    """A check of the control plan in force. Of a lot, a run, or (with `plan`) of the station alone."""

    characteristic: Name
    lot: Name = ""
    run: Name = ""
    plan: Name = Field("", description='Of a check of a station without a lot: "code/revision"')
    part: Name = Field("", description="Of such a check, where the plan is for several parts")
    gauge: Name = Field("", description="As scanned")
    readings: list[ReadingBody] = Field(default_factory=list, max_length=1_000)
    sample: Count = Field(0, description="Pieces looked at, for an attribute")
    rejected: Count = Field(0, description="Pieces found bad")
    sort: bool = Field(False, description="They become a lot of their own, held; the rest goes on")
    temperature_c: Written = ""
    note: Name = ""
    source: Literal["tablet", "serial", "csv", "api", "office"] = "api"


class VoidBody(ActBody):
    """The check counts for nothing; the reason is needed."""


class AcknowledgeBody(ActBody):
    """An instruction was read: "code/revision", or its code for the one in force."""

    instruction: Name


class DocumentBody(ActBody):
    """A revision of a document, as docs/control_plans.md describes it."""

    content: dict[str, Any]
    signature: SignatureBody | None = Field(None, description="Of who releases it; it is needed")


class ReadingAnswer(Answer):
    """A reading as it was written. `line`: the gauge line that it was, with what the gauge `said`; 0: none."""

    value: str
    position: str
    piece: str
    line: int
    said: str


class CheckAnswer(Answer):
    """A check. `voided`: why it counts for nothing, empty when it counts."""

    check: str
    at: Time
    person: str
    place: str
    plan: str
    characteristic: str
    title: dict[str, str]
    unit: str
    operation: str
    moment: str
    lot: str
    run: str
    part: str
    gauge: str
    readings: list[ReadingAnswer]
    sample: int
    rejected: int
    temperature_c: str
    verdict: Verdict
    source: str
    note: str
    voided: str


class ChecksAnswer(Answer):
    """Checks by time."""

    items: list[CheckAnswer]


class CheckDoneAnswer(Answer):
    """The check is recorded. `held`: lots that its reaction held; `reaction`: what the plan says to do when it is out."""

    id: str
    outcome: Literal["accepted"]
    check: str
    verdict: Verdict
    held: list[str]
    sorted_out: list[str]
    reaction: dict[str, str]
    again: bool


class DueAnswer(Answer):
    """A check that the plan asks for here. `why`: lot, charge, hours, shift, day, week, first_off, restart, challenge."""

    plan: str
    characteristic: str
    title: dict[str, str]
    symbol: str
    kind: str
    quantity: str
    unit: str
    lower: str
    upper: str
    action_lower: str
    action_upper: str
    nominal: str
    sample: int
    positions: list[str]
    gauge: str = Field(description="Type of gauge; empty: none")
    method: dict[str, str]
    moment: str
    why: str
    state: Literal["due", "missed", "done", "out", "conceded"]
    due_at: Time | None
    lot: str
    run: str
    part: str
    operation: str
    reaction: dict[str, str]
    last: str = Field(description="The number of the last check of it")


class InstructionAnswer(Answer):
    """An instruction that an operation here asks for."""

    name: str
    title: dict[str, str]
    text: dict[str, str]
    operation: str
    read: bool = Field(description="Who asks has acknowledged it")


class DuesAnswer(Answer):
    """What the control plans ask for at a station now."""

    station: str
    at: Time
    items: list[DueAnswer]
    instructions: list[InstructionAnswer]


class DocumentAnswer(Answer):
    """A released revision."""

    kind: str
    code: str
    revision: str
    title: dict[str, str]
    released_at: Time
    released_by: str
    withdrawn_at: Time | None
    digest: str
    content: dict[str, Any]
    signatures: list[SignatureAnswer]


class DocumentsAnswer(Answer):
    """All revisions of a kind, by code, the newest of each first."""

    items: list[DocumentAnswer]
