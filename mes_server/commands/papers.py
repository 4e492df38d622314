"""`mes lot report` and `mes binder`: evidence written into files."""

import getpass
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from mes_server.actions.compile_binder import compile_binder
from mes_server.actions.compile_lot_report import compile_lot_report
from mes_server.actions.make_paper import Compile, Draft, Wanted, draft_paper, keep_paper
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act
from mes_server.commands.by_hand import refuse
from mes_server.domain.lot_report import LOT_REPORT
from mes_server.domain.rules import Refusal
from mes_server.reports.binder_zip import to_zip
from mes_server.reports.papers import set_files
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.translations import LANGUAGES

FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
language_option = click.option(
    "--lang", "language", type=click.Choice(LANGUAGES), default="zh", show_default=True
)
by_option = click.option("--by", "who", help="Who says so; the user of this machine unless told.")


@click.command("report")
@click.argument("code", metavar="CODE")
@click.option("--pdf", type=FILE, help="Write the PDF/A-3, its JSON attached.")
@click.option("--json", "json_", type=FILE, help="Write the JSON (schemas/messages/lot_report.schema.json).")  # fmt: skip
@click.option("--xlsx", type=FILE, help="Write the workbook, a sheet for each section.")
@language_option
@by_option
@click.pass_obj
def lot_report(
    settings: Settings, /, code: str, language: str, who: str | None, **files: Path | None
) -> None:
    """Have the report of a lot made: numbered, sealed, kept. A later one never overwrites it."""
    wanted = {name.strip("_"): file for name, file in files.items() if file is not None}
    if not wanted:
        raise click.UsageError("Say at least one of --pdf FILE, --json FILE and --xlsx FILE.")
    for file in wanted.values():
        can_write(file)
    draft = make(settings, (LOT_REPORT, code.upper(), language), who, compile_lot_report)
    for name, file in wanted.items():
        file.write_bytes(draft.files[name])
    report = draft.report
    click.echo(f"{report.number}: {report.verdict.replace('_', ' ')}; {', '.join(map(str, wanted.values()))}")  # fmt: skip


@click.command("binder")
@click.argument("file", type=FILE)
@language_option
@click.pass_obj
def binder(settings: Settings, file: Path, language: str) -> None:
    """Write the binder: per clause the records that prove it, with gaps by name, as one ZIP archive."""
    can_write(file)
    now_ms = time.time_ns() // 1_000_000
    with reading(open_engine(settings.url)) as conn:
        found = compile_binder(conn, now_ms, settings.site, version("lodestone"))
    file.write_bytes(to_zip(found, settings.zone, language))
    states = Counter(found.state(clause) for clause in found.clauses)
    told = ", ".join(
        f"{count} {state.replace('_', ' ')}" for state, count in sorted(states.items())
    )
    click.echo(f"{len(found.clauses)} clauses are in {file}: {told}.")


def can_write(file: Path) -> None:
    """Say that a file cannot be written before anything is recorded."""
    try:
        file.open("ab").close()
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error


def make(
    settings: Settings, asked: tuple[str, str, str], who: str | None, compiled: Compile
) -> Draft:
    """A paper of a kind about something in a language, kept; exits with the reason when it is refused."""
    engine = open_engine(settings.url)
    now_ms = time.time_ns() // 1_000_000
    act = Act(uuid.uuid4().hex, who or getpass.getuser(), "", now_ms, now_ms)

    def render(content: Mapping[str, Any], data: bytes) -> Mapping[str, bytes]:
        return set_files(content, data, settings.zone, settings.address)

    draft = draft_paper(engine, act, Wanted(*asked, version("lodestone"), settings.site), compiled, render)  # fmt: skip
    kept = carry_out(engine, act, keep_paper, draft, asked[1])
    refused = [one for one in kept if isinstance(one, Refusal)]
    if refused or draft is None:
        refuse(refused)
    return draft
