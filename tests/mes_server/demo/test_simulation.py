"""mes_server.demo.simulation: routes that can be released, and a plan that knows all they ask for."""

from firmware.plant.layout import CONTROLLERS
from mes_server.demo.curves import load_shapes
from mes_server.demo.simulation import load_routes, load_simulation, load_stops
from mes_server.domain.route_content import route_faults, route_from
from schemas.station_types import load_station_types

ROUTES = [route_from(content) for content in load_routes()]


def test_every_route_of_the_demo_can_be_released() -> None:
    assert len(ROUTES) >= 3
    for content in load_routes():
        assert route_faults(content) == []


def test_the_routes_have_two_coatings_optional_steps_stripping_and_a_cerium_grade() -> None:
    choices = {step.choices for route in ROUTES for step in route.steps}
    assert {("phosphating", "ecoating"), ("ecoating", "pvd_coating")} <= choices
    optional = {
        c for route in ROUTES for step in route.steps if step.optional for c in step.choices
    }
    assert {"hot_isostatic_pressing", "gbd_coating", "gbd_diffusion"} <= optional
    assert any(route.operations["electroplating"].strip == "stripping" for route in ROUTES
               if "electroplating" in route.operations)  # fmt: skip
    assert any("CE" in product["recipe"] for product in load_simulation().products.values())


def test_every_operation_has_a_station_a_simulated_run_and_its_resources() -> None:
    plan = load_simulation()
    types = {stop.type for stop in load_stops()}
    for route in ROUTES:
        assert route.code in plan.products
        for operation in route.operations.values():
            assert set(operation.station_types) <= types
            assert operation.code in plan.operations
            assert set(operation.resources) <= set(plan.resources)


def test_each_recipe_is_whole_and_names_materials_there_are() -> None:
    plan = load_simulation()
    for product in plan.products.values():
        assert sum(product["recipe"].values()) == 1_000_000
        assert set(product["recipe"]) <= set(plan.materials)


def test_the_stations_are_those_of_the_plant_in_the_box() -> None:
    told = [(s.group, s.node, s.station, s.type) for s in load_stops()]
    assert told == [(g, n, s, t) for g, n, stations in CONTROLLERS for s, t in stations]


def test_every_curve_is_of_a_metric_there_is_and_lies_within_its_alarms() -> None:
    types = load_station_types()
    passed = {
        kind for route in ROUTES for o in route.operations.values() for kind in o.station_types
    }
    assert set(load_shapes()) == passed
    for kind, metrics in load_shapes().items():
        specs = {spec.name: spec for spec in types[kind].metrics}
        for metric, shape in metrics.items():
            low, high = specs[metric].alarm or (None, None)
            for share, value in shape["points"]:
                assert 0 <= share <= 1_000_000
                assert low is None or value >= low - 1e-9, f"{kind}.{metric}"
                assert high is None or value <= high, f"{kind}.{metric}"
