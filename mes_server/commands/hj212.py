"""`mes hj212 send | listen | show`: effluent data to the environmental authority, and a platform to try it with."""

import logging
import signal
import threading
from pathlib import Path
from types import FrameType

import click

from mes_server.actions.tell_authority import Teller, profile_of
from mes_server.commands.by_hand import day_text
from mes_server.commands.printing import as_json_option, print_facts
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.hj212_outbox import list_newest, standings
from mes_server.uplink.listen import FAULTS, Platform
from mes_server.uplink.run import Uplink, send_due, work


@click.group("hj212")
def hj212() -> None:
    """Frames of HJ 212: what waits, what was acknowledged; send them, or listen for them."""


def _stopped() -> threading.Event:
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop


@hj212.command("send")
@click.option("--once", is_flag=True, help="Send what waits now, and end.")
@click.pass_obj
def send(settings: Settings, once: bool) -> None:
    """Tell what is, minutes, hours and days to MES_HJ212_ENDPOINT until asked to stop; `mes run` does it beside the rest."""
    if not settings.hj212_endpoint:
        raise click.ClickException("Nobody is to be told: set MES_HJ212_ENDPOINT to host:port.")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    profile = profile_of(settings.hj212_profile)
    uplink = Uplink(open_engine(settings.url), settings.hj212_endpoint, settings.hj212_password, profile)  # fmt: skip
    if once:
        done, vain = send_due(uplink)
        click.echo(f"{done} acknowledged, {vain} not.")
        return
    work(uplink, Teller(profile, settings.zone), _stopped())


@hj212.command("listen")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: one that is free.")
@click.option("--store", type=click.Path(dir_okay=False, path_type=Path), help="Add each frame to this file, a JSON object a line.")  # fmt: skip
@click.option("--fault", "faults", multiple=True, type=click.Choice(FAULTS), help="What to do with the next frame instead of answering well; may be said more than once.")  # fmt: skip
@click.option("--late", "late_s", default=10.0, show_default=True, help="Seconds that an answer takes with --fault late.")  # fmt: skip
def listen(host: str, port: int, store: Path | None, faults: tuple[str, ...], late_s: float) -> None:  # fmt: skip
    """Be the platform: print what comes, answer it (9014), until Ctrl-C."""
    stop = _stopped()
    platform = Platform(host, port, faults=list(faults), late_s=late_s, file=store, say=click.echo)
    platform.start()
    click.echo(f"listening on {platform.endpoint}")
    stop.wait()
    platform.stop()


@hj212.command("show")
@click.option("--all", "whole", is_flag=True, help="The newest requests, one a line, not only sums.")  # fmt: skip
@as_json_option
@click.pass_obj
def show(settings: Settings, whole: bool, as_json: bool) -> None:
    """By monitoring point: how many wait and since when, how many were acknowledged, and the trouble."""
    with reading(open_engine(settings.url)) as conn:
        rows: list[dict[str, object]] = [
            {
                "mn": one.mn, "outlet": one.outlet, "waiting": one.waiting, "since": day_text(one.since_ms),
                "acknowledged": one.acknowledged, "last": day_text(one.acked_ms), "trouble": one.trouble,
            }
            for one in standings(conn)
        ]  # fmt: skip
        if whole:
            rows = [
                {
                    "qn": one.qn, "mn": one.told.mn, "command": one.told.command, "of": one.told.label,
                    "state": one.state, "tries": one.tries, "trouble": one.trouble,
                }
                for one in list_newest(conn)
            ]  # fmt: skip
    print_facts(rows, as_json)
