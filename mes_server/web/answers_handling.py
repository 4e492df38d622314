"""The shapes of /api/v1 for what is done to lots and stations apart from scans."""

from typing import Annotated, Any, Literal

from pydantic import Field

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_scans import Badge, ToldBody
from mes_server.web.bodies import Body, Count, Id, Milligrams, Moment, Name

_LOTS_MAX = 500
Square = Annotated[int, Field(ge=0, le=10**13)]


class ActBody(Body):
    """What every such body says. `act_id` makes a repetition harmless."""

    act_id: Id
    at: Moment
    station: Name = Field("", description="Where it is done")
    badge: Badge = ""
    reason: Name = ""


class AmountBody(Body):
    """How much of a lot there is; rare earths in mg by element."""

    pieces: Count = 0
    mass_mg: Milligrams
    area_mm2: Square = 0
    elements: dict[Name, Milligrams] = Field(default_factory=dict, max_length=20)


class ReceiveBody(ActBody):
    """A lot comes from outside."""

    kind: Name
    amount: AmountBody
    part: Name = ""
    grade: Name = ""
    route: Name = Field("", description="code/revision")
    supplier: Name = ""
    supplier_lot: Name = ""
    origin: Literal["", "P", "I", "C", "E"] = Field(
        "", description="Primary, internal return, pre-consumer, post-consumer (ISO 14021)"
    )
    expires_at: Moment | None = None


class SplitBody(ActBody):
    """Each part becomes a lot; pieces without a mass weigh their share."""

    parts: list[ToldBody] = Field(min_length=1, max_length=_LOTS_MAX)


class MergeBody(ActBody):
    """All of the lots become one."""

    lots: list[Name] = Field(min_length=1, max_length=_LOTS_MAX)


class BlendPartBody(Body):
    """So much of a lot."""

    lot: Name
    mass_mg: Milligrams


class BlendBody(ActBody):
    """So much of each lot becomes one new lot; what is empty is as in the parts, where they agree."""

    parts: list[BlendPartBody] = Field(min_length=1, max_length=_LOTS_MAX)
    kind: Name = ""
    part: Name = ""
    grade: Name = ""
    route: Name = ""


class SomeBody(ActBody):
    """So much of a lot."""

    pieces: Count = 0
    mass_mg: Milligrams = 0


class ScrapBody(SomeBody):
    """So much of a lot is waste: broken pieces, or what a tool took off."""

    form: Literal["scrap", "swarf"] = "scrap"


class ReworkBody(ActBody):
    """An operation that was done is to be done again."""

    operation: Name


class RegradeBody(ActBody):
    """Another grade; the reason names the evidence."""

    grade: Name


class MoveBody(ActBody):
    """Where the lot lies now."""

    place: Name


class PackBody(ActBody):
    """So many pieces to a pack; the last one holds what is left."""

    pieces_each: Annotated[int, Field(ge=1, le=10**9)]


class ShipBody(ActBody):
    """The lots leave together."""

    lots: list[Name] = Field(min_length=1, max_length=_LOTS_MAX)
    customer: Name
    order: Name = ""
    delivery_note: Name = ""


class ResourceBody(ActBody):
    """What is mounted in a role; an empty resource: it was taken off."""

    role: Name
    resource: Name


class ReleaseBody(ActBody):
    """Which hold ends; the reason is needed."""

    hold: Name


class RouteBody(ActBody):
    """A revision of a route, as docs/routes.md describes it."""

    content: dict[str, Any]


class RouteAnswer(Answer):
    """A released revision of a route."""

    code: str
    revision: str
    title: dict[str, str] = Field(description="By language")
    released_at: Time
    steps: list[list[str]] = Field(description="Of each step, the operations of which one is done")


class RoutesAnswer(Answer):
    """All of them, the newest of each route first."""

    items: list[RouteAnswer]


class RouteContentAnswer(Answer):
    """A revision as it was released; docs/routes.md describes its fields."""

    content: dict[str, Any]
