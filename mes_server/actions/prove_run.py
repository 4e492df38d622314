"""Record what was judged of a run. What is not proven holds its lots; so does what failed. Nothing releases them but
quality: a later proof only says that they may be."""

from dataclasses import replace

from sqlalchemy import Connection, Engine

from mes_server.actions.answer_scan import ACCEPTED, Answer
from mes_server.actions.judge_run import Judged, judge_run
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act, Book
from mes_server.actions.trace_lots import trace
from mes_server.domain import lots
from mes_server.domain.furnace import NOT_PROVEN, PROVEN
from mes_server.domain.genealogy import FORWARD
from mes_server.domain.proofs import PROVED, REASONS, ProofRecord, stream_of
from mes_server.domain.recalls import RUN, Suspicion
from mes_server.store.documents import list_documents
from mes_server.store.engine import reading
from mes_server.store.ledger import list_action
from mes_server.store.proofs import list_proofs, unproven_runs

LOOK_BACK_MS = 14 * 86_400_000  # so long a run is judged again when its data come at last


def record_proof(book: Book, judged: Judged) -> list[str]:
    """Note the proof, and hold what it speaks against; the codes of these lots."""
    code = judged.run.code
    earlier = list_proofs(book.conn, code)
    held = [] if judged.verdict == PROVEN else _to_hold(book, code, judged.verdict, earlier)
    for lot in held:
        book.note(f"lot:{lot}", lots.HELD, f"{REASONS[judged.verdict]} {code}")
    facts = {"run": code, "station": judged.run.station, "operation": judged.run.operation}
    book.note(stream_of(code), PROVED, **facts, **judged.content, held=held)
    return held


def _to_hold(book: Book, code: str, verdict: str, earlier: list[ProofRecord]) -> list[str]:
    """What was in the run, was made by it or of that; not again for what the last proof said already."""
    if earlier and earlier[-1].verdict == verdict:
        return []
    found = trace(book.conn, Suspicion(RUN, code), FORWARD).lots
    known = ((one.code, book.lot(one.code)) for one in found)
    return [
        lot
        for lot, now in known
        if now is not None and now.status in (lots.ACTIVE, lots.RUNNING) and now.kind != "waste"
    ]


def prove_closed(engine: Engine, code: str, now_ms: int, person: str = "") -> list[str] | None:
    """Judge a run by itself, once for each state of its data: the lots held; None: there was nothing to judge.

    Raises StoreFault: nothing was recorded; it is judged later.
    """
    with reading(engine) as conn:
        if not list_documents(conn, "recipe"):
            return None
        judged = judge_run(conn, code)
        if isinstance(judged, list) or not _is_news(conn, judged):
            return None
        number = len(list_proofs(conn, code)) + 1
    act = Act(f"prove-{code}-{number}", person, judged.run.station, now_ms, now_ms)
    held: list[str] | None = carry_out(engine, act, _record_once, judged)
    return held


def _record_once(book: Book, judged: Judged) -> list[str] | None:
    """As record_proof; None: somebody was quicker."""
    return None if list_action(book.conn, book.act.id) else record_proof(book, judged)


def _is_news(conn: Connection, judged: Judged) -> bool:
    """Whether it was never judged, or comes out otherwise: by samples or checks that came since it was not proven, or
    proven by checks that may be voided, or but for what is measured later."""
    earlier = list_proofs(conn, judged.run.code)
    if not earlier:
        return True
    last = earlier[-1]
    same = all(last.content.get(name) == what for name, what in judged.content.items())
    leans = bool(last.content.get("diffusion"))  # on checks, which may be voided
    return (
        last.verdict == NOT_PROVEN or last.is_open or (last.verdict == PROVEN and leans)
    ) and not same


def prove_unloaded(engine: Engine, answer: Answer, now_ms: int, person: str) -> Answer:
    """The answer to an unloading, with the lots that the proof of the run holds."""
    if answer.outcome != ACCEPTED or answer.again or not answer.run:
        return answer
    held = prove_closed(engine, answer.run, now_ms, person) or []
    return replace(answer, held=tuple(dict.fromkeys([*answer.held, *held])))


def prove_due(engine: Engine, now_ms: int) -> dict[str, list[str]]:
    """Judge what was never judged, or waits for data that came since: by run, the lots held."""
    with reading(engine) as conn:
        recipes = list_documents(conn, "recipe")
        operations = sorted({str(one.content["operation"]) for one in recipes})
        runs = unproven_runs(conn, operations, now_ms - LOOK_BACK_MS) if operations else []
    found = {code: prove_closed(engine, code, now_ms) for code in runs}
    return {code: held for code, held in found.items() if held is not None}
