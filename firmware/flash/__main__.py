"""The technician's tool: python -m firmware.flash --help

Exit codes: 0 done, 1 board or cable failed, 2 wrong arguments or files, 3 the board is not ours, 4 it differs.
"""

import argparse
import getpass
import json
import sys
from pathlib import Path

from firmware.flash import chip, enrol, image, install, ports, release
from firmware.flash.board import MARK, WorkBoard
from firmware.flash.faults import DIFFERS, DONE, WRONG_INPUT, Fault
from schemas.board_config import read_board
from schemas.contract_check import ContractError
from schemas.node_card import grouped
from schemas.station_types import load_station_types

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


def parser() -> argparse.ArgumentParser:
    """All commands."""
    top = argparse.ArgumentParser(
        prog="python -m firmware.flash", description=__doc__.splitlines()[0]
    )
    verbs = top.add_subparsers(dest="verb", required=True)
    verbs.add_parser("find", help="boards at this computer")
    one = _at_port(verbs, "install", "put Lodestone on a board")
    one.add_argument("--board", required=True, help=f"one of {', '.join(image.boards())}")
    one.add_argument("--station", type=Path, required=True, help="its station.json")
    one.add_argument("--wifi", metavar="SSID", help="asks for the password")
    _what(one)
    one.add_argument("--take-over", action="store_true", help="what is on the board may go")
    one = _at_port(verbs, "update", "new code on a board that has Lodestone")
    _what(one)
    one.add_argument("--station", type=Path, help="a new station.json as well")
    one = _at_port(verbs, "enrol", "fetch the board's certificate from the MES")
    one.add_argument("--mes", required=True, metavar="URL")
    one.add_argument("--token", default="", help="without one: shows what to enter at the MES")
    _at_port(verbs, "verify", "read everything back and compare")
    one = _at_port(verbs, "firmware", "MicroPython itself on a bare ESP32 (all on it is erased)")
    one.add_argument("--board", required=True)
    one.add_argument("--image", type=Path, required=True, help="the .bin from micropython.org")
    one = verbs.add_parser("release", help="make and sign a release for updates over the air")
    one.add_argument("--board", required=True)
    one.add_argument("--version", default=release.own_version())
    one.add_argument(
        "--counter", type=int, required=True, help="above that of every release before"
    )
    one.add_argument("--min-version", default="", help="the oldest version it may replace")
    one.add_argument("--types", default="", metavar="A,B", help="the only station types in it")
    one.add_argument("--key", type=Path, required=True, help="the private release key")
    one.add_argument("--out", type=Path, required=True, help="a new folder")
    one = verbs.add_parser("key", help="make the release key")
    one.add_argument("file", type=Path)
    return top


