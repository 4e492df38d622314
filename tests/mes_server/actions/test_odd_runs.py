"""Runs as they happen: data twice and in any order, a recipe revised or withdrawn meanwhile, another unit, dead sensors."""

from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from mes_server.actions.prove_run import prove_closed
from mes_server.actions.release_document import withdraw_document
from mes_server.actions.run_charge import Outcome, load_lot_into, unload
from mes_server.store.nodes import ensure_node
from mes_server.store.stations import ensure_station
from mes_server.store.telemetry import Column, append_samples, ensure_series
from mes_server.store.transaction import writing
from tests.mes_server.actions.furnace_floor import CYCLE_MIN, DOUBLE, FurnaceFloor
from tests.mes_server.domain.simulated import LOADS, T0, recipe_content, recorded, soak

MINUTE = 60_000
LATER = T0 + CYCLE_MIN * MINUTE + 1000


@pytest.fixture
def floor(engine: Engine) -> FurnaceFloor:
    made = FurnaceFloor(engine).build()
    made.recipe()
    return made


def verdict(floor: FurnaceFloor, run: str) -> str:
    prove_closed(floor.engine, run, LATER)
    return floor.proofs(run)[-1].verdict


def keys(floor: FurnaceFloor, run: str) -> set[str]:
    return {one["key"] for one in floor.proofs(run)[-1].content["findings"]}


def tell(floor: FurnaceFloor, change: Any, only: tuple[str, ...] = LOADS) -> None:
    """The curves of the simulated run, each value changed by a rule; other metrics as they are."""
    with writing(floor.engine) as conn:
        node = ensure_node(conn, "g", "n")
        station = ensure_station(conn, node, "sinter-1", "sinter_furnace", "a")
        run = recorded("sinter_furnace")
        keyed = ensure_series(conn, station, [(name, DOUBLE) for name in run])
        columns = []
        for name, samples in run.items():
            times = np.array([at for at, _, _ in samples], np.int64)
            values = np.array([np.nan if v is None else v for _, v, _ in samples])
            told = change(times, values) if name in only else values
            columns.append(Column(keyed[name], times, told, int(times[-1]), clock=2))
        append_samples(conn, columns)


def test_data_that_come_twice_and_the_last_part_first_prove_the_same(floor: FurnaceFloor) -> None:
    floor.record(T0, only=(900, CYCLE_MIN))
    floor.record(T0, only=(0, 600))
    floor.record(T0, only=(300, 1000))
    floor.record(T0)
    assert verdict(floor, floor.charge(T0)) == "proven"


def test_a_run_is_judged_by_the_revision_it_began_with(floor: FurnaceFloor) -> None:
    lot = floor.receive_light()
    floor.record(T0)
    floor.now_ms = T0 - MINUTE
    run = floor.act(load_lot_into, lot, floor.operation(), {}, place="sinter-1")
    floor.now_ms = T0 + 300 * MINUTE
    hotter = [soak("presinter", 850, 10, 30), soak("sinter", 1080, 5, 270)]
    revised = recipe_content("sinter_furnace", code="R-1", revision="B", stages=hotter)
    assert floor.release("recipe", revised) == []
    floor.act(withdraw_document, "recipe", "R-1", "A", "too cold")
    floor.now_ms = LATER
    floor.act(unload, run, floor.operation(), [Outcome(lot, floor.lot(lot).amount)], place="sinter-1")  # fmt: skip
    assert verdict(floor, run) == "proven"
    assert floor.proofs(run)[-1].recipe == "R-1/A"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda _times, values: values + 273.15, "soak_short"),
        (lambda _times, values: values * 1.8 + 32, "soak_short"),
        (lambda _times, values: values / 10, "soak_never"),
    ],
)
def test_another_unit_proves_nothing(floor: FurnaceFloor, change: Any, key: str) -> None:
    """Kelvin, Fahrenheit, a scale that was lost: it passes through the band at most."""
    tell(floor, change)
    run = floor.charge(T0)
    assert verdict(floor, run) == "failed"
    assert keys(floor, run) & {key, "soak_never", "soak_short"}


def test_one_thermocouple_that_is_dead_or_not_a_number_leaves_it_open(floor: FurnaceFloor) -> None:
    tell(floor, lambda _times, values: np.full(len(values), np.nan), only=LOADS[:1])
    run = floor.charge(T0)
    assert verdict(floor, run) == "not_proven"
    assert "soak_unknown" in keys(floor, run)
    assert floor.proofs(run)[-1].content["bad"] > 0


def test_infinite_and_absurd_values_do_not_prove_and_do_not_break(floor: FurnaceFloor) -> None:
    def wild(times: Any, values: Any) -> Any:
        soaking = (times > T0 + 850 * MINUTE) & (times < T0 + 1150 * MINUTE)
        return np.where(soaking & (np.arange(len(times)) % 7 == 0), np.inf, values)

    tell(floor, wild, only=LOADS[:1])
    assert verdict(floor, floor.charge(T0)) in ("proven", "not_proven")


def test_a_run_that_was_opened_and_closed_at_once_proves_nothing(floor: FurnaceFloor) -> None:
    lot = floor.receive_light()
    floor.record(T0)
    floor.now_ms = T0 + 900 * MINUTE
    run = floor.act(load_lot_into, lot, floor.operation(), {}, place="sinter-1")
    floor.act(unload, run, floor.operation(), [Outcome(lot, floor.lot(lot).amount)], place="sinter-1")  # fmt: skip
    assert verdict(floor, run) != "proven"
