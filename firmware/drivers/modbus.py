"""What Modbus by serial line and by TCP share: devices, channels, and registers asked for together.

Channels of a device whose registers follow one another are read in one question and share its answer while it
is younger than fresh_ms. A device that refuses the whole is asked one by one.
args: unit, table "holding" | "input" | "coil" | "discrete", register (from 0), what registers.py and
bus_device.py name, decimal_register, fault_register with fault_bits ({"5": "the sensor is broken"}), fresh_ms,
block_max; or instrument and value (schemas/instruments).
"""

import struct

from firmware.drivers.bus_device import Bus, Device
from firmware.drivers.bus_fault import BusFault
from firmware.drivers.registers import value_of
from firmware.drivers.ticks import apart, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Master(Protocol):
        def read(
            self, unit: int, table: str, register: int, count: int, timeout_ms: int
        ) -> bytes: ...

    Span = tuple[str, int, int]  # table, first register, how many


_EIO = 5
_UNIT_MAX = 255
_REGISTERS_MAX = 125  # of one question
_BITS = ("coil", "discrete")
_TABLES = ("holding", "input", "coil", "discrete")
_NOT_THIS_WAY = (1, 2, 3)  # exceptions to what was asked, not to the state the device is in


class ModbusDevice:
    """One unit: which of its registers are wanted, and what it answered last."""

    def __init__(self, master: "Master", device: Device, unit: int, args: "dict[str, Any]") -> None:
        self.master = master
        self.device = device
        self.unit = unit
        self.fresh_ms: int = args.get("fresh_ms", 500)
        self.block_max: int = args.get("block_max", 120)
        self.wanted: list[Span] = []
        self.alone: list[Span] = []  # a block with this one was refused
        self.kept: dict[Span, tuple[int, bytes]] = {}  # of a block: when, its data

    def want(self, span: "Span") -> "Span":
        if span in self.wanted:
            return self.wanted[self.wanted.index(span)]
        self.wanted.append(span)
        self.wanted.sort()
        return span

    def read(self, span: "Span") -> bytes:
        """The data of wanted registers, not older than fresh_ms. OSError with the reason."""
        now = self.device.ticks()
        for block, (when, data) in list(self.kept.items()):
            if apart(now, when) >= self.fresh_ms:
                self.kept.pop(block)
            elif _holds(block, span):
                return _part(block, data, span)
        block = self._block(span)
        try:
            data = self._ask(block)
        except BusFault as fault:
            if block == span or fault.code not in _NOT_THIS_WAY:
                raise
            self.alone += [one for one in self.wanted if _holds(block, one)]
            block, data = span, self._ask(span)
        self.kept[block] = (now, data)
        return _part(block, data, span)

    def _block(self, span: "Span") -> "Span":
        """All wanted registers around these, without a gap."""
        table, first, count = span
        if table in _BITS or span in self.alone:
            return span
        last = first + count
        near = [s for s in self.wanted if s[0] == table and s not in self.alone]
        for _, begin, many in near + near[::-1]:
            joined = max(last, begin + many) - min(first, begin)
            if begin <= last and begin + many >= first and joined <= self.block_max:
                first, last = min(first, begin), max(last, begin + many)
        return (table, first, last - first)

    def _ask(self, block: "Span") -> bytes:
        table, register, count = block

        def ask(timeout_ms: int) -> bytes:
            return self.master.read(self.unit, table, register, count, timeout_ms)

        return self.device.ask(ask)


def _holds(block: "Span", span: "Span") -> bool:
    inside = block[1] <= span[1] and span[1] + span[2] <= block[1] + block[2]
    return block[0] == span[0] and inside


def _part(block: "Span", data: bytes, span: "Span") -> bytes:
    if block[0] in _BITS:
        return data
    start = 2 * (span[1] - block[1])
    return data[start : start + 2 * span[2]]


class ModbusChannel:
    """One value of one device."""

    def __init__(self, device: ModbusDevice, args: "dict[str, Any]") -> None:
        self.device = device
        table: str = args.get("table", "holding")
        if table not in _TABLES:
            raise OSError(_EIO, f"table is one of {', '.join(_TABLES)}")
        self.value = value_of(args)
        count = 1 if table in _BITS else self.value.registers
        self.span = self._wanted(table, args["register"], count)
        self.decimals: Span | None = None
        self.faults: Span | None = None
        if "decimal_register" in args:
            self.decimals = self._wanted(table, args["decimal_register"], 1)
        if "fault_register" in args:
            self.faults = self._wanted(table, args["fault_register"], 1)
            self.fault_bits: dict[str, str] = args.get("fault_bits", {})

    def _wanted(self, table: str, register: int, count: int) -> "Span":
        if not isinstance(register, int) or not 0 <= register <= 0xFFFF:
            raise OSError(_EIO, "a register is a whole number from 0 to 65535")
        if not 1 <= count <= _REGISTERS_MAX:
            raise OSError(_EIO, f"registers is a whole number from 1 to {_REGISTERS_MAX}")
        if register + count > 0x10000:
            raise OSError(_EIO, f"{count} registers from {register} on are more than there are")
        return self.device.want((table, register, count))

    def read(self) -> "float | int | bool | str":
        """The value now. OSError with the reason when there is none."""
        return self.device.device.value(self._read)

    def _read(self) -> "float | int | bool | str":
        data = self.device.read(self.span)
        if self.span[0] in _BITS:
            return bool(data[0] & 1)
        if self.faults is not None:
            said = self._word(self.faults)
            for bit, words in self.fault_bits.items():
                if said >> int(bit) & 1:
                    raise BusFault("sensor", words)
        return self.value.of(data, None if self.decimals is None else self._word(self.decimals))

    def _word(self, span: "Span") -> int:
        return int(struct.unpack(">H", self.device.read(span))[0])


_devices: "dict[tuple[str, int], ModbusDevice]" = {}


def open_value(
    name: str, bus: Bus, master: "Master", args: "dict[str, Any]", ticks: "Callable[[], int]" = ticks_ms
) -> ModbusChannel:  # fmt: skip
    """The channel of a value; devices of one name and unit are one. KeyError: what args lack."""
    unit = args["unit"]
    if not isinstance(unit, int) or not 0 <= unit <= _UNIT_MAX:
        raise OSError(_EIO, f"unit is a whole number from 0 to {_UNIT_MAX}")
    key = (name, unit)
    if key not in _devices:
        device = Device(bus, f"modbus {name} {unit}", args, ticks)
        _devices[key] = ModbusDevice(master, device, unit, args)
    return ModbusChannel(_devices[key], args)
