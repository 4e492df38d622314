"""The shapes of /api/v1 for problems (8D) and changes of processes."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_signatures import SignatureAnswer, SignatureBody
from mes_server.web.bodies import Moment, Name

Long = Annotated[str, StringConstraints(max_length=4_000)]


class OpenProblemBody(ActBody):
    """A problem is worked on by 8D. `linked`: nonconformances and lots."""

    title: Name
    linked: list[Name] = Field(default_factory=list, max_length=100)


class StepBody(ActBody):
    """What a discipline says; while it is not done it has an owner and a date."""

    step: Name = Field(description="D1 to D8")
    text: Long = ""
    owner: Name = ""
    due: Moment | None = None
    done: bool = False


class CloseProblemBody(ActBody):
    """All disciplines are done. `check`: when it is looked at whether they helped."""

    check: Moment
    signature: SignatureBody | None = Field(None, description="Of who closes it; it is needed")


class CheckProblemBody(ActBody):
    """Whether it helped; the reason says what shows it."""

    effective: bool


class TemporaryBody(ActBody):
    """An approved alternate control replaces the primary one for a time; the reason is needed."""

    at_station: Name
    operation: Name
    primary: Name
    alternate: Name
    until: Moment
    signature: SignatureBody | None = None


class ChangeBody(ActBody):
    """A change is requested."""

    title: Name
    what: Long
    risk: Long
    verification: Long
    takes_customer: bool = False


class DecideChangeBody(ActBody):
    """Approved or refused; the reason is needed."""

    approved: bool
    customer_reference: Name = ""
    signatures: list[SignatureBody] = Field(default_factory=list, max_length=5)


class EffectiveBody(ActBody):
    """The first lot behind the change."""

    first_lot: Name


class StepAnswer(Answer):
    """A discipline."""

    step: str
    text: str
    owner: str
    due_at: Time | None
    done_at: Time | None
    by: str


class EightDAnswer(Answer):
    """A problem as it stands. `overdue`: disciplines, or check."""

    problem: str
    title: str
    state: Literal["open", "closed", "effective"]
    opened_at: Time
    opened_by: str
    linked: list[str]
    steps: list[StepAnswer]
    overdue: list[str]
    check_at: Time | None
    result: str
    reopened: int
    signatures: list[SignatureAnswer]


class EightDsAnswer(Answer):
    """The last ones, the newest first."""

    items: list[EightDAnswer]


class TemporaryAnswer(Answer):
    """A temporary change. `lots`: all that ran while it was active."""

    change: str
    station: str
    operation: str
    primary: str
    alternate: str
    reason: str
    plan: str = Field(description="The control plan that approved the alternate")
    from_at: Time
    until: Time
    active: bool
    review_due: bool
    verified: str
    lots: list[str]
    signatures: list[SignatureAnswer]


class ChangeAnswer(Answer):
    """A change request as it stands."""

    change: str
    title: str
    what: str
    risk: str
    verification: str
    takes_customer: bool
    state: Literal["requested", "approved", "refused", "effective"]
    requested_at: Time
    requested_by: str
    customer_reference: str
    first_lot: str
    lots_before: list[str] = Field(description="The last ones of that part before the break point")
    lots_behind: list[str] = Field(description="The first ones from the break point on")
    effective_at: Time | None
    signatures: list[SignatureAnswer]


class ChangesAnswer(Answer):
    """Both kinds, the newest of each first."""

    temporary: list[TemporaryAnswer]
    items: list[ChangeAnswer]
