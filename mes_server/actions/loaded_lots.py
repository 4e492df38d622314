"""A lot as it was when it went into a run: what is split off or scrapped later changes nothing about that run."""

from sqlalchemy import Connection

from mes_server.domain.amounts import Amount
from mes_server.domain.lots import LOADED, replay
from mes_server.store.ledger import load_stream


def went_in(conn: Connection, run: str, code: str) -> Amount:
    """The lot as it was when it went into the run."""
    history = load_stream(conn, f"lot:{code}")
    loaded = [e for e in history if e.kind == LOADED and e.facts()["run"] == run]
    then = replay([e for e in history if loaded and e.number < loaded[-1].number])
    return Amount(0, 0) if then is None else then.amount
