"""From the inbox to series, states and excursions: a shard at a time, all of a turn or nothing of it."""

from collections.abc import Sequence

from mes_server.actions.boundary import LeaseLost, Trouble, attempt
from mes_server.actions.fold_births import fold_event
from mes_server.actions.fold_data import fold_data
from mes_server.actions.fold_turn import Fault, Folded, Turn
from mes_server.actions.folding import Folding
from mes_server.actions.hold_lease import LEASE_MS
from mes_server.domain.messages import topic_of
from mes_server.store.inbox import InboxMessage, delete_messages, list_messages
from mes_server.store.leases import renew_lease
from mes_server.store.transaction import writing


def fold_inbox(folding: Folding, shards: Sequence[int], limit: int, now_ms: int) -> Folded:
    """Fold up to `limit` of the oldest messages of each shard, all in one commit with their removal.

    Raises StoreFault (nothing happened) and LeaseLost. A message that finds a bug of ours is found by
    folding fewer and fewer, and quarantined.
    """
    folded = attempt(_fold, folding, shards, limit, now_ms)
    if isinstance(folded, Folded):
        return folded
    whole = Folded()
    for shard in shards:
        whole.add(_fold_carefully(folding, shard, limit, now_ms))
    return whole


def _fold_carefully(folding: Folding, shard: int, limit: int, now_ms: int) -> Folded:
    """Message by message with the codec; fewer and fewer, until the one that cannot be folded is alone."""
    folded = attempt(_fold, folding, [shard], limit, now_ms, alike=False)
    if isinstance(folded, Folded):
        return folded
    if limit > 1:
        return _fold_carefully(folding, shard, limit // 2, now_ms)
    return _put_first_aside(folding, shard, folded, now_ms)


def _fold(
    folding: Folding, shards: Sequence[int], limit: int, now_ms: int, alike: bool = True
) -> Folded:
    done = False
    try:
        with writing(folding.engine) as conn:
            if renew_lease(conn, folding.holder, now_ms + LEASE_MS) is None:
                raise LeaseLost
            turn = Turn(conn, folding, folding.known(conn), now_ms)
            for shard in shards:
                rows = list_messages(conn, shard, limit)
                fold_rows(turn, rows, alike)
                turn.folded.messages[shard] += len(rows)
                if rows:
                    delete_messages(conn, shard, rows[-1].id)
            turn.store()
        done = True
    finally:
        if not done:
            folding.forget()
    return turn.folded


def fold_rows(turn: Turn, rows: Sequence[InboxMessage], alike: bool = True) -> None:
    """Fold messages in their order; data between two births needs none among itself."""
    data: list[InboxMessage] = []
    for row in rows:
        topic = topic_of(row.topic)
        if topic.verb == "DDATA":
            data.append(row)
            continue
        fold_data(turn, data, alike)
        data = []
        faults = attempt(fold_event, turn, row)
        if isinstance(faults, Trouble):
            faults = [Fault(faults, (topic.group, topic.node))]
        for fault in faults:
            turn.aside(row, fault)
    fold_data(turn, data, alike)


def _put_first_aside(folding: Folding, shard: int, trouble: Trouble, now_ms: int) -> Folded:
    with writing(folding.engine) as conn:
        if renew_lease(conn, folding.holder, now_ms + LEASE_MS) is None:
            raise LeaseLost
        rows = list_messages(conn, shard, 1)
        turn = Turn(conn, folding, folding.known(conn), now_ms)
        for row in rows:
            turn.aside(row, Fault(trouble, None, row.fresh))
            delete_messages(conn, shard, row.id)
    turn.folded.messages[shard] += len(rows)
    return turn.folded
