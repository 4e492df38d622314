"""`mes lot`: lots."""

import click

from mes_server.commands.labels import lot_label


@click.group()
def lot() -> None:
    """Lots: their labels."""


lot.add_command(lot_label)
