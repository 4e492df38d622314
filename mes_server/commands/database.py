"""`mes db`: the database."""

import click

from mes_server.actions.record_events import rebuild_lots
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.settings import Settings
from mes_server.store.engine import open_engine


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@click.pass_obj
def upgrade(settings: Settings) -> None:
    """Create the database or bring it to this version."""
    click.echo(upgrade_store(settings.url))


@db.command("rebuild")
@click.pass_obj
def rebuild(settings: Settings) -> None:
    """Throw away what is computed of lots, edges, runs and stations, and make it anew from the ledger.

    Stop the MES first. The ledger itself is not touched.
    """
    click.echo(f"{rebuild_lots(open_engine(settings.url))} lots were made anew from the ledger.")
