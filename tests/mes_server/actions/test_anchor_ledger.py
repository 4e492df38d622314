"""The ledger's head is remembered outside the store: at once, every so often, and at the end."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mes_server.actions.anchor_ledger import anchor_ledger, anchoring
from mes_server.domain.amounts import Amount
from mes_server.store.anchors import FILE, read_anchors
from mes_server.store.engine import open_engine, reading
from mes_server.store.ledger import head
from mes_server.store.verifying import verify_ledger
from tests.mes_server.actions.lot_floor import Floor

DEADLINE_S = 10.0


def test_an_anchor_is_written_when_the_ledger_went_on(engine: Engine, tmp_path: Path) -> None:
    floor = Floor(engine)
    assert not anchor_ledger(engine, tmp_path), "nothing is there yet"
    floor.receive(Amount(1, 1000))
    assert anchor_ledger(engine, tmp_path)
    assert not anchor_ledger(engine, tmp_path), "nothing new"
    floor.receive(Amount(1, 1000))
    assert anchor_ledger(engine, tmp_path)
    anchors, _ = read_anchors(tmp_path)
    with reading(engine) as conn:
        assert anchors[-1][:2] == head(conn, 0)[:2]
    assert verify_ledger(engine, anchors, 0).broken is None


def test_it_is_done_at_the_end_too(engine: Engine, tmp_path: Path) -> None:
    floor = Floor(engine)
    with anchoring(engine, tmp_path):
        floor.receive(Amount(1, 1000))
        floor.receive(Amount(1, 1000))
    assert read_anchors(tmp_path)[0][-1].number == 2


def test_and_every_so_often(engine: Engine, tmp_path: Path) -> None:
    floor = Floor(engine)
    with anchoring(engine, tmp_path, every_s=0.01):
        floor.receive(Amount(1, 1000))
        waiting, waited = threading.Event(), 0.0
        while not read_anchors(tmp_path)[0] and waited < DEADLINE_S:
            waiting.wait(0.02)
            waited += 0.02
        assert [a.number for a in read_anchors(tmp_path)[0]] == [1]


def test_what_cannot_be_anchored_is_logged_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'none.db'}")
    with anchoring(engine, tmp_path):
        pass
    assert "is not anchored now" in caplog.text
    assert not (tmp_path / FILE).exists()
    engine.dispose()
