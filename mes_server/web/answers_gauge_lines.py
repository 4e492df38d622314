"""The shapes of /api/v1 for what gauges send by themselves."""

from typing import Annotated

from pydantic import Field, StringConstraints

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_lots import RefusalAnswer
from mes_server.web.bodies import Body, Count, Id, Name
from schemas.line_protocols import LINE_MAX

LINES_MAX = 100
Hex = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})+$", max_length=2 * (LINE_MAX + 1))]


class LineBody(Body):
    """One line as it came."""

    id: Id
    age_ms: Count = Field(description="How long ago it came, when this is sent")
    raw: Hex = Field(description="Its bytes with its end, in hex")


class LinesBody(Body):
    """Lines of one gauge, the oldest first. What they say is read here, by the protocol."""

    station: Name
    protocol: Name
    lines: list[LineBody] = Field(min_length=1, max_length=LINES_MAX)


class LinesKeptAnswer(Answer):
    """All of them are kept. `fresh`: so many for the first time."""

    kept: int
    fresh: int


class LineAnswer(Answer):
    """A line. `fault`: why it is no reading, empty when it is one; `check`: that took it."""

    number: int
    gauge: str
    station: str
    at: Time
    received_at: Time
    protocol: str
    raw: str
    text: str
    value: str
    unit: str
    fault: str
    check: str


class LinesAnswer(Answer):
    """The last lines of a gauge, the newest first."""

    items: list[LineAnswer]


class LineHereAnswer(LineAnswer):
    """A line at a station. `refusals`: why it may not be taken for what is asked."""

    refusals: list[RefusalAnswer]


class LinesHereAnswer(Answer):
    """What came at a station. `last`: to be sent as `after` next time."""

    last: int
    items: list[LineHereAnswer]
