"""`mes`: starts the processes and answers maintenance questions. Composition only, no logic."""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from mes_server import broker, demo, doctor, run
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.bench import ingest as bench_ingest
from mes_server.ingest.run import run_ingest
from mes_server.settings import Settings, SettingsError, read_settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.nodes import list_nodes
from mes_server.store.stations import list_stations
from mes_server.supervisor import NotReady
from schemas.station_types import ContractError, load_station_types

STATIONS = Path(sys.modules["schemas"].__path__[0]) / "stations"

# Exit codes: 0 done, 1 could not be done, 2 wrong call or settings, 3 checked and found wanting.
EXIT_WANTING = 3


class _Mes(click.Group):
    """Turns what can be foreseen into one sentence on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (SettingsError, ContractError) as error:
            raise click.UsageError(str(error)) from error
        except (run.CannotRun, broker.BrokerMissing, NotReady, demo.DemoError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Mes, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lodestone", prog_name="mes")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Lodestone: the manufacturing execution system of a magnet plant.

    Settings come from MES_… environment variables or lodestone.toml (docs/settings.md).
    """
    ctx.obj = read_settings(os.environ)


def _say(text: str) -> None:
    click.echo(text)
    sys.stdout.flush()


def _table(rows: Iterable[tuple[object, ...]], header: tuple[str, ...]) -> None:
    lines = [header, *(tuple("" if v is None else str(v) for v in row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    for line in lines:
        click.echo("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip())


def _json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


# -- processes -------------------------------------------------------------------------------


@main.command("run")
@click.option("--demo", "with_demo", is_flag=True, help="Also run a plant in a box.")
@click.option(
    "--speed", default=30.0, show_default=True, help="How much faster the demo's time runs."
)
@click.option("--seed", default=7, show_default=True, help="Seed of the demo plant.")
@click.option(
    "--interpreter",
    default="auto",
    show_default=True,
    help="What runs the demo's agents: auto, python, or the path of a MicroPython.",
)
@click.pass_obj
def run_all(settings: Settings, with_demo: bool, speed: float, seed: int, interpreter: str) -> None:
    """Run broker, ingest and pages (and a demo plant) on this machine until Ctrl-C."""
    command = demo.command(settings, speed, seed, interpreter) if with_demo else None
    run.run(settings, command, _say)


@main.command()
@click.pass_obj
def ingest(settings: Settings) -> None:
    """Collect from the broker into the store."""
    sys.exit(run_ingest(settings))


@main.command()
@click.pass_obj
def web(settings: Settings) -> None:
    """Serve the pages and the API."""
    run.serve_web(settings)


@main.command("broker")
@click.pass_obj
def run_broker(settings: Settings) -> None:
    """Run the MQTT broker that comes with the installation."""
    command = broker.command(settings)
    os.execv(command[0], command)  # noqa: S606  the broker takes this process's place


# -- store -----------------------------------------------------------------------------------


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@click.pass_obj
def db_upgrade(settings: Settings) -> None:
    """Create the database or bring it to this version."""
    click.echo(upgrade_store(settings.url))


# -- stations and nodes ----------------------------------------------------------------------


@main.group()
def station() -> None:
    """Stations and their types."""


@station.command("list")
@as_json
@click.pass_obj
def station_list(settings: Settings, as_json: bool) -> None:
    """Every station the MES has met, with state and last sample."""
    with reading(open_engine(settings.url)) as conn:
        views = list_stations(conn)
    facts = [
        {"id": v.id, "type": v.type, "area": v.area, "node": v.node, "online": v.online,
         "state": v.state if v.online else "unknown", "last_sample_ms": v.last_sample_ms}
        for v in views
    ]  # fmt: skip
    if as_json:
        _json(facts)
    else:
        _table(
            [tuple(f.values()) for f in facts],
            ("id", "type", "area", "node", "online", "state", "last sample ms"),
        )


@station.command("types")
@as_json
def station_types(as_json: bool) -> None:
    """Every station type this version knows."""
    types = load_station_types(str(STATIONS)).values()
    if as_json:
        _json([{"type": t.type, "title": t.title, "metrics": len(t.metrics)} for t in types])
    else:
        _table(
            [(t.type, t.title["en"], t.title["zh"], t.area, len(t.metrics)) for t in types],
            ("type", "title", "名称", "area", "metrics"),
        )


@main.group()
def node() -> None:
    """Edge nodes: the boards that run the agents."""


@node.command("list")
@as_json
@click.pass_obj
def node_list(settings: Settings, as_json: bool) -> None:
    """Every edge node with its journal and what of it is stored."""
    with reading(open_engine(settings.url)) as conn:
        views = list_nodes(conn)
    facts = [
        {"group": v.group, "node": v.node, "online": v.online, "interpreter": v.interpreter,
         "epoch": v.epoch, "watermark": v.watermark, "next": v.next, "lost": v.lost,
         "quarantined": v.quarantined, "clock": v.clock}
        for v in views
    ]  # fmt: skip
    if as_json:
        _json(facts)
    else:
        _table(
            [tuple(f.values()) for f in facts],
            (
                "group",
                "node",
                "online",
                "interpreter",
                "epoch",
                "watermark",
                "next",
                "lost",
                "quarantined",
                "clock",
            ),
        )


# -- demo, doctor, bench ---------------------------------------------------------------------


@main.group("demo")
def demo_group() -> None:
    """The plant in a box that `mes run --demo` runs."""


@demo_group.command("fault")
@click.argument("station_id", metavar="STATION")
@click.argument("kind", type=click.Choice(demo.FAULTS))
@click.option(
    "--metric", help="The metric whose sensor is at fault; all of the station without it."
)
@click.option("--amount", type=float, help="How strong: per hour for drift, a share otherwise.")
@click.option("--minutes", type=float, help="Ends by itself after so long.")
@click.pass_obj
def demo_fault(settings: Settings, /, station_id: str, kind: str, **options: Any) -> None:
    """Switch a fault on at a station of the demo plant."""
    click.echo(demo.add_fault(settings, station_id, kind, **options))


@demo_group.command("mend")
@click.argument("station_id", metavar="STATION", required=False)
@click.pass_obj
def demo_mend(settings: Settings, station_id: str | None) -> None:
    """Switch the faults of a station, or all of them, off."""
    click.echo(demo.mend(settings, station_id))


@main.command("doctor")
@as_json
@click.pass_obj
def run_doctor(settings: Settings, as_json: bool) -> None:
    """Check this installation; exit code 3 when something needs a hand."""
    findings = doctor.examine(settings)
    if as_json:
        _json([{"check": f.check, "ok": f.ok, "finding": f.finding} for f in findings])
    else:
        _table(
            [("ok" if f.ok else "!!", f.check, f.finding) for f in findings],
            ("", "check", "finding"),
        )
    sys.exit(0 if all(f.ok for f in findings) else EXIT_WANTING)


@main.group()
def bench() -> None:
    """Figures of this machine, printed as ratios and growth."""


bench.add_command(bench_ingest.command)


if __name__ == "__main__":
    main()
