"""`mes bath`: make-ups with what is due and to be added; titrate one; the lots that a bad titration concerns."""

import getpass
import json
import uuid

import click
from sqlalchemy import Connection

from mes_server.actions.gather_baths import BathState, methods_at, state_of
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act
from mes_server.actions.titrate import Titrating, recall_of
from mes_server.actions.titrate import titrate as titrate_bath
from mes_server.commands.by_hand import day_text, now_ms, refuse
from mes_server.commands.printing import EXIT_WANTING, as_json_option, print_facts
from mes_server.domain.rules import Refusal
from mes_server.domain.titration import DIRECT, FIELDS, Taken
from mes_server.settings import Settings
from mes_server.store.baths import list_baths, list_titrations, load_bath, load_titration
from mes_server.store.engine import open_engine, reading
from mes_server.store.lots import load_lot
from mes_server.web.bath_answers import figure_text, whole_answer

lot_argument = click.argument("lot", metavar="LOT")


@click.group("bath")
def bath() -> None:
    """Bath make-ups: what they hold, what is due, what is to be added, whom they concern."""


@bath.command("list")
@as_json_option
@click.pass_obj
def list_all(settings: Settings, as_json: bool) -> None:
    """Every make-up, those in use first."""
    with reading(open_engine(settings.url)) as conn:
        rows = [_row(conn, state_of(conn, one, now_ms())) for one in list_baths(conn)]
    print_facts(rows, as_json)


def _row(conn: Connection, state: BathState) -> dict[str, object]:
    lot = load_lot(conn, state.bath.lot)
    last = max((one.at_ms for one in state.titrations if not one.voided), default=None)
    return {
        "bath": state.bath.lot, "spec": state.spec.name if state.spec else state.bath.spec,
        "tank": ", ".join(f"{one.station} {one.role}" for one in state.tanks if one.to_ms is None),
        "locked": "yes" if lot is not None and lot.holds else "no", "titrated": day_text(last),
        "due": ", ".join(f"{one.parameter} {one.state}" for one in state.dues),
        "add": ", ".join(f"{figure_text(one.amount, 3)} {one.unit} {one.product}" for one in state.advice),
        "dumped": day_text(state.bath.dumped_ms),
    }  # fmt: skip


def _state(conn: Connection, lot: str) -> BathState:
    found = load_bath(conn, lot)
    if found is None:
        raise click.ClickException(f"There is no bath {lot}; `mes bath list` shows all.")
    return state_of(conn, found, now_ms())


@bath.command()
@lot_argument
@as_json_option
@click.pass_obj
def show(settings: Settings, lot: str, as_json: bool) -> None:
    """The newest figure of every parameter with its limits; as JSON all that is known of the bath."""
    with reading(open_engine(settings.url)) as conn:
        state = _state(conn, lot)
        found = whole_answer(conn, state, now_ms())
    if as_json:
        click.echo(json.dumps(found.model_dump(), ensure_ascii=False, indent=2))
        return
    rows: list[dict[str, object]] = [
        {"parameter": one.parameter, "value": one.value, "unit": one.unit, "verdict": one.verdict, "at": one.at,
         "lower": one.lower, "upper": one.upper, "target": one.target}
        for one in found.parameters
    ]  # fmt: skip
    print_facts(rows, as_json)


@bath.command()
@lot_argument
@click.argument("figures", metavar="PARAMETER=FIGURE…", nargs=-1, required=True)
@click.option("--titrant", default="", help="The lot of the standard solution.")
@click.option("--burette", default="", help="Its gauge code.")
@click.option("--note", default="")
@click.pass_obj
def titrate(settings: Settings, /, lot: str, figures: tuple[str, ...], **said: str) -> None:
    """Record a titration: mL at the burette, or the value of a meter; `fa_points=1.2 fa_points.factor=1.01`.

    Exit code 3 when the bath is out of its spec: it is locked, and its lots are held.
    """
    engine, at_ms = open_engine(settings.url), now_ms()
    with reading(engine) as conn:
        state = _state(conn, lot)
    titrating = Titrating(_taken(state, figures, at_ms), **said)
    act = Act(uuid.uuid4().hex, f"console:{getpass.getuser()}", "lab", at_ms, at_ms)
    done = carry_out(engine, act, titrate_bath, lot, titrating)
    refused = [one for one in done if isinstance(one, Refusal)]
    if refused:
        refuse(refused)
    with reading(engine) as conn:
        found = load_titration(conn, done[0])
    assert found is not None  # noqa: S101  # it was recorded above
    for one in found.values:
        click.echo(f"{one.parameter} {figure_text(one.value)} {one.verdict}")
    click.echo(f"{found.code} {found.verdict}")
    if found.out:
        click.echo(f"{lot} is locked; held: {', '.join(found.suspects) or 'none'}.")
        raise SystemExit(EXIT_WANTING)


def _taken(state: BathState, figures: tuple[str, ...], at_ms: int) -> list[Taken]:
    methods = methods_at(at_ms)
    found: dict[str, dict[str, str]] = {}
    for told in figures:
        name, equals, text = told.partition("=")
        parameter, _, field = name.partition(".")
        line = state.spec.find(parameter) if state.spec else None
        direct = line is not None and methods[line.method].kind == DIRECT
        field = field or ("value" if direct else "volume_ml")
        if not equals or field not in FIELDS:
            raise click.UsageError(f"{told}: write PARAMETER=FIGURE or PARAMETER.FIELD=FIGURE.")
        found.setdefault(parameter, {})[field] = text
    return [Taken(parameter, said) for parameter, said in found.items()]


@bath.command()
@lot_argument
@click.option("--titration", default="", help="Its number; the newest that was out unless told.")
@as_json_option
@click.pass_obj
def suspects(settings: Settings, lot: str, titration: str, as_json: bool) -> None:
    """The lots that a titration out of the spec concerns, with where each is now and who got it."""
    with reading(open_engine(settings.url)) as conn:
        _state(conn, lot)
        out = [one for one in list_titrations(conn, lot) if one.out and not one.voided]
        meant = [one for one in out if titration in ("", one.code)][:1]
        rows: list[dict[str, object]] = []
        for recall in (recall_of(conn, one) for one in meant):
            rows = [
                {"lot": one.code, "kind": one.kind, "where": one.where, "place": one.place, "held": one.held,
                 "shipment": one.shipment, "customer": recall.customers.get(one.shipment, "")}
                for one in recall.lots
            ]  # fmt: skip
    print_facts(rows, as_json)
