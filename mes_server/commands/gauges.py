"""`mes gauge`: gauges with their calibrations and studies, and the lots that one in doubt has measured."""

from pathlib import Path

import click

from mes_server.actions import keep_gauges as keep
from mes_server.actions.keep_studies import Studying, record_study
from mes_server.actions.one_action import carry_out
from mes_server.commands.by_hand import by_hand, day_text, file_argument, now_ms, refuse
from mes_server.commands.gauge_lines import listen, protocols
from mes_server.commands.printing import as_json_option, print_facts
from mes_server.domain.attempts import Refusal
from mes_server.domain.msa_study import GRR
from mes_server.domain.study_files import read_study
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.gauge_records import affected
from mes_server.store.gauges import list_gauges, load_gauge, studies_of


@click.group()
def gauge() -> None:
    """Gauges: which there are, whether they may serve, what they measured."""


@gauge.command("list")
@as_json_option
@click.pass_obj
def list_all(settings: Settings, as_json: bool) -> None:
    """Every gauge with its state, and until when its calibration holds."""
    with reading(open_engine(settings.url)) as conn:
        found = list_gauges(conn)
    rows: list[dict[str, object]] = [
        {"gauge": one.code, "type": one.type, "title": one.title, "state": one.state(now_ms()),
         "until": day_text(one.last.due_ms if one.last else None) or "", "owner": one.owner}
        for one in found
    ]  # fmt: skip
    print_facts(rows, as_json)


@gauge.command()
@click.argument("code")
@click.argument("type_", metavar="TYPE")
@click.option("--title", default="")
@click.option("--owner", default="", help="Whose it is; left out: ours.")
@click.option("--resolution", default="")
@click.option("--days", default=365, show_default=True, help="Between calibrations.")
@click.pass_obj
def add(settings: Settings, /, code: str, type_: str, **more: str) -> None:
    """There is one more gauge of a TYPE that control plans ask for."""
    said = keep.NewGauge(
        code.upper(), type_, more["title"], more["owner"], more["resolution"], int(more["days"])
    )
    refused = carry_out(open_engine(settings.url), by_hand(), keep.add_gauge, said)
    if refused:
        refuse(refused)
    click.echo(f"{said.code} is entered; it serves after its first calibration.")


@gauge.command()
@click.argument("code")
@click.argument("tolerance")
@click.option("--found", multiple=True, required=True, metavar="REFERENCE:READING", help="Each point as found.")  # fmt: skip
@click.option("--left", multiple=True, metavar="REFERENCE:READING", help="Each point as left, when it was adjusted.")  # fmt: skip
@click.option("--certificate", default="")
@click.pass_obj
def calibrate(
    settings: Settings, /, code: str, tolerance: str, certificate: str, **points: tuple[str, ...]
) -> None:
    """A gauge was calibrated. Found out of tolerance, what it measured since it was good is held."""
    said = keep.Calibrating(
        tolerance, _points(points["found"]), _points(points["left"]), certificate
    )
    engine = open_engine(settings.url)
    told = carry_out(engine, by_hand(), keep.calibrate, code.upper(), said)
    if any(isinstance(one, Refusal) for one in told):
        refuse(told)
    with reading(engine) as conn:
        state = next(o.state(now_ms()) for o in list_gauges(conn) if o.code == code.upper())
    click.echo(f"{code.upper()}: {state}.")
    if told:
        click.echo(f"Measured since it was last good, and held where they are here: {', '.join(told)}.")  # fmt: skip


def _points(said: tuple[str, ...]) -> list[dict[str, str]]:
    found = []
    for one in said:
        reference, colon, read = one.partition(":")
        if not colon:
            raise click.UsageError(f"{one}: write REFERENCE:READING, such as 5.000:5.001.")
        found.append({"reference": reference, "reading": read})
    return found


@gauge.command()
@file_argument
@click.option("--type", "type_", required=True, help="Of gauges that it is about.")
@click.option("--kind", default=GRR, show_default=True, help="grr, bias, linearity, stability or attribute.")  # fmt: skip
@click.option("--gauge", default="", help="That was used.")
@click.option("--characteristic", default="")
@click.option("--plan", default="", help="CP-7 or CP-7/B: the spec of the characteristic is the tolerance.")  # fmt: skip
@click.option("--method", default="", help="anova or ranges of GR&R; left out: the usual one of the kind.")  # fmt: skip
@click.option("--tolerance", default="", help="Width to compare with.")
@click.option("--accept", default="", help="Why a fair one is accepted.")
@click.pass_obj
def study(settings: Settings, /, file: Path, type_: str, kind: str, **said: str) -> None:
    """A study of a measurement system; FILE is a CSV with the columns operator, part, trial, value and, where a part has
    a known value, reference."""
    table = read_study(file.read_text(encoding="utf-8-sig"), kind)
    if table.refused:
        refuse(table.refused)
    studying = Studying(
        type_, said.pop("gauge"), readings=table.readings, kind=kind, references=table.references,
        appraisers=table.appraisers, parts=table.parts, **said,
    )  # fmt: skip
    engine = open_engine(settings.url)
    refused = carry_out(engine, by_hand(), record_study, studying)
    if refused:
        refuse(refused)
    with reading(engine) as conn:
        found = studies_of(conn, type_)[-1]
    told = ", ".join(f"{name} {value}" for name, value in found.figures.items() if "." not in name)
    click.echo(f"{kind}: {told}.")
    click.echo(f"{found.verdict}, {'accepted' if found.accepted else 'not accepted'}.")


@gauge.command("affected")
@click.argument("code")
@as_json_option
@click.pass_obj
def show_affected(settings: Settings, code: str, as_json: bool) -> None:
    """The lots it measured since its last good calibration, and who got those that were shipped."""
    with reading(open_engine(settings.url)) as conn:
        found = load_gauge(conn, code.upper())
        if found is None:
            raise click.ClickException(f"There is no gauge {code}; `mes gauge list` shows all.")
        rows = affected(conn, keep.affected_lots(conn, found, now_ms()))
    print_facts([one._asdict() for one in rows], as_json)


gauge.add_command(listen)
gauge.add_command(protocols)
