"""Chips with registers behind a chip select on SPI, as Maxim's converters of temperature have them.

args: spi (a board's number), cs (a pin); sck, mosi, miso where the board wants them.
"""

from firmware.drivers.bus_stats import Counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Spi(Protocol):
        def write(self, __data: bytes) -> None: ...
        def read(self, __n: int) -> bytes: ...

    class Pin(Protocol):
        def value(self, __level: int) -> None: ...


_EIO = 5
_WRITE = 0x80


class SpiChip:
    """One chip; a register is written under its address with the highest bit set."""

    def __init__(self, spi: "Spi", cs: "Pin") -> None:
        self.spi = spi
        self.cs = cs

    def put(self, register: int, value: int) -> None:
        self.cs.value(0)
        self.spi.write(bytes((register | _WRITE, value)))
        self.cs.value(1)

    def get(self, register: int, n: int) -> bytes:
        self.cs.value(0)
        self.spi.write(bytes((register,)))
        data = self.spi.read(n)
        self.cs.value(1)
        return data


def open_chip(
    args: "dict[str, Any]", place: str, name: str, make: "Callable[[Spi, Pin], Any]"
) -> Counted:
    """The chip args describes. OSError, which names `place`, when this board has no SPI or args are wrong."""
    try:
        import machine

        pins: dict[str, Any] = {
            pin: machine.Pin(args[pin]) for pin in ("sck", "mosi", "miso") if pin in args
        }
        # SPI mode 1, as these chips sample on the falling edge.
        spi: Any = machine.SPI(args["spi"], baudrate=1000000, polarity=0, phase=1, **pins)
        cs: Any = machine.Pin(args["cs"], machine.Pin.OUT, value=1)
        return Counted(make(spi, cs), f"{name} spi{args['spi']} cs{args['cs']}")
    except (ImportError, AttributeError, KeyError, ValueError) as problem:
        raise OSError(_EIO, f"{place}: {problem}") from None
