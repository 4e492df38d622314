"""Puts Lodestone on a board: what is to be done first, then doing it, one file after another.

Order matters: a slot gets its manifest last, the boot record after that; whenever the cable is pulled the
board starts what it started before, or nothing when it was bare.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from firmware.flash.board import MARK, Who, WorkBoard
from firmware.flash.controller import Controller
from firmware.flash.faults import DIFFERS, NOT_OURS, WRONG_INPUT, Fault
from firmware.flash.image import MPY_VERSION
from firmware.flash.release import MANIFEST, Release
from firmware.onboard import launcher
from firmware.onboard.update import PUBLIC

STATION = "station.json"
COMPUTER = "unix"
Board = WorkBoard | Controller
_RESERVE = 65_536
_CLUSTER = 4096
# What a board says it is, by its image; several kinds share one platform and differ in their chip.
_PLATFORMS = {"esp32": "esp32", "esp32_s3": "esp32", "rp2350": "rp2", "rp2_w5500": "rp2"}
_CHIPS = {"esp32_s3": "ESP32S3", "rp2350": "RP2350", "rp2_w5500": "RP2040", "esp32": "ESP32"}
_OTHER_CHIPS = ("ESP32S2", "ESP32C3", "ESP32C6")


class Wish(NamedTuple):
    """What is to be on the board; None: as it is."""

    release: Release
    station: bytes | None = None
    public: bytes | None = None
    extra: dict[str, bytes] | None = None
    take_over: bool = False


class Plan(NamedTuple):
    """What is to be done, in this order."""

    slot: str
    trying: bool
    remove: list[str]
    write: dict[str, bytes]
    record: tuple[str, bytes]

    def lines(self) -> list[str]:
        told = [f"remove {path}" for path in self.remove]
        told += [f"write  {path}, {len(data)} bytes" for path, data in self.write.items()]
        how = "on trial, three boots long" if self.trying else "as the only one"
        return [*told, f"switch to slot {self.slot}, {how}"]


def look(board: Board, wish: Wish) -> Plan:
    """Read the board and plan. Raises Fault when it is not to be touched."""
    who, files = board.who(), board.files()
    mark = board.read_or_none(MARK)
    _judge(who, wish.release, board.port)
    _judge_ours(board, files, mark, wish)
    return _plan(board, files, who, wish)


def _judge(who: Who, release: Release, port: str) -> None:
    if release.board == COMPUTER and who.platform not in _PLATFORMS.values():
        return  # its code is not compiled: any interpreter runs it
    if who.interpreter != "micropython":
        raise Fault(
            f"At {port} runs {who.interpreter}, not MicroPython.",
            "put MicroPython on it: python -m firmware.flash firmware --help; or, for the folder of a "
            "Linux controller, write --board unix.",
            NOT_OURS,
        )
    compiled = any(path.endswith(".mpy") for path in release.files)
    if compiled and who.mpy & 0xFF != MPY_VERSION:
        version = ".".join(str(part) for part in who.version)
        raise Fault(
            f"MicroPython {version} at {port} does not run this image (mpy {who.mpy & 0xFF}, not {MPY_VERSION}).",
            "put MicroPython 1.25 on it: python -m firmware.flash firmware --help",
        )
    platform = _PLATFORMS.get(release.board, "")
    chip = _chip(who.machine)
    if who.platform != platform or chip not in ("", _CHIPS[release.board]):
        raise Fault(
            f"The board at {port} says it is {(who.machine if chip else who.platform)!r}; the image is for {release.board}.",
            "look which board it is, and write its name after --board.",
            WRONG_INPUT,
        )


def _chip(machine: str) -> str:
    """Its chip by MicroPython's name of the board, "… with ESP32S3"; "" when that is none we know."""
    named = machine.upper().replace("-", "").rpartition(" WITH ")[2]
    known = [chip for chip in (*_OTHER_CHIPS, *_CHIPS.values()) if named.startswith(chip)]
    return known[0] if known else ""


def _judge_ours(board: Board, files: dict[str, int], mark: bytes | None, wish: Wish) -> None:
    """A board with somebody else's files is left alone."""
    if wish.take_over:
        return
    if mark is None:
        foreign = [path for path in files if not _may_lie_there(board, path, wish)]
        if foreign:
            raise Fault(
                f"The board at {board.port} is not Lodestone's: it has {', '.join(sorted(foreign)[:5])}.",
                "take another board; or, if what is on it may go, add --take-over.",
                NOT_OURS,
            )
        return
    known = _named(mark)
    if known and known != wish.release.board:
        raise Fault(
            f"The board at {board.port} is a {known}, the image is for {wish.release.board}.",
            f"write --board {known}; or, if it shall become a {wish.release.board}, add --take-over.",
            NOT_OURS,
        )


def _may_lie_there(board: Board, path: str, wish: Wish) -> bool:
    """What MicroPython itself puts there, or a person who prepares a controller."""
    if path == "boot.py":
        return _says_nothing(board.read(path))
    if path == MARK + ".new":  # our first file, cut off
        return True
    return path == STATION and board.read(path) == wish.station


def name_of(board: Board) -> str:
    """Which image is on a board. Raises Fault when it is not ours."""
    mark = board.read_or_none(MARK)
    name = _named(mark) if mark is not None else ""
    if not name:
        raise Fault(
            f"The board at {board.port} has no Lodestone on it.",
            "python -m firmware.flash install --help",
            NOT_OURS,
        )
    return name


def station_on(board: Board) -> dict[str, Any]:
    """Its station.json. Raises Fault."""
    try:
        raw: dict[str, Any] = json.loads(board.read_or_none(STATION) or b"")
        if isinstance(raw["node"], str) and isinstance(raw["group"], str):
            return raw
    except (ValueError, KeyError, TypeError):
        pass
    raise Fault(
        f"The board at {board.port} has no station.json that says which node it is.",
        "python -m firmware.flash update PORT --station station.json",
        NOT_OURS,
    )


