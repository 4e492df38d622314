"""`mes bench edge`: what the agent costs where it runs, measured by a program of the edge wing."""

import json
import subprocess
import sys

import click

from mes_server.bench.line import BenchError
from mes_server.bench.machine import describe, table

US_AIM, HEAP_AIM = 100, 65_536
DEADLINE_S = 120


@click.command("edge")
@click.option(
    "--interpreter",
    default="auto",
    show_default=True,
    help="What runs the agent: auto (MicroPython where there is one), python, or a path.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(interpreter: str, as_json: bool) -> None:
    """Time and heap of the edge agent, on the MicroPython that `make` set up."""
    program = [sys.executable, "-m", "firmware.boards.unix.bench", interpreter]
    try:
        done = subprocess.run(program, capture_output=True, text=True, timeout=DEADLINE_S)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"the agent was not measured within {DEADLINE_S} s") from error
    if done.returncode:
        raise BenchError(f"the agent could not be measured: {done.stderr.strip()[-400:]}")
    figures = json.loads(done.stdout.splitlines()[-1])
    if as_json:
        click.echo(json.dumps(figures, indent=2))
        return
    heap = figures["heap_bytes"] or "not told by this interpreter"
    rows = (
        ("a record of 10 metrics encoded, journalled, published, µs", figures["us_per_record"],
         f"≤ {US_AIM}"),
        ("its 10 sensors read and judged before, µs", figures["us_to_sample"], ""),
        ("heap with 200 records in flight, bytes", heap, f"≤ {HEAP_AIM:,}"),
    )  # fmt: skip
    header = (f"edge agent on {figures['interpreter']} {figures['version']}", "figure", "aim")
    facts = [f"* {fact}" for fact in describe()]
    click.echo("\n".join([*facts, "", *table(header, rows)]))
