"""The works that the stories happen in: one route from metal to magnet, its stations, its people.

The numbers of the route are those of the seed plant: mass tolerances by operation, gains and losses.
"""

from typing import Any

from sqlalchemy import Engine

from mes_server.actions.manage_people import Newcomer, add_person, qualify
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act
from mes_server.actions.release_route import release_route
from mes_server.domain.people import permissions_of
from mes_server.domain.rules import Worker
from mes_server.store.nodes import ensure_node
from mes_server.store.stations import ensure_station, set_station_online
from mes_server.store.telemetry import append_samples, ensure_series
from mes_server.store.transaction import writing
from tests.mes_server.actions.furnace_floor import DOUBLE, column_of
from tests.mes_server.domain.simulated import T0, recorded

DAY_MS = 86_400_000
DAY_1_MS = 1_795_478_400_000  # a midnight, UTC
ROUTE = "M1/A"
WEEK_MS = 7 * DAY_MS


def _op(*station_types: str, **more: Any) -> dict[str, Any]:
    return {"title": {"en": "x", "zh": "x"}, "station_types": list(station_types)} | more


OPERATIONS: dict[str, dict[str, Any]] = {
    "strip_casting": _op("strip_caster", makes="alloy"),
    "hydrogen_decrepitation": _op(
        "hydrogen_decrepitation", makes="coarse_powder", tolerance_ppm=10_000
    ),
    "jet_milling": _op("jet_mill", makes="powder", tolerance_ppm=10_000, line_clearance=True),
    "pressing": _op("align_press", makes="green", qualification="press"),
    "sintering": _op(
        "sinter_furnace",
        makes="block",
        recipe="S-1080",
        resources=["thermocouple"],
        mix_max=6,
        gain_min_ppm=-15_000,
        charge_mass_mg_max=500_000_000,
        wait_max_ms=3 * DAY_MS,
    ),
    "hot_isostatic_pressing": _op("hot_isostatic_press"),
    "ageing": _op("ageing_furnace", reworks_max=1),
    "slicing": _op("slicer", makes="parts", tolerance_ppm=30_000, piece_area_mm2=600),
    "gbd_coating": _op(
        "gbd_sputter_coater",
        resources=["target"],
        gain_max_ppm=8_000,
        tolerance_ppm=1_000,
        adds="Tb",
    ),
    "gbd_diffusion": _op("gbd_diffusion_furnace", tolerance_ppm=1_000),
    "phosphating": _op(
        "phosphating_line",
        resources=["bath"],
        gain_min_ppm=-1_000,
        gain_max_ppm=1_000,
        tolerance_ppm=3_000,
        mix_max=1,
    ),
    "electroplating": _op(
        "electroplating_line",
        resources=["bath"],
        gain_min_ppm=10_000,
        gain_max_ppm=60_000,
        tolerance_ppm=10_000,
        reworks_max=1,
        strip="stripping",
        charge_mass_mg_max=25_000_000,
    ),
    "ecoating": _op("ecoat_line", gain_max_ppm=20_000, tolerance_ppm=10_000),
    "pvd_coating": _op("pvd_coater", gain_max_ppm=10_000, tolerance_ppm=10_000),
    "final_inspection": _op("flux_gauge", makes="finished", tolerance_ppm=1_000),
    "stripping": _op(
        "electroplating_line", unplanned=True, gain_min_ppm=-60_000, tolerance_ppm=10_000
    ),
    "sandblasting": _op("tumbler", unplanned=True, gain_min_ppm=-5_000),
}
_COATINGS = ["phosphating", "electroplating", "ecoating", "pvd_coating"]
_OPTIONAL = ("hot_isostatic_pressing", "gbd_coating", "gbd_diffusion")


def route() -> dict[str, Any]:
    """The content of the route, to be released."""
    planned = [c for c, o in OPERATIONS.items() if not o.get("unplanned") and c not in _COATINGS]
    steps = [{"choices": [code], "optional": code in _OPTIONAL} for code in planned]
    steps.insert(-1, {"choices": _COATINGS})
    return {
        "code": "M1", "revision": "A", "title": {"en": "Magnet", "zh": "磁体"}, "steps": steps,
        "operations": OPERATIONS, "merge": {"parents_max": 3, "days_max": 7},
    }  # fmt: skip


