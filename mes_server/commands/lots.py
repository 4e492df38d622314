"""`mes lot`: what is known of a lot, where it came from and went, holds; its labels."""

import getpass
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from mes_server.actions.handle_lots import hold_lots, release_lot
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act
from mes_server.actions.trace_lots import trace as trace_lots
from mes_server.commands.by_hand import refuse
from mes_server.commands.labels import lot_label
from mes_server.commands.papers import lot_report
from mes_server.commands.printing import as_json_option, print_facts, print_table
from mes_server.domain.codes import BadCode, parse_code
from mes_server.domain.genealogy import BACK, FORWARD
from mes_server.domain.lots import Lot
from mes_server.domain.recalls import LOT, RUN, STATION, SUSPECTS, Found, Recall, Suspicion
from mes_server.domain.rules import Refusal
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.exposures import exposures_of
from mes_server.store.ledger import load_stream
from mes_server.store.lots import load_lot
from mes_server.store.verifying import unsealed
from mes_server.web.formats import iso_text, mass_text, share_text

code_argument = click.argument("code", metavar="CODE")
reason_option = click.option("--reason", required=True, help="Why; it is kept.")
by_option = click.option("--by", "who", help="Who says so; the user of this machine unless told.")


@click.group()
def lot() -> None:
    """Lots: what is known of one, where it came from, where it went; holds, labels."""


lot.add_command(lot_label)
lot.add_command(lot_report)


def _known(settings: Settings, code: str) -> Lot:
    with reading(open_engine(settings.url)) as conn:
        found = load_lot(conn, code)
    if found is None:
        raise click.ClickException(f"There is no lot {code}; the page /lots finds lots.")
    return found


@lot.command()
@code_argument
@as_json_option
@click.pass_obj
def show(settings: Settings, code: str, as_json: bool) -> None:
    """A lot: what it is now, its runs, its events."""
    found = _known(settings, code)
    with reading(open_engine(settings.url)) as conn:
        windows = exposures_of(conn, code, _now_ms())
        events = load_stream(conn, f"lot:{code}")
        broken = unsealed(conn, events)
    told: list[dict[str, object]] = [
        {"number": e.number, "at": iso_text(e.at_ms), "event": e.kind, "person": e.person,
         "place": e.place, "reason": e.reason, "sealed": e.number not in broken}
        for e in events
    ]  # fmt: skip
    runs: list[dict[str, object]] = [
        {"run": w.run, "station": w.station, "operation": w.operation, "from": iso_text(w.from_ms),
         "to": iso_text(w.to_ms) if w.is_over else None}
        for w in windows
    ]  # fmt: skip
    if as_json:
        facts = asdict(found) | {"status": found.status, "runs": runs, "events": told}
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    print_table(("", ""), list(_plain(found).items()))
    for rows in (runs, told):
        click.echo()
        print_facts(rows, False)


def _plain(found: Lot) -> dict[str, object]:
    amount = found.amount
    facts: dict[str, object] = {
        "lot": found.code, "kind": found.kind, "status": found.status, "place": found.place,
        "part": found.part, "grade": found.grade, "route": found.route, "pieces": amount.pieces,
        "mass": mass_text(amount.mass_mg), "done": ", ".join(found.done), "shipment": found.shipment,
    }  # fmt: skip
    return facts | {f"hold {hold}": reason for hold, reason in found.holds.items()}


@lot.command()
@code_argument
@click.option("--direction", type=click.Choice((BACK, FORWARD)), default=BACK, show_default=True)
@as_json_option
@click.pass_obj
def trace(settings: Settings, code: str, direction: str, as_json: bool) -> None:
    """All lots that one was made of, or all that it went into."""
    _known(settings, code)
    _print(_trace(settings, Suspicion(LOT, code), direction), as_json)


