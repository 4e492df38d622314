"""`mes people`: who there is, what each may do; PINs are typed unseen or read from a file."""

from datetime import datetime, timedelta
from pathlib import Path

import click

from mes_server.actions import manage_people
from mes_server.actions.end_sessions import end_all, end_session
from mes_server.actions.manage_people import Newcomer
from mes_server.commands.by_hand import badge_of, by_hand, day_text, done, now_ms
from mes_server.commands.printing import as_json_option, print_facts
from mes_server.commands.tokens import token
from mes_server.domain.people import ROLES, Person
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.people import list_people
from mes_server.store.pins import PepperMissing, make_pepper, pepper_file
from mes_server.store.sign_ins import list_sessions

LIMIT = 1_000

badge_argument = click.argument("badge")
roles_option = click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="Once for each."
)
pin_option = click.option(
    "--pin-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file whose first line is the PIN; asked for without it.",
)


@click.group()
def people() -> None:
    """People: badges, PINs, roles, qualifications, sessions, tokens."""


people.add_command(token)


def _facts(person: Person) -> dict[str, object]:
    held = [f"{name} until {day_text(until)}" for name, until in person.qualifications.items()]
    return {
        "badge": person.badge,
        "name": person.name,
        "roles": ", ".join(sorted(person.roles)),
        "qualifications": "; ".join(held),
        "language": person.language,
        "pin": "set" if person.has_pin else "none",
        "disabled_at": day_text(person.disabled_ms),
    }


@people.command("list")
@click.option("--find", "asked", default="", help="Only those whose badge or name holds this.")
@click.option("--after", default="", help="Only badges behind this one.")
@click.option("--limit", default=LIMIT, show_default=True, type=click.IntRange(1, 100_000))
@as_json_option
@click.pass_obj
def list_all(settings: Settings, asked: str, after: str, limit: int, as_json: bool) -> None:
    """Everybody, by badge."""
    with reading(open_engine(settings.url)) as conn:
        found = list_people(conn, limit, after, asked)
    print_facts([_facts(person) for person in found], as_json)


@people.command("add")
@badge_argument
@click.argument("name")
@roles_option
@click.option("--language", default="", type=click.Choice(("", "zh", "en")), help="Of the pages.")
@click.pass_obj
def add(settings: Settings, badge: str, name: str, roles: tuple[str, ...], language: str) -> None:
    """Add somebody. From the first person on everybody signs in."""
    newcomer = Newcomer(badge, name, roles, language)
    person = done(manage_people.add_person(open_engine(settings.url), by_hand(), newcomer))
    click.echo(
        f"{person.name} has the badge {person.badge}. Next: mes people set-pin {person.badge}"
    )


@people.command("roles")
@badge_argument
@roles_option
@click.pass_obj
def change_roles(settings: Settings, badge: str, roles: tuple[str, ...]) -> None:
    """Give somebody these roles instead of those before."""
    engine = open_engine(settings.url)
    person = done(manage_people.change_roles(engine, by_hand(), badge_of(badge), roles))
    click.echo(f"{person.badge}: {', '.join(sorted(person.roles))}")


@people.command("set-pin")
@badge_argument
@pin_option
@click.option(
    "--new-key",
    is_flag=True,
    help="The key of all PINs is lost: make a new one. All set theirs anew.",
)
@click.pass_obj
def set_pin(settings: Settings, badge: str, pin_file: Path | None, new_key: bool) -> None:
    """Set the PIN of somebody. Ends their sessions, and the wait after wrong PINs."""
    engine = open_engine(settings.url)
    if new_key:
        make_new_key(settings)
    pin = _read_pin(pin_file)
    try:
        answer = manage_people.set_pin(engine, by_hand(), badge_of(badge), pin, settings.data_dir)
    except PepperMissing as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{done(answer).badge} has a new PIN.")


def make_new_key(settings: Settings) -> None:
    """A new pepper where there is none; what is there is never thrown away."""
    if not make_pepper(settings.data_dir):
        raise click.UsageError(
            f"{pepper_file(settings.data_dir)} is there. Move it away first if it is damaged."
        )


def _read_pin(file: Path | None) -> str:
    if file is None:
        typed: str = click.prompt("PIN", hide_input=True, confirmation_prompt=True)
        return typed
    lines = file.read_text(encoding="utf-8").splitlines()
    return lines[0].strip() if lines else ""


@people.command("qualify")
@badge_argument
@click.argument("qualification")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day, in plant time.")
@click.option("--take", is_flag=True, help="Take it away instead.")
@click.pass_obj
def qualify(
    settings: Settings, badge: str, qualification: str, until: datetime | None, take: bool
) -> None:
    """Say what somebody may do, until which day."""
    if take == (until is not None):
        raise click.UsageError("Say --until YYYY-MM-DD, or --take.")
    until_ms = None if until is None else _end_of(until, settings)
    engine, act = open_engine(settings.url), by_hand()
    done(manage_people.qualify(engine, act, badge_of(badge), qualification, until_ms))
    click.echo(
        f"{badge_of(badge)}: {qualification} {'taken' if take else f'until {until:%Y-%m-%d}'}"
    )


def _end_of(day: datetime, settings: Settings) -> int:
    """The end of a day in the plant's zone."""
    following = (day + timedelta(days=1)).replace(tzinfo=settings.zone)
    return int(following.timestamp() * 1000)


@people.command("disable")
@badge_argument
@click.option("--reason", required=True, help="Why; kept in the ledger.")
@click.pass_obj
def disable(settings: Settings, badge: str, reason: str) -> None:
    """Somebody left or lost a badge: sessions and tokens end, records keep the name."""
    engine = open_engine(settings.url)
    person = done(manage_people.disable(engine, by_hand(), badge_of(badge), reason))
    click.echo(f"{person.badge} is disabled.")


@people.command("enable")
@badge_argument
@click.pass_obj
def enable(settings: Settings, badge: str) -> None:
    """Somebody is back."""
    person = done(manage_people.enable(open_engine(settings.url), by_hand(), badge_of(badge)))
    click.echo(f"{person.badge} may sign in again.")


@people.command("sessions")
@click.argument("badge", required=False, default="")
@click.option("--all", "everything", is_flag=True, help="Also those that are over.")
@click.option("--before", type=int, help="Only ids below this one.")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(1, 100_000))
@as_json_option
@click.pass_obj
def sessions(
    settings: Settings, /, badge: str, everything: bool, as_json: bool, **part: int
) -> None:
    """Who is signed in where, the latest first; of one badge or of all."""
    with reading(open_engine(settings.url)) as conn:
        found = list_sessions(conn, badge_of(badge) if badge else "", part["limit"], part["before"])
    now = now_ms()
    facts: list[dict[str, object]] = [
        {"id": s.id, "badge": s.badge, "station": s.station, "address": s.address,
         "begun_at": day_text(s.begun_ms), "seen_at": day_text(s.seen_ms), "open": s.is_open(now),
         "ended_by": s.ended_by}
        for s in found
        if everything or s.is_open(now)
    ]  # fmt: skip
    print_facts(facts, as_json)


@people.command("end")
@badge_argument
@click.option("--session", "key", type=int, help="Only this one; all without it.")
@click.pass_obj
def end(settings: Settings, badge: str, key: int | None) -> None:
    """End the sessions of somebody."""
    engine, act, badge = open_engine(settings.url), by_hand(), badge_of(badge)
    if key is None:
        click.echo(f"{done(end_all(engine, act, badge))} sessions ended.")
    else:
        done(end_session(engine, act, badge, key))
        click.echo(f"Session {key} is over.")
