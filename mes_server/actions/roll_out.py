"""Bring a release to boards in stages: to one that a person chose, then to a share of them, then to all.

It goes on only by a person's act, and stops by itself when a board refuses it, falls back or does not return.
"""

import uuid

from sqlalchemy import Connection, Engine

from mes_server.actions.one_action import carry_out
from mes_server.actions.read_water import dated_row, reason_is_given
from mes_server.actions.record_events import Act, Book
from mes_server.domain import firmware as fw
from mes_server.domain.boards import version_of
from mes_server.domain.firmware import RollOut
from mes_server.domain.nodes import NodeId
from mes_server.domain.rules import Refusal
from mes_server.store.boards import Candidate, list_candidates
from mes_server.store.engine import reading
from mes_server.store.firmware import list_roll_outs, load_release, load_roll_out, offered_to
from mes_server.store.nodes import node_name
from mes_server.store.numbering import next_code

MINUTE_MS = 60_000


def begin(book: Book, release: str, node: str) -> list[str] | list[Refusal]:
    """Offer a release to one node ("group/node") and watch it; the number of the roll-out."""
    found = load_release(book.conn, release)
    if found is None:
        return [Refusal("release_is_known", {"release": release})]
    refused = _may_have(_candidates(book.conn).get(node), node, found) + _alone(book.conn, found)
    if refused:
        return refused
    code = next_code(book.conn, "roll_out", book.act.at_ms)
    book.note(_stream(code), fw.BEGUN, release=release, nodes=[node], offered_ms=book.act.now_ms)
    return [code]


def _alone(conn: Connection, release: fw.Release) -> list[Refusal]:
    """No other roll-out to boards of its kind may be open."""
    refused = []
    for other in list_roll_outs(conn, (fw.RUNNING, fw.HALTED)):
        theirs = load_release(conn, other.release)
        if other.is_open and theirs is not None and theirs.board == release.board:
            facts = {"roll_out": other.code, "release": other.release, "board": release.board}
            refused.append(Refusal("roll_out_is_alone", facts))
    return refused


def widen(book: Book, code: str, percent: int) -> list[Refusal]:
    """Offer it to so many percent of the boards it is for; again at 100 for those that came since."""
    found = load_roll_out(book.conn, code)
    refused = _runs(found, code)
    if found is None or refused:
        return refused
    if not found.percent < percent <= 100 and percent != 100:
        facts = {"roll_out": code, "percent": str(percent), "now": str(found.percent)}
        return [Refusal("roll_out_grows", facts)]
    waiting = [one.node for one in found.nodes if one.state == fw.OFFERED]
    if not found.percent and not any(one.state == fw.DONE for one in found.nodes):
        facts = {"roll_out": code, "node": ", ".join(waiting or [one.node for one in found.nodes])}
        return [Refusal("first_node_is_done", facts)]
    release = load_release(book.conn, found.release)
    refused = [] if found.is_open or release is None else _alone(book.conn, release)
    if release is None or refused:
        return refused
    nodes = _more(book.conn, found, release, percent)
    book.note(_stream(code), fw.WIDENED, percent=percent, nodes=nodes, offered_ms=book.act.now_ms)
    return []


def _more(conn: Connection, found: RollOut, release: fw.Release, percent: int) -> list[str]:
    """Whom to add: boards of its kind, or those that tell none where the first one tells none."""
    known = _candidates(conn)
    silent = any(known[one.node].kind is None for one in found.nodes if one.node in known)
    kinds = {release.board, None} if silent else {release.board}
    able = [one for one in known.values() if one.update_state is not None and one.kind in kinds]
    having = [one.name for one in able if version_of(one.image) == release.version]
    chosen = sorted({*having, *(one.node for one in found.nodes)})
    return fw.share_of([one.name for one in able], chosen, percent)


def stop(book: Book, code: str, reason: str) -> list[Refusal]:
    """Nobody is offered it any more until it is resumed; boards that are fetching it cease."""
    refused = _runs(load_roll_out(book.conn, code), code) + reason_is_given(reason)
    if not refused:
        book.note(_stream(code), fw.STOPPED, reason)
    return refused


def resume(book: Book, code: str, reason: str) -> list[Refusal]:
    """It goes on after it was stopped; nodes that failed stay out until they are offered it again."""
    refused = _in_state(load_roll_out(book.conn, code), code, fw.HALTED)
    if not refused:
        book.note(_stream(code), fw.RESUMED, reason)
    return refused


