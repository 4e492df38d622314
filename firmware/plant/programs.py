"""The programs of the stations: their phases, how long each lasts and what the station calls itself.

A program repeats for ever. With a takt, its phase "run" is cut into loads of that length (barrels,
strokes, pulses); without one, a cycle is one load. Durations are general engineering practice.
"""

from collections import namedtuple

# takt_s: seconds per load, 0 = one load per cycle; phases: (name, seconds, state);
# recipes: what recipe_id alternates between, load by load.
Program = namedtuple("Program", ("takt_s", "phases", "recipes"))


def _minutes(*phases: tuple[str, float, str]) -> tuple[tuple[str, int, str], ...]:
    return tuple([(name, int(minutes * 60), state) for name, minutes, state in phases])


PROGRAMS = {
    "strip_caster": Program(
        0,
        _minutes(
            ("load", 20, "setup"),
            ("pump_down", 30, "run"),
            ("leak_test", 5, "run"),
            ("melt", 50, "run"),
            ("superheat", 10, "run"),
            ("cast", 18, "run"),
            ("cool", 32, "run"),
            ("unload", 10, "setup"),
            ("clean", 5, "clean"),
        ),
        ("sc-nd30-std", "sc-nd31-dy1"),
    ),
    "hydrogen_decrepitation": Program(
        0,
        _minutes(
            ("load", 30, "setup"),
            ("purge", 30, "run"),
            ("absorb", 120, "run"),
            ("heat", 90, "run"),
            ("dehydride", 420, "run"),
            ("cool", 210, "run"),
            ("passivate", 30, "run"),
            ("unload", 30, "setup"),
        ),
        ("hd-560-std",),
    ),
    "jet_mill": Program(
        0,
        _minutes(
            ("load", 20, "setup"),
            ("inert", 20, "setup"),
            ("mill", 480, "run"),
            ("blend", 60, "run"),
            ("clean", 20, "clean"),
        ),
        ("jm-d50-42", "jm-d50-38"),
    ),
    "align_press": Program(
        60,
        _minutes(("run", 110, "run"), ("clean", 10, "clean")),
        ("pr-trans-48x32",),
    ),
    "cold_isostatic_press": Program(
        0,
        _minutes(
            ("load", 4, "setup"),
            ("fill", 1, "run"),
            ("pump", 2, "run"),
            ("dwell", 2.5, "run"),
            ("release", 2, "run"),
            ("drain", 1, "run"),
            ("unload", 2.5, "setup"),
        ),
        ("cip-200",),
    ),
    "sinter_furnace": Program(
        0,
        _minutes(
            ("load", 60, "setup"),
            ("pump_down", 60, "run"),
            ("leak_test", 10, "run"),
            ("degas_ramp", 35, "run"),
            ("degas", 40, "run"),
            ("delube_ramp", 65, "run"),
            ("delube", 90, "run"),
            ("dehydride_ramp", 85, "run"),
            ("dehydride", 120, "run"),
            ("presinter_ramp", 65, "run"),
            ("presinter", 90, "run"),
            ("sinter_ramp", 75, "run"),
            ("sinter", 285, "run"),
            ("slow_cool", 70, "run"),
            ("quench", 190, "run"),
            ("unload", 40, "setup"),
        ),
        ("si-1065-std", "si-1065-sh"),
    ),
    "hot_isostatic_press": Program(
        0,
        _minutes(
            ("load", 25, "setup"),
            ("evacuate", 25, "run"),
            ("fill", 30, "run"),
            ("heat", 130, "run"),
            ("soak", 120, "run"),
            ("cool", 110, "run"),
            ("release", 20, "run"),
            ("unload", 20, "setup"),
        ),
        ("hip-900-100",),
    ),
    "ageing_furnace": Program(
        0,
        _minutes(
            ("load", 40, "setup"),
            ("pump_down", 40, "run"),
            ("leak_test", 10, "run"),
            ("age1_ramp", 130, "run"),
            ("age1", 210, "run"),
            ("quench1", 110, "run"),
            ("age2_ramp", 75, "run"),
            ("age2", 300, "run"),
            ("quench2", 110, "run"),
            ("unload", 35, "setup"),
        ),
        ("ag-900-500", "ag-900-490"),
    ),
    "slicer": Program(
        0,
        _minutes(
            ("load", 12, "setup"),
            ("approach", 3, "run"),
            ("cut", 100, "run"),
            ("retract", 3, "run"),
            ("unload", 8, "setup"),
        ),
        ("sl-48-2.1",),
    ),
    "grinder": Program(
        0,
        _minutes(
            ("setup", 4, "setup"),
            ("dress", 3, "run"),
            ("grind", 50, "run"),
            ("wait", 3, "idle"),
        ),
        ("gr-2.05",),
    ),
    "tumbler": Program(
        0,
        _minutes(
            ("load", 10, "setup"),
            ("tumble", 300, "run"),
            ("rinse", 20, "run"),
            ("unload", 15, "setup"),
            ("clean", 15, "clean"),
        ),
        ("tu-r03",),
    ),
    "gbd_sputter_coater": Program(
        0,
        _minutes(
            ("load", 15, "setup"),
            ("pump_down", 35, "run"),
            ("etch", 6, "run"),
            ("coat_front", 48, "run"),
            ("flip", 4, "run"),
            ("coat_back", 48, "run"),
            ("cool", 20, "run"),
            ("vent", 6, "run"),
            ("unload", 10, "setup"),
        ),
        ("gc-tb-6um", "gc-dy-8um"),
    ),
    "gbd_diffusion_furnace": Program(
        0,
        _minutes(
            ("load", 45, "setup"),
            ("pump_down", 50, "run"),
            ("leak_test", 10, "run"),
            ("diffuse_ramp", 150, "run"),
            ("diffuse", 660, "run"),
            ("quench1", 110, "run"),
            ("age_ramp", 75, "run"),
            ("age", 300, "run"),
            ("quench2", 105, "run"),
            ("unload", 35, "setup"),
        ),
        ("gd-900-500",),
    ),
    "phosphating_line": Program(
        480,
        _minutes(("setup", 30, "setup"), ("run", 1360, "run"), ("clean", 50, "clean")),
        ("ph-zn-amb",),
    ),
    "electroplating_line": Program(
        3600,
        _minutes(("run", 1200, "run"), ("maintain", 240, "maintenance")),
        ("pl-nicuni-12", "pl-nicuni-16"),
    ),
    "ecoat_line": Program(
        600,
        _minutes(("setup", 40, "setup"), ("run", 1340, "run"), ("clean", 60, "clean")),
        ("ec-20um",),
    ),
    "pvd_coater": Program(
        0,
        _minutes(
            ("load", 20, "setup"),
            ("pump_down", 45, "run"),
            ("etch", 10, "run"),
            ("coat", 150, "run"),
            ("cool", 30, "run"),
            ("vent", 8, "run"),
            ("unload", 12, "setup"),
        ),
        ("pvd-al-8um",),
    ),
    "magnetizer": Program(
        20,
        _minutes(("setup", 3, "setup"), ("run", 112, "run"), ("wait", 5, "idle")),
        ("mg-4t-2pole",),
    ),
    "flux_gauge": Program(
        6,
        _minutes(("master", 4, "setup"), ("run", 112, "run"), ("wait", 4, "idle")),
        ("fx-48x32-5",),
    ),
    "effluent_stream": Program(0, _minutes(("run", 1440, "run")), ("ww-collect",)),
    "effluent_treatment": Program(
        0, _minutes(("run", 1395, "run"), ("backwash", 45, "run")), ("ww-ni-precip",)
    ),
    "workshop_outlet": Program(0, _minutes(("run", 1440, "run")), ("ww-outlet",)),
    "plant_outlet": Program(0, _minutes(("run", 1440, "run")), ("ww-outlet",)),
}
