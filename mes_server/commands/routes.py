"""`mes route`: the released revisions of routes; check one that is written in a file, release it."""

import json
from pathlib import Path

import click

from mes_server.actions.one_action import carry_out
from mes_server.actions.release_route import release_route
from mes_server.commands.by_hand import by_hand, day_text, file_argument, read_object
from mes_server.commands.printing import EXIT_WANTING, as_json_option, print_facts
from mes_server.domain.route_content import route_faults
from mes_server.domain.routes import Route
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.routes import list_routes, load_content


@click.group()
def route() -> None:
    """Routes of products: what is done in which order, with which limits. docs/routes.md says how to write one."""


@route.command("list")
@as_json_option
@click.pass_obj
def list_all(settings: Settings, as_json: bool) -> None:
    """Every released revision, the newest of each route first."""
    with reading(open_engine(settings.url)) as conn:
        found = list_routes(conn)
    print_facts([_facts(one, at_ms) for one, at_ms in found], as_json)


def _facts(one: Route, released_ms: int) -> dict[str, object]:
    steps = ["|".join(step.choices) + ("?" if step.optional else "") for step in one.steps]
    return {"route": one.name, "title": one.title.get("en", ""), "released": day_text(released_ms),
            "steps": " > ".join(steps)}  # fmt: skip


@route.command()
@click.argument("name", metavar="CODE/REVISION")
@click.pass_obj
def show(settings: Settings, name: str) -> None:
    """A revision as it was released, as JSON."""
    with reading(open_engine(settings.url)) as conn:
        content = load_content(conn, name)
    if content is None:
        raise click.ClickException(f"There is no route {name}; `mes route list` shows all.")
    click.echo(json.dumps(content, ensure_ascii=False, indent=2))


@route.command()
@file_argument
def check(file: Path) -> None:
    """Say all that is wrong with a route in FILE; exit code 3 when something is."""
    faults = route_faults(read_object(file))
    for fault in faults:
        click.echo(fault)
    if faults:
        raise SystemExit(EXIT_WANTING)
    click.echo("It can be released.")


@route.command()
@file_argument
@click.pass_obj
def release(settings: Settings, file: Path) -> None:
    """Release the revision in FILE: from now on lots may be made on it. It never changes."""
    content = read_object(file)
    faults = carry_out(open_engine(settings.url), by_hand(), release_route, content)
    if faults:
        raise click.ClickException("Nothing was released.\n" + "\n".join(faults))
    click.echo(f"{content['code']}/{content['revision']} is released.")
