"""`mes node`: the boards that run the agents."""

import getpass
import time
from dataclasses import asdict

import click

from mes_server.actions.forget_node import forget_node
from mes_server.commands.identities import COMMANDS as IDENTITY_COMMANDS
from mes_server.commands.printing import as_json_option, print_facts
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.forgotten import list_forgotten
from mes_server.store.nodes import list_nodes


@click.group()
def node() -> None:
    """Edge nodes: the boards that run the agents."""


for _command in IDENTITY_COMMANDS:
    node.add_command(_command)


@node.command("list")
@as_json_option
@click.pass_obj
def list_all(settings: Settings, as_json: bool) -> None:
    """Every edge node with its journal and what of it is stored."""
    with reading(open_engine(settings.url)) as conn:
        views = list_nodes(conn)
    facts: list[dict[str, object]] = [
        {"group": v.group, "node": v.node, "online": v.online, "interpreter": v.interpreter,
         "epoch": v.epoch, "watermark": v.watermark, "next": v.next, "lost": v.lost,
         "quarantined": v.quarantined, "clock": v.clock, "used_pct": v.used_pct, "image": v.board.image,
         "last_boot": v.board.boot_reason, "link": v.board.link, "heap_free": v.board.heap_free,
         "bus_errors": sum(bus.failed for bus in v.board.buses) if v.board.buses else None,
         "update": v.board.update_state, "alarms": ", ".join(v.alarms)}
        for v in views
    ]  # fmt: skip
    print_facts(facts, as_json)


@node.command("forget")
@click.argument("name", metavar="GROUP/NODE")
@click.option("--by", "who", help="Who says so; the user of this machine unless told.")
@click.pass_obj
def forget(settings: Settings, name: str, who: str | None) -> None:
    """Hide a node that is gone for good, with its stations and alarms, until it is heard again.

    Samples, losses and excursions stay; who forgot it and when is kept.
    """
    group, _, node_id = name.partition("/")
    if not group or not node_id:
        raise click.UsageError(f"{name} is not GROUP/NODE; `mes node list` shows both.")
    now_ms = time.time_ns() // 1_000_000
    who = who or getpass.getuser()
    outcome = forget_node(open_engine(settings.url), (group, node_id), who, now_ms)
    if outcome == "unknown":
        raise click.ClickException(f"There is no node {name}; `mes node list` shows all.")
    if outcome == "alive":
        raise click.ClickException(
            f"{name} is online and would come back at once. Switch it off first, then forget it."
        )
    click.echo(f"{name} is hidden until it is heard again. Everything it sent stays.")


@node.command("forgotten")
@as_json_option
@click.pass_obj
def list_hidden(settings: Settings, as_json: bool) -> None:
    """The nodes that are hidden, by whom and since when."""
    with reading(open_engine(settings.url)) as conn:
        found = list_forgotten(conn)
    print_facts([asdict(gone) for gone in found], as_json)
