"""`mes firmware`: releases of code for boards, the keys they are signed with, and how they are rolled out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mes_server.actions import roll_out as rolling
from mes_server.actions.import_firmware import import_release, trust_key, withdraw_key
from mes_server.actions.one_action import carry_out
from mes_server.commands.by_hand import by_hand, day_text, file_argument, now_ms, refuse
from mes_server.commands.printing import as_json_option, print_facts
from mes_server.domain.firmware import OFFERED, BadRelease
from mes_server.domain.rules import Refusal
from mes_server.pki.signatures import read_public_key
from mes_server.settings import Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.firmware import list_releases, list_roll_outs, trusted_keys


@click.group()
def firmware() -> None:
    """Code for boards: releases, trusted keys, roll-outs."""


@firmware.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_obj
def take_in(settings: Settings, folder: Path) -> None:
    """Check a release as the workshop made it (manifest.json, manifest.sig, files), and keep it."""
    try:
        manifest, new = import_release(
            open_engine(settings.url), settings.data_dir, folder, by_hand()
        )
    except BadRelease as error:
        raise click.ClickException(str(error)) from error
    if new:
        click.echo(f"{manifest.code} is taken in; `mes firmware roll-out begin {manifest.code} GROUP/NODE`.")  # fmt: skip
    else:
        click.echo(f"{manifest.code} is here already; its files were written again.")


@firmware.command("list")
@as_json_option
@click.pass_obj
def list_all(settings: Settings, as_json: bool) -> None:
    """Every release that was taken in."""
    with reading(open_engine(settings.url)) as conn:
        found = list_releases(conn)
        keys = trusted_keys(conn)
    print_facts(
        [{"release": one.code, "counter": one.counter, "files": one.files, "bytes": one.bytes,
          "key": keys.get(one.key, "withdrawn"), "taken_in": day_text(one.at_ms), "by": one.person}
         for one in found], as_json,
    )  # fmt: skip


@firmware.command()
@file_argument
@click.option("--name", default="workshop", show_default=True, help="What the key is called.")
@click.pass_obj
def trust(settings: Settings, file: Path, name: str) -> None:
    """Take releases that are signed with the public key in FILE (raw, hex or PEM)."""
    key = read_public_key(file.read_bytes())
    if key is None:
        raise click.ClickException(f"{file.name} holds no public Ed25519 key.")
    carry_out(open_engine(settings.url), by_hand(), trust_key, key, name)
    click.echo(f"Releases signed with {key.hex()} ({name}) are taken from now on.")


@firmware.command()
@click.argument("key")
@click.option("--reason", required=True)
@click.pass_obj
def distrust(settings: Settings, key: str, reason: str) -> None:
    """Take no more releases that are signed with KEY (hex); those taken in stay."""
    if not carry_out(open_engine(settings.url), by_hand(), withdraw_key, key.lower(), reason):
        raise click.ClickException(
            f"{key} is not trusted; `mes firmware keys` shows those that are."
        )
    click.echo("No more releases are taken that are signed with it. Withdraw roll-outs yourself.")


@firmware.command()
@as_json_option
@click.pass_obj
def keys(settings: Settings, as_json: bool) -> None:
    """The keys that releases may be signed with."""
    with reading(open_engine(settings.url)) as conn:
        found = trusted_keys(conn)
    print_facts([{"key": key, "name": name} for key, name in found.items()], as_json)


@firmware.group("roll-out")
def roll_out() -> None:
    """Bring a release to boards: first one, then a share, then all."""


@roll_out.command("list")
@as_json_option
@click.pass_obj
def list_roll(settings: Settings, as_json: bool) -> None:
    """Every roll-out with how its nodes stand."""
    rows: list[dict[str, object]] = []
    with reading(open_engine(settings.url)) as conn:
        for one in list_roll_outs(conn):
            standing = rolling.standings(conn, one, now_ms())
            for node in one.nodes:
                how = standing.get(node.node, (node.state, node.detail))
                rows.append(
                    {"roll_out": one.code, "release": one.release, "state": one.state,
                     "percent": one.percent, "node": node.node,
                     "stands": " ".join(how).strip() if node.state == OFFERED else node.state,
                     "detail": node.detail}
                )  # fmt: skip
    print_facts(rows, as_json)


def _act(settings: Settings, said: str, acting: Callable[..., Any], *args: Any) -> list[Any]:
    answer: list[Any] = carry_out(open_engine(settings.url), by_hand(), acting, *args)
    if any(isinstance(one, Refusal) for one in answer):
        refuse(answer)
    click.echo(said.format(*answer))
    return answer


@roll_out.command()
@click.argument("release")
@click.argument("node", metavar="GROUP/NODE")
@click.pass_obj
def begin(settings: Settings, release: str, node: str) -> None:
    """Offer a release to one node, and watch it there."""
    _act(settings, f"{{0}}: {release} is offered to {node}.", rolling.begin, release, node)


@roll_out.command()
@click.argument("code")
@click.option("--percent", type=int, required=True)
@click.pass_obj
def widen(settings: Settings, code: str, percent: int) -> None:
    """Offer it to so many percent of the boards it is for."""
    _act(settings, f"{code} goes to {percent} % of them.", rolling.widen, code, percent)


@roll_out.command()
@click.argument("code")
@click.option("--reason", required=True)
@click.pass_obj
def stop(settings: Settings, code: str, reason: str) -> None:
    """Nobody is offered it until it is resumed."""
    _act(settings, f"{code} is stopped.", rolling.stop, code, reason)


@roll_out.command()
@click.argument("code")
@click.option("--reason", default="")
@click.pass_obj
def resume(settings: Settings, code: str, reason: str) -> None:
    """It goes on; nodes that failed stay out."""
    _act(settings, f"{code} goes on.", rolling.resume, code, reason)


@roll_out.command()
@click.argument("code")
@click.option("--reason", required=True)
@click.pass_obj
def withdraw(settings: Settings, code: str, reason: str) -> None:
    """It is over: boards that have the release keep it, nobody else gets it."""
    _act(settings, f"{code} is withdrawn.", rolling.withdraw, code, reason)


@roll_out.command()
@click.argument("code")
@click.argument("node", metavar="GROUP/NODE")
@click.pass_obj
def again(settings: Settings, code: str, node: str) -> None:
    """Offer it once more to a node that failed."""
    _act(settings, f"{node} is offered it again.", rolling.offer_again, code, node)
