"""`mes run --demo` as a newcomer meets it: a whole plant, and the same plant again after a stop."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.onboard.storage import FileStorage
from mes_server.broker import answers
from schemas.samples import GOOD
from tests.brokers import wait_until
from tests.e2e.demo_run import LONG_S, Run
from tests.faults.edge_records import read_journal


@pytest.fixture
def run(tmp_path: Path, micropython: str) -> Iterator[Run]:
    run = Run(tmp_path, micropython)
    yield run
    run.process.stop(signal.SIGINT)


def qualities(run: Run) -> set[int]:
    """Those of everything the agents recorded."""
    journals = [FileStorage(str(folder)) for folder in (run.data / "demo").glob("*/journal")]
    assert len(journals) == 12
    return {
        reading[4]
        for journal in journals
        for _, readings in read_journal(journal).records.values()
        for reading in readings
    }


def test_a_newcomer_finds_every_station_type_alive_and_again_after_a_stop(run: Run) -> None:
    run.process.start()
    wait_until(run.is_alive, f"every station type to report ({run.process.said()})", LONG_S)
    assert qualities(run) == {GOOD}, "a healthy plant, read over its buses, has no bad sample"
    nodes = run.nodes()
    assert len(nodes) == 12
    assert all(node["interpreter"].startswith("micropython") for node in nodes)
    demo = run.data / "demo.json"
    wait_until(demo.exists, "demo.json")
    assert demo.stat().st_mode & 0o777 == 0o600
    told = json.loads(demo.read_text())
    assert told["url"] == f"http://127.0.0.1:{run.http}"
    me = run.ask("/api/v1/me", token=told["token"])
    assert me["person"]["badge"] == "D-001"
    said = run.process.said()
    assert told["people"]
    assert all(f"{p['badge']}  PIN {p['pin']}" in said for p in told["people"])

    assert run.process.stop(signal.SIGINT) == 0
    assert "Stopped." in run.process.said()
    assert qualities(run) == {GOOD}, "nor in the moment of the end"
    assert not answers("127.0.0.1", run.mqtt)
    assert run.ask("/healthz") is None

    run.process.start()
    wait_until(run.is_alive, "the plant to be alive again", LONG_S)
    wait_until(lambda: json.loads(demo.read_text()) == told, "the same people", LONG_S)
    again = {node["node"]: node for node in run.nodes()}
    for node in nodes:
        assert again[node["node"]]["epoch"] == node["epoch"], "the journal goes on, no new one"
        assert again[node["node"]]["watermark"] >= node["watermark"]
        assert again[node["node"]]["lost"] == 0


def test_what_stands_in_the_way_is_said_before_anything_starts(tmp_path: Path, run: Run) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", run.mqtt))
        other.listen()
        run.process.start()
        assert run.process.running is not None
        assert run.process.running.wait(60) == 1
    said = run.process.said()
    assert f"127.0.0.1:{run.mqtt}" in said
    assert "MES_MQTT_PORT" in said
    assert not (run.data / "logs").exists()
