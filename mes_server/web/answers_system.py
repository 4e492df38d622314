"""The shapes of /api/v1 that concern the machinery: nodes, health, quarantine, problems."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from mes_server.web.answers import Answer, Cursor, Time
from mes_server.web.answers_nodes import BoardAnswer


class NodeAnswer(Answer):
    """An edge node, its journal, and what of it is stored."""

    group: str
    node: str
    online: bool
    own: bool = Field(description="A Lodestone agent; else a Sparkplug edge of another maker")
    interpreter: str | None
    version: str | None
    serial: str | None
    boot: int | None
    epoch: int | None
    watermark: int | None = Field(description="Every record up to here is stored")
    first: int | None
    next: int | None
    backlog: int | None = Field(description="Records the edge holds that are not stored yet")
    lost: int | None
    used_pct: float | None
    clock: Literal["unset", "rtc", "network"] | None
    heap_bytes: int | None
    born_at: Time | None
    seen_at: Time | None
    quarantined: int
    alarms: list[str]
    board: BoardAnswer


class NodesAnswer(Answer):
    """Nodes by group and name."""

    items: list[NodeAnswer]
    next: Cursor


class ReasonAnswer(Answer):
    """A reason by name, and as a sentence in the reader's language."""

    reason: str
    facts: dict[str, str | int]
    message: str


class IngestAnswer(Answer):
    """What ingest says about itself; counts run since its process began."""

    said_at: Time
    connected: bool
    storing: bool
    fault: str | None
    queue: int
    inbox_depth: int
    received: int
    stored: int
    dropped: int
    duplicates: int
    quarantined: int
    rate_per_s: float
    sqlite_version: str | None
    sqlite_affected: bool


class AlarmAnswer(Answer):
    """An alarm of the system itself that is open."""

    kind: str
    subject: str
    facts: dict[str, Any]
    opened_at: Time
    last_at: Time
    count: int


class AlarmsAnswer(Answer):
    """Open alarms of the system, the last opened first."""

    items: list[AlarmAnswer]
    next: Cursor


class HealthAnswer(Answer):
    """Whether the plant's data is being collected."""

    status: Literal["ok", "warn", "fault"] = Field(description="fault: nothing is being collected")
    at: Time
    reasons: list[ReasonAnswer]
    notes: list[ReasonAnswer]
    ingest: IngestAnswer | None
    disk_free_bytes: int
    disk_total_bytes: int
    store_bytes: int | None
    days_left: float | None
    quarantined: int
    alarms: list[AlarmAnswer] = Field(description="The 200 raised last; all are at /api/v1/alarms")


class QuarantinedAnswer(Answer):
    """A message that could not be understood."""

    id: int
    received_at: Time
    topic: str
    reason: str
    detail: str
    size_bytes: int
    payload_start_hex: str = Field(description="At most the first 256 bytes")
    attempts: int
    retry_asked_at: Time | None


class QuarantineAnswer(Answer):
    """Messages that wait to be understood, the latest first."""

    items: list[QuarantinedAnswer]
    next: Cursor


class BadParameterAnswer(Answer):
    """One parameter that cannot be used."""

    parameter: str
    fault: str
    next_step: str


class ProblemAnswer(BaseModel):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[BadParameterAnswer] | None = None
