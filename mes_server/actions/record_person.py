"""Record in the ledger what was done about a person: in the transaction that does it, by badge only.

No name, PIN, secret or hash of one comes here: the ledger is read by many and forgets nothing.
"""

import uuid
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.record_events import Act
from mes_server.domain.seal import Draft
from mes_server.store.ledger import append_events, stream_length


def act_of(who: str, now_ms: int, place: str = "") -> Act:
    """An action of now. `who`: a badge, or "console:…" for a user of the machine itself."""
    return Act(uuid.uuid4().hex, who, place, now_ms, now_ms)


def note(
    conn: Connection, act: Act, stream: str, kind: str, reason: str = "", /, **facts: Any
) -> None:
    """A fact in a stream that nobody else writes to until this transaction ends."""
    number = stream_length(conn, stream) + 1
    draft = Draft(stream, number, kind, act.id, act.at_ms, act.person, act.place, reason, facts)
    append_events(conn, [draft], act.now_ms)


def note_person(
    conn: Connection, act: Act, badge: str, kind: str, reason: str = "", /, **facts: Any
) -> None:
    """A fact about a person whose row this transaction has locked or made."""
    note(conn, act, f"person:{badge}", kind, reason, **facts)
