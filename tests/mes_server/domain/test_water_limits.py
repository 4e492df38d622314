"""Which limit holds where: by route and site, first-class pollutants at the workshop outlet, the permit last."""

from decimal import Decimal

import pytest

from mes_server.actions.gather_waterworks import discharge_rows, pollutants_on
from mes_server.domain.permits import AVERAGINGS
from mes_server.domain.water_limits import applied_rows, benchmark_of, combines, limits_at
from tests.mes_server.domain.water_making import permit, works

DAY = "2026-11-28"
FIRST = {code for code, one in pollutants_on(DAY).items() if one["first_class"]}
PLATING, PHOSPHATING, BOTH = {"electroplating"}, {"phosphating"}, {"electroplating", "phosphating"}
T2, T3 = {"set": "gb21900_t2", "operations": ["electroplating"]}, {"set": "gb21900_t3"}
GB8978 = {"set": "gb8978_t4_1", "operations": ["phosphating"]}
OWN = [{"pollutant": "ni", "averaging": "daily", "high": "0.3", "unit": "mg/L"}]
LOOSE = [{"pollutant": "ni", "averaging": "daily", "high": "0.8", "unit": "mg/L"}]

# what, permit, outlet, operations, day, pollutant and averaging, high
CASES = [
    ("table 2 at the workshop outlet", {}, "workshop", PLATING, DAY, ("ni", "daily"), "0.5"),
    ("zinc is not judged there", {}, "workshop", PLATING, DAY, ("zn", "daily"), None),
    ("but at the plant outlet", {}, "plant", PLATING, DAY, ("zn", "spot"), "1.5"),
    ("nickel is not judged there", {}, "plant", PLATING, DAY, ("ni", "daily"), None),
    ("only phosphating runs: not its set", {}, "plant", PHOSPHATING, DAY, ("zn", "daily"), None),
    ("phosphating has one of its own", {"sets": [T2, GB8978]}, "plant", PHOSPHATING, DAY, ("zn", "daily"), "2.0"),
    ("mixed water: the strictest", {"sets": [T2, GB8978]}, "plant", BOTH, DAY, ("zn", "daily"), "1.5"),
    ("mixed, either order", {"sets": [GB8978, T2]}, "plant", BOTH, DAY, ("zn", "daily"), "1.5"),
    ("special area", {"sets": [T3]}, "workshop", PLATING, DAY, ("ni", "daily"), "0.1"),
    ("the permit is stricter", {"limits": OWN}, "workshop", PLATING, DAY, ("ni", "daily"), "0.3"),
    ("the permit is the last word", {"limits": LOOSE}, "workshop", PLATING, DAY, ("ni", "daily"), "0.8"),
    ("for that averaging alone", {"limits": LOOSE}, "workshop", PLATING, DAY, ("ni", "spot"), "0.5"),
    ("into a sewer: first class holds", {"discharge": "indirect"}, "workshop", PLATING, DAY, ("ni", "daily"), "0.5"),
    ("into a sewer: zinc by agreement", {"discharge": "indirect"}, "plant", PLATING, DAY, ("zn", "daily"), None),
    ("table 1 has ended", {"sets": [{"set": "gb21900_t1"}]}, "workshop", PLATING, DAY, ("ni", "daily"), None),
    ("table 1 held then", {"sets": [{"set": "gb21900_t1"}]}, "workshop", PLATING, "2009-05-05", ("ni", "daily"), "1.0"),
    ("nothing holds before a set began", {}, "workshop", PLATING, "2008-07-31", ("ni", "daily"), None),
    ("US daily", {"sets": [{"set": "us433_pses"}], "discharge": "indirect"}, "plant", PLATING, DAY, ("ni", "daily"), "3.98"),
    ("US monthly", {"sets": [{"set": "us433_pses"}], "discharge": "indirect"}, "plant", PLATING, DAY, ("ni", "monthly"), "2.38"),
    ("PSES is not for rivers", {"sets": [{"set": "us433_pses"}]}, "plant", PLATING, DAY, ("ni", "daily"), None),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[one[0] for one in CASES])
def test_the_limit_that_holds(case: tuple) -> None:
    """Each by the rows themselves."""
    _, said, kind, operations, day, key, high = case
    found = limits_at(permit(**said), kind, discharge_rows(), (operations, FIRST, day))
    assert (found[key].high if key in found else None) == (None if high is None else Decimal(high))


def test_every_row_names_known_pollutants_and_averagings() -> None:
    """What a set limits can be measured, and is a decimal text in the pollutant's unit."""
    known = pollutants_on(DAY)
    for name, rows in discharge_rows().items():
        for row in rows:
            assert row["standard"], name
            for one in row["limits"]:
                said = known[one["pollutant"]]
                assert one["averaging"] in AVERAGINGS
                assert one["unit"] == said["unit"]
                assert Decimal(one["high"]) <= Decimal(said["plausible_max"])


def test_the_benchmark_is_of_the_first_set_that_has_one() -> None:
    """GB 21900-2008: table 2 allows 0.5 m³ for each m² of several layers; GB 8978 has no benchmark."""
    both = permit(sets=[GB8978, T2])
    found = benchmark_of(both, discharge_rows(), BOTH, DAY)
    assert found == ({"multi": Decimal("0.5"), "single": Decimal("0.2")}, "gb21900_t2")
    assert benchmark_of(permit(sets=[GB8978]), discharge_rows(), BOTH, DAY) is None


def test_only_us_sets_combine_wastestreams() -> None:
    """The formula of 40 CFR 403.6(e)."""
    mixed = permit(sets=[{"set": "us433_pses"}, T2])
    assert combines(mixed, discharge_rows(), BOTH, DAY) == {"us433_pses"}
    assert [one.set for one, _ in applied_rows(mixed, discharge_rows(), PLATING, "1990-01-01")] == ["us433_pses"]  # fmt: skip


def test_water_finds_its_way() -> None:
    """What passes which outlet; the way of a place ends where it leaves the site."""
    site = works()
    assert site.way("s-ni") == ("s-ni", "t-ni", "o-shop", "o-plant")
    assert [one.code for one in site.streams_of("o-shop")] == ["s-ni"]
    assert [one.station for one in site.lines_of("o-plant")] == ["pl-1", "ph-1"]
    assert [one.code for one in site.outlets] == ["o-shop", "o-plant"]


def test_a_way_in_a_circle_ends() -> None:
    """A document that was never checked does not hang the page."""
    places = [
        {"code": code, "kind": "stream", "title": {"en": "x", "zh": "x"}, "to": to}
        for code, to in (("a", "b"), ("b", "a"))
    ]
    assert works(places=places, lines=[], meters=[]).way("a") == ("a", "b")
