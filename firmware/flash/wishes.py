"""What is to be on a board, from files that people name; every fault of them before the cable is used."""

import argparse
from pathlib import Path
from typing import Any

from firmware.flash import image, release
from firmware.flash.faults import WRONG_INPUT, Fault
from schemas.board_config import Board, read_board
from schemas.contract_check import ContractError
from schemas.driver_args import args_faults
from schemas.station_types import load_station_types

# A board waits for an instrument with its hands full, and its watchdog is not fed meanwhile.
_WATCHDOG_MS = {"rp2350": 8000, "rp2_w5500": 8000}
_WATCHDOG_USUAL_MS = 60_000
_WITH_LATE = ("aibus", "modbus_rtu", "thyracont")
_TIMEOUT_MS = 300  # as firmware/drivers/bus_device.py


def image_for(board: str, types: str) -> dict[str, bytes]:
    return image.image_of(board, types=[name for name in types.split(",") if name])


def release_for(board: str, said: argparse.Namespace) -> release.Release:
    public = release.load_public(said.release_key) if said.release_key else None
    if said.release is not None:
        if said.types:
            raise Fault(
                "A release has the station types that it was made with.",
                "leave --types out, or --release.",
                WRONG_INPUT,
            )
        found = release.read(said.release, public)
        if found.board != board:
            raise Fault(
                f"{said.release} is for {found.board}, not for {board}.",
                "name the release for this board.",
                WRONG_INPUT,
            )
        return found
    return release.make(
        release.Identity(board, release.own_version(), 0), image_for(board, said.types), None
    )


def _longest_ms(driver: str, args: dict[str, Any]) -> int:
    """How long one reading may wait for an instrument that is silent."""
    if driver not in (*_WITH_LATE, "line_serial", "modbus_tcp"):
        return 0
    each_ms: int = args.get("timeout_ms", _TIMEOUT_MS)
    late_ms: int = args.get("late_ms", 2 * each_ms) if driver in _WITH_LATE else 0
    tries: int = args.get("tries", 2)
    return late_ms + each_ms * tries


def _patience_faults(board: Board, kind: str) -> list[str]:
    """Instruments that may be waited for longer than the board's watchdog waits."""
    most_ms = _WATCHDOG_MS.get(kind, _WATCHDOG_USUAL_MS)
    found = []
    for one in board.stations:
        for metric in one.metrics:
            wait_ms = _longest_ms(metric.driver, metric.args)
            if wait_ms >= most_ms:
                found.append(
                    f"{one.station}.{metric.name}.args: it may be waited for {wait_ms} ms, and the watchdog of "
                    f"{kind} ends the board after {most_ms} ms; write less in timeout_ms, late_ms or tries"
                )
    return found


def station_for(file: Path, made: release.Release) -> bytes:
    """The bytes of a station.json without a fault, that this release can serve."""
    try:
        data = file.read_bytes()
    except OSError as fault:
        raise Fault(
            f"{file}: {fault.strerror}.", "name the station.json of this board.", WRONG_INPUT
        ) from None
    judge_station(data, str(file), made)
    return data


def judge_station(data: bytes, file: str, made: release.Release) -> None:
    """Raises Fault when it has a fault, or asks for what this release has not."""
    try:
        board = read_board(data.decode(), file, load_station_types())
        if faults := args_faults(board, file) or _patience_faults(board, made.board):
            raise ContractError(faults)
    except (UnicodeDecodeError, RecursionError):
        raise Fault(f"{file} is no JSON in UTF-8.", "save it as such.", WRONG_INPUT) from None
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
