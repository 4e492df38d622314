"""From the inbox to series, states and excursions: a shard at a time, all of a turn or nothing of it."""

from collections.abc import Mapping, Sequence

from mes_server.actions.boundary import LeaseLost, Trouble, attempt
from mes_server.actions.fold_births import fold_event
from mes_server.actions.fold_data import fold_data
from mes_server.actions.fold_turn import Fault, Folded, Turn, open_turn
from mes_server.actions.folding import Folding
from mes_server.domain.messages import topic_of
from mes_server.store.inbox import InboxMessage, delete_batches, save_progress

Rows = Sequence[InboxMessage]
Waiting = Mapping[int, Rows]


def fold_inbox(folding: Folding, waiting: Waiting, before_id: int, now_ms: int) -> Folded:
    """Fold these messages, the first that wait of each shard, with their progress in one commit.

    `before_id`: all messages below this number are folded already; their batches are deleted.
    Raises StoreFault (nothing happened, or all of it: read again what waits) and LeaseLost. A message
    that finds a bug of ours is found by folding fewer and fewer, and quarantined.
    """
    folded = attempt(_fold, folding, waiting, before_id, now_ms)
    if isinstance(folded, Folded):
        return folded
    whole = Folded()
    for shard, rows in waiting.items():
        if rows:
            whole.add(_fold_carefully(folding, shard, rows, now_ms))
    return whole


def _fold_carefully(folding: Folding, shard: int, rows: Rows, now_ms: int) -> Folded:
    """Message by message with the codec; fewer and fewer, until the one that cannot be folded is alone."""
    folded = attempt(_fold, folding, {shard: rows}, 0, now_ms, alike=False)
    if isinstance(folded, Folded):
        return folded
    if len(rows) > 1:
        return _fold_carefully(folding, shard, rows[: len(rows) // 2], now_ms)
    return _put_aside(folding, shard, rows[0], folded, now_ms)


def _fold(
    folding: Folding, waiting: Waiting, before_id: int, now_ms: int, alike: bool = True
) -> Folded:
    spans = {shard: (rows[0].id, rows[-1].id) for shard, rows in waiting.items() if rows}
    with open_turn(folding, now_ms) as turn:
        if not save_progress(turn.conn, spans):
            raise LeaseLost
        for shard, rows in waiting.items():
            fold_rows(turn, rows, alike)
            turn.folded.messages[shard] += len(rows)
        turn.store()
        delete_batches(turn.conn, before_id)
    return turn.folded


def fold_rows(turn: Turn, rows: Rows, alike: bool = True) -> None:
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


def _put_aside(
    folding: Folding, shard: int, row: InboxMessage, trouble: Trouble, now_ms: int
) -> Folded:
    with open_turn(folding, now_ms) as turn:
        if not save_progress(turn.conn, {shard: (row.id, row.id)}):
            raise LeaseLost
        turn.aside(row, Fault(trouble, None, row.fresh))
    turn.folded.messages[shard] += 1
    return turn.folded
