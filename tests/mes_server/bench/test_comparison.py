"""The benchmark of the comparison runs, on a few days."""

from pathlib import Path

from mes_server.actions.append_footprints import append_footprints
from mes_server.bench.comparison import LINES, LOTS, RUNS, days_of, measure, page_of


def test_it_measures_every_way_to_ask(tmp_path: Path) -> None:
    assert append_footprints is not None
    found = measure(tmp_path, 5)
    assert (found.days, found.runs, found.lots) == (5, 5 * len(LINES) * RUNS, 5 * len(LINES) * RUNS * LOTS)  # fmt: skip
    assert min(found.compared_ms, found.part_ms, found.page_ms, found.json_ms) > 0
    assert "5 days" in page_of(found)
    assert list(days_of(2)) == list(days_of(2)), "the same every time"
