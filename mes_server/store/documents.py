"""Released revisions of documents, as the ledger has them; withdrawn ones stay."""

import json
from typing import Any

from sqlalchemy import Connection, Row
from sqlmodel import Field, SQLModel

from mes_server.domain.documents import RELEASED, Document, in_force
from mes_server.domain.seal import Event
from mes_server.store.tables import CLUSTERED, run, wide, wide_or_null

STREAMS = ("document:",)


class DocumentRow(SQLModel, table=True):
    """One revision, as domain.documents.Document; `content` is JSON, `number` that of its event in the ledger."""

    __tablename__ = "document"
    __table_args__ = (CLUSTERED,)

    kind: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    revision: str = Field(primary_key=True)
    content: str
    released_ms: int = wide()
    person: str
    withdrawn_ms: int | None = wide_or_null()
    number: int = wide()


_COLUMNS = "kind, code, revision, content, released_ms, person, withdrawn_ms, number"


def follow(conn: Connection, event: Event) -> None:
    """Bring the table up to an event of a document. It counts from when it was noted: nobody dates it back."""
    facts = event.facts()
    key = (facts["kind"], facts["code"], facts["revision"])
    if event.kind == RELEASED:
        content = json.dumps(facts["content"], sort_keys=True, ensure_ascii=False)
        values = (*key, content, event.noted_ms, facts["signer"], None, event.number)
        query = f"INSERT INTO document ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        run(conn, query, values)
    else:
        query = "UPDATE document SET withdrawn_ms = ? WHERE kind = ? AND code = ? AND revision = ?"
        run(conn, query, (event.noted_ms, *key))


def drop_all(conn: Connection) -> None:
    """Forget what is computed; only to compute it anew in the same transaction."""
    run(conn, "DELETE FROM document")


def _document(row: Row[Any]) -> Document:
    return Document(
        row.kind, row.code, row.revision, json.loads(row.content), row.released_ms, row.person,
        row.withdrawn_ms, row.number,
    )  # fmt: skip


def load_document(conn: Connection, kind: str, code: str, revision: str) -> Document | None:
    """A revision as it was released."""
    query = f"SELECT {_COLUMNS} FROM document WHERE kind = ? AND code = ? AND revision = ?"  # noqa: S608
    row = run(conn, query, (kind, code, revision)).first()
    return None if row is None else _document(row)


def load_named(conn: Connection, kind: str, name: str) -> Document | None:
    """A revision by the name records use, "code/revision"."""
    code, _, revision = name.partition("/")
    return load_document(conn, kind, code, revision)


def list_documents(conn: Connection, kind: str, code: str = "") -> list[Document]:
    """All revisions of a kind, or of one document of it; by code, the newest of each first."""
    where, values = ("kind = ?", (kind,)) if not code else ("kind = ? AND code = ?", (kind, code))
    query = f"SELECT {_COLUMNS} FROM document WHERE {where}"  # noqa: S608
    rows = run(conn, f"{query} ORDER BY code, number DESC", values)
    return [_document(row) for row in rows]


def load_current(conn: Connection, kind: str, code: str, at_ms: int) -> Document | None:
    """The revision of a document that was in force at a time; None also for no name at all."""
    return in_force(list_documents(conn, kind, code), at_ms) if code else None


def count_kinds(conn: Connection) -> dict[str, int]:
    """How many documents (not revisions) there are of each kind."""
    query = "SELECT kind, count(DISTINCT code) AS documents FROM document GROUP BY kind"
    return {row.kind: row.documents for row in run(conn, query)}
