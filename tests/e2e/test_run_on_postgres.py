"""The whole demo plant on a real PostgreSQL: ingest and the server are killed, the server is away.

Whatever was recorded is in the store exactly once, and nothing was acknowledged that was not.
"""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text

from firmware.onboard.storage import FileStorage
from firmware.plant.layout import CONTROLLERS
from mes_server.store.engine import open_engine, reading, writer_of
from mes_server.store.ingest_status import IngestStatus, read_status
from tests.brokers import wait_until
from tests.e2e.demo_run import LONG_S, Run
from tests.faults import invariants
from tests.faults.acks import Acks
from tests.faults.counting import count, draw_for
from tests.faults.edge_records import Recorded, read_journal
from tests.faults.said import says, shows
from tests.postgres import Cluster, NoPostgres, running_postgres

KILLS = ["ingest"] * 3 + ["PostgreSQL"] * 3  # `mes run` waits ever longer before it starts a child
NODES = [node for _, node, _ in CONTROLLERS]
STATIONS = {station for _, _, stations in CONTROLLERS for station, _ in stations}


@pytest.fixture
def server() -> Iterator[Cluster]:
    """A server of this test alone, whose own default is not to wait for the disk."""
    running = running_postgres(synchronous_commit="off")
    try:
        cluster = running.__enter__()
    except NoPostgres as reason:
        pytest.skip(str(reason))
    yield cluster
    running.__exit__(None, None, None)


@pytest.fixture
def engine(server: Cluster) -> Iterator[Engine]:
    engine = open_engine(server.make_database())
    yield engine
    engine.dispose()


@pytest.fixture
def run(tmp_path: Path, micropython: str, engine: Engine) -> Iterator[Run]:
    run = Run(tmp_path, micropython, engine.url.render_as_string(hide_password=False))
    yield run
    run.process.stop(signal.SIGINT)


def status_of(run: Run) -> IngestStatus:
    status = read_status(run.data)
    assert status is not None
    return status


def recorded(run: Run, node: str) -> Recorded:
    return read_journal(FileStorage(str(run.data / "demo" / node / "journal")))


def broken_promises(engine: Engine, told: dict[str, int]) -> list[str]:
    with reading(engine) as conn:
        return invariants.unkept(conn, told)


def kill_ingest(run: Run) -> None:
    before = status_of(run).pid
    parent = int(Path(f"/proc/{before}/stat").read_text().rpartition(")")[2].split()[1])
    assert run.process.running is not None
    assert parent == run.process.running.pid, "ours"
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: status_of(run).pid != before, "ingest to be started again")


def is_storing(run: Run) -> bool:
    status = status_of(run)
    return status.connected and status.storing and status.fault is None


def kill_at_random(run: Run, server: Cluster, engine: Engine, acks: Acks) -> None:
    draw = draw_for("mes run on PostgreSQL")
    kills = list(KILLS)
    draw.shuffle(kills)
    for what in kills:
        threading.Event().wait(draw.random() * 2)  # the fault comes at a random moment
        if what == "ingest":
            kill_ingest(run)
            told = acks.snapshot()
        else:
            server.kill()
            told = acks.snapshot()
            server.start(synchronous_commit="off")
        count(f"{what} killed")
        assert broken_promises(engine, told) == []
        wait_until(lambda: is_storing(run), f"storing after {what} was killed", LONG_S)


def away_for_a_while(run: Run, server: Cluster, acks: Acks, page: Page) -> None:
    """The server is stopped: said, nothing acknowledged, and over by itself."""
    page.goto(f"{run.url}/nodes")
    expect(page.locator("#banner")).to_be_empty(timeout=LONG_S * 1000)
    server.stop()
    wait_until(lambda: says(run.url, 503, "store_unreadable"), "its absence to be said", LONG_S)
    wait_until(lambda: says(run.url, 503, "not_storing"), "and that nothing is stored", LONG_S)
    wait_until(lambda: shows(run.url, "The database cannot be read"), "every page to say so")
    expect(page.locator("#banner")).to_contain_text("database unreachable", timeout=LONG_S * 1000)
    told, known = acks.snapshot(), len(recorded(run, "ctl-magnet-1").records)
    wait_until(lambda: len(recorded(run, "ctl-magnet-1").records) > known + 5, "the edges to go on")
    assert acks.snapshot() == told
    server.start(synchronous_commit="off")
    count("PostgreSQL stopped")
    wait_until(lambda: says(run.url, 200), "it to be over without a human", LONG_S)
    expect(page.locator("#banner")).to_be_empty(timeout=LONG_S * 1000)
    page.goto("about:blank")  # what an open page says when the pages end is another test's


def wait_until_stored(engine: Engine, journals: dict[str, Recorded]) -> None:
    """Until each journal is stored up to its last record."""

    def stored() -> bool:
        with reading(engine) as conn:
            return all(
                invariants.watermark(conn, node, journal.epoch) >= max(journal.records)
                for node, journal in journals.items()
            )

    wait_until(stored, "everything recorded to be stored", LONG_S)


def fold_the_rest(run: Run, engine: Engine) -> None:
    """What was stored and not yet folded when all was stopped."""

    def folded() -> bool:
        with reading(engine) as conn:
            return not invariants.inbox_depth(conn)

    ingest = run.mes("ingest")
    ingest.start()
    assert ingest.running is not None
    number = ingest.running.pid
    wait_until(lambda: status_of(run).pid == number and status_of(run).storing, "ingest", LONG_S)
    wait_until(folded, f"the rest to be folded ({ingest.said()[-500:]})", LONG_S)
    assert ingest.stop() == 0


def compare(engine: Engine, run: Run, last: dict[str, int]) -> None:
    with reading(engine) as conn:
        assert invariants.quarantined(conn) == []
        for node, upto in last.items():
            assert invariants.findings(conn, node, recorded(run, node), upto) == []
        assert conn.execute(text("SELECT count(*) FROM loss")).scalar() == 0


def control(engine: Engine, run: Run, last: dict[str, int]) -> None:
    """Without one block of samples, or one of positions, the same comparison finds it."""
    journals = {node: recorded(run, node) for node in last}
    for table, words in (("fresh", "lost"), ("position_block", "is not in the store")):
        with writer_of(engine).connect() as conn:
            newest = f"(SELECT ctid FROM {table} ORDER BY ctid DESC LIMIT 1)"
            assert conn.execute(text(f"DELETE FROM {table} WHERE ctid = {newest}")).rowcount == 1
            found = [
                line
                for node, upto in last.items()
                for line in invariants.findings(conn, node, journals[node], upto)
            ]
            conn.rollback()
        assert any(words in line for line in found), found[:5]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demo_plant_on_postgresql_outlives_kills_of_ingest_and_of_the_server(
    run: Run, server: Cluster, engine: Engine, page: Page
) -> None:
    run.process.start()
    wait_until(run.is_alive, f"every station type to report ({run.process.said()})", LONG_S)
    wait_until(
        lambda: {s["id"] for s in run.stations() if s["last_sample_at"]} == STATIONS,
        "all stations to have samples",
    )
    acks = Acks(run.mqtt)
    try:
        acks.wait_for(*NODES)
        kill_at_random(run, server, engine, acks)
        away_for_a_while(run, server, acks, page)
        journals = {node: recorded(run, node) for node in NODES}
        wait_until_stored(engine, journals)
        assert run.process.stop(signal.SIGINT) == 0
        assert broken_promises(engine, acks.snapshot()) == []
    finally:
        acks.close()
    fold_the_rest(run, engine)
    last = {node: max(journal.records) for node, journal in journals.items()}
    compare(engine, run, last)
    control(engine, run, last)
