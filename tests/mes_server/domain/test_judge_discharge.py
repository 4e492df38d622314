"""A pollutant's figures against its limits: the vectors of the domain report, the ends of pH, samples, hours."""

from decimal import Decimal

import pytest

from mes_server.domain.benchmark import benchmark_m3, ratio_of
from mes_server.domain.discharge import Hour
from mes_server.domain.judge_discharge import (
    Figures,
    Judging,
    judge,
    rounded,
    status_of,
    verdicts,
    worst_of,
)
from mes_server.domain.permits import Limit

T2 = {"multi": Decimal("0.5"), "single": Decimal("0.2")}
T3 = {"multi": Decimal("0.25"), "single": Decimal("0.1")}


def limit(
    pollutant: str = "ni", high: str | None = "0.5", averaging: str = "daily",
    origin: str = "gb21900_t2", low: str | None = None,
) -> Limit:  # fmt: skip
    """A limit of a set that has a benchmark."""
    ends = [None if end is None else Decimal(end) for end in (low, high)]
    return Limit(pollutant, *ends, "mg/L", averaging, origin, "GB 21900-2008", "H")


@pytest.mark.parametrize(
    ("volume", "area", "per_m2", "high", "measured", "ratio", "compared", "status"),
    [
        (40, {"multi": 100}, T2, "0.5", 0.40, 0.8, 0.40, "warn"),  # A: 80 % of the limit warns
        (100, {"multi": 100}, T2, "0.5", 0.40, 2.0, 0.80, "exceed"),  # B
        (30, {"multi": 60, "single": 50}, T2, "1.5", 1.2, 0.75, 1.2, "warn"),  # C
        (30, {"multi": 60, "single": 50}, T3, "1.0", 0.8, 1.5, 1.2, "exceed"),  # D
        (20, {}, T2, "0.5", 0.1, None, 0.1, "no_production"),  # E
    ],
)  # fmt: skip
def test_the_vectors_of_the_benchmark_discharge(  # one vector each
    volume: float, area: dict[str, float], per_m2: dict[str, Decimal], high: str, measured: float,
    ratio: float | None, compared: float, status: str,
) -> None:  # fmt: skip
    found = ratio_of(volume, benchmark_m3(area, per_m2))
    assert found == (None if ratio is None else pytest.approx(ratio))
    by = Judging(80, 0, found, {"gb21900_t2"}, not area)
    told = judge(limit(high=high), measured, by)
    assert (told.value, told.status) == (pytest.approx(compared), status)


def test_a_sample_above_the_limit_exceeds_it_also_without_production() -> None:
    by = Judging(80, 0, None, {"gb21900_t2"}, no_production=True)
    assert judge(limit(), 0.6, by).status == "exceed"


def test_the_conversion_is_for_the_limits_of_its_sets_only_and_never_for_ph() -> None:
    by = Judging(80, 0.3, 2.0, {"gb21900_t2"})
    assert judge(limit(origin="permit"), 0.3, by).value == 0.3
    assert judge(limit("ph", "9", low="6"), 7.0, by).value == 7.0
    assert judge(limit(), 0.3, by).value == 0.6


@pytest.mark.parametrize(
    ("value", "status"),
    [(5.99, "exceed"), (6.0, "warn"), (6.29, "warn"), (6.3, "ok"), (7.5, "ok"), (8.71, "warn"),
     (9.0, "warn"), (9.01, "exceed")],
)  # fmt: skip
def test_ph_warns_near_both_ends(value: float, status: str) -> None:
    told = judge(limit("ph", "9", low="6"), value, Judging(80, 0.3))
    assert (told.status, told.share) == (status, None)


def test_a_limit_is_allowed_itself_however_it_was_summed_up() -> None:
    assert judge(limit(), 0.1 + 0.2 + 0.2, Judging(80)).status == "warn"
    assert rounded(0.1 + 0.2) == 0.3
    assert judge(limit(), 0.500001, Judging(80)).status == "exceed"


def test_grabs_count_against_spot_limits_and_composites_against_those_of_a_day() -> None:
    limits = [limit(averaging="spot"), limit()]
    told = verdicts(limits, Figures(0.1, grabs=[("WS-1", 0.6)], composites=[("WS-2", 0.2)]), Judging(80))  # fmt: skip
    assert [(one.limit.averaging, one.sample, one.status) for one in told] == [
        ("spot", "WS-1", "exceed"), ("daily", "", "ok"), ("daily", "WS-2", "ok"),
    ]  # fmt: skip
    worst = worst_of(told)
    assert worst is not None
    assert worst.sample == "WS-1"


def test_no_spot_sample_is_no_missing_data_but_a_day_without_a_mean_is() -> None:
    assert verdicts([limit(averaging="spot")], Figures(0.1), Judging(80)) == ()
    assert status_of((), True, measured=True) == "ok"
    assert status_of((), True, measured=False) == "no_data"
    assert status_of((), True, measured=False, dry=True) == "no_discharge"
    assert status_of((), False, measured=False) == "no_limit"
    (told,) = verdicts([limit()], Figures(None), Judging(80))
    assert (told.status, told.value) == ("no_data", None)


def test_the_worst_hour_decides_against_a_limit_of_hours() -> None:
    hours = [Hour(n, mean, mean, mean, 1.0, 1.0) for n, mean in enumerate((7.0, 9.4, 9.2, 6.5))]
    (told,) = verdicts([limit("ph", "9", "hourly", low="6")], Figures(7.5, hours), Judging(80, 0.3))
    assert (told.value, told.status) == (9.4, "exceed")
    (told,) = verdicts([limit("ph", "9", "hourly", low="6")], Figures(7, hours[3:]), Judging(80, 0.3))  # fmt: skip
    assert (told.value, told.status) == (6.5, "ok")
    (told,) = verdicts([limit("ph", "9", "hourly", low="6")], Figures(None), Judging(80, 0.3))
    assert told.status == "no_data"
