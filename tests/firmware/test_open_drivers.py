"""Opening drivers by their names: what is wrong with args is told; both interpreters run this file."""

from firmware.drivers.bus_stats import _tallies, buses
from firmware.onboard.drivers import Drivers
from tests.device_help import fault_of

MODBUS = {"port": "/dev/null", "unit": 1, "register": 1}


def test_args_that_are_wrong_are_told_with_the_buses_of_the_node_until_they_are_mended() -> None:
    for driver, wrong, word in (
        ("modbus_rtu", {"unit": 999}, "unit is a whole number"),
        ("modbus_rtu", {"format": "text", "registers": "many"}, "args are wrong"),
        ("modbus_rtu", {"range": [1]}, "args are wrong"),
        ("modbus_rtu", {"instrument": "nothing", "value": "pv"}, "no instrument is called nothing"),
        ("aibus", {"address": "two"}, "address is a whole number"),
        ("line_serial", {"protocol": "nothing"}, "no protocol is called nothing"),
        ("current_loop", {"low": 0}, "of"),
    ):
        _tallies.clear()
        drivers = Drivers()
        for _ in range(2):
            fault = fault_of(OSError, drivers.open, driver, MODBUS | wrong, "s-1", "m")
            assert word in str(fault), (driver, wrong)
            assert fault.kind == "opening"
        (told,) = [bus for bus in buses() if bus["at"] == f"{driver} s-1 m"]
        assert told["kinds"] == {"opening": 2}
        assert word in told["last"], told
    drivers.open("modbus_rtu", MODBUS, "s-1", "m")
    assert not [bus for bus in buses() if bus["at"] == "modbus_rtu s-1 m"]


def test_after_every_reading_the_board_is_told_that_it_goes_on() -> None:
    rested: list[int] = []
    channel = Drivers(lambda: rested.append(1)).open(
        "modbus_rtu", MODBUS | {"port": "/dev/nope"}, "s", "m"
    )
    fault_of(OSError, channel.read)
    assert rested == [1]
