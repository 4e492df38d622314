"""The owner of the database cuts the ledger's tail and wipes what it was told: the edges tell it again.

A real agent on a real interpreter, a real broker, a real ingest; the agent is killed meanwhile. What it keeps
outlives a cut of its power at any moment of writing.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from edge_agent.anchors import APART_MS, Anchors
from mes_server.actions.record_events import rebuild_lots
from mes_server.domain.amounts import Amount
from mes_server.domain.seal import Anchor
from mes_server.store.engine import open_engine
from mes_server.store.nodes import list_edge_anchors
from mes_server.store.schema import upgrade
from mes_server.store.transaction import writing
from tests.brokers import wait_until
from tests.conftest import ROOT
from tests.edge_agent.fakes import NOW_MS
from tests.faults.counting import count, draw_for
from tests.faults.power_flash import Flash, FlashStorage
from tests.mes_server.actions.lot_floor import Floor
from tests.plant import Plant

NODE = "test/ctl-1"


@pytest.fixture(params=["micropython", "python"])
def plant(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Plant]:
    device = request.param == "micropython"
    interpreter = request.getfixturevalue("micropython") if device else sys.executable
    plant = Plant(tmp_path, "nats", interpreter)
    yield plant
    plant.stop()


def told(plant: Plant) -> list[Anchor]:
    with plant.reading() as conn:
        return list_edge_anchors(conn)


def verified(plant: Plant) -> tuple[int, dict[str, Any]]:
    ran = subprocess.run(
        [sys.executable, "-m", "mes_server.cli", "verify", "--json"],
        cwd=ROOT, env=os.environ | plant.env, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return ran.returncode, json.loads(ran.stdout)[0]


def test_what_the_database_forgets_an_edge_remembers(plant: Plant) -> None:
    engine = open_engine(plant.store_url)
    upgrade(engine)
    floor = Floor(engine)
    for _ in range(9):
        floor.receive(Amount(1, 1000))
    plant.start()
    agent = plant.agent("ctl-1", [("mill-1", "jet_mill")], reconnect_s=1)
    wait_until(lambda: told(plant), "the edge to give the anchor back")
    (anchor,) = told(plant)
    assert (anchor.number, anchor.source) == (9, NODE)
    code, verdict = verified(plant)
    assert (code, verdict["broken"], verdict["events"]) == (0, None, 9), "the negative control"

    agent.kill()
    plant.ingest.stop()
    with writing(engine) as conn:
        conn.execute(text("DROP TRIGGER ledger_no_delete"))
        conn.execute(text("DELETE FROM ledger WHERE number > 6"))
        conn.execute(text("UPDATE node SET anchors = NULL"))
        conn.execute(text("DELETE FROM birth"))
    (plant.data / "anchors").unlink()
    code, verdict = verified(plant)
    assert (code, verdict["broken"]) == (1, None), "the lots still tell of what was cut off"
    assert len(verdict["strayed"]) == 3
    rebuild_lots(engine)
    code, verdict = verified(plant)
    assert (code, verdict["broken"]) == (0, None), "without anybody who remembers it is not seen"

    plant.ingest.start()
    agent.start()
    wait_until(lambda: told(plant), "the edge to tell it again")
    code, verdict = verified(plant)
    assert (code, verdict["broken"], verdict["why"]) == (1, 7, "cut_off")
    assert {"source": f"node {NODE}", "number": 9, "hash": anchor.hash, "at_ms": anchor.at_ms} in (
        verdict["unknown"]
    )
    engine.dispose()


def test_a_power_cut_at_any_moment_leaves_the_anchors_before_or_after() -> None:
    draw = draw_for("anchors on flash")
    whole = survived = 0
    flash = Flash(32, draw.randrange(1 << 30))
    kept = Anchors(FlashStorage(flash)).text()
    for count_ in range(1, 400):
        flash.restore()
        anchors = Anchors(FlashStorage(flash))
        assert anchors.text() == kept
        flash.cut_after(draw.randrange(8))
        anchors.take(f"{count_} {count_:064x}", NOW_MS + count_ * APART_MS)
        flash.restore()
        after = Anchors(FlashStorage(flash)).text()
        assert after in (kept, anchors.text()) or after.endswith(f" {NOW_MS + count_ * APART_MS}")
        assert not anchors.news or after == anchors.text(), "what was kept is kept"
        whole += anchors.news
        survived += not anchors.news
        kept = after
    assert whole > 20
    assert survived > 20, "the negative control: the power was cut"
    count("power of the edge cut", flash.cuts)
