"""`mes bench lots`: how long it takes to trace a lot, while the factory's past grows, and to answer a scan."""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from sqlalchemy import Engine

from mes_server.actions.append_lots import append_lots
from mes_server.actions.trace_lots import trace
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.bench.genealogies import KINDS, Genealogy
from mes_server.bench.machine import describe, table
from mes_server.bench.scans import lines_of, measure_scans
from mes_server.domain.genealogy import BACK, FORWARD
from mes_server.domain.recalls import EVER_MS, LOT, Suspicion
from mes_server.store.engine import open_engine, reading
from mes_server.store.traces import reach

LAYERS = len(KINDS)
ASKED = 200
RECALLS = 20
AIM_BACK_MS, AIM_RECALL_MS = 5, 150


@dataclass(frozen=True, slots=True)
class TraceFigures:
    """One size. Times in ms; `answer_ms`: a recall with where everything is, and its masses."""

    lots: int
    edges: int
    filled_s: float
    back_nodes: int
    back_p50_ms: float
    back_p95_ms: float
    recall_nodes: int
    recall_p50_ms: float
    recall_p95_ms: float
    answer_ms: float


def _fill(engine: Engine, made: Genealogy) -> int:
    edges = 0
    for lots, into in made.layers():
        append_lots(engine, lots, into)
        edges += len(into)
    return edges


def _times_ms(call: Callable[[int], int], count: int) -> tuple[list[float], int]:
    """How long each call took, and the middle of what they answered."""
    times, answers = [], []
    for i in range(count):
        began = time.perf_counter()
        answers.append(call(i))
        times.append((time.perf_counter() - began) * 1000)
    return times, int(np.median(answers))


def measure(url: str, per_layer: int) -> TraceFigures:
    """Fill a store and trace in it."""
    upgrade_store(url)
    engine = open_engine(url)
    made = Genealogy(per_layer)
    began = time.monotonic()
    edges = _fill(engine, made)
    filled_s = time.monotonic() - began
    places = np.random.default_rng(1).integers(0, per_layer, ASKED).tolist()

    def back(i: int) -> int:
        with reading(engine) as conn:
            return len(reach(conn, {made.code(LAYERS - 1, places[i]): EVER_MS}, BACK))

    def recall(_i: int) -> int:
        with reading(engine) as conn:
            return len(reach(conn, {made.hub: 0}, FORWARD))

    def answer(_i: int) -> int:
        with reading(engine) as conn:
            return len(trace(conn, Suspicion(LOT, made.hub), FORWARD).lots)

    backs, back_nodes = _times_ms(back, ASKED)
    recalls, recall_nodes = _times_ms(recall, RECALLS)
    answers, _ = _times_ms(answer, 5)
    engine.dispose()
    return TraceFigures(
        per_layer * LAYERS,
        edges,
        filled_s,
        back_nodes,
        float(np.percentile(backs, 50)),
        float(np.percentile(backs, 95)),
        recall_nodes,
        float(np.percentile(recalls, 50)),
        float(np.percentile(recalls, 95)),
        float(np.median(answers)),
    )


def page_of(found: list[TraceFigures]) -> str:
    """The figures as Markdown."""
    header = (
        "traces", "filled in s", "back: lots", "p50 ms", "p95 ms", "recall: lots", "p50 ms",
        "p95 ms", "with places and masses, ms",
    )  # fmt: skip
    rows: list[tuple[object, ...]] = [
        (f"{f.lots:,} lots, {f.edges:,} edges", f.filled_s, f.back_nodes, f.back_p50_ms, f.back_p95_ms,
         f.recall_nodes, f.recall_p50_ms, f.recall_p95_ms, f.answer_ms)
        for f in found
    ]  # fmt: skip
    rows.append(("aim", "", "", "", f"≤ {AIM_BACK_MS}", "", "", f"≤ {AIM_RECALL_MS}", ""))
    return "\n".join([*(f"* {fact}" for fact in describe()), "", *table(header, rows)])


@click.command("lots")
@click.option(
    "--lots", default=1_000_000, show_default=True, help="Lots in the largest of three stores."
)
@click.option("--url", help="An empty database to use for all of them, such as one of PostgreSQL.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--to", type=click.Path(path_type=Path), help="Write the page (Markdown) there, too.")
def command(lots: int, url: str | None, as_json: bool, to: Path | None) -> None:
    """Traces and recalls in a factory's past of three sizes, three edges for each lot; scans in the largest."""
    sizes = [lots // 100, lots // 10, lots] if url is None else [lots]
    found = []
    with tempfile.TemporaryDirectory(prefix="lodestone-bench-") as name:
        for size in sizes:
            where = url or f"sqlite:///{Path(name) / f'lots-{size}.db'}"
            found.append(measure(where, max(size // LAYERS, 100)))
            click.echo(f"  {size:,} lots measured", err=True)
        answered = measure_scans(Path(name), where)
    facts = [{n: getattr(f, n) for n in TraceFigures.__slots__} for f in found]
    page = "\n".join([page_of(found), "", *lines_of(answered)])
    if to:
        to.write_text(_PAGE.format(figures=page), encoding="utf-8")
    click.echo(json.dumps(facts, indent=2) if as_json else page)


_PAGE = """# Benchmarks of traces and scans

Written by `mes bench lots --to docs/benchmarks_lots.md`. A made-up past of ten layers with three edges for each
lot goes straight into the tables; 200 packs are traced back to raw metal, and a hub of raw metal is recalled 20
times ([decision 0010](decisions/0010-traces-are-one-query.md)).

Then broker, `mes ingest` and `mes web` are started on the largest store. Eight tablets load ten lots each, a scan and a
look at what waits every quarter of a second, and take them out again: while 50 nodes send 1,000 messages a second of
50 samples, and then while nothing else is done.

{figures}
"""
