"""`mes verify`: whether the ledger is what was sealed."""

import sys
import time

import click

from mes_server.commands.printing import as_json_option, print_facts
from mes_server.settings import Settings
from mes_server.store.anchors import read_anchors
from mes_server.store.engine import open_engine
from mes_server.store.verifying import verify_ledger

EXIT_BROKEN = 1
_WHY = {
    "changed": "it is not what was sealed",
    "missing": "it is missing",
    "added": "it was put in",
    "out_of_order": "it is not the next one of its stream",
    "sealed_anew": "an anchor remembers another one: all from there on was sealed anew",
    "cut_off": "an anchor remembers it, and the ledger ends before it",
}


@click.command("verify")
@as_json_option
@click.pass_obj
def verify(settings: Settings, as_json: bool) -> None:
    """Check every event of the ledger and the anchors; exit code 1 when one is not as sealed."""
    anchors, unread = read_anchors(settings.data_dir)
    verdict = verify_ledger(open_engine(settings.url), anchors, time.time_ns() // 1_000_000)
    broken = verdict.broken
    if as_json:
        facts: dict[str, object] = {
            "events": verdict.head.number,
            "hash": verdict.head.hash,
            "anchors": verdict.anchors,
            "unread_anchors": unread,
            "broken": None if broken is None else broken.number,
            "why": None if broken is None else broken.why,
        }
        print_facts([facts], True)
    elif broken is None:
        click.echo(
            f"{verdict.head.number} events and {verdict.anchors} anchors: as they were sealed."
        )
    if unread:
        click.echo(f"{unread} lines of the file of anchors are none and were left out.", err=True)
    if broken is not None:
        click.echo(
            f"Event {broken.number} of the ledger is broken: {_WHY[broken.why]}. "
            "Keep the database as it is, and compare it with the last backup.",
            err=True,
        )
        sys.exit(EXIT_BROKEN)
