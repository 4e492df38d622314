"""Modbus RTU over RS-485: power meters, rectifiers, temperature controllers, transmitters.

args: those of serial_line.py for the line, of modbus.py for the value; late_ms: how long an answer that did not
come in time may still come (default twice timeout_ms). Channels of one port share its line.
"""

from firmware.drivers.mapped import mapped
from firmware.drivers.modbus import ModbusChannel, open_value
from firmware.drivers.rtu_master import RtuMaster
from firmware.drivers.serial_line import open_line
from firmware.drivers.serial_turns import turns_on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EIO = 5


def open_channel(args: "dict[str, Any]", station: str, metric: str, plant: object) -> ModbusChannel:
    """A value of the device args describes. OSError when args are wrong; the port may come later."""
    args = mapped(args, "modbus")
    if args.get("unit") == 0:
        raise OSError(_EIO, "unit is 0: that asks all devices at once, and none answers")
    try:
        line = open_line(args)
        turns = turns_on(line, args)
        return open_value(line.name, turns.bus, RtuMaster(turns), args)
    except KeyError as problem:
        raise OSError(_EIO, f"{station}.{metric}: args lack or misname {problem}") from None
