"""`mes bench`: figures of this machine."""

import click

from mes_server.bench.comparison import command as comparison
from mes_server.bench.discharge import command as discharge
from mes_server.bench.edge import command as edge
from mes_server.bench.ingest import command as ingest
from mes_server.bench.lots import command as lots
from mes_server.bench.report import command as report


@click.group()
def bench() -> None:
    """Figures of this machine, printed as ratios and growth."""


bench.add_command(discharge)
bench.add_command(comparison)
bench.add_command(edge)
bench.add_command(ingest)
bench.add_command(lots)
bench.add_command(report)
