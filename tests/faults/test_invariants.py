"""The checker itself: it finds nothing wrong in a sound store, and each wrong by its name."""

import copy
import json
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from edge_agent.journal import Limits
from mes_server.domain.watermarks import Watermark
from mes_server.store.engine import open_engine, writer_of
from mes_server.store.losses import Loss, append_loss
from mes_server.store.positions import (
    Journal,
    Position,
    append_positions,
    pack_positions,
    save_watermarks,
)
from mes_server.store.schema import upgrade
from schemas import journal_metrics as names
from tests.faults import invariants
from tests.faults.edge_records import Recorded, read_journal
from tests.faults.power_flash import Flash
from tests.faults.world import NOW_MS, Edge, Mes

NODE = "ctl-one"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Recorded]]:
    """A store with live records, back-filled ones, bad samples, two boots and their stated losses."""
    now = [NOW_MS]
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('lived') / 'store.db'}")
    upgrade(engine)
    edge, mes = Edge(Flash(512, 1), lambda: now[0], Limits(1_600_000, 16_384)), Mes(engine)

    def step(heard: bool) -> None:
        now[0] += 700
        edge.live()
        messages, edge.wire.messages = edge.wire.messages, []
        if heard:
            mes.receive(messages, now[0])
            mes.fold(now[0])
        commands, mes.commands = mes.commands, []
        for command in commands:
            edge.obey(command)

    for number in range(90):
        step(heard=number % 30 < 20)
        if number in (40, 60):
            edge.boot()
    recorded = read_journal(edge.storage)
    while mes_lags(engine, recorded):
        step(heard=True)
        recorded = read_journal(edge.storage)
    with writer_of(engine).connect() as conn, conn.begin():
        pack_positions(conn, 1)
    yield engine, recorded
    engine.dispose()


@pytest.fixture
def lived(store: tuple[Engine, Recorded]) -> Iterator[tuple[Connection, Recorded]]:
    """The store to be looked at and spoilt: it is as before after the test."""
    engine, recorded = store
    with writer_of(engine).connect() as conn:
        yield conn, recorded
        conn.rollback()


def mes_lags(engine: Engine, recorded: Recorded) -> bool:
    with writer_of(engine).connect() as conn:
        held = invariants.watermark(conn, NODE, recorded.epoch)
    return held < max(recorded.records)


def test_a_sound_store_has_no_findings(lived: tuple[Connection, Recorded]) -> None:
    conn, recorded = lived
    assert invariants.findings(conn, NODE, recorded, max(recorded.records)) == []
    facts = invariants.stored_facts(conn, NODE)
    assert {fact[4] for fact in facts} == {0, 192}, "good and bad ones"
    assert any(fact[1] == names.LOSS for fact in facts), "and stated losses"
    assert invariants.inbox_depth(conn) == 0
    assert invariants.quarantined(conn) == []


def says_just(words: set[str], found: list[str]) -> None:
    """Each of the words is in a finding, and each finding has one of them."""
    for word in words:
        assert any(word in line for line in found), (word, found[:5])
    for line in found:
        assert any(word in line for word in words), line


def without_a_block(conn: Connection) -> None:
    conn.execute(text("DELETE FROM position_block"))


def without_samples(conn: Connection) -> None:
    conn.execute(text("DELETE FROM fresh WHERE number = (SELECT max(number) FROM fresh)"))


def without_a_loss(conn: Connection) -> None:
    conn.execute(text("DELETE FROM loss WHERE id = (SELECT max(id) FROM loss)"))


def with_a_loss_twice(conn: Connection) -> None:
    columns = "node, station, from_ms, to_ms, count, reason, stated_ms"
    conn.execute(text(f"INSERT INTO loss ({columns}) SELECT {columns} FROM loss LIMIT 1"))


def with_a_loss_of_the_node(conn: Connection) -> None:
    append_loss(conn, Loss(_node(conn), None, NOW_MS, NOW_MS, 3, "trimmed", NOW_MS))


def with_a_record_of_nobody(conn: Connection) -> None:
    epoch = conn.execute(text("SELECT epoch FROM watermark")).scalar_one()
    append_positions(conn, 1 << 40, [Position(_node(conn), epoch, 1 << 20, 7, 0, 0, NOW_MS)])


