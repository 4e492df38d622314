"""The shapes of /api/v1 for boards, releases of their code, and roll-outs; and the bodies that change these."""

from typing import Annotated, Literal

from pydantic import Field

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_handling import ActBody
from mes_server.web.bodies import Name


class BusAnswer(Answer):
    """An instrument of a board."""

    at: str
    asked: int = Field(description="Since the boot")
    failed: int = Field(description="Of those without a good answer")
    last: str = Field(description="The last fault")
    asked_since: int = Field(description="Since `buses_since`")
    failed_since: int


class BoardAnswer(Answer):
    """What a board tells of itself; null where it does not."""

    kind: str | None
    image: str | None = Field(description="Version and slot")
    boot_reason: str | None
    heap_free_bytes: int | None
    link: str | None
    certificate_until: Time | None
    update_state: str | None
    buses: list[BusAnswer]
    buses_since: Time | None


class ReleaseAnswer(Answer):
    """A release that was taken in."""

    release: str
    version: str
    board: str
    counter: int
    files: int
    bytes: int
    manifest_sha256: str
    at: Time
    person: str


class RollOutNodeAnswer(Answer):
    """A node in a roll-out."""

    node: str
    state: Literal["offered", "done", "failed"]
    stands: str = Field(description="How far it has come, as it was heard last")
    detail: str
    offered_at: Time
    ended_at: Time | None


class RollOutAnswer(Answer):
    """A release on its way to boards."""

    roll_out: str
    release: str
    state: Literal["running", "stopped", "withdrawn"]
    percent: int = Field(description="0: only the first node")
    reason: str
    begun_at: Time
    person: str
    nodes: list[RollOutNodeAnswer]


class FirmwareAnswer(Answer):
    """Releases, those with the highest counter first; roll-outs, the newest first."""

    releases: list[ReleaseAnswer]
    roll_outs: list[RollOutAnswer]


class BeginBody(ActBody):
    """Offer a release to one node."""

    release: Name
    node: Name = Field(description="group/node")


class WidenBody(ActBody):
    """Offer it to so many percent of the boards it is for."""

    percent: Annotated[int, Field(ge=1, le=100)]


class AgainBody(ActBody):
    """Offer it once more to a node that failed."""

    node: Name = Field(description="group/node")
