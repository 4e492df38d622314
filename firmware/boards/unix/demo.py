"""The controllers of the demo plant on one computer: python -m firmware.boards.unix.demo --help

Writes a station.json per controller, starts the plant on its buses and an agent for each controller,
and starts again what ends.
"""

import argparse
import asyncio
import ctypes
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware.boards.unix.wiring import ports_of, wire
from firmware.onboard.keys import CA, CERTIFICATE, KEY
from firmware.plant.layout import CONTROLLERS
from schemas.station_types import StationType, load_station_types

ROOT = Path(__file__).resolve().parents[3]
ORIGIN_MS = 1_767_225_600_000  # 2026-01-01: when the simulated plant was switched on
_JOURNAL_BYTES = 8_000_000
_BACK_OFF_S = (1.0, 30.0)
_WRONG_FILE = 2  # the agent's exit code for a station.json that no restart will mend
_GOODBYE_S = 5.0
_READY_S = 30.0
_LOOK_S = 0.05
_PR_SET_PDEATHSIG = 1


def find_interpreter(wish: str) -> str:
    """The interpreter that runs the agents; `wish`: a path, "auto" or "python"."""
    if wish == "python":
        return sys.executable
    if wish != "auto":
        return wish
    named = os.environ.get("LODESTONE_MICROPYTHON") or ".tools/micropython/micropython"
    if Path(named).exists():
        return str(Path(named).resolve())
    return shutil.which("micropython") or sys.executable


def with_tls(interpreter: str) -> str:
    """The interpreter if it can speak TLS, else CPython."""
    done = subprocess.run([interpreter, "-c", "import tls"], capture_output=True)  # noqa: S603  the one we run agents on
    return interpreter if done.returncode == 0 else sys.executable


def board_of(
    controller: tuple[str, str, tuple[tuple[str, str], ...]],
    options: argparse.Namespace,
    types: dict[str, StationType],
) -> dict[str, Any]:
    """The station.json of one controller."""
    group, node, stations = controller
    folder = _folder_of(options, node)
    broker = {"host": options.mqtt_host, "port": options.mqtt_port}
    if options.tls:
        broker["tls"] = {"ca": CA, "cert": CERTIFICATE, "key": KEY}
    return {
        "group": group,
        "node": node,
        "serial": f"demo-{options.seed}-{node}",
        "broker": broker,
        "keepalive_s": 30,
        "reconnect_s": 2,
        "journal": {
            "path": "journal",
            "bytes": _JOURNAL_BYTES,
            "segment_bytes": 65536,
            "sync_ms": 1000,
        },
        "plant": {
            "seed": options.seed,
            "speed": options.speed,
            "origin_ms": ORIGIN_MS,
            "faults": str((options.data_dir / "demo" / "faults.json").resolve()),
        },
        "stations": [
            wire(station, types[kind], unit, folder)
            for unit, (station, kind) in enumerate(stations, 1)
        ],
    }


def _folder_of(options: argparse.Namespace, node: str) -> Path:
    folder: Path = options.data_dir / "demo" / node
    return folder


def write_boards(options: argparse.Namespace) -> list[Path]:
    """The station.json of every controller, below <data dir>/demo/<node>/."""
    files = []
    types = load_station_types()
    for controller in CONTROLLERS:
        file = _folder_of(options, controller[1]) / "station.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        board = board_of(controller, options, types)
        text = json.dumps(board, indent=1, ensure_ascii=False) + "\n"
        new = file.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(file)
        files.append(file)
    return files


def _say(text: str) -> None:
    sys.stdout.write(f"demo: {text}\n")
    sys.stdout.flush()


def _die_with_parent() -> None:
    """An agent that outlived us would meet its successor as a clone of itself."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _GOODBYE_S)
    except TimeoutError:
        process.kill()
        await process.wait()


async def keep_running(
    name: str, command: list[str], stop: asyncio.Event, after: Callable[[], None] | None = None
) -> None:
    """Run one program until `stop`; after an end of its own start it again, ever more slowly.

    `after` is called at once when it has ended.
    """
    wait = _BACK_OFF_S[0]
    while not stop.is_set():
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, preexec_fn=_die_with_parent
        )
        stopping = asyncio.create_task(stop.wait())
        ended = asyncio.create_task(process.wait())
        started = asyncio.get_running_loop().time()
        await asyncio.wait({stopping, ended}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if stop.is_set():
            await _end(process)
        if after is not None:
            after()
        if stop.is_set():
            return
        if process.returncode == _WRONG_FILE:
            _say(f"{name} is not started again: its station.json is wrong")
            return
        if asyncio.get_running_loop().time() - started > _BACK_OFF_S[1]:
            wait = _BACK_OFF_S[0]
        _say(f"{name} ended with {process.returncode}; again in {wait:.0f} s")
        try:
            await asyncio.wait_for(stop.wait(), wait + random.random())
        except TimeoutError:
            wait = min(wait * 2, _BACK_OFF_S[1])


async def _appeared(ports: list[Path], stop: asyncio.Event) -> None:
    """Wait for the lines: an agent that starts before them begins with bad samples."""
    until = asyncio.get_running_loop().time() + _READY_S
    while not stop.is_set() and not all(port.exists() for port in ports):
        if asyncio.get_running_loop().time() > until:
            _say("the plant's buses are late; the agents start without them")
            return
        await asyncio.sleep(_LOOK_S)


async def run(options: argparse.Namespace) -> None:
    """The plant and all agents, until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    interpreter = find_interpreter(options.interpreter)
    if options.tls:
        interpreter = with_tls(interpreter)
    files = write_boards(options)
    boards = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    ports = [port for board in boards for port in ports_of(board)]

    def cut() -> None:
        """No link may lead to a terminal that is gone: its number may be somebody else's soon."""
        for port in ports:
            port.unlink(missing_ok=True)

    cut()
    _say(f"{len(files)} controllers on {interpreter}")
    buses = [sys.executable, "-m", "firmware.boards.unix.buses", *map(str, files)]
    measured = asyncio.Event()  # the plant ends last: what an agent reads of none would be bad
    plant = asyncio.create_task(keep_running("the plant", buses, measured, cut))
    await _appeared(ports, stop)
    agent = [interpreter, "-m", "firmware.boards.unix.main"]
    agents = [keep_running(file.parent.name, [*agent, str(file.resolve())], stop) for file in files]
    await asyncio.gather(*agents)
    measured.set()
    await plant


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m firmware.boards.unix.demo", description=__doc__
    )
    parser.add_argument("--data-dir", type=Path, required=True, help="journals go below its demo/")
    parser.add_argument("--mqtt-host", default="127.0.0.1")
    parser.add_argument("--mqtt-port", type=int, default=1883)
    parser.add_argument(
        "--tls", action="store_true", help="with key and certificate beside each station.json"
    )
    parser.add_argument("--interpreter", default="auto", help="a path, auto or python")
    parser.add_argument("--speed", type=float, default=30.0, help="how much faster than life")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    asyncio.run(run(parse(sys.argv[1:])))