def _at_port(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    one = verbs.add_parser(name, help=text)
    one.add_argument("port", help="such as /dev/ttyACM0; `find` lists them")
    one.add_argument("--dry-run", action="store_true", help="says everything, writes nothing")
    return one


def _what(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--release", type=Path, help="the folder of a release; else the code beside this tool"
    )
    one.add_argument(
        "--types", default="", metavar="A,B", help="the only station types in the image"
    )
    one.add_argument(
        "--release-key",
        type=Path,
        help="the public key; without one the board takes no updates over the air",
    )


# -- what is put on a board --------------------------------------------------------------------


def _image(board: str, types: str) -> dict[str, bytes]:
    return image.image_of(board, types=[name for name in types.split(",") if name])


def _release(board: str, said: argparse.Namespace) -> release.Release:
    public = release.load_public(said.release_key) if said.release_key else None
    if said.release is not None:
        found = release.read(said.release, public)
        if found.board != board:
            raise Fault(
                f"{said.release} is for {found.board}, not for {board}.",
                "name the release for this board.",
                WRONG_INPUT,
            )
        return found
    return release.make(
        release.Identity(board, release.own_version(), 0), _image(board, said.types), None
    )


def _station(file: Path, made: release.Release) -> bytes:
    """The bytes of a station.json without a fault, that this release can serve."""
    try:
        data = file.read_bytes()
        board = read_board(data.decode(), str(file), load_station_types())
    except OSError as fault:
        raise Fault(
            f"{file}: {fault.strerror}.", "name the station.json of this board.", WRONG_INPUT
        ) from None
    except UnicodeDecodeError:
        raise Fault(f"{file} is not UTF-8.", "save it as such.", WRONG_INPUT) from None
    except ContractError as wrong:
        raise Fault(
            "\n".join(wrong.faults), "mend these and run the same command again.", WRONG_INPUT
        ) from None
    known = {path.rpartition(".")[0] for path in made.files}
    wanted = {
        f"firmware/drivers/{metric.driver}" for one in board.stations for metric in one.metrics
    }
    wanted |= {f"schemas/stations/{one.type}" for one in board.stations}
    if missing := sorted(wanted - known):
        raise Fault(
            f"{file} asks for what the image for {made.board} has not: {', '.join(missing)}.",
            "write drivers and station types that it has; a simulated station runs on a computer only.",
            WRONG_INPUT,
        )
    return data


def _put(board: WorkBoard, wish: install.Wish, dry: bool) -> None:
    files = board.files()
    if not dry and MARK in files and "main.py" in files and "boot.py" not in files:
        say("Resetting the board, so that its watchdog leaves us in peace …")
        board.hold()
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


# -- commands ----------------------------------------------------------------------------------


def do_find() -> None:
    boards = ports.found()
    for one in boards:
        say(f"{one.port}  {one.identity}  {one.what}" + (f" ({one.ask})" if one.ask else ""))
    if not boards:
        raise Fault(
            "No board is at this computer.",
            "plug one in, by a cable that carries data (many only charge).",
        )


def do_install(said: argparse.Namespace) -> None:
    made = _release(said.board, said)
    station = _station(said.station, made)
    extra = {}
    if said.wifi:
        password = getpass.getpass(f"Password of {said.wifi}: ") if not said.dry_run else ""
        extra[WIFI] = json.dumps({"ssid": said.wifi, "password": password}).encode()
    public = release.load_public(said.release_key) if said.release_key else None
    board = WorkBoard(said.port)
    try:
        _put(board, install.Wish(made, station, public, extra, said.take_over), said.dry_run)
        if said.dry_run:
            return
        raw = json.loads(station)
        _show(enrol.begin(board, raw.get("serial", "")), raw["node"])
        board.reset()
    finally:
        board.close()
    say("Done; the board starts.")


def do_update(said: argparse.Namespace) -> None:
    board = WorkBoard(said.port)
    try:
        name = install.name_of(board)
        public = release.load_public(said.release_key) if said.release_key else None
        made = _release(name, said)
        station = _station(said.station, made) if said.station else None
        _put(board, install.Wish(made, station, public), said.dry_run)
        if not said.dry_run:
            board.reset()
    finally:
        board.close()
    say(
        "Done."
        if said.dry_run
        else "Done; the board tries it, and keeps it once the MES has acknowledged a record."
    )


def do_enrol(said: argparse.Namespace) -> None:
    board = WorkBoard(said.port)
    try:
        raw = json.loads(board.read(install.STATION))
        if said.dry_run:
            say(
                f"Would ask the board for a request as node {raw['node']} and take it to {said.mes}."
            )
        elif not said.token:
            _show(enrol.begin(board, raw.get("serial", "")), raw["node"])
        else:
            until = enrol.enrol(board, said.mes, said.token, raw["node"])
            say(f"Enrolled as {raw['group']}/{raw['node']} until {until}.")
            board.reset()
    finally:
        board.close()


def do_verify(said: argparse.Namespace) -> None:
    board = WorkBoard(said.port)
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
    made = release.make(identity, _image(said.board, said.types), key)
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
