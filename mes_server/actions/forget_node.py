"""A person says that a node is gone for good: it and its stations are hidden until it is heard again.

Nothing is deleted: samples, losses and excursions stay, and who forgot it and when is kept.
"""

from typing import Literal

from sqlalchemy import Engine

from mes_server.store.forgotten import append_forgotten
from mes_server.store.nodes import find_node
from mes_server.store.transaction import writing

Outcome = Literal["forgotten", "unknown", "alive"]


def forget_node(engine: Engine, node: tuple[str, str], who: str, now_ms: int) -> Outcome:
    """Forget the node of this group and name. Raises StoreFault."""
    with writing(engine) as conn:
        found = find_node(conn, *node)
        if found is None:
            return "unknown"
        key, alive = found
        if alive:
            return "alive"
        append_forgotten(conn, key, now_ms, who)
    return "forgotten"
