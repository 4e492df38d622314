"""What a run should have plated: by the line's counters, by its lots where the line counts no area; all layers together.

Beside it what gather_baths knows of the counters of a line.
"""

from decimal import Decimal

import pytest
from sqlalchemy import Engine

from mes_server.actions.gather_baths import counter_over, state_of, untitrated
from mes_server.actions.gather_plating import COUNTED, OF_LOTS, plated_in
from mes_server.actions.loaded_lots import went_in
from mes_server.actions.make_lots import scrap_some
from mes_server.actions.ready_station import mount
from mes_server.actions.run_charge import Outcome, load_lot_into, unload
from mes_server.domain.amounts import Amount
from mes_server.domain.bath_spec import AH
from mes_server.domain.baths import WORN
from mes_server.domain.routes import Operation
from mes_server.store.baths import load_bath
from mes_server.store.engine import reading
from mes_server.store.runs import load_run, lots_of_run, resources_of_run
from tests.mes_server.actions.bath_floor import HOUR_MS, BathFloor, plating_station
from tests.mes_server.web.plant_data import Plant

PLATE = Operation("plate", {}, ("electroplating_line",))


@pytest.fixture
def floor(engine: Engine) -> BathFloor:
    return BathFloor(engine).open()


@pytest.fixture
def plated(floor: BathFloor) -> tuple[BathFloor, str, int]:
    """A run of two hours in a nickel bath at `plate-1`; its station."""
    key = plating_station(floor.engine, floor.now_ms)
    nickel = floor.make_up("NI-BASE", "1500")
    floor.act(mount, "plate-1", "bath", nickel)
    parts = floor.receive(Amount(100, 6_000_000, 368_000), "parts")
    run = floor.act(load_lot_into, parts, PLATE, {}, place="plate-1")
    times = [floor.now_ms + n * HOUR_MS // 6 for n in range(13)]
    Plant(floor.engine).samples(
        key, "ni_base_ah", times, [500 + n * 52.615 / 12 for n in range(13)]
    )
    floor.now_ms = times[-1] + 60_000
    return floor, run, key


def test_where_the_line_counts_no_area_the_lots_say_it(plated: tuple[BathFloor, str, int]) -> None:
    floor, code, key = plated
    with reading(floor.engine) as conn:
        run = load_run(conn, code)
        assert run is not None
        (layer,) = plated_in(conn, run, floor.now_ms)
    assert (layer.area_by, layer.area_dm2) == (OF_LOTS, Decimal("76.8"))
    assert layer.compared.predicted_um == pytest.approx(Decimal(8), rel=Decimal("0.001"))
    assert layer.compared.ratio is None, "nobody measured it yet"
    end = floor.now_ms - 60_000
    Plant(floor.engine).samples(key, "processed_area_m2", [end - HOUR_MS, end], [10.0, 11.136])
    with reading(floor.engine) as conn:
        (counted,) = plated_in(conn, run, floor.now_ms)
    assert (counted.area_by, counted.area_dm2) == (COUNTED, pytest.approx(Decimal("153.6")))
    assert counted.compared.predicted_um == pytest.approx(Decimal(4), rel=Decimal("0.001"))


def test_a_run_without_a_bath_that_plates_has_no_layer(floor: BathFloor) -> None:
    floor.good()
    lot = floor.receive(Amount(10, 1_000_000, elements={"Nd": 300_000}))
    code = floor.run(lot)
    with reading(floor.engine) as conn:
        run = load_run(conn, code)
        assert run is not None
        assert plated_in(conn, run, floor.now_ms) == []


def test_a_counter_that_nobody_heard_is_not_known(plated: tuple[BathFloor, str, int]) -> None:
    floor, _, _ = plated
    span = (floor.now_ms - 3 * HOUR_MS, floor.now_ms)
    with reading(floor.engine) as conn:
        assert counter_over(conn, "plate-1", ("cu_ah", AH), span) is None
        assert counter_over(conn, "plate-1", ("ni_base_ah", AH), span) == pytest.approx(
            Decimal("52.615")
        )


def test_what_was_never_titrated_or_is_past_its_life_may_not_be_used(
    plated: tuple[BathFloor, str, int],
) -> None:
    floor, code, _ = plated
    with reading(floor.engine) as conn:
        ((_, lot),) = resources_of_run(conn, code)
        bath = load_bath(conn, lot)
        assert bath is not None
        assert state_of(conn, bath, floor.now_ms).expected is None, "it was never titrated"
        assert untitrated(conn, [lot, "TC-1"], floor.now_ms) == {lot: "ni_g_l:missing"}
        worn = untitrated(conn, [lot], floor.now_ms + 2001 * HOUR_MS)[lot]
    assert worn.endswith(f"age:{WORN}")


def test_the_area_is_of_what_went_in_also_when_some_of_it_is_gone_since(
    plated: tuple[BathFloor, str, int],
) -> None:
    floor, code, _ = plated
    with reading(floor.engine) as conn:
        ((lot, _),) = lots_of_run(conn, code)
    floor.act(unload, code, PLATE, [Outcome(lot, floor.lot(lot).amount)], place="plate-1")
    assert floor.act(scrap_some, lot, (50, 0), ("chips", "scrap"))
    with reading(floor.engine) as conn:
        run = load_run(conn, code)
        assert run is not None
        (layer,) = plated_in(conn, run, floor.now_ms)
        assert went_in(conn, code, lot).pieces == 100
    assert layer.area_dm2 == Decimal("76.8")
