"""`mes run | ingest | web | broker`: the processes of a plant's MES."""

import os
import sys

import click

from mes_server import broker, run
from mes_server.demo import people, plant
from mes_server.ingest.run import run_ingest as collect
from mes_server.serving import serve_web
from mes_server.settings import Settings


def _say(text: str) -> None:
    click.echo(text)
    sys.stdout.flush()


@click.command("run")
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
    command = plant.command(settings, speed, seed, interpreter) if with_demo else None
    run.run(settings, command, _say, people.hire)


@click.command("ingest")
@click.pass_obj
def run_ingest(settings: Settings) -> None:
    """Collect from the broker into the store."""
    sys.exit(collect(settings))


@click.command("web")
@click.pass_obj
def run_web(settings: Settings) -> None:
    """Serve the pages and the API."""
    serve_web(settings)


@click.command("broker")
@click.pass_obj
def run_broker(settings: Settings) -> None:
    """Run the MQTT broker that comes with the installation."""
    command = broker.command(settings)
    os.execv(command[0], command)  # noqa: S606  the broker takes this process's place
