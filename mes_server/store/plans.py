"""Which control plan is for a part at a time; and who acknowledged which instruction."""

from functools import lru_cache
from json import loads

from sqlalchemy import Connection
from sqlmodel import Field, SQLModel

from mes_server.domain.control_plan import Plan, plan_from
from mes_server.domain.documents import RELEASED, in_force
from mes_server.domain.instructions import Acknowledged
from mes_server.domain.seal import Event
from mes_server.store.documents import list_documents
from mes_server.store.tables import CLUSTERED, run, run_many, wide

PLAN_STREAMS, ACK_STREAMS = ("document:plan:",), ("acks:",)


class PlanPartRow(SQLModel, table=True):
    """A revision of a plan is for a part."""

    __tablename__ = "plan_part"
    __table_args__ = (CLUSTERED,)

    part: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    revision: str = Field(primary_key=True)


class AckRow(SQLModel, table=True):
    """Somebody acknowledged a revision of an instruction ("WI-12/C")."""

    __tablename__ = "ack"
    __table_args__ = (CLUSTERED,)

    badge: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    at_ms: int = wide()


def follow_plan(conn: Connection, event: Event) -> None:
    """Bring the parts of plans up to an event."""
    if event.kind == RELEASED:
        facts = event.facts()
        parts = sorted(set(facts["content"]["parts"]))
        rows = [(part, facts["code"], facts["revision"]) for part in parts]
        run_many(conn, "INSERT INTO plan_part (part, code, revision) VALUES (?, ?, ?)", rows)


def follow_ack(conn: Connection, event: Event) -> None:
    """Bring what was acknowledged up to an event; the first time counts."""
    badge = event.stream.removeprefix(ACK_STREAMS[0])
    query = "INSERT INTO ack (badge, name, at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    run(conn, query, (badge, event.facts()["instruction"], event.at_ms))


def drop_plans(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM plan_part")


def drop_acks(conn: Connection) -> None:
    """As drop_plans."""
    run(conn, "DELETE FROM ack")


@lru_cache(maxsize=256)
def _plan(content: str) -> Plan:
    return plan_from(loads(content))


def plan_for(conn: Connection, part: str, route: str, at_ms: int) -> Plan | None:
    """The plan in force for a part at a time. `route`: "code/revision" of the lot; a plan that names routes is for
    these only. Where two are in force, the one released last."""
    query = (
        "SELECT d.content FROM plan_part p JOIN document d ON d.code = p.code AND d.revision = p.revision "
        "WHERE p.part = ? AND d.kind = 'plan' AND d.released_ms <= ? "
        "AND (d.withdrawn_ms IS NULL OR d.withdrawn_ms > ?) ORDER BY d.released_ms DESC, d.number DESC"
    )
    if not part:
        return None
    for row in run(conn, query, (part, at_ms, at_ms)):
        plan = _plan(row.content)
        if not plan.routes or route.partition("/")[0] in plan.routes:
            return plan
    return None


def plans_in_force(conn: Connection, at_ms: int) -> list[Plan]:
    """The plans in force at a time: the newest released revision of each."""
    documents = list_documents(conn, "plan")
    found = [
        in_force([o for o in documents if o.code == code], at_ms)
        for code in sorted({o.code for o in documents})
    ]
    return [plan_from(one.content) for one in found if one is not None]


def any_plan(conn: Connection) -> bool:
    """Whether a control plan was ever released here."""
    return run(conn, "SELECT 1 FROM plan_part LIMIT 1").first() is not None


def acknowledged(conn: Connection, badge: str) -> dict[str, Acknowledged]:
    """What a person acknowledged, by the name of the revision."""
    query = "SELECT badge, name, at_ms FROM ack WHERE badge = ? ORDER BY name"
    return {
        row.name: Acknowledged(row.badge, row.name, row.at_ms) for row in run(conn, query, (badge,))
    }


def acknowledged_by(conn: Connection, name: str) -> list[Acknowledged]:
    """Who acknowledged a revision, the first one first."""
    query = "SELECT badge, name, at_ms FROM ack WHERE name = ? ORDER BY at_ms, badge"
    return [Acknowledged(row.badge, row.name, row.at_ms) for row in run(conn, query, (name,))]
