"""The shapes of /api/v1 that concern scans to review."""

from typing import Literal

from pydantic import Field

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_lots import RefusalAnswer
from mes_server.web.bodies import Body, Name


class ReviewAnswer(Answer):
    """What came late and could not be."""

    id: str
    what: str
    lot: str
    run: str
    operation: str
    station: str
    person: str
    at: Time = Field(description="When it was done, by the tablet's clock")
    received_at: Time
    sent_by: str = Field(description="Who was signed in when it came, if not who did it")
    refusals: list[RefusalAnswer]
    asked: str = Field(description="What was sent, as JSON; empty: it can only be set aside")


class ReviewsAnswer(Answer):
    """Those that wait, the oldest first."""

    reviews: list[ReviewAnswer]
    count: int
    next: str | None


class CarryOutBody(Body):
    """It is done after all."""

    reason: Name
    when: Literal["then", "now"] = Field("then", description="At its own time, or at this moment")


class SetAsideBody(Body):
    """Nothing is done."""

    reason: Name


class SettledAnswer(Answer):
    """How it ended."""

    id: str
    outcome: Literal["carried_out", "set_aside"]
