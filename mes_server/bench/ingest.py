"""`mes bench ingest`: from many edges into the store and back out, as ratios in one run.

Figures of different machines do not compare; ratios within one run and growth over the sizes do.
"""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from mes_server.bench import line
from mes_server.bench.machine import describe, table
from mes_server.bench.reconnect import reconnect
from mes_server.bench.store import StoreFigures, measure

NODES, METRICS = 50, 50
OFFERED = 5000
FACTORS = (1, 2, 4)


def _ours(folder: Path, messages: int, rate: int = 0) -> dict[str, Any]:
    folder.mkdir()
    with line.own_broker(folder) as port, line.own_ingest(folder, port) as data:
        figures = line.swarm(port, NODES, messages, METRICS, rate)
        line.wait_for(lambda: line.inbox_is_empty(data), "the fold")
        figures["queryable_s"] = time.monotonic() - figures["began"]
        total = figures["messages"] * METRICS
        figures["found"] = line.stored_samples(data)
    if figures["found"] != total:
        raise line.BenchError(f"{figures['found']} samples stored, {total} were sent")
    return figures


def _plain(folder: Path, messages: int, batch: int) -> dict[str, Any]:
    folder.mkdir()
    with line.own_broker(folder) as port, line.plain_script(folder, port, batch):
        return line.swarm(port, NODES, messages, METRICS)


def _throughput(folder: Path, messages: int) -> tuple[list[str], dict[str, float]]:
    rows = []
    best = 0.0
    for factor in FACTORS:
        figures = _ours(folder / f"ours-{factor}", messages * factor)
        rate = figures["messages"] / figures["queryable_s"]
        acked = figures["messages"] / figures["seconds"]
        best = max(best, rate)
        rows.append((f"Lodestone, {figures['messages']:,} messages", rate, rate * METRICS, acked))
        click.echo(f"  {rows[-1][0]}: {rate:,.0f} messages/s", err=True)
    peers = {}
    for name, batch, share in (
        ("one commit per 500 messages", 500, 4),
        ("one commit per message", 1, 40),
    ):
        figures = _plain(folder / f"plain-{batch}", max(messages // share, 20), batch)
        rate = figures["messages"] / figures["seconds"]
        peers[name] = rate
        rows.append((f"plain script, {name}", rate, rate * METRICS, rate))
        click.echo(f"  {rows[-1][0]}: {rate:,.0f} messages/s", err=True)
    ratios = {f"times the plain script, {name}": best / rate for name, rate in peers.items()}
    ratios["rate at the largest size to the smallest"] = rows[len(FACTORS) - 1][1] / rows[0][1]
    header = (
        "ingest, 50 nodes, 50 metrics",
        "messages/s durable and queryable",
        "samples/s",
        "messages/s acknowledged",
    )
    return table(header, rows), ratios


def _latency(folder: Path) -> list[str]:
    figures = _ours(folder / "latency", OFFERED * 10 // NODES, OFFERED)
    offered = figures["messages"] / figures["seconds"]
    header = ("publish to acknowledged", "messages/s", "p50 ms", "p99 ms", "max ms", "aim p99")
    row = (
        f"{OFFERED} messages/s offered for 10 s",
        offered,
        figures["p50_ms"],
        figures["p99_ms"],
        figures["max_ms"],
        "≤ 50 ms",
    )
    return table(header, [row])


def _store(folder: Path, stations: int) -> tuple[list[str], dict[str, float]]:
    found: list[StoreFigures] = []
    for factor in FACTORS:
        found.append(measure(folder, stations * factor))
        click.echo(f"  store of {found[-1].samples:,} samples measured", err=True)
    header = (
        "store", "append samples/s", "merge samples/s", "bytes/sample",
        "1 day → 1,000 points, ms", "12 series, 8 h, warm ms", "cold ms",
    )  # fmt: skip
    rows = [
        (f"{f.samples:,} samples", f.append_per_s, f.merge_per_s, f.bytes_per_sample,
         f.day_warm_ms, f.lot_warm_ms, f.lot_cold_ms)
        for f in found
    ]  # fmt: skip
    rows.append(("aim", "", "", "≤ 2.5", "≤ 10", "≤ 25", "≤ 150"))  # type: ignore[arg-type]
    growth = {
        "bytes per sample, largest store to smallest": found[-1].bytes_per_sample
        / found[0].bytes_per_sample,
        "a day's points, largest store to smallest": found[-1].day_warm_ms / found[0].day_warm_ms,
        "a lot's curves, largest store to smallest": found[-1].lot_warm_ms / found[0].lot_warm_ms,
    }
    return table(header, rows), growth


@click.command("ingest")
@click.option(
    "--messages",
    default=400,
    show_default=True,
    help="Messages per node at the smallest of three sizes.",
)
@click.option(
    "--stations",
    default=4,
    show_default=True,
    help="Stations in the smallest of three stores; 24 makes the largest one 100 M samples.",
)
@click.option(
    "--nodes",
    default=500,
    show_default=True,
    help="Nodes that return at once with a backlog of 24 h.",
)
@click.option(
    "--backlog",
    default=400,
    show_default=True,
    help="Records each of them has: 400 is one every 3.6 minutes.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the ratios as JSON.")
@click.option("--to", type=click.Path(path_type=Path), help="Write the page (Markdown) there, too.")
def command(as_json: bool, to: Path | None, **sizes: int) -> None:
    """Ingest, store and reading on this machine; three sizes each, all in one run."""
    with tempfile.TemporaryDirectory(prefix="lodestone-bench-") as name:
        folder = Path(name)
        click.echo("Measuring; other work on this machine makes the figures worse.", err=True)
        ingest_lines, ratios = _throughput(folder, sizes["messages"])
        latency_lines = _latency(folder)
        return_lines = reconnect(folder / "return", sizes["nodes"], sizes["backlog"])
        click.echo(f"  {sizes['nodes']} nodes have returned", err=True)
        store_lines, growth = _store(folder, sizes["stations"])
    ratio_lines = table(("ratios in this run", ""), list((ratios | growth).items()))
    page = "\n\n".join(
        "\n".join(part)
        for part in (
            [f"* {fact}" for fact in describe()], ingest_lines, latency_lines, return_lines, store_lines, ratio_lines,
        )
    )  # fmt: skip
    if to:
        to.write_text(_PAGE.format(figures=page), encoding="utf-8")
    click.echo(json.dumps(ratios | growth, indent=2) if as_json else page)


_PAGE = """# Benchmarks

Written by `mes bench ingest --to docs/benchmarks.md`. Everything runs on one machine at once: the publishers
(50 edges that keep a journal's window and wait for acknowledgements), the broker, ingest and the store. Read
the ratios; the absolute figures belong to the machine they came from, and other work on it makes them worse.
`--stations 24` makes the largest store one of 100 million samples (about five minutes instead of two).
What an edge costs is measured by `mes bench edge`.

*Durable and queryable*: from the first publish until all is folded; then every sample is looked for and counted.
*Durable*: its commit is on the disk. *Shown*: a reader of the store, who looks every 50 ms, finds it the latest
of its series.
*The plain script* is what one would write instead: paho, protobuf, one row per sample in SQLite with WAL and
synchronous=FULL, acknowledging after its commit. A comparison with Node-RED comes later.

{figures}
"""
