"""`mes gauge listen` and `mes gauge protocols`: for the machine beside a gauge with a serial or USB cable."""

import signal
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from mes_server.commands.by_hand import now_ms
from mes_server.commands.printing import as_json_option, print_facts
from mes_server.gauge_pc.giver import Giver, Mes
from mes_server.gauge_pc.listen import Way
from mes_server.gauge_pc.listen import listen as listen_to
from mes_server.gauge_pc.port import Port
from mes_server.gauge_pc.spool import Spool
from mes_server.settings import Settings
from schemas.limit_rows import LimitError
from schemas.line_protocols import FOLDER, find_protocol, load_protocol, protocol_names


@click.command()
@click.argument("code", metavar="GAUGE")
@click.option("--port", "url", required=True, help="/dev/ttyUSB0, COM3, socket://HOST:PORT, rfc2217://HOST:PORT.")  # fmt: skip
@click.option("--station", required=True, help="Where the gauge stands.")
@click.option("--protocol", "name", required=True, help="How it writes; `mes gauge protocols` lists them.")  # fmt: skip
@click.option("--mes", "address", default="", help="http://HOST:PORT of the MES; left out: MES_ADDRESS.")  # fmt: skip
@click.option("--token-file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="With a token of the scope `listen`.")  # fmt: skip
@click.option("--continuous", is_flag=True, help="It sends all the time: only what comes to rest is a reading.")  # fmt: skip
@click.pass_obj
def listen(settings: Settings, /, code: str, **said: Any) -> None:
    """Give what a gauge sends to the MES, for the tablet of its station.

    What the MES cannot take now waits in a file and is given later, in order and once. Enter asks a gauge that sends
    nothing by itself. It needs no database here.
    """
    own = settings.data_dir / "line_protocols"
    try:
        row = find_protocol(said["name"], str(own))
    except (OSError, LimitError) as fault:
        raise click.UsageError(f"{fault}. `mes gauge protocols` lists those there are.") from fault
    mes = Mes(
        _address(said["address"] or settings.address), _token(said["token_file"]), code.upper(),
        said["station"], said["name"],
    )  # fmt: skip
    over = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: over.set())
    _run(mes, row, (said["url"], said["continuous"], settings.data_dir), over)


def _run(mes: Mes, row: dict[str, Any], way: tuple[str, bool, Path], over: threading.Event) -> None:
    url, continuous, folder = way
    try:
        port = Port(url, row, over.wait, _tell)
        spool = Spool(folder / "gauge_lines" / f"{mes.gauge}.jsonl")
    except (ValueError, OSError) as fault:
        raise click.ClickException(f"{mes.gauge} cannot be listened to: {fault}") from fault
    if len(spool):
        _tell(f"{len(spool)} lines wait from before; they are given first.")
    giver = Giver(mes, spool, now_ms, _tell)
    if row.get("request") and sys.stdin.isatty():
        _tell("Enter asks the gauge for a value.")
        threading.Thread(target=_ask, args=(port,), daemon=True).start()
    try:
        listen_to(port, row, spool, giver, Way(mes.gauge, continuous, now_ms, _tell))
    except OSError as fault:
        raise click.ClickException(f"The lines cannot be kept here: {fault}") from fault
    finally:
        giver.close()
        _tell(f"{len(spool)} lines wait for the MES.")


def _ask(port: Port) -> None:
    for _ in sys.stdin:
        port.ask()


def _tell(text: str) -> None:
    click.echo(f"{datetime.fromtimestamp(time.time()).astimezone():%H:%M:%S}  {text}")


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise click.UsageError("Write where the MES is: --mes http://HOST:PORT, or MES_ADDRESS.")
    return text.rstrip("/")


def _token(file: Path) -> str:
    text = file.read_text(encoding="utf-8").strip()
    if not text.isascii() or not text or len(text.split()) != 1:
        raise click.UsageError(
            f"{file.name} holds no token; `mes people token make BADGE --name … --scope listen` makes one."
        )
    return text


@click.command()
@as_json_option
@click.pass_obj
def protocols(settings: Settings, as_json: bool) -> None:
    """How gauges write on a serial line: those of this plant, and ours. docs/gauges.md says how to write one."""
    rows = [
        {"protocol": name, "title": row["title"]["en"], "line": _line(row), "asked": bool(row.get("request")),
         "certainty": row["certainty"], "of": "plant" if folder != FOLDER else "ours"}
        for folder in (str(settings.data_dir / "line_protocols"), FOLDER)
        for name in protocol_names(folder)
        for row in [_load(name, folder)]
    ]  # fmt: skip
    print_facts(rows, as_json)


def _load(name: str, folder: str) -> dict[str, Any]:
    try:
        return load_protocol(name, folder)
    except (OSError, LimitError) as fault:
        raise click.ClickException(str(fault)) from fault


def _line(row: dict[str, Any]) -> str:
    return f"{row['baud']} {row['bytesize']}{row['parity']}{row['stopbits']}"