def with_another_journal(conn: Connection) -> None:
    node = _node(conn)
    mark = Watermark()
    mark.add(1)
    save_watermarks(conn, {Journal(node, 5): mark}, NOW_MS)
    append_positions(conn, 1 << 40, [Position(node, 5, 1, 7, 0, 0, NOW_MS)])


def _node(conn: Connection) -> int:
    return int(conn.execute(text("SELECT id FROM node")).scalar_one())


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (without_a_block, {"is not in the store", "too much"}),
        (without_samples, {"lost"}),
        (without_a_loss, {"lost furnace-1.Journal/Loss"}),
        (with_a_loss_twice, {"too much: furnace-1.Journal/Loss"}),
        (with_a_loss_of_the_node, {"too much: .Journal/Loss"}),
        (with_a_record_of_nobody, {"which was never recorded"}),
        (with_another_journal, {"which was never recorded"}),
    ],
)
def test_what_is_wrong_with_a_store_is_found(
    lived: tuple[Connection, Recorded], spoil: Callable[[Connection], None], words: set[str]
) -> None:
    conn, recorded = lived
    spoil(conn)
    says_just(words, invariants.findings(conn, NODE, recorded, max(recorded.records)))


def another(at: int, value: object) -> Callable[[Recorded], None]:
    """The journal with another station, metric, time, value or quality in one reading."""

    def change(journal: Recorded) -> None:
        for seq, (_, readings) in journal.records.items():
            for number, reading in enumerate(readings):
                if isinstance(reading[3], float) and reading[3] == int(reading[3]):
                    changed = list(reading)
                    changed[at] = int(reading[3]) if value is int else value
                    journal.records[seq][1][number] = tuple(changed)  # type: ignore[call-overload]
                    return

    return change


def another_crc(journal: Recorded) -> None:
    crc, readings = journal.records[7]
    journal.records[7] = crc ^ 1, readings


def one_less(journal: Recorded) -> None:
    del journal.records[7]


def one_more(journal: Recorded) -> None:
    journal.records[max(journal.records) + 1] = 1, []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (another(0, "furnace-2"), {"lost furnace-2", "too much: furnace-1"}),
        (another(1, "no_such"), {"lost furnace-1.no_such", "too much"}),
        (another(2, NOW_MS - 1), {f"at {NOW_MS - 1}", "too much"}),
        (another(3, 0.125), {"lost", "too much"}),
        (another(3, int), {"lost", "too much"}),
        (another(4, 500), {"(500)", "(192)"}),
        (another_crc, {"record 7 is in the store with other content"}),
        (one_less, {"record 7 is missing from the journal itself", "record 7, which was never", "too much"}),
        (one_more, {"is not in the store"}),
    ],
    ids=["station", "metric", "time", "value", "type", "quality", "crc", "less", "more"],
)  # fmt: skip
def test_what_differs_from_the_journal_is_found(
    lived: tuple[Connection, Recorded], change: Callable[[Recorded], None], words: set[str]
) -> None:
    conn, recorded = lived
    other = copy.deepcopy(recorded)
    change(other)
    says_just(words, invariants.findings(conn, NODE, other, max(other.records)))


def test_an_acknowledgement_of_what_is_not_stored_is_found(
    lived: tuple[Connection, Recorded],
) -> None:
    conn, recorded = lived
    last = max(recorded.records)
    assert invariants.unkept(conn, {NODE: names.position(recorded.epoch, last)}) == []
    for epoch, seq in ((recorded.epoch, last + 1), (recorded.epoch + 1, 1)):
        assert invariants.unkept(conn, {NODE: names.position(epoch, seq)}) != []


def test_a_record_stored_twice_is_found(lived: tuple[Connection, Recorded]) -> None:
    conn, _ = lived
    (epoch, seq), crc = next(iter(invariants.positions(conn, NODE).items()))
    append_positions(conn, 1 << 40, [Position(_node(conn), epoch, seq, crc, 0, 0, NOW_MS)])
    with pytest.raises(AssertionError, match="stored twice"):
        invariants.positions(conn, NODE)


def test_readings_that_look_alike_are_told_apart() -> None:
    alike = [("s", "m", 1, value, 192) for value in (1, 1.0, True, "1", None)]
    assert len({invariants.fact(reading) for reading in alike}) == len(alike)
    nan = ("s", "m", 1, float("nan"), 192)
    assert invariants.fact(nan) == invariants.fact(nan)
    assert json.loads(invariants.fact(("s", "m", 1, "运行", 192))[3]) == "运行"
