"""`mes bench comparison`: how long the comparison of coatings takes over a year of days that are added up."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click
import numpy as np

from mes_server.actions.append_footprints import append_footprints
from mes_server.actions.compare_coatings import Wanted, compare_coatings
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.app import create_app
from mes_server.bench.machine import describe, table
from mes_server.domain.coating_days import BY_M2
from mes_server.domain.footprints import (
    AFTER,
    BEFORE,
    DRAINED,
    SETTLED,
    FootprintDay,
    LotIn,
    RunDay,
)
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading

FIRST, ZONE = date(2025, 11, 1), "Asia/Shanghai"
DAY_MS = 86_400_000
DAY0_MS = int(datetime(2025, 11, 1, tzinfo=UTC).timestamp()) * 1000
NOW_MS = DAY0_MS + 800 * DAY_MS
LINES = (
    ("plating-1", "electroplating", ("stream-nickel", "stream-metals")),
    ("plating-2", "electroplating", ("stream-nickel", "stream-metals")),
    ("phosphate-1", "phosphating", ("stream-phosphate", "stream-oily")),
    ("ecoat-1", "ecoating", ("stream-oily",)),
    ("pvd-1", "pvd_coating", ()),
)
POLLUTANTS = ("ni", "cu", "zn", "tp", "cod", "nh3_n", "tn", "f")
RUNS, LOTS, PARTS = 4, 3, 6
REPEATS = 9
AIM_MS = 1000


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians in ms. `page_ms`: the whole answer to a browser; `part_ms`: filtered by a product."""

    days: int
    runs: int
    lots: int
    compared_ms: float
    part_ms: float
    page_ms: float
    json_ms: float


def days_of(count: int, first: date = FIRST, seed: int = 7) -> Iterator[FootprintDay]:
    """Days as a plant of five lines leaves them, with made-up amounts."""
    dice = random.Random(seed)  # noqa: S311
    streams = {stream for _, _, drains in LINES for stream in drains}
    samples = {f"{stream}/{name}": 1 for stream in sorted(streams) for name in POLLUTANTS}
    for n in range(count):
        runs = tuple(_run(dice, n, line, k) for line in range(len(LINES)) for k in range(RUNS))
        keys = sorted({key for one in runs for key in one.figures})
        totals = {key: sum(one.figures.get(key, 0) for one in runs) for key in keys}
        yield FootprintDay(
            (first + timedelta(days=n)).isoformat(), "WATER/A", runs, totals, {}, (), (),
            samples, {"reagent-naoh": "sodium hydroxide"},
        )  # fmt: skip


def _run(dice: random.Random, day: int, line: int, k: int) -> RunDay:
    station, operation, streams = LINES[line]
    code = f"CH-{day:04d}-{line}{k}"
    lots = tuple(
        LotIn(f"L-{code}-{n}", f"P-{dice.randrange(PARTS)}", 1000, 8_000_000, 1_000_000, False)
        for n in range(LOTS)
    )
    keys = [
        f"water:w-{station}",
        f"electricity:e-{station}",
        "electricity:e-treatment",
        "sludge:sludge",
    ]
    keys += ["reagent:reagent-naoh"]
    keys += [f"{DRAINED}:{stream}" for stream in streams]
    keys += [f"{when}:{name}" for when in (BEFORE, AFTER, SETTLED) for name in POLLUTANTS]
    figures = {key: dice.randrange(100_000, 900_000) for key in keys}
    loads = {key for key in keys if key.startswith((BEFORE, AFTER, SETTLED))}
    known = tuple(sorted({*loads, *(key.partition(":")[0] for key in keys), DRAINED}))
    begun = DAY0_MS + day * DAY_MS + k * 3_600_000
    return RunDay(code, station, operation, begun, begun + 3_000_000, lots, figures, known, "area")


def measure(folder: Path, days: int) -> Figures:
    """A store with so many days, asked for all of them."""
    settings = Settings(folder, timezone=ZONE, open_reading="yes")
    upgrade_store(settings.url)
    engine = open_engine(settings.url)
    made = list(days_of(days))
    append_footprints(engine, made, 0)
    last = (FIRST + timedelta(days=days - 1)).isoformat()
    wanted = Wanted(FIRST.isoformat(), last, "", BY_M2, ZONE)

    def compare(part: str) -> None:
        with reading(engine) as conn:
            found = compare_coatings(conn, replace(wanted, part=part), NOW_MS)
        assert len(found.sides) == len(LINES) - 1  # noqa: S101  # two lines plate

    client = create_app(settings, lambda: NOW_MS).test_client()

    def ask(address: str) -> None:
        answer = client.get(f"{address}?from={wanted.first}&to={wanted.last}")
        assert answer.status_code == 200, answer.text  # noqa: S101

    told = [
        _median_ms(lambda: compare("")), _median_ms(lambda: compare("P-1")),
        _median_ms(lambda: ask("/water/comparison")), _median_ms(lambda: ask("/api/v1/effluent/compare")),
    ]  # fmt: skip
    engine.dispose()
    runs = sum(len(one.runs) for one in made)
    return Figures(days, runs, runs * LOTS, *told)


def _median_ms(work: Callable[[], None]) -> float:
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return float(np.median(times)) * 1000


def page_of(found: Figures) -> str:
    """The figures as Markdown."""
    rows = table(
        ("coatings compared", "compared, ms", "of one product, ms", "page, ms", "JSON, ms"),
        [
            (
                f"{found.days} days, {found.runs:,} runs, {found.lots:,} lots", found.compared_ms, found.part_ms,
                found.page_ms, found.json_ms,
            ),
            ("aim", "", "", f"≤ {AIM_MS}", f"≤ {AIM_MS}"),
        ],
    )  # fmt: skip
    return "\n".join([*(f"* {fact}" for fact in describe()), "", *rows])


@click.command("comparison")
@click.option("--days", default=365, show_default=True, help="Days that are added up.")
def command(days: int) -> None:
    """The comparison of coatings over a year of five lines: gathered, as a page, as JSON."""
    with tempfile.TemporaryDirectory(prefix="lodestone-bench-") as name:
        found = measure(Path(name), days)
    click.echo(page_of(found))
