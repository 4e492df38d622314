"""`mes broker`: the broker of this installation, its files for one run elsewhere, and the keeper of either."""

import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

import click
from sqlalchemy import Connection

from mes_server import broker
from mes_server.actions.enrol_node import write_revoked
from mes_server.broker_access import KINDS, Listener, mosquitto_conf
from mes_server.broker_keeper import Files, Keeper, replace, run_hooks, signal_nats
from mes_server.domain.identities import Allowed
from mes_server.ingest.run import stop_on_signals
from mes_server.pki.site import revoked_numbers
from mes_server.settings import MQTT_TLS_PORT, Settings
from mes_server.store.engine import open_engine, reading
from mes_server.store.faults import StoreFault
from mes_server.store.identities import allowed_nodes, keys_certified_by, revoked_certificates

_log = logging.getLogger(__name__)


@click.group("broker", invoke_without_command=True)
@click.pass_context
def run_broker(ctx: click.Context) -> None:
    """Run the MQTT broker that comes with the installation; or write the files of another one."""
    if ctx.invoked_subcommand is None:
        command = broker.command(ctx.obj)
        os.execv(command[0], command)  # noqa: S606  the broker takes this process's place


def _kind(help_text: str) -> Callable[..., Callable[..., None]]:
    return click.option("--kind", type=click.Choice(KINDS), required=True, help=help_text)


@run_broker.command("config")
@_kind("Which broker it is.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where to write."
)
@click.option(
    "--there",
    metavar="DIR",
    help="What that folder is called where the broker runs; DIR unless told.",
)
@click.option(
    "--listen",
    default=f"0.0.0.0:{MQTT_TLS_PORT}",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the broker listens.",
)
@click.pass_obj
def write_config(settings: Settings, kind: str, out: Path, there: str | None, listen: str) -> None:
    """Write configuration, access rights and certificates for a broker that is run elsewhere.

    The folder has the broker's key: it is for the broker's user alone.
    """
    pki = _pki(settings)
    out.mkdir(parents=True, exist_ok=True, mode=0o750)
    place = Path(there) if there else out.absolute()
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise click.UsageError("Write --listen as HOST:PORT, such as 0.0.0.0:8883.")
    listener = Listener(host, int(port), place)
    if kind == "nats":
        name, text = "nats.conf", broker.secure_configuration(listener, place / "state")
    else:
        name, text = "lodestone.conf", mosquitto_conf(listener, place)
    allowed = _Known(settings, pki).read()
    if allowed is None:
        raise click.ClickException("The database cannot be read; `mes doctor` looks at it.")
    replace(out / name, text.encode())
    Files(kind, out, pki, copies=True).write(allowed)
    click.echo(
        f"{out / name} and what it names: {len(allowed)} nodes may speak. Next: docs/security.md."
    )


@run_broker.command("keep")
@click.option("--kind", type=click.Choice(KINDS), help="Of a broker run elsewhere.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="As of `mes broker config`.",
)
@click.option(
    "--reload", "reload_by", metavar="COMMAND", help="Has the broker read its files again."
)
@click.option(
    "--cut",
    "cut_by",
    metavar="COMMAND",
    help="The same when a node was revoked, and ends its connection.",
)
@click.pass_obj
def keep(
    settings: Settings,
    kind: str | None,
    out: Path | None,
    reload_by: str | None,
    cut_by: str | None,
) -> None:
    """Tell the broker within seconds who may speak, as nodes are enrolled and revoked; until it is stopped.

    Without options: the broker of `mes run`. `mes run --secure` runs this by itself.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    pki = _pki(settings)
    if kind is None or out is None or reload_by is None:
        if (kind, out, reload_by) != (None, None, None):
            raise click.UsageError("A broker run elsewhere needs --kind, --out and --reload.")
        folder = broker.folder_of(settings)
        files, tell = Files("nats", folder, pki), signal_nats(folder / broker.PID_FILE)
    else:
        try:
            files, tell = Files(kind, out, pki, copies=True), run_hooks(reload_by, cut_by or "")
        except ValueError as fault:
            raise click.UsageError(f"Write --reload and --cut as commands: {fault}.") from fault
    stop = Event()
    stop_on_signals(stop)
    Keeper(files, _Known(settings, pki).read, tell).run(stop)
    sys.exit(0)


def _pki(settings: Settings) -> Path:
    if not (settings.ca / "broker.key").exists():
        raise click.ClickException(
            f"There is no site CA in {settings.ca}; `mes node ca` makes one."
        )
    return settings.ca


class _Known:
    """Who may speak, by the store; the list of revoked certificates is written when it changes."""

    def __init__(self, settings: Settings, pki: Path) -> None:
        self._engine = open_engine(settings.url)
        self._pki = pki
        self._revoked: list[tuple[str, int, str]] | None = None
        self._said = ""
        self._back: list[str] = []

    def read(self) -> Sequence[Allowed] | None:
        """None: the store cannot be read now, and nothing changes."""
        try:
            with reading(self._engine) as conn:
                revoked = list(revoked_certificates(conn))
                allowed = self._without_listed(conn, revoked)
            if revoked != self._revoked and write_revoked(
                self._engine, self._pki, time.time_ns() // 1_000_000
            ):
                self._revoked = revoked
        except StoreFault as fault:
            if fault.kind != self._said:
                self._said = fault.kind
                _log.warning("who may speak is not known, the broker's files stay: %s", fault)
            return None
        self._said = ""
        return allowed

    def _without_listed(
        self, conn: Connection, revoked: Sequence[tuple[str, int, str]]
    ) -> Sequence[Allowed]:
        """A database that was restored may have forgotten who was revoked since; crl.pem has not."""
        allowed = allowed_nodes(conn)
        listed = revoked_numbers(self._pki) - {number for number, _, _ in revoked}
        gone = keys_certified_by(conn, listed)
        back = sorted(f"{one.group}/{one.node}" for one in allowed if one.key in gone)
        if back and back != self._back:
            _log.error(
                "%s: revoked by crl.pem, not by the database, which may have been restored. Kept out; "
                "revoke it again (mes node revoke), then let its new key in.",
                ", ".join(back),
            )
        self._back = back
        return [one for one in allowed if one.key not in gone]
