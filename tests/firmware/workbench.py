"""A workbench for tests of the workshop's tool: boards on pseudo-terminals, files, and what the tool said."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firmware.flash import image
from firmware.flash.__main__ import main
from firmware.onboard.launcher import Record, load
from tests.firmware.boards import PtyBoard

TYPES = ("jet_mill",)


class Bench:
    """A board in `flash` and its cable, a station.json, and the tool."""

    def __init__(self, interpreter: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.interpreter = interpreter
        self.work, self.flash = folder / "work", folder / "flash"
        self.work.mkdir()
        self.flash.mkdir()
        self._capsys = capsys
        self._board: PtyBoard | None = None
        self.write_station()

    def write_station(self, **changes: Any) -> Path:
        stations = [
            {"station": "mill-1", "type": "jet_mill", "driver": "modbus_tcp",
             "args": {"host": "127.0.0.1", "tcp_port": 9, "unit": 1, "register": 1}}
        ]  # fmt: skip
        raw = {
            "group": "milling", "node": "ctl-1", "serial": "bench-1",
            "broker": {"host": "127.0.0.1", "port": 9}, "reconnect_s": 0.2,
            "journal": {"path": "journal", "bytes": 800_000, "segment_bytes": 65_536, "sync_ms": 100},
            "stations": stations,
        }  # fmt: skip
        self.station.write_text(json.dumps(raw | changes))
        return self.station

    @property
    def station(self) -> Path:
        return self.work / "station.json"

    def plug(self, *how: str) -> PtyBoard:
        """Put a board at the cable, another way than before."""
        self.unplug()
        self._board = PtyBoard(self.interpreter, self.flash, *how)
        return self._board

    def unplug(self) -> None:
        if self._board is not None:
            self._board.end()
            self._board = None

    @property
    def board(self) -> PtyBoard:
        return self._board or self.plug()

    def tool(self, verb: str, *more: object) -> tuple[int, str]:
        """(exit code, all it said) of the tool at the board's port."""
        self._capsys.readouterr()
        code = main([verb, self.board.port, *(str(word) for word in more)])
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def install(self, *more: object) -> tuple[int, str]:
        words = ("--board", "unix", "--station", self.station, "--types", ",".join(TYPES))
        return self.tool("install", *words, *more)

    def record(self) -> Record:
        return load(lambda name: (self.flash / name).read_bytes())

    def files(self) -> dict[str, bytes]:
        found = sorted(file for file in self.flash.rglob("*") if file.is_file())
        return {file.relative_to(self.flash).as_posix(): file.read_bytes() for file in found}

    def changes(self, how: Callable[[], object]) -> dict[str, bytes]:
        """The files before; asserts that `how` changed none of them."""
        before = self.files()
        how()
        assert self.files() == before
        return before


def compiled_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """The image of a computer compiled like that of a chip."""
    monkeypatch.setattr(image, "_ON_CPYTHON_TOO", ())


def few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """An image too small to run an agent, but not to make a key: most tests are about the cable."""
    real = image.image_of
    kept = ("start.py", "schemas/", "firmware/__init__", "firmware/onboard/__init__", "firmware/drivers/modbus",
            "firmware/onboard/durable", "firmware/onboard/identity", "firmware/onboard/keys",
            "firmware/onboard/p256", "firmware/onboard/x509", "edge_agent/agent",
            "edge_agent/clock", "edge_agent/link")  # fmt: skip

    def image_of(board: str, compiled: bool | None = None, types: Any = ()) -> dict[str, bytes]:
        files = real(board, compiled, types)
        return {
            path: data
            for path, data in files.items()
            if path.startswith(kept) and "instruments/" not in path
        }

    monkeypatch.setattr(image, "image_of", image_of)
