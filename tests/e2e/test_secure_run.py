"""`mes run --secure --demo`: the whole demo over TLS, each controller let in by two people and a token."""

import time
from collections.abc import Iterator

import pytest

from mes_server.actions import enrol_node as enrol
from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.record_events import Act
from mes_server.domain.attempts import Worker
from mes_server.store.engine import open_engine, reading
from mes_server.store.identities import allowed_nodes, of_node
from tests.brokers import wait_until
from tests.e2e.demo_run import LONG_S, Run

CUT_S = 60
NODE = ("sintering", "ctl-sinter-1")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, micropython: str) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("secure"), micropython, "", "--secure")
    try:
        run.process.start()
        yield run
    finally:
        run.process.stop(patience_s=40)


def online(run: Run) -> set[str]:
    return {one["node"] for one in run.nodes() if one["online"]}


def test_the_demo_runs_with_tls_and_a_revoked_node_is_gone_within_a_minute(run: Run) -> None:
    wait_until(run.is_alive, "every station type to be alive", LONG_S)
    engine = open_engine(f"sqlite:///{run.data / 'lodestone.db'}")
    with reading(engine) as conn:
        allowed, one = allowed_nodes(conn), of_node(conn, *NODE)
    assert len(allowed) == 12
    assert {one["interpreter"].split()[0] for one in run.nodes()} == {"micropython"}
    assert one is not None
    assert [n["serial"] for n in run.nodes() if n["node"] == NODE[1]] == [one.serial], "one board"
    at_ms = time.time_ns() // 1_000_000
    worker = Worker("A-501", frozenset(("admin",)), {})
    started = time.monotonic()
    act_once(
        engine, Act("revoke-it", "A-501", "", at_ms, at_ms), Ask("revoke", (), one.fingerprint), worker,
        lambda book, _: enrol.revoke(book, one.fingerprint, "lost", "stolen from the hall"),
    )  # fmt: skip
    wait_until(lambda: NODE[1] not in online(run), "the revoked node to be offline", CUT_S)
    print(f"cut after {time.monotonic() - started:.1f} s")
    log = (run.data / "logs" / "keeper.log").read_text()
    assert f"cut: {NODE[0]}/{NODE[1]}" in log
    assert len(online(run)) == 11
    engine.dispose()