def withdraw(book: Book, code: str, reason: str) -> list[Refusal]:
    """It is over: boards that have the release keep it, nobody else gets it."""
    found = load_roll_out(book.conn, code)
    refused = _is_known(found, code) + reason_is_given(reason)
    if found is not None and found.state == fw.ENDED:
        refused += _in_state(found, code, fw.RUNNING)
    if not refused:
        book.note(_stream(code), fw.WITHDRAWN, reason)
    return refused


def offer_again(book: Book, code: str, node: str) -> list[Refusal]:
    """A node that failed is to try once more."""
    found = load_roll_out(book.conn, code)
    refused = _runs(found, code)
    if found is None or refused:
        return refused
    one = found.node(node)
    if one is None or one.state != fw.FAILED_NODE:
        return [Refusal("node_has_failed", {"roll_out": code, "node": node})]
    book.note(_stream(code), fw.AGAIN, nodes=[node], offered_ms=book.act.now_ms)
    return []


def _may_have(node: Candidate | None, name: str, release: fw.Release) -> list[Refusal]:
    if node is None:
        return [Refusal("node_is_known", {"node": name})]
    facts = {"node": name, "release": release.code, "board": release.board}
    if node.update_state is None:
        return [Refusal("node_takes_updates", facts)]
    if node.kind not in (None, release.board):
        return [Refusal("release_fits_board", {**facts, "own": node.kind or ""})]
    if version_of(node.image) == release.version:
        return [Refusal("node_lacks_release", facts)]
    return []


def _candidates(conn: Connection) -> dict[str, Candidate]:
    return {one.name: one for one in list_candidates(conn)}


def _stream(code: str) -> str:
    return f"roll_out:{code}"


def _is_known(found: RollOut | None, code: str) -> list[Refusal]:
    return [] if found is not None else [Refusal("roll_out_is_known", {"roll_out": code})]


def _in_state(found: RollOut | None, code: str, state: str) -> list[Refusal]:
    if found is None:
        return _is_known(found, code)
    if found.state == state:
        return []
    facts = {"roll_out": code, "roll_out_state": found.state, "reason": found.reason}
    if state == fw.RUNNING:
        return [Refusal("roll_out_runs", facts)]
    return [Refusal("roll_out_is_stopped", facts)]


def _runs(found: RollOut | None, code: str) -> list[Refusal]:
    return _in_state(found, code, fw.RUNNING)


def offer_for(conn: Connection, node: NodeId) -> str:
    """What a node is offered now, as Update/Offer says it; "": nothing."""
    release = offered_to(conn, node_name(*node))
    return "" if release is None else release.offer


def standings(conn: Connection, found: RollOut, now_ms: int) -> dict[str, tuple[str, str]]:
    """How far each node that was offered it and is not done has come, and the detail."""
    waiting = [one for one in found.nodes if one.state == fw.OFFERED]
    release = load_release(conn, found.release)
    if found.state == fw.ENDED or not waiting or release is None:
        return {one.node: (fw.ENDED, "") for one in waiting}
    known = _candidates(conn)
    return_ms = dated_row("boards", now_ms)["return_minutes"] * MINUTE_MS
    return {
        one.node: fw.standing(known[one.node].seen, release, one.offered_ms, now_ms, return_ms)
        for one in waiting
        if one.node in known
    }


def watch_roll_outs(engine: Engine, now_ms: int) -> int:
    """Note which nodes are done and which failed, and stop a roll-out of which one failed; how many were noted.

    Also of one that was stopped: a board that had all of it goes on by itself. Raises StoreFault: nothing was noted of a roll-out, do it again.
    """
    with reading(engine) as conn:
        found = list_roll_outs(conn, (fw.RUNNING, fw.HALTED))
        codes = [one.code for one in found if _news(conn, one, now_ms)]
    noted = 0
    for code in codes:
        act = Act(uuid.uuid4().hex, "", "", now_ms, now_ms)
        noted += carry_out(engine, act, _note_news, code)
    return noted


def _news(conn: Connection, found: RollOut, now_ms: int) -> dict[str, tuple[str, str]]:
    ends = (fw.DONE, *fw.FAILURES)
    return {n: how for n, how in standings(conn, found, now_ms).items() if how[0] in ends}


def _note_news(book: Book, code: str) -> int:
    found = load_roll_out(book.conn, code)
    if found is None:
        return 0
    news = _news(book.conn, found, book.act.now_ms)
    failed = []
    for node, (how, detail) in news.items():
        if how == fw.DONE:
            book.note(_stream(code), fw.UPDATED, node=node)
        else:
            said = f"{how}: {detail}" if detail else how
            failed.append(f"{node} {said}")
            book.note(_stream(code), fw.FAILED, node=node, detail=said)
    if failed and found.state == fw.RUNNING:
        book.note(_stream(code), fw.STOPPED, "; ".join(failed)[:500])
    return len(news)
