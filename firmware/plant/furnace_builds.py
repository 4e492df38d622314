"""What tells the vacuum furnaces apart: size, losses, recipe, what their charges give off."""

from collections import namedtuple

# shares: heat loss of each zone relative to the mean; loads: thermocouples in the charge;
# zone_kj_k, load_kj_k: heat capacity of all zones, of the rated charge; loss: (kW/K, kW at
# 1000 °C); limit_kw: heater of one zone; rated_kg; heated: phase → set point at its end;
# quench_s: time constant of the gas quench; quench_pa; gases: (peak °C, E/R in K, ramp in K/s,
# Pa·m³ bound in the rated charge).
Build = namedtuple(
    "Build",
    (
        "shares",
        "loads",
        "zone_kj_k",
        "load_kj_k",
        "loss",
        "limit_kw",
        "rated_kg",
        "heated",
        "quench_s",
        "quench_pa",
        "gases",
    ),
)

BUILDS = {
    "sinter_furnace": Build(
        (1.12, 0.97, 0.91, 0.91, 0.97, 1.12),
        4,
        210.0,
        280.0,
        (0.018, 42.0),
        45.0,
        620.0,
        {
            "degas_ramp": 150.0,
            "degas": 150.0,
            "delube_ramp": 350.0,
            "delube": 350.0,
            "dehydride_ramp": 600.0,
            "dehydride": 600.0,
            "presinter_ramp": 850.0,
            "presinter": 850.0,
            "sinter_ramp": 1065.0,
            "sinter": 1065.0,
            "slow_cool": 930.0,
        },
        2700.0,
        130000.0,
        ((320.0, 9000.0, 0.05, 45000.0), (560.0, 12000.0, 0.05, 420000.0)),
    ),
    "ageing_furnace": Build(
        (1.08, 0.92, 0.92, 1.08),
        4,
        150.0,
        260.0,
        (0.016, 28.0),
        42.0,
        580.0,
        {"age1_ramp": 900.0, "age1": 900.0, "age2_ramp": 500.0, "age2": 500.0},
        1500.0,
        120000.0,
        ((260.0, 9500.0, 0.1, 900.0),),
    ),
    "gbd_diffusion_furnace": Build(
        (1.08, 0.92, 0.92, 1.08),
        4,
        150.0,
        180.0,
        (0.016, 28.0),
        42.0,
        300.0,
        {"diffuse_ramp": 900.0, "diffuse": 900.0, "age_ramp": 500.0, "age": 500.0},
        1500.0,
        120000.0,
        ((280.0, 9500.0, 0.1, 1500.0),),
    ),
}
