"""Windows of lots at stations, and how much of one is covered."""

import pytest

from mes_server.domain.exposure import Exposure, covered_ppm, exposure, missing_ms

RUN = ("CH1", "sinter-1", "sinter")


def test_a_window_lasts_from_the_load_to_the_end_of_the_run_or_until_now() -> None:
    assert exposure("L1", RUN, 100, (900, 5000)) == Exposure("L1", *RUN, 100, 900)
    running = exposure("L1", RUN, 100, (None, 5000))
    assert (running.to_ms, running.is_over, running.span_ms) == (5000, False, 4900)
    assert exposure("L1", RUN, 1000, (900, 5000)).span_ms == 0, "a clock that ran ahead"


@pytest.mark.parametrize(
    ("gaps", "missing"),
    [
        ([], 0),
        ([(10, 20), (30, 40)], 20),
        ([(30, 40), (10, 35)], 30),
        ([(10, 90), (20, 30)], 80),
        ([(-50, 10), (90, 500)], 20),
        ([(200, 300)], 0),
    ],
)
def test_gaps_that_overlap_are_missing_once_and_only_inside_the_window(
    gaps: list[tuple[int, int]], missing: int
) -> None:
    assert missing_ms(gaps, 0, 100) == missing
    assert covered_ppm(gaps, 0, 100) == (100 - missing) * 10_000


def test_a_window_without_length_has_no_coverage() -> None:
    assert covered_ppm([], 5, 5) is None
