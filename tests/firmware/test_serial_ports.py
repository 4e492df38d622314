"""Ports of a computer by pyserial: RTS as the switch of an RS-485 driver, one program only."""

import subprocess
import sys
from typing import Any

import pytest
import serial

from firmware.drivers.port_pyserial import SerialPort
from tests.firmware.ptys import Wire

SETTINGS: dict[str, Any] = {
    "port": "/dev/null", "baud": 9600, "parity": "none", "bytesize": 8, "stopbits": 1, "de": "rts",
}  # fmt: skip


class Noted:
    """In place of serial.Serial: a pseudo-terminal has no RTS."""

    def __init__(self, *args: object, **more: object) -> None:
        self.done: list[object] = []
        self.opened = (args, more)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "rts":
            self.done.append(value)

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def flush(self) -> None:
        self.done.append("sent")


@pytest.mark.parametrize(("de", "around"), [("rts", [False, True]), (None, [])])
def test_rts_is_on_until_all_is_sent(
    monkeypatch: pytest.MonkeyPatch, de: str | None, around: list[bool]
) -> None:
    monkeypatch.setattr(serial, "Serial", Noted)
    port = SerialPort(SETTINGS | {"de": de, "parity": "even", "stopbits": 2})
    port.write(b"question")
    assert port.port.done == [*around, b"question", "sent", *around[:1]]
    assert port.port.opened == (
        ("/dev/null", 9600, 8, "E", 2),
        {"timeout": 0, "write_timeout": 1, "exclusive": True},
    )


def test_a_port_is_opened_by_one_program_only() -> None:
    wire = Wire()
    program = (
        "import sys; from firmware.drivers.serial_line import open_line\n"
        "try: open_line({'port': sys.argv[1]}).write(b'')\n"
        "except OSError as fault: print(fault)\n"
        "else: print('open')"
    )
    command = [sys.executable, "-c", program, wire.port]
    try:
        port = SerialPort(SETTINGS | {"port": wire.port, "de": None})
        held = subprocess.run(command, capture_output=True, text=True, timeout=60)
        port.close()
        free = subprocess.run(command, capture_output=True, text=True, timeout=60)
    finally:
        wire.close()
    assert "exclusively lock" in held.stdout, held.stdout + held.stderr
    assert free.stdout == "open\n", "the negative control: nobody has it"
