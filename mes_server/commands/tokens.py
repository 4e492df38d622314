"""`mes people token`: what programs show instead of signing in."""

import click

from mes_server.actions.end_sessions import revoke_token
from mes_server.actions.make_token import SCOPES, Wish, make_token
from mes_server.commands.by_hand import badge_of, by_hand, day_text, done, now_ms
from mes_server.commands.printing import as_json_option, print_facts
from mes_server.domain.people import TOKEN_DAYS_MAX
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.sign_ins import list_tokens


@click.group()
def token() -> None:
    """Tokens: what programs show instead of signing in."""


@token.command("make")
@click.argument("badge")
@click.option("--name", required=True, help="What it is for.")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES),
    help="Once for each; never more than the person may do.",
)  # fmt: skip
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, TOKEN_DAYS_MAX))
@click.pass_obj
def make(settings: Settings, badge: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a token that acts for somebody. It is shown once, on stdout alone."""
    wish = Wish(badge_of(badge), name, scopes, days)
    made = done(make_token(open_engine(settings.url), by_hand(), wish))
    click.echo(f"Token {made.token.id}; it is not shown again:", err=True)
    click.echo(made.secret)


@token.command("list")
@click.argument("badge", required=False, default="")
@click.option("--after", default=0, help="Only ids above this one.")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(1, 100_000))
@as_json_option
@click.pass_obj
def list_all(settings: Settings, badge: str, after: int, limit: int, as_json: bool) -> None:
    """Tokens, those of one badge or all."""
    with reading(open_engine(settings.url)) as conn:
        found = list_tokens(conn, badge_of(badge) if badge else "", limit, after)
    now = now_ms()
    facts: list[dict[str, object]] = [
        {"id": t.id, "badge": t.badge, "name": t.name, "scopes": ", ".join(sorted(t.scopes)),
         "until": day_text(t.until_ms), "revoked_at": day_text(t.revoked_ms), "good": t.is_good(now)}
        for t in found
    ]  # fmt: skip
    print_facts(facts, as_json)


@token.command("revoke")
@click.argument("key", metavar="ID", type=int)
@click.pass_obj
def revoke(settings: Settings, key: int) -> None:
    """Revoke a token; the next request with it is refused."""
    done(revoke_token(open_engine(settings.url), by_hand(), key))
    click.echo(f"Token {key} is revoked.")
