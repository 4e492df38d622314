"""Try again what was put aside: because its birth has come, or because somebody asked for it."""

from mes_server.actions.boundary import Trouble, attempt
from mes_server.actions.fold_births import fold_event
from mes_server.actions.fold_data import fold_message
from mes_server.actions.fold_turn import Fault, Folded, Turn, open_turn
from mes_server.actions.folding import Folding
from mes_server.actions.put_aside import put_aside, settle_alarms
from mes_server.domain.messages import Message, read_message, topic_of
from mes_server.domain.nodes import NOT_IN_BIRTH, SURE, WAITING, UnreadableError
from mes_server.store.inbox import InboxMessage
from mes_server.store.quarantine import (
    Quarantined,
    list_retries,
    note_failed_retry,
    settle_quarantined,
)

OVERTAKEN = "overtaken"


def retry_quarantine(folding: Folding, limit: int, now_ms: int) -> Folded:
    """Try up to `limit` messages that are marked for it; `retries` says whether there may be more.

    Raises StoreFault (nothing happened) and LeaseLost.
    """
    folded = attempt(_retry, folding, limit, now_ms)
    if isinstance(folded, Folded):
        return folded
    if limit > 1:
        return retry_quarantine(folding, limit // 2, now_ms)
    return _give_up_first(folding, folded, now_ms)


def _retry(folding: Folding, limit: int, now_ms: int) -> Folded:
    with open_turn(folding, now_ms, live=False) as turn:
        marked = list_retries(turn.conn, limit)
        for kept in marked:
            _try_again(turn, kept)
        turn.store()
        if marked:
            settle_alarms(turn.conn, now_ms)
    turn.folded.retries = len(marked) == limit
    return turn.folded


def _give_up_first(folding: Folding, trouble: Trouble, now_ms: int) -> Folded:
    with open_turn(folding, now_ms, live=False) as turn:
        marked = list_retries(turn.conn, 1)
        for kept in marked:
            note_failed_retry(turn.conn, kept.id, trouble.reason, trouble.detail)
    return Folded(retries=bool(marked))


def _try_again(turn: Turn, kept: Quarantined) -> None:
    faults = attempt(_fold_kept, turn, kept)
    if isinstance(faults, Trouble):
        note_failed_retry(turn.conn, kept.id, faults.reason, faults.detail)
        return
    whole = [fault for fault in faults if fault.records in (None, kept.records)]
    if whole:
        trouble = _judged(turn, kept, whole[0].trouble)
        note_failed_retry(turn.conn, kept.id, trouble.reason, trouble.detail)
        return
    # What could be taken is taken; the rest is put aside by itself, so that no retry takes it twice.
    settle_quarantined(turn.conn, kept.id, turn.now_ms)
    for fault in faults:
        known = None
        if fault.node is not None:
            known = turn.folding.node_key(turn.conn, fault.node), fault.node
        message = Message(kept.topic, kept.payload, kept.received_ms)
        put_aside(turn.conn, message, _judged(turn, kept, fault.trouble), known, fault.records)


def _judged(turn: Turn, kept: Quarantined, trouble: Trouble) -> Trouble:
    """Where the birth has come and did not help, nobody needs to wait for another."""
    topic = topic_of(kept.topic)
    layouts = turn.register.state((topic.group, topic.node)).layouts
    layout = layouts.get(topic.station or topic.node)
    if trouble.reason != WAITING or layout is None or layout.trust != SURE:
        return trouble
    return Trouble(NOT_IN_BIRTH, trouble.detail)


def _fold_kept(turn: Turn, kept: Quarantined) -> list[Fault]:
    read = read_message(Message(kept.topic, kept.payload, kept.received_ms))
    row = InboxMessage(0, 0, kept.received_ms, kept.topic, kept.payload, kept.records)
    if read.verb in ("DDATA", "NDATA"):
        return fold_message(turn, row)
    if turn.register.state(read.node).born_ms > kept.received_ms:
        raise UnreadableError(OVERTAKEN, "a newer birth of this node has come since")
    return fold_event(turn, row)
