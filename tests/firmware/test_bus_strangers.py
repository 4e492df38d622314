"""Modbus servers that are not ours, on a pseudo-terminal, read by the drivers on both interpreters."""

import ctypes
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.firmware.ptys import bridge
from tests.firmware.pymodbus_servers import served
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


def pymodbus_on(port: str) -> ModbusSerialServer:
    """A server of pymodbus on a serial port."""
    words = SimData(10, values=[*WORDS, *TEXT], datatype=DataType.REGISTERS)
    return ModbusSerialServer(SimDevice(UNIT, [words]), port=port, baudrate=19200)


def args_on(port: str, **more: Any) -> dict[str, Any]:
    return {"port": port, "baud": 19200, "unit": UNIT, "timeout_ms": 2000} | more


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_a_server_of_pymodbus_is_read(interpreter: str) -> None:
    with bridge() as (near, far), served(lambda: pymodbus_on(far)):
        channels = [["modbus_rtu", args_on(near, **args)] for args, _ in CHANNELS]
        channels += [["modbus_rtu", args_on(near, register=900)]]
        found = read(interpreter, channels)
    *values, refused = found["rounds"][0]
    assert values == [value for _, value in CHANNELS]
    assert "illegal register" in refused["fault"]
    assert found["buses"][0]["asked"] == 2, "ten registers in a row, and one that is not there"


class Mapping(ctypes.Structure):
    """modbus_mapping_t of modbus.h."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("nb_bits", "start_bits", "nb_inputs", "start_inputs")),
        *((name, ctypes.c_int) for name in ("nb_input_registers", "start_input_registers")),
        *((name, ctypes.c_int) for name in ("nb_registers", "start_registers")),
        *((name, ctypes.POINTER(ctypes.c_uint8)) for name in ("bits", "inputs")),
        *((name, ctypes.POINTER(ctypes.c_uint16)) for name in ("input_registers", "registers")),
    )


@pytest.fixture(scope="module")
def libmodbus() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libmodbus.so.5")
    except OSError:
        pytest.skip("libmodbus is not on this machine (make testbed)")
    library.modbus_new_rtu.restype = ctypes.c_void_p
    library.modbus_mapping_new.restype = ctypes.POINTER(Mapping)
    return library


@contextmanager
def libmodbus_server(library: ctypes.CDLL, port: str) -> Iterator[None]:
    """libmodbus on a serial port, in a thread."""
    bus = ctypes.c_void_p(library.modbus_new_rtu(port.encode(), 19200, b"N"[0], 8, 1))
    assert library.modbus_set_slave(bus, UNIT) == 0
    assert library.modbus_connect(bus) == 0
    library.modbus_set_indication_timeout(bus, 0, 50000)
    mapping = library.modbus_mapping_new(8, 0, 40, 0)
    mapping.contents.bits[3] = 1
    for n, word in enumerate((*WORDS, *TEXT)):
        mapping.contents.registers[10 + n] = word
    stop = threading.Event()

    def serve() -> None:
        request = ctypes.create_string_buffer(256)
        while not stop.is_set():
            length = library.modbus_receive(bus, request)
            if length > 0:
                library.modbus_reply(bus, request, length, mapping)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        library.modbus_mapping_free(mapping)
        library.modbus_close(bus)
        library.modbus_free(bus)


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_a_server_of_libmodbus_is_read(interpreter: str, libmodbus: ctypes.CDLL) -> None:
    with bridge() as (near, far), libmodbus_server(libmodbus, far):
        channels = [["modbus_rtu", args_on(near, **args)] for args, _ in CHANNELS]
        channels += [["modbus_rtu", args_on(near, table="coil", register=n)] for n in (3, 4)]
        channels += [["modbus_rtu", args_on(near, register=900)]]
        found = read(interpreter, channels)
    *values, refused = found["rounds"][0]
    assert values == [*(value for _, value in CHANNELS), True, False]
    assert "illegal register" in refused["fault"]


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_who_is_not_on_the_line_does_not_answer(interpreter: str, libmodbus: ctypes.CDLL) -> None:
    with bridge() as (near, far), libmodbus_server(libmodbus, far):
        # libmodbus takes what follows a question to another unit for that one's answer: ask again.
        args = args_on(near, register=10) | {"timeout_ms": 200, "tries": 9, "silent_after": 9}
        other = args | {"unit": UNIT + 1, "tries": 1}
        found = read(interpreter, [["modbus_rtu", other], ["modbus_rtu", args]])
    assert "no answer" in found["rounds"][0][0]["fault"]
    assert found["rounds"][0][1] == -2, "the negative control: the unit that is there"