@lot.command()
@click.argument("name", metavar="CODE")
@click.option(
    "--as",
    "kind",
    type=click.Choice(SUSPECTS),
    help="What CODE is; lots and runs say it themselves.",
)
@click.option("--from", "from_", help="First moment, ISO 8601 with offset.")
@click.option("--to", help="Last moment.")
@click.option("--hold", "reason", help="Hold every lot that is found, for this reason.")
@by_option
@as_json_option
@click.pass_obj
def recall(settings: Settings, /, name: str, as_json: bool, **options: Any) -> None:
    """All lots that a suspicion concerns, and where each of them is now.

    CODE is a lot or a run, or with --as a resource (bath, target, thermocouple), a supplier_lot, a person
    or a station (with --from and --to).
    """
    kind = options["kind"] or _kind_of(name)
    span = (_moment(options["from_"]), _moment(options["to"]))
    if kind == STATION and None in span:
        raise click.UsageError("Say --from and --to for a station.")
    found = _trace(settings, Suspicion(kind, name, *span), FORWARD)
    _print(found, as_json)
    codes = found.holdable()
    if options["reason"] and codes:
        _do(settings, options["who"], hold_lots, codes, options["reason"])
        click.echo(f"{len(codes)} lots are held: {options['reason']}", err=True)


def _kind_of(name: str) -> str:
    try:
        return RUN if parse_code(name).kind == "charge" else LOT
    except BadCode as error:
        raise click.UsageError(
            f"{name} is neither the code of a lot nor of a run; say what it is with --as."
        ) from error


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.UsageError(f"{text} is no time such as 2026-11-23T08:00:00+08:00.")
    return int(moment.timestamp() * 1000)


@lot.command()
@click.argument("codes", metavar="CODE...", nargs=-1, required=True)
@reason_option
@by_option
@click.pass_obj
def hold(settings: Settings, codes: tuple[str, ...], reason: str, who: str | None) -> None:
    """Hold lots: nothing is done with them until each is released. All of them or none."""
    name = _do(settings, who, hold_lots, codes, reason)
    click.echo(f"Held as {name}: {', '.join(dict.fromkeys(codes))}")


@lot.command()
@code_argument
@click.option("--hold", "name", help="Which hold, where there is more than one.")
@reason_option
@by_option
@click.pass_obj
def release(settings: Settings, code: str, name: str | None, reason: str, who: str | None) -> None:
    """End one hold of a lot."""
    holds = list(_known(settings, code).holds)
    if name is None and len(holds) != 1:
        told = ", ".join(holds) or "none"
        raise click.UsageError(f"Say which hold with --hold; holds of {code}: {told}.")
    _do(settings, who, release_lot, code, name or holds[0], reason)
    click.echo(f"{code} is released from {name or holds[0]}.")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _do(settings: Settings, who: str | None, acting: Any, *args: Any) -> str:
    """Carry out an action that answers with refusals; the id of it."""
    act = Act(uuid.uuid4().hex, who or getpass.getuser(), "", _now_ms(), _now_ms())
    refused: Sequence[Refusal] = carry_out(open_engine(settings.url), act, acting, *args)
    if refused:
        refuse(refused)
    return act.id


def _trace(settings: Settings, suspicion: Suspicion, direction: str) -> Recall:
    with reading(open_engine(settings.url)) as conn:
        return trace_lots(conn, suspicion, direction)


def _print(found: Recall, as_json: bool) -> None:
    if as_json:
        facts = found.as_content() | {
            "suspicion": found.suspicion.as_content(),
            "lots": [_found(found, lot) for lot in found.lots],
        }
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    print_facts(
        [_found(found, lot) | {"mass": mass_text(lot.mass_mg)} for lot in found.lots], False
    )
    for where, count in found.counts().items():
        mass = mass_text(sum(lot.mass_mg for lot in found.at(where)))
        click.echo(f"{where.replace('_', ' ')}: {count} lots, {mass}")
    if found.account is not None:
        share = share_text(found.account.reconciled_ppm)
        click.echo(f"mass accounted for: {share}; the rest was lost in the runs between")


def _found(recalled: Recall, lot: Found) -> dict[str, object]:
    return {
        "lot": lot.code, "kind": lot.kind, "where": lot.where, "place": lot.place, "run": lot.run,
        "shipment": lot.shipment, "customer": recalled.customers.get(lot.shipment, ""),
        "pieces": lot.pieces, "mass_mg": lot.mass_mg, "held": lot.held,
    }  # fmt: skip
