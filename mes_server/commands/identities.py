"""`mes node ca | identities | enrol | approve | token | revoke | certificate | renew`: who a node is, and who says so."""

import base64
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine

from mes_server.actions import enrol_node as enrolment
from mes_server.actions.act_once import Ask, act_once
from mes_server.actions.answer_scan import ACCEPTED, Answer
from mes_server.actions.record_events import Book
from mes_server.actions.record_person import act_of
from mes_server.actions.redeem_token import Gate as RedeemGate
from mes_server.actions.redeem_token import Issued, Shown, redeem
from mes_server.actions.renew_certificate import renew as renew_certificate
from mes_server.actions.sign_in import Gate
from mes_server.actions.sign_record import Signing, check_signing
from mes_server.commands.by_hand import badge_of, day_text, done, now_ms, refuse
from mes_server.commands.printing import as_json_option, print_facts
from mes_server.domain.identities import GONE, REASONS, Asked, Identity
from mes_server.domain.rules import Worker
from mes_server.pki.certificates import BadHost
from mes_server.pki.overview import site_overview
from mes_server.pki.site import Lives, SiteExists, SiteMissing, load_site, make_servers, make_site
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.identities import list_identities, related
from schemas.node_card import read_card, read_fingerprint

badge_option = click.option("--badge", required=True, help="Who does it; the PIN is asked for.")
pin_option = click.option("--pin", prompt=True, hide_input=True, help="Asked for when not given.")  # fmt: skip
csr_option = click.option("--csr", "file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="PKCS #10 in DER.")  # fmt: skip
out_option = click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to; the terminal unless told.")  # fmt: skip
_YEARS = click.IntRange(1, 100)
which = click.argument("which", metavar="FINGERPRINT|AREA/NODE")


@click.command()
@click.option("--host", "hosts", multiple=True, help="A name or address of the broker; once for each.")  # fmt: skip
@click.option("--root-years", default=30, show_default=True, type=_YEARS)
@click.option("--site-years", default=20, show_default=True, type=_YEARS, help="Of the intermediate.")  # fmt: skip
@click.option("--server-years", default=5, show_default=True, type=_YEARS, help="Of broker and MES.")  # fmt: skip
@as_json_option
@click.pass_obj
def ca(settings: Settings, /, hosts: tuple[str, ...], as_json: bool, **years: int) -> None:
    """Make the site's own certificate authority; or show the one there is.

    With --host on a site that has one: new certificates for the broker and the MES, by the same authority.
    """
    now = datetime.now(UTC)
    lives = Lives(*(365 * years[name] for name in ("root_years", "site_years", "server_years")))
    try:
        if not (settings.ca / "site.key").exists():
            make_site(settings.ca, hosts or own_names(settings), now, lives)
        elif hosts:
            make_servers(load_site(settings.ca), hosts, now, lives)
        found = site_overview(settings.ca)
    except (BadHost, SiteExists, SiteMissing, OSError) as fault:
        raise click.ClickException(f"No certificate authority: {fault}") from fault
    facts: dict[str, object] = {
        "folder": str(settings.ca), "root": found.name, "root_sha256": found.root_hash,
        "hosts": ", ".join(found.hosts), **{f"{name}_until": day_text(at_ms) for name, at_ms in found.ends},
    }  # fmt: skip
    print_facts([facts], as_json)
    if found.has_root_key and not as_json:
        click.echo("root.key is not needed here any more: keep it off line.")


def own_names(settings: Settings) -> list[str]:
    """By what a broker on this machine is reached, as far as it can be known here."""
    name = socket.gethostname()
    known = ["localhost", "127.0.0.1", "::1", settings.broker_at[0], name, f"{name}.local"]
    return list(dict.fromkeys(known))


@click.command()
@as_json_option
@click.pass_obj
def identities(settings: Settings, as_json: bool) -> None:
    """Every board that was asked for: who asked, who approved, and until when its certificate is good."""
    with reading(open_engine(settings.url)) as conn:
        found = list_identities(conn)
    facts: list[dict[str, object]] = [
        {"node": one.name, "state": one.state, "serial": one.serial, "fingerprint": one.fingerprint,
         "asked_by": one.asked_by, "approved_by": one.approved_by,
         "certificate_until": day_text(one.certificate.until_ms if one.certificate else None)}
        for one in found
    ]  # fmt: skip
    print_facts(facts, as_json)


def _worker(settings: Settings, engine: Engine, badge: str, pin: str) -> Worker:
    """Who it is, by badge and PIN."""
    signing = Signing(badge_of(badge), pin, "approved", "console")
    person = done(check_signing(Gate(engine, settings.data_dir, 0, 0), signing, now_ms()))
    roles = person.roles if "nodes" in person.permissions else frozenset()
    return Worker(person.badge, roles, person.qualifications, "")


def _find(engine: Engine, text: str) -> Identity:
    """By fingerprint, or the one of a node that is not revoked."""
    fingerprint = read_fingerprint(text) or ""
    with reading(engine) as conn:
        found = related(conn, fingerprint, text.partition("/")[2])
    for one in found:
        if one.fingerprint == fingerprint or (one.name == text and one.state != GONE):
            return one
    raise click.ClickException(f"There is no {text}; `mes node identities` lists all.")


def _do(engine: Engine, worker: Worker, ask: Ask, acting: Callable[[Book], Any]) -> Answer:
    act = act_of(worker.badge, now_ms())
    answer = act_once(engine, act, ask, worker, lambda book, _codes: acting(book))
    if answer.outcome != ACCEPTED:
        refuse(answer.refusals)
    return answer


@click.command()
@click.argument("card", metavar="CARD|SERIAL FINGERPRINT", nargs=-1, required=True)
@click.option("--node", "name", required=True, metavar="AREA/NODE", help="Which node it is to be.")
@badge_option
@pin_option
@click.pass_obj
def enrol(settings: Settings, card: tuple[str, ...], name: str, badge: str, pin: str) -> None:
    """Ask for a board to be let in, by what its QR code says, or its serial and fingerprint."""
    read = read_card(card[0])
    serial, fingerprint = read or (card[0], read_fingerprint("".join(card[1:])) or "")
    group, _, node = name.partition("/")
    asked = Asked(serial, fingerprint, group, node)
    engine = open_engine(settings.url)
    worker = _worker(settings, engine, badge, pin)
    _do(engine, worker, Ask("identity", (), fingerprint), lambda book: enrolment.ask(book, asked))
    click.echo(f"{name} waits for the approval of a second person: mes node approve {name}")


@click.command()
@which
@badge_option
@pin_option
@click.pass_obj
def approve(settings: Settings, which: str, badge: str, pin: str) -> None:
    """Approve a board whose serial and fingerprint you compared with the board itself."""
    engine = open_engine(settings.url)
    one, worker = _find(engine, which), _worker(settings, engine, badge, pin)
    ask = Ask("approve_identity", (), one.fingerprint)
    _do(engine, worker, ask, lambda book: enrolment.approve(book, one.fingerprint))
    click.echo(f"{one.name} is approved; next: mes node token {one.name}")


@click.command()
@which
@badge_option
@pin_option
@click.pass_obj
def token(settings: Settings, which: str, badge: str, pin: str) -> None:
    """Make a one-time token for a board that was approved. It is shown once."""
    engine = open_engine(settings.url)
    one, worker = _find(engine, which), _worker(settings, engine, badge, pin)
    wish = enrolment.TokenWish(one.fingerprint, settings.ca, settings.token_minutes)
    made = enrolment.make_token(engine, act_of(worker.badge, now_ms()), wish, worker)
    if made.answer.outcome != ACCEPTED:
        refuse(made.answer.refusals)
    click.echo(made.text)
    click.echo(f"Good once, for {one.name} alone, until {day_text(made.until_ms)}.", err=True)


@click.command()
@which
@click.option("--why", required=True, type=click.Choice(REASONS))
@click.option("--reason", required=True, help="In words.")
@badge_option
@pin_option
@click.pass_obj
def revoke(settings: Settings, /, which: str, why: str, reason: str, **said: str) -> None:
    """Shut a board out, or turn down that it was asked for. Its key never comes back."""
    engine = open_engine(settings.url)
    one, worker = _find(engine, which), _worker(settings, engine, said["badge"], said["pin"])
    ask = Ask("revoke_identity", (), one.fingerprint, reason)
    _do(engine, worker, ask, lambda book: enrolment.revoke(book, one.fingerprint, why, reason))
    listed = enrolment.write_revoked(engine, settings.ca, now_ms())
    rest = "" if listed else " crl.pem could not be written: is there a CA (mes node ca)?"
    click.echo(f"{one.name} is revoked.{rest}")


@click.command()
@csr_option
@click.option("--token", "text", required=True)
@click.option("--serial", required=True, help="Of the board that the token is for.")
@out_option
@click.pass_obj
def certificate(settings: Settings, file: Path, text: str, serial: str, out: Path | None) -> None:
    """Redeem a token by hand: the certificate for a request in a file, those above it behind it, in PEM."""
    csr = base64.b64encode(file.read_bytes()).decode()
    gate = RedeemGate(open_engine(settings.url), settings.ca, settings.certificate_days)
    answer = redeem(gate, Shown(text, serial, csr, "console"), now_ms())
    if not isinstance(answer, Issued):
        refuse(answer)
    _write(answer.chain, out)
    click.echo(f"{answer.group}/{answer.node} until {day_text(answer.until_ms)}.", err=True)


@click.command()
@click.argument("name", metavar="AREA/NODE")
@csr_option
@out_option
@click.pass_obj
def renew(settings: Settings, name: str, file: Path, out: Path | None) -> None:
    """Renew a certificate by hand, for a board that cannot ask by the wire: by its own key, while it is good."""
    group, _, node = name.partition("/")
    engine = open_engine(settings.url)
    chain = renew_certificate(engine, settings.ca, (group, node), file.read_bytes(), now_ms())
    if chain is None:
        raise click.ClickException(
            f"{name} gets none: it is not enrolled, its certificate has ended, or the request is not by its key. "
            f"A person lets it in again: mes node token {name}"
        )
    _write(chain, out)


def _write(chain: Sequence[bytes], out: Path | None) -> None:
    pem = "".join(_pem(der) for der in chain)
    if out is None:
        click.echo(pem, nl=False)
    else:
        out.write_text(pem, encoding="ascii")


def _pem(der: bytes) -> str:
    lines = base64.encodebytes(der).decode().replace("\n", "")
    rows = [lines[at : at + 64] for at in range(0, len(lines), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *rows, "-----END CERTIFICATE-----", ""])


COMMANDS = (ca, identities, enrol, approve, token, revoke, certificate, renew)
