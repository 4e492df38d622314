"""Runs are judged by themselves beside the pages, as long as these are served."""

import time

from sqlalchemy import Engine

from mes_server.actions.prove_in_time import proving
from tests.brokers import wait_until
from tests.mes_server.actions.furnace_floor import CYCLE_MIN, FurnaceFloor


def test_a_run_that_nobody_judged_is_judged_in_time(engine: Engine) -> None:
    begun_ms = time.time_ns() // 1_000_000 - (CYCLE_MIN + 5) * 60_000
    floor = FurnaceFloor(engine).build(begun_ms)
    floor.recipe()
    run = floor.charge(begun_ms)
    with proving(engine, "UTC", every_s=0.05):
        wait_until(lambda: bool(floor.proofs(run)), "the run to be judged")
    assert floor.proofs(run)[0].verdict == "not_proven"
