"""The shapes of /api/v1 that concern the work at a station: what a tablet sends and hears."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mes_server.web.answers import Answer, Time
from mes_server.web.bodies import Body, Count, Id, Milligrams, Moment, Name

Badge = Annotated[
    Name, Field(description="Of who did it, where somebody else sends it: made offline, sent later")
]


class ToldBody(Body):
    """Counted and weighed; area and rare earths follow from the lot."""

    pieces: Count
    mass_mg: Milligrams


class RunFactsBody(Body):
    """Facts of the run that a scan opens, and where the lot lies in it."""

    recipe: Name = ""
    position: Name = ""
    resources: dict[Name, Name] = Field(
        default_factory=dict,
        max_length=20,
        description="By role, beside what is mounted: bath, target, thermocouple, jig",
    )
    part: ToldBody | None = Field(
        default=None,
        description="Only so much of it is loaded, as a lot of its own; the rest stays",
    )


class ScanBody(Body):
    """A lot is to begin work at a station."""

    scan_id: Id
    station: Name
    code: Annotated[str, StringConstraints(max_length=4000)] = Field(description="As scanned")
    at: Moment
    badge: Badge = ""
    operation: Name = Field("", description="Where several may come next; else the route says it")
    unplanned: Name = Field("", description="Why, if the route does not ask for it now")
    facts: RunFactsBody = RunFactsBody()


class OutcomeBody(Body):
    """What came out for one lot that went in."""

    lot: Name
    product: ToldBody
    scrap: ToldBody | None = None
    coupons: ToldBody | None = None
    swarf: ToldBody | None = None


class UnloadBody(Body):
    """Everything comes out of a run; every lot in it is told."""

    unload_id: Id
    station: Name
    at: Moment
    badge: Badge = ""
    lots: list[OutcomeBody] = Field(max_length=500)


class UndoBody(Body):
    """The scan was a mistake."""

    undo_id: Id
    at: Moment
    badge: Badge = ""


class ScanAnswer(Answer):
    """It is done. The same id gets the same answer, with `again`."""

    id: str
    outcome: Literal["accepted"]
    lot: str
    run: str
    operation: str
    made: list[str] = Field(description="Codes of the product lots that came out of the run")
    held: list[str] = Field(
        description="Those of them on hold: the mass does not add up, or what they are made of is on hold"
    )
    again: bool


class LotHereAnswer(Answer):
    """A lot at a station."""

    code: str
    kind: str
    part: str
    grade: str
    pieces: int
    mass_mg: int
    holds: list[str] = Field(description="Reasons why nothing may be done with it")
    position: str = Field(description="Where it lies in the run; empty if not told")
    since: Time | None = Field(description="When it went into the run")


class OperationHereAnswer(Answer):
    """An operation of a route."""

    code: str
    title: dict[str, str] = Field(description="By language")
    counted: bool = Field(description="The pieces that come out are those that went in")


class RouteHereAnswer(Answer):
    """A route that leads by a station. `here`: what of it can be done there, in its turn or not."""

    route: str
    operations: list[OperationHereAnswer]
    here: list[str]


class RunHereAnswer(Answer):
    """The open run with the lots in it."""

    code: str
    operation: OperationHereAnswer
    opened_at: Time
    lots: list[LotHereAnswer]


class WaitingAnswer(Answer):
    """Lots that may come next here, by route and operation, the oldest first."""

    route: str
    title: dict[str, str] = Field(description="Of the route, by language")
    operation: OperationHereAnswer
    count: int = Field(description="All of them; `lots` are at most 50")
    lots: list[LotHereAnswer]


class NextStepAnswer(Answer):
    """The one thing to do now, in the reader's words too."""

    do: Literal["sign_in", "load", "load_more", "unload", "wait", "nothing"]
    lot: str
    message: str


class WorkAnswer(Answer):
    """Who is at a station, what lies there, and what to do next."""

    station: str
    at: Time
    badge: str = Field(description="Of who asks; empty: nobody who may scan")
    run: RunHereAnswer | None
    waiting: list[WaitingAnswer]
    routes: list[RouteHereAnswer]
    mounted: dict[str, str] = Field(description="Bath, target, slurry, thermocouple, jig by role")
    locked: str = Field(description="Why nothing may be loaded; empty: it may")
    help_since: Time | None = Field(description="When somebody here called for help")
    reviews: int = Field(description="Late scans of this station that lead or quality must look at")
    next: NextStepAnswer
