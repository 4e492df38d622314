"""`mes db`: the database."""

import click

from mes_server.actions.upgrade_store import upgrade_store
from mes_server.settings import Settings


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@click.pass_obj
def upgrade(settings: Settings) -> None:
    """Create the database or bring it to this version."""
    click.echo(upgrade_store(settings.url))
