"""`mes station`: stations and their types."""

import click

from mes_server.commands.printing import as_json_option, print_facts, print_table
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.stations import list_stations
from schemas.station_types import load_station_types


@click.group()
def station() -> None:
    """Stations and their types."""


@station.command("list")
@as_json_option
@click.pass_obj
def list_all(settings: Settings, as_json: bool) -> None:
    """Every station the MES has met, with state and last sample."""
    with reading(open_engine(settings.url)) as conn:
        views = list_stations(conn)
    facts: list[dict[str, object]] = [
        {"id": v.id, "type": v.type, "area": v.area, "node": v.node, "online": v.online,
         "state": v.state if v.online else "unknown", "last_sample_ms": v.last_sample_ms}
        for v in views
    ]  # fmt: skip
    print_facts(facts, as_json)


@station.command("types")
@as_json_option
def list_types(as_json: bool) -> None:
    """Every station type this version knows."""
    types = load_station_types().values()
    if as_json:
        print_facts(
            [{"type": t.type, "title": t.title, "metrics": len(t.metrics)} for t in types], as_json
        )
    else:
        print_table(
            ("type", "title", "名称", "area", "metrics"),
            [(t.type, t.title["en"], t.title["zh"], t.area, len(t.metrics)) for t in types],
        )