def done_until(operation: str) -> list[str]:
    """What a lot has behind it after this operation: all that must be before it, phosphated if coated."""
    must = [c for c in OPERATIONS if c not in _OPTIONAL and not OPERATIONS[c].get("unplanned")]
    coating = operation if operation in _COATINGS else "phosphating"
    must = [code for code in must if code not in _COATINGS or code == coating]
    return (
        [*must[: must.index(operation)], operation]
        if operation in must
        else [*must[: must.index("slicing") + (operation != "hot_isostatic_pressing")], operation]
    )


STATIONS = {
    "caster-1": "strip_caster", "hd-1": "hydrogen_decrepitation", "mill-1": "jet_mill",
    "press-1": "align_press", "furnace-1": "sinter_furnace", "furnace-2": "sinter_furnace",
    "hip-1": "hot_isostatic_press", "ageing-1": "ageing_furnace", "slicer-1": "slicer",
    "sputter-1": "gbd_sputter_coater", "gbd-1": "gbd_diffusion_furnace",
    "phosphating-1": "phosphating_line", "plating-1": "electroplating_line",
    "plating-2": "electroplating_line", "ecoat-1": "ecoat_line", "pvd-1": "pvd_coater",
    "tumbler-1": "tumbler", "gauge-1": "flux_gauge",
}  # fmt: skip
_EVER = DAY_1_MS + 365 * DAY_MS
# Role of each person, and until when each qualification is held.
PEOPLE: dict[str, tuple[str, dict[str, int]]] = {
    "anna": ("operator", {"press": _EVER}),
    "ben": ("operator", {}),
    "eve": ("operator", {"press": DAY_1_MS - DAY_MS}),
    "carl": ("lead", {"press": _EVER}),
    "dora": ("quality", {}),
    "fred": ("quality", {}),
    "alan": ("auditor", {}),
}


def worker(name: str, permission: str) -> Worker:
    """Somebody as the door hands them in: without roles where they may not do this; "nobody": no badge."""
    if name == "nobody":
        return Worker("", frozenset(), {})
    role, qualifications = PEOPLE[name]
    roles = frozenset((role,) if permission in permissions_of((role,)) else ())
    return Worker(name.upper(), roles, qualifications)


def open_works(engine: Engine) -> None:
    """Release the route, hire the people and bring every station on line, the evening before day 1."""
    at_ms = DAY_1_MS - DAY_MS
    assert carry_out(engine, Act("open", "DORA", "", at_ms, at_ms), release_route, route()) == []
    for name, (role, qualifications) in PEOPLE.items():
        badge, hired_ms = name.upper(), at_ms - DAY_MS
        act = Act(f"hire-{name}", "console:story", "", hired_ms, hired_ms)
        add_person(engine, act, Newcomer(badge, name, (role,)))
        for one, until_ms in qualifications.items():
            qualify(engine, act, badge, one, until_ms)
    with writing(engine) as conn:
        node = ensure_node(conn, "works", "n1")
        for station, kind in STATIONS.items():
            key = ensure_station(conn, node, station, kind, "hall 1")
            set_station_online(conn, key, True, at_ms)


def tell_cycle(engine: Engine, station: str, told_ms: int, lost: tuple[float, float]) -> None:
    """The curves of a whole cycle that ends now arrive, but for those minutes of it."""
    samples = recorded(STATIONS[station])
    begun_ms = told_ms - max(one[-1][0] - T0 for one in samples.values())
    with writing(engine) as conn:
        node = ensure_node(conn, "works", "n1")
        key = ensure_station(conn, node, station, STATIONS[station], "hall 1")
        keys = ensure_series(conn, key, [(name, DOUBLE) for name in samples])
        told = [column_of(keys[n], s, begun_ms - T0, (lost, None)) for n, s in samples.items()]
        append_samples(conn, [column for column in told if column is not None])


def set_online(engine: Engine, station: str, online: bool, at_ms: int) -> None:
    """A station is heard again, or not any more."""
    with writing(engine) as conn:
        key = ensure_station(
            conn, ensure_node(conn, "works", "n1"), station, STATIONS[station], "hall 1"
        )
        set_station_online(conn, key, online, at_ms)