def _named(mark: bytes) -> str:
    try:
        return str(json.loads(mark)["board"])
    except (ValueError, KeyError, TypeError):
        return ""


def _says_nothing(source: bytes) -> bool:
    """Comments alone: the boot.py that MicroPython itself makes."""
    return all(not line.strip() or line.strip().startswith(b"#") for line in source.splitlines())


def _plan(board: Board, files: dict[str, int], who: Who, wish: Wish) -> Plan:
    record = launcher.load(lambda name: _bytes_of(board, files, name))
    whole = [f"{slot}/{MANIFEST}" in files for slot in launcher.SLOTS]
    into = record.slot if record.trying or not whole[record.slot] else 1 - record.slot
    trying = whole[1 - into]
    slot = launcher.SLOTS[into]
    content = wish.release.slot()
    wanted = {MARK: _mark(wish.release.board)}
    wanted |= {f"{slot}/{path}": data for path, data in content.items()}
    if wish.public is not None:
        wanted[PUBLIC] = wish.public
    if wish.station is not None:
        wanted[STATION] = wish.station
    wanted |= wish.extra or {}
    wanted["main.py"] = Path(launcher.__file__).read_bytes()
    manifest = f"{slot}/{MANIFEST}"
    remove = _strangers(board, files, wanted) if wish.take_over else []
    remove += [manifest] if manifest in files else []
    for path in sorted(files, reverse=True):  # what is in a folder before the folder
        stale = path.startswith(f"{slot}/") and not _is_wanted(path, wanted)
        if path not in remove and (stale or (path.endswith(".new") and path[:-4] in wanted)):
            remove.append(path)
    need = _RESERVE + sum(_rounded(len(data)) for path, data in wanted.items())
    free = who.free + sum(
        _rounded(size) for path, size in files.items() if path in wanted or path in remove
    )
    if need > free:
        raise Fault(
            f"The flash of the board is too small: {need} bytes are needed, {free} are free.",
            "use a board with more flash, or make a release without the station types it has not (--types).",
        )
    counter = max(record.counter, wish.release.counter)
    new = launcher.Record(record.serial + 1, into, int(trying), 0, counter, 0)
    return Plan(slot, trying, remove, wanted, (f"boot.{new.serial & 1}", launcher.packed(new)))


def _strangers(board: Board, files: dict[str, int], wanted: dict[str, bytes]) -> list[str]:
    """What somebody else left on a board: a boot.py would run before us, a key be known to others."""
    if MARK in files or isinstance(board, Controller):  # a folder may be somebody's home
        return []
    return [path for path in sorted(files, reverse=True) if not _is_wanted(path, wanted)]


def _is_wanted(path: str, wanted: dict[str, bytes]) -> bool:
    """A file, or a folder that something wanted is in."""
    if path.endswith("/"):
        return any(other.startswith(path) for other in wanted)
    return path in wanted


def _rounded(size: int) -> int:
    return (size + _CLUSTER - 1) // _CLUSTER * _CLUSTER


def _mark(board: str) -> bytes:
    return json.dumps({"board": board}).encode()


def _bytes_of(board: Board, files: dict[str, int], path: str) -> bytes:
    if path not in files:
        raise OSError(path)
    return board.read(path)


def carry_out(board: Board, plan: Plan, progress: Callable[[str, int, int], None]) -> None:
    """Do it; `progress` hears (what, bytes done, bytes in all). Each file is read back and compared."""
    total = sum(len(data) for data in plan.write.values())
    done = 0
    there = board.files()
    for path in plan.remove:
        board.remove(path)
    for path, data in plan.write.items():
        begun = done

        def more(count: int, path: str = path) -> None:
            nonlocal done
            done += count
            progress(path, min(done, total), total)

        if there.get(path) != len(data) or path in plan.remove or board.read(path) != data:
            board.write(path, data, more)
        done = begun + len(data)
        progress(path, done, total)
    board.write(*plan.record)


def compare(board: Board, progress: Callable[[str, int, int], None]) -> list[str]:
    """Read all of the slot that runs back and compare with its manifest; what differs, in words."""
    files = board.files()
    record = launcher.load(lambda name: _bytes_of(board, files, name))
    slot = launcher.SLOTS[record.slot]
    if f"{slot}/{MANIFEST}" not in files:
        raise Fault(
            f"The board at {board.port} has no whole Lodestone on it.",
            "python -m firmware.flash install --help",
            DIFFERS,
        )
    try:
        raw = json.loads(board.read(f"{slot}/{MANIFEST}"))
    except ValueError:
        return [f"{slot}/{MANIFEST} is not what was written"]
    total, done, differs = sum(entry["bytes"] for entry in raw["files"]), 0, []
    expected = {f"{slot}/{entry['path']}" for entry in raw["files"]}
    for entry in raw["files"]:
        path = f"{slot}/{entry['path']}"
        if path not in files:
            differs.append(f"{path} is missing")
        elif hashlib.sha256(board.read(path)).hexdigest() != entry["sha256"]:
            differs.append(f"{path} is not what its manifest says")
        done += entry["bytes"]
        progress(path, done, total)
    own = {f"{slot}/{MANIFEST}", f"{slot}/manifest.sig"}
    strangers = [path for path in files if path.startswith(f"{slot}/") and not path.endswith("/")]
    differs += [
        f"{path} is not of this release" for path in strangers if path not in expected | own
    ]
    if board.read_or_none("main.py") != Path(launcher.__file__).read_bytes():
        differs.append("main.py is not the launcher of this Lodestone")
    return differs
