"""`mes run | ingest | web | broker`: the processes of a plant's MES."""

import os
import sys
import time
from datetime import UTC, datetime
from typing import Any

import click

from mes_server import run
from mes_server.commands.demo import tell_history
from mes_server.commands.identities import own_names
from mes_server.demo import identities, people, plant
from mes_server.demo.history import make_history
from mes_server.ingest.run import run_ingest as collect
from mes_server.pki.site import make_site
from mes_server.serving import serve_web
from mes_server.settings import Settings, read_settings


class Days(click.ParamType):  # type: ignore[type-arg]  # older click has no type to name
    """A number of days: 90 or 90d."""

    name = "days"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; fails with what to write."""
        number = str(value).removesuffix("d")
        if not (number.isascii() and number.isdigit()):
            self.fail(f"{value!r} is no number of days; write 90d", param, ctx)
        return int(number)


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
@click.option(
    "--history",
    "days",
    type=Days(),
    metavar="DAYS",
    help="With --demo: make up so many days of a past first, such as 90d, where there is none.",
)
@click.option(
    "--secure",
    is_flag=True,
    help="With TLS and access rights at the broker; makes the site's own CA.",
)
@click.pass_obj
def run_all(
    settings: Settings, /, with_demo: bool, days: int | None, secure: bool, **options: Any
) -> None:
    """Run broker, ingest and pages (and a demo plant) on this machine until Ctrl-C."""
    if secure:
        os.environ.setdefault("MES_MQTT_TLS", "yes")  # the processes it starts read their settings
        settings = read_settings(os.environ)
        if not (settings.ca / "site.crt").exists():
            make_site(settings.ca, own_names(settings), datetime.now(UTC))
    run.run(settings, _demo(settings, days, **options) if with_demo else None, _say)


def _demo(
    settings: Settings, days: int | None, speed: float, seed: int, interpreter: str
) -> run.Demo:
    mes = [sys.executable, "-m", "mes_server.cli"]
    workers = [*mes, "demo", "work", "--speed", f"{speed:g}", "--seed", str(seed)]

    def past() -> None:
        if days is not None:
            started = time.monotonic()
            _say(f"Making up {days} days of a past for the demo, once; a minute or two …")
            made = make_history(settings, days, seed, time.time_ns() // 1_000_000, _say)
            tell_history(made, time.monotonic() - started)

    command = plant.command(settings, speed, seed, interpreter)
    return run.Demo(
        command, workers, people.hire, past, lambda settings: identities.let_in(settings, seed)
    )


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
