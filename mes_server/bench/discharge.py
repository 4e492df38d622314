"""`mes bench discharge`: how long it takes to judge a day of thirty outlets that report twelve parameters a second."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from sqlalchemy import Engine

from mes_server.actions.append_history import append_history, merge_all, open_stations
from mes_server.actions.assess_discharge import assess_day
from mes_server.actions.make_lots import receive_lot
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act
from mes_server.actions.release_document import release_document
from mes_server.actions.run_charge import Outcome, load_lot_into, unload
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.bench.machine import describe, table
from mes_server.domain.amounts import Amount
from mes_server.domain.discharge import OutletDay
from mes_server.domain.people import Person
from mes_server.domain.routes import Operation
from mes_server.store.engine import open_engine, reading
from mes_server.store.telemetry import Column

OUTLETS, HOURS, LOTS = 30, 24, 20
DAY, ZONE = "2026-11-01", "UTC"
DAY0_MS = 1_793_491_200_000
HOUR_MS, HOUR_S = 3_600_000, 3600
LINE = "plating-1"
AIM_MS = 2_000
SIGNER = Person("Q-1", "", "zh", frozenset(("quality", "environment")), {}, True)
# By metric where it lies and how far it strays; with flow, totaliser and the state of the analysers they are twelve.
VALUES = {
    "ph": (7.4, 0.2), "cod_mg_l": (40, 3), "ammonia_n_mg_l": (5, 0.5), "total_nitrogen_mg_l": (12, 1),
    "total_phosphorus_mg_l": (0.5, 0.05), "copper_mg_l": (0.2, 0.02), "zinc_mg_l": (0.6, 0.05),
    "fluoride_mg_l": (4, 0.4), "suspended_solids_mg_l": (20, 2),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DischargeFigures:
    """`first_ms`: the first outlet of a process; `total_ms`: all of them, one after the other; `cpu_ms`: of
    this process, which other work on the machine does not change."""

    samples: int
    filled_s: float
    first_ms: float
    median_ms: float
    total_ms: float
    cpu_ms: float


def _works() -> dict[str, Any]:
    """Each outlet has a stream of its own, and one line drains into all of them."""
    words = {"en": "bench", "zh": "bench"}
    places: list[dict[str, Any]] = []
    for n in range(OUTLETS):
        places += [
            {"code": f"s-{n}", "kind": "stream", "title": words, "station": "", "to": f"o-{n}"},
            {"code": f"o-{n}", "kind": "plant", "title": words, "station": f"o-{n}", "to": ""},
        ]
    line = {"station": LINE, "operation": "electroplating", "layers": "multi"}
    lines = [line | {"drains": [f"s-{n}" for n in range(OUTLETS)]}]
    return {"code": "WATER", "revision": "A", "title": words, "places": places, "lines": lines, "meters": []}  # fmt: skip


def _permit(outlet: str) -> dict[str, Any]:
    words = {"en": "bench", "zh": "bench"}
    return {"code": f"P-{outlet}", "revision": "A", "title": words, "outlet": outlet, "discharge": "direct",
            "authority": "bench", "sets": [{"set": "gb21900_t2"}]}  # fmt: skip


def _hour(series: dict[str, int], hour: int, seed: int) -> list[Column]:
    """An hour of an outlet."""
    times = DAY0_MS + hour * HOUR_MS + np.arange(HOUR_S, dtype=np.int64) * 1000
    noise = np.random.default_rng(seed * 100 + hour)
    flow = np.round(20 + noise.normal(0, 0.5, HOUR_S), 2)
    told: dict[str, Any] = {
        "flow_m3_h": flow,
        "total_m3": np.round(hour * 20 + np.cumsum(flow) / HOUR_S, 3),
        "analyser_state": ["calibrating" if hour == 3 and n < 900 else "measuring" for n in range(HOUR_S)],
    }  # fmt: skip
    for name, (middle, spread) in VALUES.items():
        told[name] = np.round(middle + noise.normal(0, spread, HOUR_S), 3)
    return [Column(series[name], times, values, int(times[-1])) for name, values in told.items()]


def _act(name: str, place: str, at_ms: int) -> Act:
    return Act(name, "P-1", place, at_ms, at_ms)


def _coat(engine: Engine) -> None:
    """The lots of the day, one run each."""
    operation = Operation("electroplating", {}, ("electroplating_line",))
    for n in range(LOTS):
        amount, at_ms = Amount(1000, 50_000_000, 30_000_000), DAY0_MS + (n + 1) * HOUR_MS
        code = carry_out(engine, _act(f"r{n}", "stock", at_ms), receive_lot, "parts", amount)
        run = carry_out(engine, _act(f"l{n}", LINE, at_ms + 1), load_lot_into, code, operation, {})
        out = [Outcome(str(code), amount)]
        carry_out(engine, _act(f"u{n}", LINE, at_ms + 2), unload, run, operation, out)


def _fill(engine: Engine) -> None:
    """A plant whose outlets were heard for a day, all of it merged."""
    stops = [("bench", "bench-node", f"o-{n}", "plant_outlet") for n in range(OUTLETS)]
    stations = open_stations(engine, stops, DAY0_MS)
    for at, series in enumerate(stations.values()):
        for hour in range(HOURS):
            append_history(engine, _hour(series, hour, at))
        merge_all(engine, DAY0_MS + 60 * HOUR_MS)
    documents = [("waterworks", _works())]
    documents += [("permit", _permit(f"o-{n}")) for n in range(OUTLETS)]
    for n, (kind, content) in enumerate(documents):
        act = _act(f"d{n}", "", DAY0_MS - HOUR_MS)
        refused = carry_out(engine, act, release_document, kind, content, SIGNER)
        assert refused == [], refused  # noqa: S101  # it is made to be one
    _coat(engine)


def measure(folder: Path) -> tuple[DischargeFigures, list[OutletDay]]:
    """A day of all outlets, judged one after the other; the days, too."""
    url = f"sqlite:///{folder / 'discharge.db'}"
    upgrade_store(url)
    engine = open_engine(url)
    began = time.perf_counter()
    _fill(engine)
    filled_s = time.perf_counter() - began
    spent, days = [], []
    begun_s = time.process_time()
    with reading(engine) as conn:
        for n in range(OUTLETS):
            began = time.perf_counter()
            day = assess_day(conn, f"o-{n}", DAY, ZONE, DAY0_MS + 30 * HOUR_MS)
            spent.append((time.perf_counter() - began) * 1000)
            assert day is not None  # noqa: S101  # it was made just now
            days.append(day)
    cpu_ms = (time.process_time() - begun_s) * 1000
    engine.dispose()
    samples = OUTLETS * (len(VALUES) + 3) * HOURS * HOUR_S
    figures = DischargeFigures(
        samples, filled_s, spent[0], float(np.median(spent)), sum(spent), cpu_ms
    )
    return figures, days


def page_of(found: DischargeFigures) -> str:
    """The figures as Markdown."""
    row = (f"{OUTLETS} outlets, {len(VALUES) + 3} parameters, {found.samples:,} samples", found.filled_s,
           found.first_ms, found.median_ms, found.total_ms, found.cpu_ms)  # fmt: skip
    told = table(
        ("a day of", "filled in s", "first, ms", "median, ms", "all, ms", "all, ms of CPU"),
        [row, ("aim", "", "", "", f"≤ {AIM_MS}", "")],
    )
    return "\n".join([*(f"* {fact}" for fact in describe()), "", *told])


@click.command("discharge")
@click.option("--to", type=click.Path(path_type=Path), help="Write the page (Markdown) there, too.")
def command(to: Path | None) -> None:
    """Judge a day of thirty outlets that report twelve parameters each second."""
    with tempfile.TemporaryDirectory(prefix="lodestone-bench-") as name:
        page = page_of(measure(Path(name))[0])
    if to:
        to.write_text(_PAGE.format(figures=page), encoding="utf-8")
    click.echo(page)


_PAGE = """# Benchmark of judging discharge

Written by `mes bench discharge --to docs/benchmarks_discharge.md`. Thirty outlets report flow, totaliser, state and nine
pollutants each second for a day, and all of it is merged; twenty lots were coated. Then the day of each outlet is judged:
means by flow, exclusions, benchmark discharge, limits and digest.

{figures}
"""
