"""`mes run --demo` moves lots: by real scans through every station of a route, until a pack is shipped."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.brokers import wait_until
from tests.e2e.demo_run import LONG_S, Run

ROUTE_S = 420  # a dozen runs, each of a second or two at this speed, on a machine that is busy
FAST = ("--speed", "600")


@pytest.fixture
def fast(tmp_path: Path, micropython: str) -> Iterator[Run]:
    run = Run(tmp_path, micropython, "", *FAST)
    yield run
    run.process.stop(signal.SIGINT)


def test_lots_pass_the_whole_route_and_a_pack_leaves(fast: Run) -> None:
    run = fast
    log = run.data / "logs" / "workers.log"
    run.process.start()
    wait_until(lambda: run.lots(status="running"), "a lot in a run", LONG_S)
    wait_until(lambda: run.lots(kind="pack", status="shipped"), "a shipped pack", ROUTE_S)
    token = run.token()
    pack = run.lots(kind="pack", status="shipped")[0]
    back: dict[str, Any] = run.ask(f"/api/v1/lots/{pack['code']}/trace?limit=200", token)
    kinds = {lot["kind"] for lot in back["items"]}
    assert {"raw", "alloy", "coarse_powder", "powder", "green", "block", "parts"} <= kinds
    events: list[dict[str, Any]] = []
    after = "0"
    while after is not None:
        page = run.ask(f"/api/v1/ledger?limit=200&after={after}", token)
        events, after = events + page["items"], page["next"]
    scans = [e for e in events if e["kind"] == "scan_accepted"]
    assert {e["person"] for e in scans} & {"W-101", "W-102"}, "by the badges of workers"
    assert {e["content"]["sent_by"] for e in scans} == {"D-001"}
    assert run.ask("/api/v1/ledger/verify", token)["sealed"]
    said = log.read_text()
    assert "400" not in said, said
    assert run.process.stop(signal.SIGINT) == 0

    run.process.start()
    shipped = len(run.lots(kind="pack", status="shipped"))
    wait_until(
        lambda: len(run.lots(kind="pack", status="shipped")) > shipped, "they went on", ROUTE_S
    )
