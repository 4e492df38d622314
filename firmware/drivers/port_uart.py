"""A UART of a board, with a pin for the RS-485 driver where it needs one."""

from firmware.drivers.ticks import sleep_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PARITIES = {"none": None, "even": 0, "odd": 1}
_BUFFER = 512


class BoardPort:
    """One UART."""

    def __init__(self, uart: "Any", pin: "Any") -> None:
        self.uart = uart
        self.pin = pin

    def write(self, data: bytes) -> None:
        if self.pin is not None:
            self.pin.value(1)
        self.uart.write(data)
        self.uart.flush()  # the last stop bit must be out before the driver is switched off
        if self.pin is not None:
            self.pin.value(0)

    def read(self, wait_ms: int) -> bytes:
        waited_us = 0
        while not (waiting := self.uart.any()):
            if waited_us >= wait_ms * 1000:
                return b""
            sleep_us(500)
            waited_us += 500
        return bytes(self.uart.read(waiting) or b"")

    def close(self) -> None:
        self.uart.deinit()


def board_port(settings: "dict[str, Any]") -> BoardPort:
    from machine import UART, Pin

    pins: dict[str, Any] = {
        name: Pin(settings[name]) for name in ("tx", "rx") if settings[name] is not None
    }
    uart: Any = UART(
        settings["uart"],
        baudrate=settings["baud"],
        bits=settings["bytesize"],
        parity=_PARITIES[settings["parity"]],
        stop=settings["stopbits"],
        timeout=0,
        rxbuf=_BUFFER,
        **pins,
    )
    pin: Any = None if settings["de"] is None else Pin(settings["de"], Pin.OUT, value=0)
    return BoardPort(uart, pin)
