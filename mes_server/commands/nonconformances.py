"""`mes nc`: nonconformances listed, shown, opened, contained, and disposed of with badge and PIN."""

from datetime import datetime, timedelta
from typing import Any

import click

from mes_server.actions.contain_nonconformance import Opening, contain, open_nonconformance
from mes_server.actions.digests import digest_of
from mes_server.actions.one_action import carry_out
from mes_server.actions.settle_nonconformance import dispose
from mes_server.actions.sign_in import Gate
from mes_server.actions.sign_record import Signing, check_signing
from mes_server.commands.by_hand import badge_of, by_hand, day_text, now_ms, refuse
from mes_server.commands.printing import as_json_option, print_facts
from mes_server.domain.attempts import Refusal
from mes_server.domain.nonconformance import (
    DISPOSITIONS,
    LOTS,
    SOURCES,
    STAGES,
    SUBJECTS,
    Disposition,
    Nonconformance,
    as_content,
)
from mes_server.domain.people import Person
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.nonconformances import list_ncs, load_nc
from mes_server.store.signatures import list_signatures


@click.group("nc")
def nonconformance() -> None:
    """Nonconformances: what does not conform, where it is held, what becomes of it."""


@nonconformance.command("list")
@click.option("--state", type=click.Choice(STAGES), help="Only those.")
@as_json_option
@click.pass_obj
def list_all(settings: Settings, state: str | None, as_json: bool) -> None:
    """The last ones, the newest first."""
    with reading(open_engine(settings.url)) as conn:
        found = [one for one in list_ncs(conn) if state in (None, one.stage)]
    rows: list[dict[str, object]] = [
        {"nonconformance": one.code, "state": one.stage, "title": one.title, "lots": len(one.lots),
         "disposition": one.disposition.kind if one.disposition else "", "untold": len(one.untold),
         "opened": day_text(one.opened_ms) or ""}
        for one in found
    ]  # fmt: skip
    print_facts(rows, as_json)


@nonconformance.command()
@click.argument("code")
@as_json_option
@click.pass_obj
def show(settings: Settings, code: str, as_json: bool) -> None:
    """One, with its lots, the decision, and whether its signatures stand."""
    name = code.upper()
    with reading(open_engine(settings.url)) as conn:
        found = load_nc(conn, name)
        if found is None:
            refuse([Refusal("nonconformance_is_known", {"nonconformance": name})])
        now = digest_of(conn, f"nc:{name}")
        signed = [
            f"{one.badge} ({'stands' if one.stands(now) else 'void'})"
            for one in list_signatures(conn, f"nc:{name}")
        ]
    print_facts([_facts(found, signed)], as_json)


def _facts(found: Nonconformance, signed: list[str]) -> dict[str, object]:
    given = as_content(found.disposition) if found.disposition else {}
    decided = {
        "disposition": given.get("kind", ""), "reason": given.get("reason", ""), "to": given.get("to", ""),
        "reference": given.get("customer_reference", ""), "left": "" if found.left is None else found.left,
    }  # fmt: skip
    return {
        "nonconformance": found.code, "state": found.stage, "title": found.title,
        "about": f"{found.about} {found.name}".strip(), "found": found.found,
        "lots": " ".join(found.lots), "held": " ".join(found.held),
        "contained": found.contained_how, **decided, "signed": ", ".join(signed),
        "to be told": ", ".join(one.customer for one in found.untold),
    }  # fmt: skip


@nonconformance.command("open")
@click.argument("title")
@click.argument("lots", nargs=-1)
@click.option("--source", type=click.Choice(SOURCES), default="process", show_default=True)
@click.option("--about", type=click.Choice(SUBJECTS), default=LOTS, show_default=True)
@click.option(
    "--name", default="", help="Code of the run, resource or shipment; the supplier's lot."
)
@click.option("--found", default="", help="How much of it, such as: 1 box, 40 pieces.")
@click.option("--characteristic", default="", help="Of the control plan, if it is one.")
@click.pass_obj
def open_one(settings: Settings, /, title: str, lots: tuple[str, ...], **more: str) -> None:
    """Something does not conform: LOTS, and what was made of them, are held at once."""
    codes = tuple(one.upper() for one in lots)
    engine = open_engine(settings.url)
    told = carry_out(engine, by_hand(), open_nonconformance, Opening(title, lots=codes, **more))
    _refuse_any(told)
    with reading(engine) as conn:
        found = load_nc(conn, told[0])
    held, stage = (len(found.held), found.stage) if found else (0, "")
    click.echo(f"{told[0]} is {stage}; {held} lots are held.")


@nonconformance.command("contain")
@click.argument("code")
@click.argument("how")
@click.pass_obj
def contain_one(settings: Settings, code: str, how: str) -> None:
    """All of it is held, set apart or told of; HOW says what was done."""
    _refuse_any(carry_out(open_engine(settings.url), by_hand(), contain, code.upper(), how))
    click.echo(f"{code.upper()} is contained.")


@nonconformance.command("dispose")
@click.argument("code")
@click.argument("kind", type=click.Choice(DISPOSITIONS))
@click.argument("reason")
@click.option(
    "--to", default="", help="The operation of a rework or repair, the grade of a re-grade."
)
@click.option("--reference", default="", help="By which the customer agreed.")
@click.option("--pieces", default=0, help="A concession is for so many.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day of a concession.")
@click.option("--sign", "badges", multiple=True, required=True, help="Badge of who signs; the PIN is asked for.")  # fmt: skip
@click.pass_obj
def dispose_of(
    settings: Settings, /, code: str, kind: str, reason: str, badges: tuple[str, ...], **more: Any
) -> None:
    """Decide what becomes of the lots, sign, and carry it out."""
    engine = open_engine(settings.url)
    gate = Gate(engine, settings.data_dir, 0, 0)
    signers: list[Person | Refusal] = []
    for badge in map(badge_of, badges):
        pin = click.prompt(f"PIN of {badge}", hide_input=True)
        signers.append(check_signing(gate, Signing(badge, pin, "disposed", "console"), now_ms()))
    given = Disposition(
        kind, reason, more["to"], more["reference"], more["pieces"],
        _end_of_day(settings, more["until"]),
    )  # fmt: skip
    told = carry_out(engine, by_hand(), dispose, code.upper(), given, signers)
    _refuse_any(told)
    made = f"; made: {' '.join(told[1:])}" if told[1:] else ""
    click.echo(f"{told[0]} is disposed of: {kind}{made}.")


def _end_of_day(settings: Settings, day: datetime | None) -> int | None:
    if day is None:
        return None
    end = day.replace(tzinfo=settings.zone) + timedelta(days=1)
    return int(end.timestamp() * 1000) - 1


def _refuse_any(told: list[Any]) -> None:
    refused = [one for one in told if isinstance(one, Refusal)]
    if refused:
        refuse(refused)
