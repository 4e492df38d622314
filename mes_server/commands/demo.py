"""`mes demo`: faults of the plant in a box that `mes run --demo` runs, its workers, and a past made up for it."""

import time
from typing import Any

import click

from mes_server.demo.history import History, make_history
from mes_server.demo.plant import FAULTS, Fault, add_fault
from mes_server.demo.plant import mend as mend_faults
from mes_server.demo.workers import work as work_shifts
from mes_server.run import sole_run
from mes_server.settings import Settings


def tell_history(made: History | None, seconds: float) -> None:
    """Say how much was made up."""
    if made is None:
        return
    done = sum(made.counts.values())
    click.echo(
        f"Made up in {seconds:.0f} s: {done} acts, {made.counts.get('blend', 0)} heats, "
        f"{made.counts.get('ship', 0)} shipments. All of it is invented, and the ledger says so."
    )


@click.group()
def demo() -> None:
    """The plant in a box that `mes run --demo` runs."""


@demo.command()
@click.argument("station_id", metavar="STATION")
@click.argument("kind", type=click.Choice(FAULTS))
@click.option(
    "--metric", help="The metric whose sensor is at fault; all of the station without it."
)
@click.option("--amount", type=float, help="How strong: per hour for drift, a share otherwise.")
@click.option("--minutes", type=float, help="Ends by itself after so long.")
@click.pass_obj
def fault(settings: Settings, /, station_id: str, kind: str, **options: Any) -> None:
    """Switch a fault on at a station of the demo plant."""
    click.echo(add_fault(settings, Fault(station_id, kind, **options)))


@demo.command()
@click.argument("station_id", metavar="STATION", required=False)
@click.pass_obj
def mend(settings: Settings, station_id: str | None) -> None:
    """Switch the faults of a station, or all of them, off."""
    click.echo(mend_faults(settings, station_id))


@demo.command()
@click.option("--days", default=90, show_default=True, help="How far back it begins.")
@click.option("--seed", default=7, show_default=True, help="Seed of what happens.")
@click.pass_obj
def history(settings: Settings, days: int, seed: int) -> None:
    """Make up a past for an empty demo plant: lots, runs, curves, shipments. Never for a plant of people."""
    started = time.monotonic()
    with sole_run(settings):
        made = make_history(settings, days, seed, time.time_ns() // 1_000_000, click.echo)
    tell_history(made, time.monotonic() - started)


@demo.command()
@click.option("--speed", default=30.0, show_default=True, help="As of `mes run`.")
@click.option("--seed", default=7, show_default=True, help="Seed of what happens.")
@click.pass_obj
def work(settings: Settings, speed: float, seed: int) -> None:
    """Move lots through a running demo plant by real scans, as `mes run --demo` does."""
    work_shifts(settings.data_dir, speed, seed, click.echo)
