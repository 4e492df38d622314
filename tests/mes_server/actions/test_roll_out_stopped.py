"""What boards do while a roll-out is stopped: who had all of the release goes over to it by itself, and that is noted."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from mes_server.actions.roll_out import begin, resume, stop, widen, withdraw
from tests.mes_server.actions.fleet import Fleet

FIRST, SECOND, THIRD = (f"sintering/ctl-{n}" for n in (1, 2, 3))


@pytest.fixture
def fleet(engine: Engine, tmp_path: Path) -> Fleet:
    return Fleet(engine, tmp_path).with_release(3)


@pytest.fixture
def code(fleet: Fleet) -> str:
    """A roll-out to all that was stopped when two boards had all of the release."""
    (code,) = fleet.act(begin, "0.2.0-esp32_s3", FIRST)
    fleet.updates(FIRST)
    fleet.act(widen, code, 100)
    for node in (SECOND, THIRD):
        fleet.says(node, state="ready")
    fleet.act(stop, code, "audit")
    return str(code)


def test_a_board_that_is_done_meanwhile_is_done_for_the_ledger(fleet: Fleet, code: str) -> None:
    fleet.boots(SECOND, image="0.2.0 b", state="trying")
    fleet.says(SECOND, state="idle")
    fleet.act(withdraw, code, "a better one comes")
    assert fleet.nodes(code) == {"ctl-1": "done", "ctl-2": "done", "ctl-3": "offered"}
    fleet.check()


def test_a_board_that_falls_back_meanwhile_is_noted_and_the_reason_stays(
    fleet: Fleet, code: str
) -> None:
    fleet.boots(SECOND, state="refused: went back from counter 2")
    assert fleet.nodes(code)["ctl-2"] == "failed fell_back: went back from counter 2"
    assert (fleet.roll_out(code).state, fleet.roll_out(code).reason) == ("stopped", "audit")
    fleet.act(resume, code, "")
    fleet.watch()
    assert fleet.roll_out(code).state == "running", "a person has seen it"
    fleet.check()
