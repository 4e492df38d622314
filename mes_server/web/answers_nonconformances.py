"""The shapes of /api/v1 for nonconformances and the release of lots."""

from typing import Annotated, Literal

from pydantic import Field

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_signatures import SignatureAnswer, SignatureBody
from mes_server.web.bodies import Count, Moment, Name

Signatures = Annotated[
    list[SignatureBody], Field(max_length=5, description="Badge and PIN of each who signs")
]

Subject = Literal["lots", "run", "resource", "supplier_lot", "shipment", "unidentified"]


class OpenNcBody(ActBody):
    """Something does not conform. What was made of the lots is held, too."""

    title: Name
    source: Literal[
        "process",
        "inspection",
        "supplier",
        "customer",
        "audit",
        "gauge",
        "bath",
        "furnace",
        "effluent",
    ]
    lots: list[Name] = Field(default_factory=list, max_length=500)
    about: Subject = Field(
        "lots", description="What is suspected, if it is not the lots themselves"
    )
    name: Name = Field("", description="Code of the run, resource or shipment; the supplier's lot")
    found: Name = Field("", description="How much of it, as people say it")
    characteristic: Name = Field("", description="Of the control plan, if it is one")


class DisposeBody(ActBody):
    """What becomes of the lots; the reason is needed."""

    disposition: Name = Field(
        description="conforms, use_as_is, rework, repair, regrade, scrap or return"
    )
    to: Name = Field("", description="The operation of a rework or repair, the grade of a re-grade")
    customer_reference: Name = ""
    pieces: Count = Field(0, description="A concession is for so many pieces; 0: not limited")
    until: Moment | None = Field(None, description="Until when a concession holds")
    signatures: Signatures = Field(default_factory=list)


class NotifyBody(ActBody):
    """A customer was told; the reason says how."""

    customer: Name


class ReleaseProductBody(ActBody):
    """A lot conforms; with a CC characteristic in its plan two people sign."""

    signatures: Signatures = Field(default_factory=list)


class NoticeAnswer(Answer):
    """A customer who has some of it."""

    customer: str
    shipments: list[str]
    lots: list[str]
    told_at: Time | None
    told_by: str
    how: str


class DispositionAnswer(Answer):
    """What was decided."""

    kind: str
    reason: str
    to: str
    customer_reference: str
    pieces: int
    until: Time | None


class NcAnswer(Answer):
    """A nonconformance as it stands."""

    nonconformance: str
    title: str
    source: str
    state: Literal["open", "contained", "disposed", "closed"]
    opened_at: Time
    opened_by: str
    place: str
    about: Subject
    name: str
    found: str
    characteristic: str
    lots: list[str]
    held: list[str]
    contained_at: Time | None
    contained_by: str
    contained_how: str
    disposition: DispositionAnswer | None
    disposed_at: Time | None
    made: list[str]
    used: int = Field(description="Pieces that left under its concession")
    left: int | None = Field(description="Pieces that still may; null: not limited to a number")
    notices: list[NoticeAnswer]
    closed_at: Time | None
    signatures: list[SignatureAnswer]


class NcsAnswer(Answer):
    """The last ones, the newest first."""

    items: list[NcAnswer]


class ProductReleaseAnswer(Answer):
    """Whether a lot is released. `stands`: nothing about it has changed since."""

    lot: str
    plan: str
    released_at: Time | None
    stands: bool
    signatures: list[SignatureAnswer]
