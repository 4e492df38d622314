"""Finds boards by their USB identity. What the identities mean is data, with its source: usb.json."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from serial.tools import list_ports

TABLE = Path(__file__).parent / "usb.json"


class Found(NamedTuple):
    """A serial port with a USB identity that boards have."""

    port: str
    identity: str  # "303A:4001"
    what: str
    ask: str  # "" or what the identity does not tell
    serial: str


def known() -> list[dict[str, str]]:
    """The table: vid, pid ("*": any), what, ask, source, certainty."""
    rows: list[dict[str, str]] = json.loads(TABLE.read_text(encoding="utf-8"))["identities"]
    return rows


def _row(vid: str, pid: str) -> dict[str, str] | None:
    fitting = [row for row in known() if row["vid"] == vid and row["pid"] in (pid, "*")]
    return min(fitting, key=lambda row: row["pid"] == "*") if fitting else None


def found(ports: Any = None) -> list[Found]:
    """Boards, and adapters that a board may hang on; `ports`: as pyserial lists them."""
    boards = []
    for port in ports if ports is not None else list_ports.comports():
        if port.vid is None:
            continue
        vid, pid = f"{port.vid:04X}", f"{port.pid:04X}"
        row = _row(vid, pid)
        if row is not None:
            number = port.serial_number or ""
            boards.append(Found(port.device, f"{vid}:{pid}", row["what"], row["ask"], number))
    return sorted(boards)
