"""What a technician may write wrongly in args, each told with its place; both interpreters run this."""

from collections import namedtuple

from schemas import instrument_maps
from schemas.contract_check import Check
from schemas.driver_args import args_faults, check_args
from schemas.instrument_maps import load_instrument

RTU = {"port": "/dev/ttyUSB0", "unit": 3, "register": 7}
LOOP = {"low": 0, "high": 14, "of": {"driver": "ads1115", "args": {"i2c": 0, "channel": 1}}}
RIGHT = (
    ("modbus_rtu", RTU),
    ("modbus_rtu", {"uart": 1, "tx": 4, "rx": 5, "de": 6, "unit": 1, "register": 0, "parity": "even",
                    "format": "float32", "word_order": "little", "range": [0, 1400], "scale": 0.1}),
    ("modbus_rtu", {"port": "p", "unit": 3, "instrument": "eurotherm_3200", "value": "pv"}),
    ("modbus_rtu", RTU | {"fault_register": 9, "fault_bits": {"5": "broken"}, "no_value": {"-1": "none"}}),
    ("modbus_tcp", {"host": "10.0.0.9", "tcp_port": 1502, "register": 1}),
    ("aibus", {"port": "p", "address": 80, "parameter": "pv", "decimal_parameter": 12}),
    ("thyracont", {"port": "p", "address": 1}),
    ("line_serial", {"port": "p", "protocol": "mettler_sics", "unit": "g", "what": "value"}),
    ("max31856", {"spi": 1, "cs": 5, "type": "S"}),
    ("max31865", {"spi": 1, "cs": 5, "wires": 3, "nominal_ohm": 1000}),
    ("current_loop", LOOP),
    ("pulse_counter", {"pin": 4, "what": "per_min"}),
    ("pulse_counter", {"of": {"driver": "modbus_rtu", "args": RTU}, "bits": 32}),
    ("digital_input", {"pin": 4, "pull": "down", "inverted": True}),
    ("of_somebody_else", {"anything": 1}),
)  # fmt: skip
WRONG = (
    ("modbus_rtu", RTU | {"word-order": "little"}, "s.m.args.word-order: modbus_rtu knows no such key"),
    ("modbus_rtu", RTU | {"regsiter": 7}, "args.regsiter"),
    ("modbus_rtu", RTU | {"baudrate": 19200}, "write one of baud,"),
    ("modbus_rtu", {"port": "p", "unit": 3}, "register or instrument is missing"),
    ("modbus_rtu", {"unit": 3, "register": 1}, "port or uart is missing"),
    ("modbus_rtu", RTU | {"unit": 0}, "args.unit: 0 is not allowed"),
    ("modbus_rtu", RTU | {"unit": 256}, "args.unit"),
    ("modbus_rtu", RTU | {"unit": True}, "args.unit"),
    ("modbus_rtu", RTU | {"register": 65536}, "args.register"),
    ("modbus_rtu", RTU | {"register": "40001"}, 'args.register: "40001"'),
    ("modbus_rtu", RTU | {"baud": 0}, "args.baud"),
    ("modbus_rtu", RTU | {"baud": "9600"}, 'args.baud: "9600"'),
    ("modbus_rtu", RTU | {"stopbits": 3}, "args.stopbits"),
    ("modbus_rtu", RTU | {"parity": "N"}, "args.parity"),
    ("modbus_rtu", RTU | {"format": "float"}, "args.format"),
    ("modbus_rtu", RTU | {"format": "bit", "bit": 16}, "args.bit"),
    ("modbus_rtu", RTU | {"decimals": 1.5}, "args.decimals"),
    ("modbus_rtu", RTU | {"decimals": 10}, "args.decimals"),
    ("modbus_rtu", RTU | {"scale": "0.1"}, "args.scale"),
    ("modbus_rtu", RTU | {"range": [5]}, "args.range"),
    ("modbus_rtu", RTU | {"range": [5, 1]}, "args.range"),
    ("modbus_rtu", RTU | {"timeout_ms": "300"}, "args.timeout_ms"),
    ("modbus_rtu", RTU | {"block_max": 200}, "args.block_max"),
    ("modbus_rtu", RTU | {"no_value": [65535]}, "args.no_value"),
    ("modbus_rtu", RTU | {"fault_register": 1, "fault_bits": {"five": "x"}}, "args.fault_bits.five"),
    ("modbus_rtu", RTU | {"format": "text"}, "registers is missing"),
    ("modbus_rtu", {"port": "p", "unit": 3, "instrument": "eurotherm"}, "no instrument is called eurotherm"),
    ("modbus_rtu", {"port": "p", "unit": 3, "instrument": "eurotherm_3200", "value": "PV"}, "no value PV"),
    ("modbus_rtu", {"port": "p", "unit": 3, "instrument": "yudian_ai_aibus", "value": "pv"}, "speaks aibus"),
    ("modbus_rtu", {"port": "p", "unit": 3, "instrument": "eurotherm_3200", "value": ["pv"]}, "args.value"),
    ("modbus_rtu", {"port": "p", "unit": 3, "instrument": 3200, "value": "pv"}, "args.instrument: 3200"),
    ("modbus_rtu", RTU | {"port": 0}, "args.port: 0"),
    ("modbus_tcp", {"host": 10, "register": 1}, "args.host: 10"),
    ("line_serial", {"port": "p", "protocol": {}}, "args.protocol"),
    ("modbus_tcp", {"host": "h", "port": 502, "register": 1}, "args.port: modbus_tcp knows no such key"),
    ("aibus", {"port": "p"}, "address is missing"),
    ("aibus", {"port": "p", "address": 81}, "args.address"),
    ("thyracont", {"port": "p", "address": 1000}, "args.address"),
    ("max31856", {"spi": 1, "cs": 5, "type": "BE"}, "args.type"),
    ("max31865", {"spi": 1, "cs": 5, "wires": 5}, "args.wires"),
    ("max31865", {"spi": 1, "cs": 5, "mains_hz": 400}, "args.mains_hz"),
    ("ads1115", {"i2c": 0, "channel": 4}, "args.channel"),
    ("ads1115", {"i2c": 0, "channel": 1, "range_v": 5}, "args.range_v"),
    ("ads1115", {"i2c": 0, "channel": 1, "shunt_ohm": 0}, "args.shunt_ohm"),
    ("current_loop", {"low": 0, "high": 14}, "of is missing"),
    ("current_loop", LOOP | {"of": "ads1115"}, "args.of"),
    ("current_loop", LOOP | {"of": {"driver": "ads1115", "args": {"i2c": 0}}}, "of.args: channel is missing"),
    ("current_loop", LOOP | {"reads": "V"}, "shunt_ohm is missing"),
    ("current_loop", LOOP | {"reads": "raw", "raw_4ma": 1, "raw_20ma": 1}, "raw_4ma"),
    ("pulse_counter", {"pin": 4, "edge": "up"}, "args.edge"),
    ("pulse_counter", {}, "pin or of is missing"),
    ("digital_input", {"pin": 4, "inverted": 1}, "args.inverted"),
)  # fmt: skip


