"""A lot as it was when it went into a run: what is split off or scrapped later changes nothing about that run."""

from sqlalchemy import Connection

from mes_server.domain.amounts import Amount
from mes_server.domain.lots import LOADED, Lot, replay
from mes_server.store.ledger import load_stream


def went_in(conn: Connection, run: str, code: str) -> Amount:
    """How much of the lot went into the run."""
    then = lot_then(conn, run, code)
    return Amount(0, 0) if then is None else then.amount


def lot_then(conn: Connection, run: str, code: str) -> Lot | None:
    """The lot as it was when it went into the run."""
    history = load_stream(conn, f"lot:{code}")
    loaded = [e for e in history if e.kind == LOADED and e.facts()["run"] == run]
    return replay([e for e in history if loaded and e.number < loaded[-1].number])
