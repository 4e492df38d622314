"""Released revisions of routes, as the ledger has them; and since when each is the one for new lots."""

import json
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Field, SQLModel

from mes_server.domain.route_content import route_from
from mes_server.domain.routes import Route
from mes_server.store.tables import run, wide


class RouteRow(SQLModel, table=True):
    """One revision; `content` is JSON."""

    __tablename__ = "route"

    code: str = Field(primary_key=True)
    revision: str = Field(primary_key=True)
    content: str
    released_ms: int = wide()


def save_route(conn: Connection, content: dict[str, Any], released_ms: int) -> None:
    """Keep a revision."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    values = (content["code"], content["revision"], text, released_ms)
    run(
        conn, "INSERT INTO route (code, revision, content, released_ms) VALUES (?, ?, ?, ?)", values
    )


def load_content(conn: Connection, name: str) -> dict[str, Any] | None:
    """A revision ("code/revision") as it was released."""
    code, _, revision = name.partition("/")
    query = "SELECT content FROM route WHERE code = ? AND revision = ?"
    text = run(conn, query, (code, revision)).scalar()
    return None if text is None else dict(json.loads(text))


def load_route(conn: Connection, name: str) -> Route | None:
    """The revision a lot names ("code/revision")."""
    content = load_content(conn, name)
    return None if content is None else route_from(content)


def list_routes(conn: Connection) -> list[tuple[Route, int]]:
    """All revisions with when they were released, the newest of each code first."""
    query = "SELECT content, released_ms FROM route ORDER BY code, released_ms DESC, revision DESC"
    return [(route_from(json.loads(row.content)), row.released_ms) for row in run(conn, query)]
