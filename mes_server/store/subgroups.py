"""Checks as subgroups of control charts: which characteristics have any, and the newest of one."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from mes_server.domain.checks import Check
from mes_server.domain.control_plan import plan_of
from mes_server.domain.process import ground_of
from mes_server.domain.seal import Event
from mes_server.store.checks import list_checks
from mes_server.store.documents import load_named
from mes_server.store.ledger import load_stream
from mes_server.store.tables import run

_CHECKS_MAX = 100_000


class Charted(NamedTuple):
    """A characteristic of a part, how many checks count, and when the last was made."""

    part: str
    characteristic: str
    checks: int
    newest_ms: int


class Sought(NamedTuple):
    """A characteristic of a part; "" as place: everywhere."""

    part: str
    characteristic: str
    place: str = ""

    @property
    def stream(self) -> str:
        """The stream with what was noted of the process."""
        return f"process:{self.part}/{self.characteristic}"


def list_charted(conn: Connection) -> list[Charted]:
    """All that was checked, by part and characteristic."""
    query = (
        "SELECT part, characteristic, count(*) AS checks, max(at_ms) AS newest_ms FROM check_done "
        "WHERE voided = '' GROUP BY part, characteristic ORDER BY part, characteristic"
    )
    rows = run(conn, query).all()
    return [Charted(r.part, r.characteristic, r.checks, r.newest_ms) for r in rows]


def places_of(conn: Connection, sought: Sought) -> list[str]:
    """Where it was checked."""
    query = (
        "SELECT DISTINCT place FROM check_done "
        "WHERE part = ? AND characteristic = ? AND voided = '' ORDER BY place"
    )
    return [row.place for row in run(conn, query, (sought.part, sought.characteristic))]


def newest_subgroups(
    conn: Connection, sought: Sought, limit: int, until_ms: int = 2**62
) -> list[Check]:
    """The newest so many checks that count, the oldest first."""
    same = {"part": sought.part, "characteristic": sought.characteristic}
    if sought.place:
        same["place"] = sought.place
    where = " AND ".join(f"{name} = ?" for name in same)
    query = (
        f"SELECT at_ms FROM check_done WHERE {where} AND voided = '' AND at_ms <= ? "  # noqa: S608
        "ORDER BY at_ms DESC LIMIT 1 OFFSET ?"
    )
    asked = (*same.values(), until_ms, limit - 1)
    since_ms = int(run(conn, query, asked).scalar() or 0)
    found = list_checks(conn, since_ms, until_ms, _CHECKS_MAX, **same)
    return [one for one in found if not one.voided][-limit:]


def alike(conn: Connection, checks: Sequence[Check]) -> list[Check]:
    """Those that are of the same process as the last: what was measured against other limits, with another type
    of gauge or of prototypes makes limits of another process."""
    grounds: dict[str, object] = {}

    def ground(check: Check) -> object:
        if check.plan not in grounds:
            document = load_named(conn, "plan", check.plan)
            grounds[check.plan] = document and ground_of(plan_of(document), check.characteristic)
        return grounds[check.plan]

    return [one for one in checks if ground(one) == ground(checks[-1])]


def process_events(conn: Connection, sought: Sought) -> list[Event]:
    """When the process was found out of control, and what was held for it."""
    return load_stream(conn, sought.stream)
