"""Every operation of the route: a mass at the edge of what it bears is kept, a milligram beyond is held."""

import pytest

from tests.stories.plant import OPERATIONS, STATIONS
from tests.stories.story import Story

IN_MG = 20_000_000
BEFORE = {
    "hydrogen_decrepitation": "strip_casting", "jet_milling": "hydrogen_decrepitation",
    "pressing": "jet_milling", "sintering": "pressing", "hot_isostatic_pressing": "sintering",
    "ageing": "sintering", "slicing": "ageing", "gbd_diffusion": "gbd_coating",
    "final_inspection": "phosphating", "stripping": "electroplating",
}  # fmt: skip


def story_of(code: str, out_mg: int, outcome: str) -> str:
    """One lot through one operation."""
    said = OPERATIONS[code]
    station = next(s for s, kind in STATIONS.items() if kind in said["station_types"])
    after = "" if code == "strip_casting" else f", after {BEFORE.get(code, 'slicing')}"
    used = "".join(f", {role} = X-1" for role in said.get("resources", []))
    why = ", because burrs" if said.get("unplanned") else ""
    new = " as new" if said.get("makes") else ""
    return f"""
    08:00  anna  receives lot: parts, 10 pcs {IN_MG} mg{after}
    08:10  anna  loads lot at {station}, for {code}{used}{why}
    10:00  anna  unloads {station}: lot{new}: 10 pcs {out_mg} mg  => {outcome}
    """


@pytest.mark.parametrize("code", OPERATIONS)
def test_a_mass_is_kept_to_the_milligram_and_beyond_it_held(works: Story, code: str) -> None:
    said = OPERATIONS[code]
    tolerance_ppm = said.get("tolerance_ppm", 5_000)
    least_mg = IN_MG + IN_MG * (said.get("gain_min_ppm", 0) - tolerance_ppm) // 1_000_000
    most_mg = IN_MG + IN_MG * (said.get("gain_max_ppm", 0) + tolerance_ppm) // 1_000_000
    for out_mg, outcome in (
        (least_mg, "accepted"),
        (most_mg, "accepted"),
        (least_mg - 1, "held"),
        (most_mg + 1, "held"),
    ):
        works.play(story_of(code, out_mg, outcome))
    works.check()
