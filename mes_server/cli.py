"""`mes`: composes the commands and turns what can be foreseen into one sentence and an exit code.

A command lives in mes_server/commands/<noun>.py; here it is only named.
"""

import os
from typing import Any

import click

from mes_server.bench.line import BenchError
from mes_server.broker import BrokerMissing, BrokerOpen
from mes_server.commands.baths import bath
from mes_server.commands.bench import bench
from mes_server.commands.broker import run_broker
from mes_server.commands.database import db
from mes_server.commands.demo import demo
from mes_server.commands.doctor import run_doctor
from mes_server.commands.documents import document
from mes_server.commands.effluent import effluent
from mes_server.commands.firmware import firmware
from mes_server.commands.gauges import gauge
from mes_server.commands.hj212 import hj212
from mes_server.commands.labels import label
from mes_server.commands.ledger import verify
from mes_server.commands.lots import lot
from mes_server.commands.nodes import node
from mes_server.commands.nonconformances import nonconformance
from mes_server.commands.papers import binder
from mes_server.commands.people import people
from mes_server.commands.processes import run_all, run_ingest, run_web
from mes_server.commands.proofs import proof
from mes_server.commands.quarantine import quarantine
from mes_server.commands.routes import route
from mes_server.commands.stations import station
from mes_server.commands.surveys import survey
from mes_server.demo.history import NoHistory
from mes_server.demo.identities import NotLetIn
from mes_server.demo.plant import DemoError
from mes_server.reports.typesetting import CannotTypeset
from mes_server.run import CannotRun
from mes_server.settings import SettingsError, read_settings
from mes_server.store.faults import SchemaTooNew, StoreFault
from mes_server.supervisor import NotReady
from schemas.station_types import ContractError

COMMANDS: tuple[click.Command, ...] = (
    run_all,
    run_ingest,
    run_web,
    run_broker,
    db,
    station,
    node,
    firmware,
    lot,
    route,
    document,
    bath,
    gauge,
    label,
    nonconformance,
    binder,
    effluent,
    hj212,
    verify,
    people,
    proof,
    survey,
    quarantine,
    demo,
    run_doctor,
    bench,
)
_FORESEEN = (
    CannotRun, BrokerMissing, BrokerOpen, NotReady, DemoError, NoHistory, NotLetIn, SchemaTooNew, BenchError, CannotTypeset,
)  # fmt: skip


class _Mes(click.Group):
    """A wrong call or setting ends with exit code 2, what cannot be done with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (SettingsError, ContractError) as error:
            raise click.UsageError(str(error)) from error
        except StoreFault as error:
            raise click.ClickException(
                f"The database cannot be used ({error}). `mes doctor` looks at it; where there is "
                "none yet, `mes run` and `mes db upgrade` make it."
            ) from error
        except _FORESEEN as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Mes, commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lodestone", prog_name="mes")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Lodestone: the manufacturing execution system of a magnet plant.

    Settings come from MES_… environment variables or lodestone.toml (docs/settings.md).
    """
    ctx.obj = read_settings(os.environ)


if __name__ == "__main__":
    main()
