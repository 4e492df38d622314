"""`mes demo`: faults of the plant in a box that `mes run --demo` runs."""

from typing import Any

import click

from mes_server.demo.plant import FAULTS, Fault, add_fault
from mes_server.demo.plant import mend as mend_faults
from mes_server.settings import Settings


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
