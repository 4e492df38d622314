"""Papers as the ledger has them, and their files, byte for byte as they were made."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Index, LargeBinary, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.papers import STREAM, Paper, paper_from
from mes_server.domain.seal import Event
from mes_server.store.tables import CLUSTERED, run, wide

STREAMS = (STREAM,)
_COLUMNS = "number, kind, about, language, verdict, made_ms, person, files, earlier, event"


class PaperRow(SQLModel, table=True):
    """One paper, as domain.papers.Paper; `files` and `earlier` are JSON."""

    __tablename__ = "paper"
    __table_args__ = (Index("paper_about", "about", "event"), Index("paper_event", "event"), CLUSTERED)  # fmt: skip

    number: str = Field(primary_key=True)
    kind: str
    about: str
    language: str
    verdict: str
    made_ms: int = wide()
    person: str
    files: str
    earlier: str
    event: int = wide()


class PaperFileRow(SQLModel, table=True):
    """The bytes of one file. The ledger keeps their SHA-256; they themselves are nowhere else, and never dropped."""

    __tablename__ = "paper_file"

    number: str = Field(primary_key=True)
    format: str = Field(primary_key=True)
    data: bytes = Field(sa_type=LargeBinary)


def follow(conn: Connection, event: Event) -> None:
    """Bring the table up to a paper."""
    one = paper_from(event)
    values = (
        one.number, one.kind, one.about, one.language, one.verdict, one.made_ms, one.person,
        json.dumps(dict(one.files), sort_keys=True), json.dumps(list(one.earlier)), one.event,
    )  # fmt: skip
    marks = ", ".join("?" * len(values))
    run(conn, f"INSERT INTO paper ({_COLUMNS}) VALUES ({marks})", values)  # noqa: S608


def drop_all(conn: Connection) -> None:
    """Forget what is computed; the files stay."""
    run(conn, "DELETE FROM paper")


def insert_files(conn: Connection, number: str, files: Mapping[str, bytes]) -> None:
    """Keep the files of a paper."""
    rows = [(number, name, data) for name, data in sorted(files.items())]
    run(conn, "INSERT INTO paper_file (number, format, data) VALUES (?, ?, ?)", rows)


def load_file(conn: Connection, number: str, name: str) -> bytes | None:
    """A file of a paper by its format; None: there is none, or somebody put something else in its place."""
    query = "SELECT data FROM paper_file WHERE number = ? AND format = ?"
    found = run(conn, query, (number, name)).scalar()
    return bytes(found) if isinstance(found, bytes | memoryview) else None


def _paper(row: Row[Any]) -> Paper:
    return Paper(
        row.number, row.kind, row.about, row.language, row.verdict, row.made_ms, row.person,
        json.loads(row.files), tuple(json.loads(row.earlier)), row.event,
    )  # fmt: skip


def load_paper(conn: Connection, number: str) -> Paper | None:
    """A paper by its number."""
    query = f"SELECT {_COLUMNS} FROM paper WHERE number = ?"  # noqa: S608
    row = run(conn, query, (number,)).first()
    return None if row is None else _paper(row)


def papers_about(conn: Connection, about: str) -> list[Paper]:
    """The papers about a lot, a shipment or a suspicion, the oldest first."""
    query = f"SELECT {_COLUMNS} FROM paper WHERE about = ? ORDER BY event"  # noqa: S608
    return [_paper(row) for row in run(conn, query, (about,))]


def newest_papers(conn: Connection, limit: int, before: int = 2**62) -> list[Paper]:
    """The newest papers, the last one first; `before`: only those of earlier events."""
    query = f"SELECT {_COLUMNS} FROM paper WHERE event < ? ORDER BY event DESC LIMIT ?"  # noqa: S608
    return [_paper(row) for row in run(conn, query, (before, limit))]
