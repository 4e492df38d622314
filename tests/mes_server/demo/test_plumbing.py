"""The water of the demo's past keeps its mass, and stays within what such lines send."""

import numpy as np
import pytest

from mes_server.actions.gather_waterworks import discharge_rows, known_pollutants
from mes_server.demo.plumbing import MINUTE_MS, POLLUTANTS, Busy, Plumbing, Slip
from mes_server.demo.simulation import load_quality
from mes_server.domain.waterworks_content import permit_faults, waterworks_faults

HOUR = 60 * MINUTE_MS
PLAN = load_quality("water")
RUNS = [
    Busy("plating-1", 2 * HOUR, 6 * HOUR, 3.0),
    Busy("plating-2", 3 * HOUR, 7 * HOUR, 3.1),
    Busy("phosphate-1", 4 * HOUR, 4 * HOUR + 40 * MINUTE_MS, 5.5),
    Busy("ecoat-1", 1 * HOUR, 2 * HOUR + 20 * MINUTE_MS, 5.0),
    Busy("tumbler-1", 1 * HOUR, 6 * HOUR, 11.0),
]


def _dragged(pollutant: str) -> float:
    """Grams that the runs carry out of the baths."""
    return sum(
        run.area_m2 * rinse["drag_ml_m2"] / 1000 * rinse["bath_g_l"].get(pollutant, 0.0)
        for run in RUNS
        for rinse in PLAN["rinses"]
        if rinse["station"] == run.station
    )


def _grams(flow: np.ndarray, strength: np.ndarray) -> np.ndarray:
    return (flow[:, None] / 60 * strength).sum(axis=0)


def test_mass_is_kept() -> None:
    """What was dragged out has left through an outlet, lies in the sludge, or still stands in the tanks."""
    site = Plumbing(PLAN)
    found = site.run(0, 96 * HOUR, RUNS)
    out = sum(_grams(found.flow[one], found.strength[one]) for one in PLAN["trains"])
    kept = sum(found.kept_g[one].sum(axis=0) for one in PLAN["trains"])
    inside = site.held_g()
    for n, name in enumerate(POLLUTANTS):
        assert out[n] + kept[n] + inside[n] == pytest.approx(_dragged(name), rel=1e-6, abs=1e-9)
    assert out[0] < 0.05 * _dragged("ni")


def test_a_past_made_in_pieces_is_the_same() -> None:
    """Day by day or at once."""
    whole = Plumbing(PLAN).run(0, 24 * HOUR, RUNS)
    site = Plumbing(PLAN)
    parts = [site.run(n * 6 * HOUR, (n + 1) * 6 * HOUR, RUNS) for n in range(4)]
    flow = np.concatenate([one.flow["treatment-general"] for one in parts])
    assert np.allclose(flow, whole.flow["treatment-general"])


def test_nickel_stays_below_its_limit_until_the_treatment_slips() -> None:
    """Table 2 of GB 21900 asks for 0.5 mg/L; a slip shows above it."""
    good = Plumbing(PLAN).run(0, 24 * HOUR, RUNS)
    bad = Plumbing(PLAN).run(0, 24 * HOUR, RUNS, [Slip("treatment-nickel", 4 * HOUR, 9 * HOUR, 14)])
    assert 0.05 < good.strength["treatment-nickel"][:, 0].max() < 0.4
    assert bad.strength["treatment-nickel"][:, 0].max() > 0.6


def test_the_documents_of_the_demo_can_be_released() -> None:
    """The waterworks and the permits."""
    faults = {
        "waterworks": lambda said: waterworks_faults(said, known_pollutants()),
        "permit": lambda said: permit_faults(said, discharge_rows(), known_pollutants()),
    }
    for one in PLAN["documents"]:
        assert faults[one["kind"]](one["content"]) == []
