"""The shapes of /api/v1 about lots, traces and the ledger, and of what is sent to it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mes_server.web.answers import Answer, Cursor, Time

Reason = Annotated[str, Field(min_length=1, max_length=500)]
Where = Literal["in_process", "stock", "shipped", "scrapped", "used_up"]


class AmountAnswer(Answer):
    """How much there is of a lot."""

    pieces: int
    mass_mg: int
    area_mm2: int
    elements_mg: dict[str, int] = Field(description="Rare earths by symbol")


class LotAnswer(Answer):
    """A lot as it is now."""

    code: str
    kind: str
    part: str
    grade: str
    route: str
    status: Literal["active", "running", "used_up", "shipped"]
    place: str
    run: str
    operation: str
    shipment: str
    supplier_lot: str
    amount: AmountAnswer
    done: list[str] = Field(description="Operations finished, in order")
    holds: dict[str, str] = Field(description="Reason by the id of the hold")
    reworks: dict[str, int] = Field(description="How often each operation was sent back to")
    born_at: Time
    expires_at: Time | None


class LotsAnswer(Answer):
    """Lots, the newest first."""

    items: list[LotAnswer]
    next: Cursor


class WindowAnswer(Answer):
    """A lot's own time in a station: the samples of the station between these are its own."""

    run: str
    station: str
    operation: str
    from_: Time = Field(alias="from")
    to: Time | None = Field(description="null: the run is open")


class LotDetailAnswer(LotAnswer):
    """A lot with the windows in which it was in stations."""

    windows: list[WindowAnswer]


class EventAnswer(Answer):
    """A sealed event of the ledger."""

    number: int
    stream: str
    stream_number: int
    kind: str
    action: str
    at: Time
    noted_at: Time
    person: str
    place: str
    reason: str
    content: dict[str, Any]
    previous: str
    hash: str


class EventsAnswer(Answer):
    """Events in their order."""

    items: list[EventAnswer]
    next: Cursor


class LotEventAnswer(EventAnswer):
    """An event of a lot, and whether it is what was sealed."""

    sealed: bool


class LotEventsAnswer(Answer):
    """Events of a lot in their order."""

    items: list[LotEventAnswer]
    next: Cursor


class FoundAnswer(Answer):
    """A lot that a trace found, as it is now."""

    code: str
    kind: str
    part: str
    where: Where
    status: str
    place: str
    run: str
    shipment: str
    customer: str
    into: list[str] = Field(description="The lots it went into; of a trace forward")
    pieces: int
    mass_mg: int
    area_mm2: int
    held: bool


class AccountAnswer(Answer):
    """Where the mass is, in mg; what is in no place was lost in the runs between."""

    start_mg: int
    joined_mg: int
    now_mg: dict[str, int]
    missing_mg: int


class TraceAnswer(Answer):
    """Lots that lie back or forward of a lot, by code, the lot among them."""

    direction: Literal["back", "forward"]
    count: int
    counts: dict[str, int] = Field(description="How many are where")
    account: AccountAnswer | None = Field(description="Of a trace forward")
    items: list[FoundAnswer]
    next: Cursor


class AnchorAnswer(Answer):
    """An anchor. `source`: file, paper, or group and name of the node that told it; `at`: when it heard it."""

    source: str
    at: str | None
    number: int
    hash: str


class VerdictAnswer(Answer):
    """Whether the ledger is what was sealed."""

    sealed: bool
    events: int
    hash: str
    anchors: int
    broken_number: int | None
    why: str | None
    unknown: list[AnchorAnswer]


class HoldAnswer(Answer):
    """What was done: the action is the name of the hold."""

    action: str
    lots: list[str]


class RefusalAnswer(Answer):
    """A rule that says no, with what it looked at."""

    rule: str
    facts: dict[str, str]
    message: str
    next: str = Field("", description="What to do, where it is not in the message")


class Body(BaseModel):
    """What is sent; nothing else is taken."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class HoldsBody(Body):
    """Which lots are held, and why."""

    lots: list[Annotated[str, Field(max_length=40)]] = Field(min_length=1, max_length=100_000)
    reason: Reason
