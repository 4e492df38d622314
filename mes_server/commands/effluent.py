"""`mes effluent day | month | compare`: what an outlet came to and whether its record is closed; coatings side by side."""

import time
from datetime import date, timedelta
from pathlib import Path

import click

from mes_server.actions.close_discharge import Record, record_of
from mes_server.actions.compare_coatings import Wanted, compare_coatings
from mes_server.actions.compile_discharge import DAY, MONTH, Closing
from mes_server.actions.gather_waterworks import day_of
from mes_server.commands.by_hand import now_ms
from mes_server.commands.papers import FILE, can_write
from mes_server.commands.printing import as_json_option, print_facts
from mes_server.domain.coating_comparison import Figure
from mes_server.domain.coating_days import BASES, BY_M2
from mes_server.domain.discharge_rows import figure
from mes_server.domain.papers import digest_of_file
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.papers import load_file, load_paper


@click.group("effluent")
def effluent() -> None:
    """Days and months of outlets, and their records."""


def _shown(found: Record) -> list[dict[str, object]]:
    return [
        {
            "pollutant": one.pollutant, "unit": one.unit, "mean": figure(one.mean), "greatest": figure(one.high),
            "load_kg": figure(one.load_kg), "status": one.status,
        }
        for one in found.judged.pollutants
    ]  # fmt: skip


def _standing(found: Record) -> str:
    newest = found.newest
    if newest is None:
        return "not closed" if found.judged.over else "running"
    state = "stands" if found.stands else f"changed since: {', '.join(name for name, _, _ in found.changed)}"  # fmt: skip
    return f"{newest.paper}, revision {newest.revision}, closed by {newest.person}; {state}"


def _tell(settings: Settings, said: Closing, as_json: bool, files: dict[str, Path | None]) -> None:
    wanted = {name.strip("_"): file for name, file in files.items() if file is not None}
    for file in wanted.values():
        can_write(file)
    with reading(open_engine(settings.url)) as conn:
        found = record_of(conn, said, now_ms())
        if found is None:
            raise click.ClickException(f"There is no outlet {said.outlet} in the waterworks.")
        newest = found.newest
        if wanted and newest is None:
            raise click.ClickException(f"Nobody has closed {said.about} yet: close and sign it on its page, /water/records/{said.outlet}/{said.period}.")  # fmt: skip
        paper = None if newest is None else load_paper(conn, newest.paper)
        kept = {name: load_file(conn, paper.number, name) for name in wanted} if paper else {}
    for name, file in wanted.items():
        data = kept.get(name)
        if paper is None or data is None or digest_of_file(data) != paper.files.get(name):
            raise click.ClickException(f"The {name} of {said.about} is not what was sealed; call quality.")  # fmt: skip
        file.write_bytes(data)
    print_facts(_shown(found), as_json)
    if not as_json:
        click.echo(f"{said.about}: {found.judged.status.replace('_', ' ')}; {_standing(found)}")


def _command(kind: str, metavar: str) -> click.Command:
    @click.command("day" if kind == DAY else "month")
    @click.argument("outlet")
    @click.argument("period", metavar=metavar)
    @click.option("--pdf", type=FILE, help="Write the PDF/A-3 of the newest signed record.")
    @click.option("--csv", type=FILE, help="Write its CSV.")
    @click.option("--json-file", "json_", type=FILE, help="Write its JSON, which was signed.")
    @as_json_option
    @click.pass_obj
    def command(settings: Settings, /, outlet: str, period: str, as_json: bool, **files: Path | None) -> None:  # fmt: skip
        said = Closing(outlet, period, settings.zone.key)
        if said.kind != kind or not _is_period(period):
            raise click.UsageError(f"Write {metavar}.")
        _tell(settings, said, as_json, files)

    what = "a working day" if kind == DAY else "a calendar month"
    command.help = f"What {what} of an outlet came to, and whether its record still tells it."
    return command


def _is_period(text: str) -> bool:
    try:
        time.strptime(text, "%Y-%m-%d" if len(text) > len("2026-11") else "%Y-%m")
    except ValueError:
        return False
    return True


@effluent.command()
@click.option(
    "--from", "first", help="The first day, YYYY-MM-DD; 90 days before the last without it."
)
@click.option("--to", "last", help="The last day; yesterday without it.")
@click.option("--part", default="", help="Of this product only.")
@click.option("--by", type=click.Choice(BASES), default=BY_M2, show_default=True)
@as_json_option
@click.pass_obj
def compare(settings: Settings, /, first: str | None, last: str | None, as_json: bool, **asked: str) -> None:  # fmt: skip
    """Coatings side by side: each figure with its interval and of how much it was made."""
    zone = settings.zone.key
    days = _days(first, last, day_of(now_ms(), zone))
    with reading(open_engine(settings.url)) as conn:
        found = compare_coatings(conn, Wanted(*days, asked["part"], asked["by"], zone), now_ms())
    print_facts([_figure(side.code, one) for side in found.sides for one in side.figures.values()], as_json)  # fmt: skip
    if not as_json:
        click.echo(found.row["boundary"]["en"])
        click.echo(f"Missing: {len(found.missing)} things; /water/comparison names them.")


def _days(first: str | None, last: str | None, today: str) -> tuple[str, str]:
    for one in (first, last):
        if one is not None and not (_is_period(one) and len(one) == len(today)):
            raise click.UsageError("Write days as YYYY-MM-DD.")
    end = last or (date.fromisoformat(today) - timedelta(days=1)).isoformat()
    begin = first or (date.fromisoformat(end) - timedelta(days=89)).isoformat()
    if begin > end:
        raise click.UsageError("The first day comes before the last one.")
    return begin, end


def _figure(coating: str, one: Figure) -> dict[str, object]:
    told = one.estimate
    ends = (None, None, None) if told is None else (told.value, told.low, told.high)
    value, low, high = (figure(part) for part in ends)
    return {
        "coating": coating, "figure": one.measure.name, "pollutant": one.measure.pollutant, "value": value,
        "low": low, "high": high, "days": one.days, "runs": one.runs, "samples": one.samples,
    }  # fmt: skip


effluent.add_command(_command(DAY, "YYYY-MM-DD"))
effluent.add_command(_command(MONTH, "YYYY-MM"))
