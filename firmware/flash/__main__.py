"""The technician's tool: python -m firmware.flash --help

Exit codes: 0 done, 1 board or cable failed, 2 wrong arguments or files, 3 the board is not ours, 4 it differs.
"""

import argparse
import contextlib
import getpass
import json
import sys
from pathlib import Path
from typing import Any

from firmware.flash import chip, enrol, install, ports, release, wishes
from firmware.flash.arguments import parser
from firmware.flash.board import WorkBoard
from firmware.flash.controller import Controller
from firmware.flash.faults import DIFFERS, DONE, WRONG_INPUT, Fault
from schemas.node_card import grouped

WIFI = "wifi.json"


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a tool's answer


class Bar:
    """Progress: a line that grows on a terminal, a line per file elsewhere."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        share = done * 100 // total if total else 100
        if sys.stdout.isatty():
            sys.stdout.write(f"\r{share:3} %  {what[:60]:60}" + ("\n" if done >= total else ""))
            sys.stdout.flush()
        elif what != self._last or done >= total:
            say(f"{share:3} %  {what}")
        self._last = what


def _put(board: install.Board, wish: install.Wish, dry: bool) -> None:
    plan = install.look(board, wish)
    for line in plan.lines():
        say(f"  {line}")
    if dry:
        say("Nothing was written: --dry-run.")
        return
    install.carry_out(board, plan, Bar())
    say("Everything was read back and is as it was written.")


def _show(card: enrol.Card, node: str) -> None:
    say(f"Board        {card.serial}")
    for number, line in enumerate(grouped(card.fingerprint, 16, "\n").split("\n")):
        say(("Fingerprint  " if number == 0 else " " * 13) + grouped(line))
    say(
        f"Enter it at the MES (Nodes → Identities) as node {node}; then: enrol PORT --mes URL --token TOKEN"
    )


def _open(said: argparse.Namespace, board: str = "") -> install.Board:
    """A board at a cable, its watchdog off, or the folder of a controller."""
    port: str = said.port
    at = Path(port)
    is_new = board == install.COMPUTER and not at.exists() and not port.startswith("/dev/")
    if is_new or at.is_dir():
        return Controller(at)
    opened = WorkBoard(port)
    with contextlib.ExitStack() as undo:
        undo.callback(opened.close)
        if not said.dry_run and opened.is_ours():
            say("Resetting the board, so that its watchdog leaves us in peace …")
            opened.hold()
        undo.pop_all()
    return opened


def _start(board: install.Board, station: dict[str, Any]) -> str:
    """Start what was installed; a sentence of what comes now."""
    if isinstance(board, Controller):
        typed = board.service(f"{station['group']}/{station['node']}")
        return "Done. It starts, and starts again after a power cut, by:\n  " + "\n  ".join(typed)
    return "Done; the board starts."


def _restarted(board: install.Board) -> str:
    """Who takes up what is new."""
    if isinstance(board, Controller):
        return "after `sudo systemctl restart lodestone-agent` the controller"
    return "the board"


def do_find() -> None:
    boards = ports.found()
    for one in boards:
        say(f"{one.port}  {one.identity}  {one.what}" + (f" ({one.ask})" if one.ask else ""))
    if not boards:
        raise Fault(
            "No board is at this computer.",
            "plug one in, by a cable that carries data (many only charge).",
        )


def _asked(network: str) -> str:
    try:
        return getpass.getpass(f"Password of {network}: ")
    except EOFError:
        raise Fault(
            f"Nobody is there to say the password of {network}.",
            "run the command in a terminal.",
            WRONG_INPUT,
        ) from None


def do_install(said: argparse.Namespace) -> None:
    made = wishes.release_for(said.board, said)
    station = wishes.station_for(said.station, made)
    extra = {}
    if said.wifi:
        password = _asked(said.wifi) if not said.dry_run else ""
        extra[WIFI] = json.dumps({"ssid": said.wifi, "password": password}).encode()
    public = release.load_public(said.release_key) if said.release_key else None
    board = _open(said, said.board)
    try:
        _put(board, install.Wish(made, station, public, extra, said.take_over), said.dry_run)
        if said.dry_run:
            return
        raw = json.loads(station)
        _show(enrol.begin(board, raw.get("serial", "")), raw["node"])
        done = _start(board, raw)
    finally:
        board.close()
    say(done)


def do_update(said: argparse.Namespace) -> None:
    board = _open(said)
    try:
        name = install.name_of(board)
        public = release.load_public(said.release_key) if said.release_key else None
        made = wishes.release_for(name, said)
        station = None
        if said.station:
            station = wishes.station_for(said.station, made)
        else:
            on_it = board.read_or_none(install.STATION) or b""
            wishes.judge_station(on_it, "station.json on the board", made)
        _put(board, install.Wish(made, station, public), said.dry_run)
    finally:
        board.close()
    say(
        "Done."
        if said.dry_run
        else f"Done; {_restarted(board)} tries it, and keeps it once the MES has acknowledged a record."
    )


def do_enrol(said: argparse.Namespace) -> None:
    board = _open(said)
    try:
        raw = install.station_on(board)
        if said.dry_run:
            say(
                f"Would ask the board for a request as node {raw['node']} and take it to {said.mes}."
            )
        elif not said.token:
            _show(enrol.begin(board, raw.get("serial", "")), raw["node"])
        else:
            until = enrol.enrol(board, said.mes, said.token, raw)
            say(f"Enrolled as {raw['group']}/{raw['node']} until {until}.")
    finally:
        board.close()


def do_verify(said: argparse.Namespace) -> None:
    board = _open(said)
    try:
        differs = install.compare(board, Bar())
    finally:
        board.close()
    if differs:
        raise Fault(
            "\n".join(differs), "python -m firmware.flash update PORT puts it right.", DIFFERS
        )
    say("Everything on the board is as its release says.")


def do_firmware(said: argparse.Namespace) -> None:
    if said.dry_run:
        for command in chip.commands(said.port, said.board, said.image):
            say(" ".join(command))
        return
    chip.flash(said.port, said.board, said.image)


def do_release(said: argparse.Namespace) -> None:
    key = release.load_key(said.key)
    identity = release.Identity(said.board, said.version, said.counter, said.min_version)
    made = release.make(identity, wishes.image_for(said.board, said.types), key)
    release.write(made, said.out)
    total = sum(len(data) for data in made.files.values())
    say(
        f"{said.out}: {made.board} {made.version}, counter {made.counter}, {len(made.files)} files, {total} bytes, signed."
    )


def do_key(said: argparse.Namespace) -> None:
    public = release.make_key(said.file)
    say(f"{said.file}: the private key. Keep it off the network, and a copy in a safe place.")
    say(
        f"{said.file.with_suffix('.pub')}: the public one, {public.hex()}; give it to install and to the MES."
    )


def main(arguments: list[str]) -> int:
    """The exit code."""
    said = parser().parse_args(arguments)
    try:
        if said.verb == "find":
            do_find()
        else:
            globals()[f"do_{said.verb}"](said)
    except Fault as fault:
        sys.stderr.write(f"\n{fault}\n")
        return fault.code
    except KeyboardInterrupt:
        sys.stderr.write(
            "\nStopped by you. Run the same command again: it goes on where it stopped.\n"
        )
        return 1
    return DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
