"""`mes survey`: how furnaces stand with SAT, TUS and thermocouples; record a survey, a change, a thermocouple."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from mes_server.actions import keep_pyrometry as keep
from mes_server.actions.gather_furnace import furnace_standing
from mes_server.actions.one_action import carry_out
from mes_server.actions.sign_in import Gate
from mes_server.actions.sign_record import Signing, check_signing
from mes_server.commands.by_hand import badge_of, by_hand, day_text, now_ms, refuse
from mes_server.commands.printing import EXIT_WANTING, as_json_option, print_facts
from mes_server.domain.pyrometry import DUE, GOOD, PASSED, TESTS, Standing
from mes_server.domain.rules import Refusal
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.pyrometry import list_surveys, load_survey
from mes_server.store.stations import list_stations

FIELDS = ("thermocouple", "test_thermocouple", "position", "reading", "test", "correction")
station_argument = click.argument("station")


@click.group("survey")
def survey() -> None:
    """Surveys of furnaces and their thermocouples: what is due, and what was done."""


@survey.command()
@click.argument("station", required=False)
@as_json_option
@click.pass_obj
def due(settings: Settings, station: str | None, as_json: bool) -> None:
    """What is asked of every furnace (or STATION), and how it stands. Exit code 3 when one may not be loaded."""
    with reading(open_engine(settings.url)) as conn:
        found = _standings(conn, station)
    rows = [row for one in found for row in _rows(one)]
    print_facts(rows, as_json)
    if any(row["state"] not in (GOOD, DUE) for row in rows):
        raise SystemExit(EXIT_WANTING)


def _standings(conn: Connection, station: str | None) -> list[Standing]:
    names = [station] if station else sorted(one.id for one in list_stations(conn))
    found = [furnace_standing(conn, name, now_ms()) for name in names]
    return [one for one in found if one is not None]


def _rows(found: Standing) -> list[dict[str, object]]:
    tests: list[dict[str, object]] = [
        {"station": found.station, "what": one.requirement.test, "row": one.requirement.row, "state": one.state,
         "last": day_text(one.last.at_ms) if one.last else None, "due": day_text(one.due_ms), "uses": ""}
        for one in found.tests
    ]  # fmt: skip
    return tests + [
        {"station": found.station, "what": one.thermocouple.code, "row": one.thermocouple.role, "state": one.state,
         "last": day_text(one.thermocouple.installed_ms), "due": day_text(one.end_ms),
         "uses": f"{one.thermocouple.uses}/{one.uses_max or '–'}"}
        for one in found.thermocouples
    ]  # fmt: skip


@survey.command("list")
@station_argument
@as_json_option
@click.pass_obj
def list_all(settings: Settings, station: str, as_json: bool) -> None:
    """The surveys and changes of STATION, the newest first."""
    with reading(open_engine(settings.url)) as conn:
        found = list_surveys(conn, station)[::-1]
    rows: list[dict[str, object]] = [
        {"survey": one.code, "test": one.test, "result": one.result, "at": day_text(one.at_ms),
         "worst_c": one.content.get("worst_c", ""), "spread_c": one.content.get("spread_c", ""),
         "tolerance_c": one.content.get("tolerance_c", ""), "person": one.person, "note": one.content.get("note", "")}
        for one in found
    ]  # fmt: skip
    print_facts(rows, as_json)


@survey.command()
@station_argument
@click.argument("test", type=click.Choice(TESTS))
@click.option("--readings", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help=f"CSV with the columns {', '.join(FIELDS)}.")  # fmt: skip
@click.option("--instrument", default="", help="The test instrument.")
@click.option("--passed", is_flag=True, help="Of a test that is told and not measured: it passed.")
@click.option("--note", default="")
@click.option("--sign", "badge", required=True, help="Badge of who answers for it; the PIN is asked for.")  # fmt: skip
@click.pass_obj
def record(settings: Settings, /, station: str, test: str, badge: str, **more: Any) -> None:
    """Record a survey of STATION. Exit code 3 when it failed: nothing is loaded until it is mended."""
    engine = open_engine(settings.url)
    readings = _readings(more["readings"]) if more["readings"] else []
    name = badge_of(badge)
    pin = click.prompt(f"PIN of {name}", hide_input=True)
    gate = Gate(engine, settings.data_dir, 0, 0)
    signer = check_signing(gate, Signing(name, pin, "approved", "console"), now_ms())
    said = keep.Surveying(test, readings, more["instrument"], more["passed"], more["note"])
    (code,) = _done(carry_out(engine, by_hand(), keep.record_survey, station, said, signer))
    with reading(engine) as conn:
        found = load_survey(conn, code)
    assert found is not None  # noqa: S101  # it was recorded above
    worst = found.content["worst_c"]
    told = f", worst {worst} °C of {found.content['tolerance_c']} °C" if worst else ""
    click.echo(f"{code}: {found.result}{told}; due again {day_text(found.content['due_ms'])}.")
    if found.result != PASSED:
        raise SystemExit(EXIT_WANTING)


def _readings(file: Path) -> list[dict[str, str]]:
    """The rows of a file, as they were written; a column that is none of a survey is refused."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        table = csv.DictReader(opened)
        columns = set(table.fieldnames or ())
        if not {"reading", "test"} <= columns <= set(FIELDS):
            raise click.UsageError(f"{file.name}: the columns are {', '.join(FIELDS)}; reading and test must be there.")  # fmt: skip
        return [{name: (row.get(name) or "").strip() for name in FIELDS} for row in table]


@survey.command()
@station_argument
@click.argument("reason")
@click.pass_obj
def change(settings: Settings, station: str, reason: str) -> None:
    """STATION was rebuilt, moved, got new heaters: what is asked for after a change is due again."""
    done = carry_out(open_engine(settings.url), by_hand(), keep.change_furnace, station, reason)
    click.echo(f"{_done(done)[0]}: {station} was changed.")


@survey.command()
@station_argument
@click.argument("thermocouple")
@click.argument("role", metavar="METRIC")
@click.argument("kind", metavar="TYPE", type=click.Choice(keep.TYPES))
@click.option("--uses", default=0, help="Runs it was used in elsewhere, or before.")
@click.option("--correction", default="", help="From its certificate, in °C.")
@click.pass_obj
def install(settings: Settings, /, station: str, thermocouple: str, role: str, kind: str, **more: Any) -> None:  # fmt: skip
    """THERMOCOUPLE goes into STATION and measures METRIC; what was in its place comes out."""
    said = keep.Installing(thermocouple, role, kind, more["uses"], more["correction"])
    _done(carry_out(open_engine(settings.url), by_hand(), keep.install_thermocouple, station, said))
    click.echo(f"{thermocouple} measures {role} of {station}.")


@survey.command()
@click.argument("thermocouple")
@click.argument("reason")
@click.pass_obj
def remove(settings: Settings, thermocouple: str, reason: str) -> None:
    """THERMOCOUPLE is out of its furnace; its uses are remembered."""
    code, engine = thermocouple.upper(), open_engine(settings.url)
    _done(carry_out(engine, by_hand(), keep.remove_thermocouple, code, reason))
    click.echo(f"{code} is out.")


def _done(told: Sequence[Any]) -> Sequence[Any]:
    refused = [one for one in told if isinstance(one, Refusal)]
    if refused:
        refuse(refused)
    return told
