"""What waits to be folded is folded in company, and at once when nothing more comes."""

import pytest
from sqlalchemy import Engine

from mes_server.domain.messages import Message
from mes_server.ingest.folder import (
    BUSY_MS,
    CALM_MESSAGES,
    EVENT_COST,
    LATE_EVERY,
    QUIET_MS,
    STEP_COST,
    Folder,
)
from tests.mes_server.edge import NOW_MS, Edge
from tests.mes_server.mes import Mes

TICK = 1_000_000


def _folder(engine: Engine, edge: Edge) -> tuple[Mes, Folder]:
    """A fold that has just folded a birth, at TICK."""
    mes = Mes(engine)
    folder = Folder(mes.folding)
    folder.load()
    folder.came(mes.receive(edge.nbirth(), edge.dbirth()).messages, TICK)
    while folder.step(TICK, NOW_MS):
        pass
    return mes, folder


def _many(edge: Edge, count: int) -> list[Message]:
    return [edge.live({"step_no": edge.next}) for _ in range(count)]


def test_a_shard_waits_for_company_while_more_comes(sqlite_engine: Engine) -> None:
    edges = [Edge(node=f"ctl-{n}", epoch=n + 1) for n in range(4)]
    mes, folder = _folder(sqlite_engine, edges[0])
    for edge in edges[1:]:
        folder.came(mes.receive(edge.nbirth(), edge.dbirth()).messages, TICK)
    while folder.step(TICK, NOW_MS):
        pass
    for edge in edges:
        batch = _many(edge, CALM_MESSAGES // 3)
        folder.came(mes.receive(*batch).messages, TICK + 20)
    assert folder.depth > CALM_MESSAGES
    assert not folder.is_due(TICK + 20 + QUIET_MS - 1)
    assert folder.is_due(TICK + BUSY_MS)


def test_nothing_waits_when_nothing_more_comes(sqlite_engine: Engine) -> None:
    edge = Edge()
    mes, folder = _folder(sqlite_engine, edge)
    folder.came(mes.receive(*_many(edge, 3)).messages, TICK + 20)
    assert not folder.is_due(TICK + 20 + QUIET_MS - 1)
    assert folder.is_due(TICK + 20 + QUIET_MS)
    assert folder.step(TICK + 20 + QUIET_MS, NOW_MS)
    assert mes.values("step_no") == [1, 2, 3]


def test_a_step_takes_fewer_of_large_messages(sqlite_engine: Engine) -> None:
    edge = Edge()
    mes, folder = _folder(sqlite_engine, edge)
    large = [edge.live({"state": "x" * 8000}) for _ in range(STEP_COST // 2)]
    folder.came(mes.receive(*large).messages, TICK + 20)
    folded = folder.step(TICK + QUIET_MS + 20, NOW_MS)
    assert folded is not None
    assert 0 < sum(folded.messages.values()) <= STEP_COST // 4 + 1


def test_a_step_takes_fewer_of_large_births(sqlite_engine: Engine) -> None:
    edge = Edge(metrics={f"m{n}": "double" for n in range(1_000)})
    mes, folder = _folder(sqlite_engine, edge)
    births = [edge.dbirth() for _ in range(50)]
    folder.came(mes.receive(*births).messages, TICK + 20)
    folded = folder.step(TICK + QUIET_MS + 20, NOW_MS)
    assert folded is not None
    dear = EVENT_COST + (len(births[0].payload) >> 11)
    assert 0 < sum(folded.messages.values()) <= STEP_COST // dear + 1 < STEP_COST // EVENT_COST


def _old(edge: Edge, count: int) -> list[Message]:
    """Back-fill: a record a message, marked historical."""
    seqs = range(edge.next, edge.next + count)
    edge.next += count
    records = [edge.record(s, {"step_no": s}, NOW_MS + s, historical=True) for s in seqs]
    return [edge.ddata([record]) for record in records]


def test_what_is_live_does_not_wait_behind_back_fill_and_neither_waits_for_ever(
    sqlite_engine: Engine,
) -> None:
    edge = Edge()
    mes, folder = _folder(sqlite_engine, edge)
    folder.came(mes.receive(*_old(edge, 5 * STEP_COST)).messages, TICK + 20)
    first_live = edge.next
    shown, old_before = False, 0
    for turn in range(8):
        folder.came(mes.receive(*_many(edge, 3)).messages, TICK + 20)
        folder.step(TICK + BUSY_MS * (turn + 1), NOW_MS)
        values = mes.values("step_no")
        if not shown and first_live in values:
            shown, old_before = True, len(values)
    assert shown
    assert old_before <= STEP_COST + 3, "at most one step of back-fill went before"
    assert len([v for v in mes.values("step_no") if v < first_live]) >= STEP_COST
    while folder.step(TICK + 100 * BUSY_MS, NOW_MS):
        pass
    assert sorted(mes.values("step_no")) == list(range(1, edge.next))


@pytest.fixture(params=[False, True], ids=["", "control"])
def blind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether births are overlooked: then what follows them is put aside, and that raises an alarm."""
    if request.param:
        monkeypatch.setattr(Folder, "_note_birth", lambda folder, message: None)
    found: bool = request.param
    return found


@pytest.mark.parametrize("again", [False, True], ids=["as it came", "loaded again"])
def test_back_fill_does_not_overtake_the_birth_that_explains_it(
    sqlite_engine: Engine, blind: bool, again: bool
) -> None:
    mes, folder = _folder(sqlite_engine, Edge())
    for number in range(2 * LATE_EVERY):
        edge = Edge(node=f"ctl-{number + 2}", epoch=number + 2)
        come = mes.receive(edge.nbirth(), edge.dbirth(), *_old(edge, 3)).messages
        folder.came(come, TICK + 20)
        if again:
            folder.load()
        while folder.step(TICK + BUSY_MS, NOW_MS):
            pass
        folder.step(TICK + BUSY_MS, NOW_MS)  # the turn of back-fill falls on another step each time
    assert folder.depth == 0
    assert bool(mes.quarantined()) == blind


def test_back_fill_from_before_a_birth_takes_none_from_after_it_along(
    sqlite_engine: Engine, blind: bool
) -> None:
    for steps in range(LATE_EVERY):
        edge = Edge(node=f"ctl-{steps}", epoch=steps + 1)
        mes, folder = _folder(sqlite_engine, edge)
        for _ in range(steps):
            folder.step(TICK, NOW_MS)
        before = _old(edge, 2)
        edge.metrics = {**edge.metrics, "new_metric": "double"}
        births = [edge.nbirth(), edge.dbirth()]
        record = edge.record(edge.next, {"new_metric": 1.5}, NOW_MS, historical=True)
        come = mes.receive(*before, *births, edge.ddata([record])).messages
        folder.came(come, TICK + 20)
        while folder.step(TICK + BUSY_MS, NOW_MS):
            pass
        assert folder.depth == 0
    assert bool(mes.quarantined()) == blind
