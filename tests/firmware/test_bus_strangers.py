"""Modbus servers that are not ours, on a pseudo-terminal, read by the drivers on both interpreters."""

import asyncio
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.firmware.ptys import bridge
from tests.firmware.reading import INTERPRETERS, read

UNIT = 7
WORDS = [0xFFFE, *struct.unpack(">HH", struct.pack(">f", 1085.5)), 0x0001, 0x0002, 1]
TEXT = struct.unpack(">4H", b"NdFeB\x00\x00\x00")
CHANNELS: list[tuple[dict[str, Any], Any]] = [
    ({"register": 10}, -2),
    ({"register": 11, "format": "float32"}, 1085.5),
    ({"register": 13, "format": "uint32", "word_order": "little"}, 0x00020001),
    ({"register": 13, "decimal_register": 15}, 0.1),
    ({"register": 16, "format": "text", "registers": 4}, "NdFeB"),
]


@contextmanager
def pymodbus_server(port: str) -> Iterator[None]:
    """pymodbus on a serial port, in a thread with a loop of its own."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    servers: list[ModbusSerialServer] = []

    async def serve() -> None:
        words = SimData(10, values=[*WORDS, *TEXT], datatype=DataType.REGISTERS)
        servers.append(ModbusSerialServer(SimDevice(UNIT, [words]), port=port, baudrate=19200))
        await servers[0].serve_forever(background=True)
        ready.set()
        await servers[0].serving

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(20)
        yield
    finally:
        asyncio.run_coroutine_threadsafe(servers[0].shutdown(), loop).result(20)
        thread.join(20)
        loop.close()


def args_on(port: str, **more: Any) -> dict[str, Any]:
    return {"port": port, "baud": 19200, "unit": UNIT, "timeout_ms": 2000} | more


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_a_server_of_pymodbus_is_read(interpreter: str) -> None:
    with bridge() as (near, far), pymodbus_server(far):
        channels = [["modbus_rtu", args_on(near, **args)] for args, _ in CHANNELS]
        channels += [["modbus_rtu", args_on(near, register=900)]]
        found = read(interpreter, channels)
    *values, refused = found["rounds"][0]
    assert values == [value for _, value in CHANNELS]
    assert "illegal register" in refused["fault"]
    assert found["buses"][0]["asked"] == 2, "ten registers in a row, and one that is not there"
