"""`mes label` and `mes lot label`: what is stuck on lots, stations, people and walls."""

import getpass
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import click

from mes_server.actions.one_action import carry_out
from mes_server.actions.print_label import Paper, print_label, void_label
from mes_server.actions.record_events import Act
from mes_server.commands.by_hand import refuse
from mes_server.domain.cards import BADGE, CONTAINER, STATION
from mes_server.domain.codes import BadCode
from mes_server.domain.labels import Label
from mes_server.domain.rules import Refusal
from mes_server.domain.seal import Anchor
from mes_server.reports import code_cards
from mes_server.reports import lot_label as tag
from mes_server.reports.code_cards import CardPrint, named_card, station_title, wall_sheet
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.faults import StoreFault
from mes_server.store.ledger import head
from mes_server.store.stations import list_stations
from schemas.station_types import load_station_types

_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
pdf_option = click.option("--pdf", type=_FILE, required=True, help="The file to write.")
by_option = click.option("--by", "who", help="Who says so; the user of this machine unless told.")


@click.command("label")
@click.argument("code")
@click.option("--pdf", type=_FILE, help="Write a PDF of the size of the tag, 100 × 70 mm.")
@click.option("--zpl", type=_FILE, help="Write ZPL II for a thermal printer.")
@click.option("--dpi", type=click.Choice(["203", "300"]), default="203", help="Of the printer.")
@click.option(
    "--reason", default="", help="Why it is printed again; the label before is void then."
)
@by_option
@click.pass_obj
def lot_label(
    settings: Settings,
    /,
    code: str,
    pdf: Path | None,
    zpl: Path | None,
    dpi: str,
    **said: str,
) -> None:
    """Mint and print the label of a lot: once. Again only with a reason, and the one before is void."""
    if (pdf is None) == (zpl is None):
        raise click.UsageError("Say one of --pdf FILE and --zpl FILE: each is a label of its own.")
    file = pdf or zpl
    assert file is not None  # noqa: S101  # said just above
    _open(file)
    paper = Paper(settings.zone, settings.address)
    act = _act(said["who"])
    label = carry_out(open_engine(settings.url), act, print_label, code, said["reason"], paper)
    if not isinstance(label, Label):
        refuse(label)
    dots_per_mm = tag.DOTS_PER_MM[dpi == "300"]
    anchor = _anchor(settings)
    data = tag.to_zpl(label, dots_per_mm, anchor).encode() if zpl else tag.to_pdf(label, anchor)
    file.write_bytes(data)
    click.echo(f"Label {label.id} is in {file}.")


@click.group()
def label() -> None:
    """Labels of lots made void, and cards: the wall sheet, stations, badges, containers."""


@label.command("void")
@click.argument("label", metavar="LABEL")
@click.option("--reason", required=True, help="Why: lost, or its lot is no more.")
@by_option
@click.pass_obj
def void(settings: Settings, label: str, reason: str, who: str | None) -> None:
    """Make a label void without printing another."""
    refused = carry_out(open_engine(settings.url), _act(who), void_label, label, reason)
    if refused:
        refuse(refused)
    click.echo(f"Label {label} is void.")


@label.command("wall-sheet")
@pdf_option
@click.pass_obj
def print_wall_sheet(settings: Settings, pdf: Path) -> None:
    """A page of commands to scan: OK, CANCEL, UNDO, SCRAP …"""
    _write(settings, pdf, "card.commands", wall_sheet())


@label.command("station")
@click.argument("ids", metavar="[STATION]...", nargs=-1)
@pdf_option
@click.pass_obj
def print_stations(settings: Settings, ids: tuple[str, ...], pdf: Path) -> None:
    """Cards of stations; of all of them unless some are named."""
    with reading(open_engine(settings.url)) as conn:
        types = {view.id: view.type for view in list_stations(conn)}
    unknown = [name for name in ids if name not in types]
    if unknown or not types:
        raise click.ClickException(
            f"There is no station {', '.join(unknown)}; `mes station list` shows all."
        )
    titles = {name: spec.title for name, spec in load_station_types().items()}
    _write(
        settings,
        pdf,
        "card.stations",
        [_card(STATION, name, station_title(titles[types[name] or ""])) for name in ids or types],
    )


@label.command("badge")
@click.argument("badge")
@click.option("--name", default="", help="What stands on it in large letters.")
@pdf_option
@click.pass_obj
def print_badge(settings: Settings, badge: str, name: str, pdf: Path) -> None:
    """The card of a badge."""
    _write(settings, pdf, "card.badges", [_card(BADGE, badge, [name or badge])])


@label.command("container")
@click.argument("names", metavar="CONTAINER...", nargs=-1, required=True)
@pdf_option
@click.pass_obj
def print_containers(settings: Settings, names: tuple[str, ...], pdf: Path) -> None:
    """Cards of containers: trays, boxes, barrels."""
    cards = [_card(CONTAINER, name, [name]) for name in names]
    _write(settings, pdf, "card.containers", cards)


def _card(kind: str, name: str, title: Sequence[str]) -> CardPrint:
    try:
        return named_card(kind, name, title)
    except BadCode as bad:
        refuse([Refusal(bad.rule, {"code": name})])


def _write(settings: Settings, file: Path, heading: str, cards: Sequence[CardPrint]) -> None:
    _open(file)
    now_ms = time.time_ns() // 1_000_000
    pdf = code_cards.to_pdf(heading, cards, settings.site, now_ms, _anchor(settings))
    file.write_bytes(pdf)
    click.echo(f"{len(cards)} cards are in {file}.")


def _anchor(settings: Settings) -> Anchor | None:
    """What the paper remembers of the ledger; None: nothing is in it, or it cannot be asked now."""
    try:
        with reading(open_engine(settings.url)) as conn:
            last = head(conn, time.time_ns() // 1_000_000)
    except StoreFault:
        return None
    return last if last.number else None


def _open(file: Path) -> None:
    """Say that a file cannot be written before anything is recorded."""
    try:
        file.open("ab").close()
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error


def _act(who: str | None) -> Act:
    now_ms = time.time_ns() // 1_000_000
    return Act(uuid.uuid4().hex, who or getpass.getuser(), "", now_ms, now_ms)