def _said(driver, args):
    check = Check("station.json")
    check_args(check, "s.m.args", driver, args)
    return check.faults


def test_args_that_are_right_are_left_alone():
    for driver, args in RIGHT:
        assert _said(driver, args) == [], (driver, args)


def test_each_mistake_is_told_once_with_its_place_and_what_to_write():
    for driver, args, words in WRONG:
        said = _said(driver, args)
        assert len(said) == 1 and words in said[0], (driver, args, said)
        assert said[0].startswith("station.json: s.m.args")


def test_what_the_map_of_an_instrument_says_is_checked_like_what_a_file_says():
    wrong = {"fault_register": 75, "fault_bits": {"five": "broken"}, "bit": 99, "registers": "4"}
    own = {"port": "p", "unit": 3, "instrument": "eurotherm_3200", "value": "pv"}
    value = load_instrument("eurotherm_3200")["values"]["pv"] | wrong
    kept = list(instrument_maps._last)
    try:
        whole = load_instrument("eurotherm_3200")
        whole["values"]["pv"] = value
        instrument_maps._last[:] = ["eurotherm_3200", whole]
        said = _said("modbus_rtu", own)
    finally:
        instrument_maps._last[:] = kept
    assert len(said) == 3, said
    for line, word in zip(said, (".bit: 99", "fault_bits.five", '.registers: "4"')):
        assert word in line and "eurotherm_3200" in line, (line, word)


def _board(*every):
    metric = namedtuple("metric", ("name", "driver", "args"))
    station = namedtuple("station", ("station", "metrics"))
    board = namedtuple("board", ("stations",))
    metrics = [metric(f"m{n}", driver, args) for n, (driver, args) in enumerate(every)]
    return board([station("s-1", metrics)])


def test_a_line_and_a_device_have_one_setting():
    map_ = {"port": RTU["port"], "unit": 4, "instrument": "eurotherm_3200", "value": "pv"}
    right = (
        ("modbus_rtu", RTU | {"baud": 9600, "timeout_ms": 300}),
        ("modbus_rtu", RTU | {"register": 8}),
        ("modbus_rtu", RTU | {"register": 8, "unit": 5, "timeout_ms": 2000}),
        ("modbus_rtu", map_),
        ("modbus_rtu", RTU | {"unit": 4}),
        ("modbus_rtu", RTU | {"port": "/dev/ttyUSB1", "baud": 19200}),
        ("modbus_tcp", {"host": "h", "register": 1, "timeout_ms": 900}),
        ("modbus_tcp", {"host": "h", "register": 1, "tcp_port": 1502}),
    )
    assert args_faults(_board(*right), "station.json") == []
    for args, word in (
        (RTU | {"baud": 19200}, "s-1.m1.args.baud: 19200, but 9600 at s-1.m0.args"),
        (RTU | {"parity": "even", "unit": 9}, "args.parity"),
        (RTU | {"timeout_ms": 1000}, "args.timeout_ms: 1000, but 300 at s-1.m0.args"),
        (map_ | {"parity": "odd"}, "args.parity"),
    ):
        (said,) = args_faults(_board(("modbus_rtu", RTU), ("modbus_rtu", args)), "station.json")
        assert word in said, (args, said)


def test_all_mistakes_are_told_together_and_shared_ones_once():
    metric = namedtuple("metric", ("name", "driver", "args"))
    station = namedtuple("station", ("station", "metrics"))
    board = namedtuple("board", ("stations",))
    shared = RTU | {"baudrate": 9600, "parity": "E"}
    mine = [metric("a", "modbus_rtu", shared), metric("b", "modbus_rtu", shared)]
    own = [metric("c", "ads1115", {"i2c": 0, "channel": 9})]
    said = args_faults(board([station("s-1", mine), station("s-2", own)]), "station.json")
    assert len(said) == 3
    assert [line for line in said if "s-1.a.args.baudrate" in line]
    assert [line for line in said if "s-1.a.args.parity" in line]
    assert [line for line in said if "s-2.c.args.channel" in line]
