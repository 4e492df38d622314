"""`mes node`: the boards that run the agents."""

import click

from mes_server.commands.printing import as_json_option, print_facts
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.nodes import list_nodes


@click.group()
def node() -> None:
    """Edge nodes: the boards that run the agents."""


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
         "quarantined": v.quarantined, "clock": v.clock}
        for v in views
    ]  # fmt: skip
    print_facts(facts, as_json)
