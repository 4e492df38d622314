"""`mes document`: released control plans, instructions, recipes …; check one in a file, release it by signature."""

import json
from pathlib import Path

import click

from mes_server.actions.one_action import carry_out
from mes_server.actions.release_document import CHECKERS, document_faults, release_document
from mes_server.actions.sign_in import Gate
from mes_server.actions.sign_record import Signing, check_signing
from mes_server.commands.by_hand import by_hand, day_text, file_argument, read_object, refuse
from mes_server.commands.printing import EXIT_WANTING, as_json_option, print_facts
from mes_server.settings import Settings
from mes_server.store.documents import list_documents, load_named
from mes_server.store.engine import open_engine, reading

kind_argument = click.argument("kind", type=click.Choice(sorted(CHECKERS)))


@click.group()
def document() -> None:
    """Released documents of quality. docs/control_plans.md says how to write them."""


@document.command("list")
@kind_argument
@as_json_option
@click.pass_obj
def list_all(settings: Settings, kind: str, as_json: bool) -> None:
    """Every released revision of a kind, the newest of each first."""
    with reading(open_engine(settings.url)) as conn:
        found = list_documents(conn, kind)
    rows = [
        {"document": one.name, "title": one.content["title"]["en"], "released": day_text(one.released_ms),
         "by": one.person, "withdrawn": day_text(one.withdrawn_ms) if one.withdrawn_ms else ""}
        for one in found
    ]  # fmt: skip
    print_facts(rows, as_json)


@document.command()
@kind_argument
@click.argument("name", metavar="CODE/REVISION")
@click.pass_obj
def show(settings: Settings, kind: str, name: str) -> None:
    """A revision as it was released, as JSON."""
    with reading(open_engine(settings.url)) as conn:
        found = load_named(conn, kind, name)
    if found is None:
        raise click.ClickException(
            f"There is no {kind} {name}; `mes document list {kind}` shows all."
        )
    click.echo(json.dumps(found.content, ensure_ascii=False, indent=2))


@document.command()
@kind_argument
@file_argument
def check(kind: str, file: Path) -> None:
    """Say all that is wrong with a document in FILE; exit code 3 when something is."""
    faults = document_faults(kind, read_object(file))
    for fault in faults:
        click.echo(fault)
    if faults:
        raise SystemExit(EXIT_WANTING)
    click.echo("It can be released.")


@document.command()
@kind_argument
@file_argument
@click.option("--badge", required=True, help="Of who signs the release.")
@click.option("--pin", prompt=True, hide_input=True, help="Asked for when not given.")
@click.pass_obj
def release(settings: Settings, kind: str, file: Path, badge: str, pin: str) -> None:
    """Release the revision in FILE, signed with badge and PIN. It never changes."""
    content, act = read_object(file), by_hand()
    engine = open_engine(settings.url)
    gate = Gate(engine, settings.data_dir, 0, 0)
    signer = check_signing(gate, Signing(badge, pin, "released", "console"), act.now_ms)
    refused = carry_out(engine, act, release_document, kind, content, signer)
    if refused:
        refuse(refused)
    click.echo(f"{content['code']}/{content['revision']} is released.")
