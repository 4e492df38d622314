"""Checks the args that a board's file gives to drivers: names and values, before anything is opened.

A key that no driver knows would else be passed over in silence, and its sensor be read wrongly. Drivers that
are not known here are not judged. What a key means is told at the head of each driver's file.
"""

from schemas.contract_check import Check, is_number, show
from schemas.instrument_maps import FORMATS, ORDERS, TABLES, filled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from schemas.board_config import Board

_LINE = " port uart tx rx de baud parity bytesize stopbits"
_DEVICE = " timeout_ms tries silent_after probe_ms fresh_ms"
_MAP = " instrument value"
_MODBUS = (
    " unit table register format word_order registers bit decimals scale range no_value decimal_register"
    " fault_register fault_bits block_max" + _DEVICE + _MAP
)
_SPI = " sck mosi miso mains_hz"
# driver → keys it must have, keys it may have; "a|b": one of them.
_KEYS = {
    "modbus_rtu": ("port|uart unit register|instrument", _LINE + " late_ms" + _MODBUS),
    "modbus_tcp": ("host register|instrument", "host tcp_port" + _MODBUS),
    "aibus": (
        "port|uart address",
        "parameter decimals decimal_parameter scale range no_value late_ms"
        + _LINE
        + _DEVICE
        + _MAP,
    ),
    "thyracont": ("port|uart address", "parameter scale range late_ms" + _LINE + _DEVICE + _MAP),
    "line_serial": ("port|uart", "protocol what request unit stale_ms" + _LINE + _DEVICE),
    "max31856": ("spi cs", "type" + _SPI),
    "max31865": ("spi cs", "nominal_ohm reference_ohm wires" + _SPI),
    "ads1115": ("i2c channel", "sda scl address range_v shunt_ohm"),
    "current_loop": ("of low high", "reads shunt_ohm raw_4ma raw_20ma bands"),
    "pulse_counter": ("pin|of", "edge debounce_ms what bits"),
    "digital_input": ("pin", "pull inverted debounce_ms"),
}
_PROTOCOLS = {"modbus_rtu": "modbus", "modbus_tcp": "modbus", "aibus": "aibus", "thyracont": "thyracont"}  # fmt: skip
_WHOLE = {
    "baud": (50, 4_000_000), "timeout_ms": (1, 60_000), "tries": (1, 10), "silent_after": (1, 1000),
    "probe_ms": (0, 3_600_000), "fresh_ms": (0, 3_600_000), "late_ms": (0, 60_000), "stale_ms": (0, 604_800_000),
    "block_max": (1, 125), "tcp_port": (1, 65535), "register": (0, 65535), "decimal_register": (0, 65535),
    "fault_register": (0, 65535), "registers": (1, 125), "bit": (0, 15), "decimals": (0, 9),
    "decimal_parameter": (0, 255), "channel": (0, 3), "debounce_ms": (0, 60_000), "bits": (1, 64),
}  # fmt: skip
_WORDS = {
    "parity": ("none", "even", "odd"), "table": TABLES, "format": FORMATS, "word_order": ORDERS,
    "bytesize": (7, 8), "stopbits": (1, 2), "mains_hz": (50, 60), "wires": (2, 3, 4),
    "range_v": (6.144, 4.096, 2.048, 1.024, 0.512, 0.256), "reads": ("mA", "V", "raw"),
    "edge": ("falling", "rising"), "pull": ("up", "down", "none"), "inverted": (True, False),
    "type": ("B", "E", "J", "K", "N", "R", "S", "T"),
}  # fmt: skip
# Keys that mean another thing to another driver. Unit 0 asks all devices of a line at once, and none answers.
_WHOLE_OF = {
    ("modbus_rtu", "unit"): (1, 255), ("modbus_tcp", "unit"): (0, 255), ("aibus", "address"): (0, 80),
    ("thyracont", "address"): (1, 999), ("ads1115", "address"): (8, 119),
}  # fmt: skip
_WORDS_OF = {
    ("line_serial", "what"): ("value", "text", "count"),
    ("pulse_counter", "what"): ("count", "per_min"),
}
# What all channels of a line share, and all of one device on it: what the first says holds for the others.
_SHARED_LINE = (
    ("baud", 9600), ("parity", "none"), ("bytesize", 8), ("stopbits", 1), ("tx", None), ("rx", None), ("de", None),
)  # fmt: skip
_SHARED_DEVICE = (
    ("timeout_ms", 300), ("tries", 2), ("silent_after", 3), ("probe_ms", 5000), ("fresh_ms", 500),
    ("block_max", 120),
)  # fmt: skip
_POSITIVE = ("shunt_ohm", "nominal_ohm", "reference_ohm")
_NUMBERS = ("scale", "low", "high", "raw_4ma", "raw_20ma")
_TEXTS = ("port", "host", "instrument", "value", "protocol")


def args_faults(board: "Board", file: str) -> "list[str]":
    """Everything that is wrong with the args of a board's drivers; each said once where a station shares it."""
    check = Check(file)
    seen: list[tuple[str, object]] = []
    shared: dict[str, tuple[str, Any]] = {}
    for station in board.stations:
        for metric in station.metrics:
            if not [1 for one in seen if one[0] == metric.driver and one[1] is metric.args]:
                seen.append((metric.driver, metric.args))
                where = f"{station.station}.{metric.name}.args"
                before = len(check.faults)
                check_args(check, where, metric.driver, metric.args)
                if metric.driver in _PROTOCOLS and before == len(check.faults):
                    _check_shared(check, where, metric.driver, metric.args, shared)
    return check.faults


def _check_shared(check: Check, where: str, driver: str, args: "dict[str, Any]", shared: "dict[str, tuple[str, Any]]") -> None:  # fmt: skip
    """Say where a line or a device is given another setting than before: it can have only one."""
    own, args = args, filled(args, _PROTOCOLS[driver])
    line = str(args.get("port", args.get("uart", [args.get("host"), args.get("tcp_port", 502)])))
    device = f"{line} {driver} {args.get('unit', args.get('address', 255))}"
    for place, settings in ((line, _SHARED_LINE), (device, _SHARED_DEVICE)):
        for key, usual in settings:
            mine = args.get(key, usual)
            first, said = shared.setdefault(f"{place} {key}", (where, mine))
            # Of a device, what is left out is taken from the first; of a line it is not.
            if said != mine and (key in own or settings is _SHARED_LINE):
                check.say(f"{where}.{key}", f"{show(mine)}, but {show(said)} at {first}", "write one for all on it")  # fmt: skip


def check_args(check: Check, where: str, driver: str, args: "Any") -> None:
    """Say what is wrong with the args of one channel."""
    if driver not in _KEYS or not isinstance(args, dict):
        return
    before = len(check.faults)
    must, may = _KEYS[driver]
    for key in must.split():
        if not [one for one in key.split("|") if one in args]:
            check.say(where, f"{key.replace('|', ' or ')} is missing", f"{driver} needs it")
    known = must.replace("|", " ").split() + may.split()
    for key in sorted(args):
        if key not in known:
            words = ", ".join(sorted(set(known)))
            check.say(f"{where}.{key}", f"{driver} knows no such key", f"write one of {words}")
        else:
            _check_value(check, f"{where}.{key}", (driver, key), args[key])
    if before == len(check.faults):
        _check_whole(check, where, driver, args)


def _check_value(check: Check, where: str, place: "tuple[str, str]", value: "Any") -> None:
    key = place[1]
    bounds = _WHOLE_OF.get(place) or _WHOLE.get(key)
    words = _WORDS_OF.get(place) or _WORDS.get(key)
    if bounds is not None:
        _check_bounds(check, where, bounds, value)
    elif words is not None:
        _check_word(check, where, words, value)
    elif key in _POSITIVE or key in _NUMBERS:
        if not is_number(value) or (key in _POSITIVE and value <= 0):
            check.say(where, f"{show(value)} is not allowed", "write a number")
    elif key in _TEXTS:
        check.text(where, value)
    elif key in _FORMS:
        _FORMS[key](check, where, value)


def _check_bounds(check: Check, where: str, bounds: "tuple[int, int]", value: "Any") -> None:
    low, high = bounds
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        check.say(where, f"{show(value)} is not allowed", f"write a whole number from {low} to {high}")  # fmt: skip


def _check_word(check: Check, where: str, words: "tuple[Any, ...]", value: "Any") -> None:
    # True is no number here, as in the file.
    if value not in words or isinstance(value, bool) != isinstance(words[0], bool):
        known = ", ".join([show(one) for one in words])
        check.say(where, f"{show(value)} is not known", f"write one of {known}")


def _check_span(check: Check, where: str, value: "Any") -> None:
    two = isinstance(value, list) and len(value) == 2 and is_number(value[0]) and is_number(value[1])  # fmt: skip
    if not two or value[0] >= value[1]:
        check.say(where, f"{show(value)} is no range", "write [low, high]")


def _check_meanings(check: Check, where: str, value: "Any") -> None:
    if not isinstance(value, dict):
        check.say(where, f"{show(value)} is no object", 'write {"5": "the sensor is broken"}')
        return
    for name in sorted(value):
        check.text(f"{where}.{name}", value[name])


def _check_bits(check: Check, where: str, value: "Any") -> None:
    _check_meanings(check, where, value)
    for name in sorted(value) if isinstance(value, dict) else []:
        if name not in [str(n) for n in range(16)]:
            check.say(f"{where}.{name}", "is no bit", "write 0 to 15")


def _check_inner(check: Check, where: str, of: "Any") -> None:
    if check.keys(where, of, "driver", "args") and check.text(f"{where}.driver", of["driver"]):
        args = of.get("args", {})
        if not isinstance(args, dict):
            check.say(f"{where}.args", f"{show(args)} is no object", "write {…}")
        check_args(check, f"{where}.args", of["driver"], args)


_FORMS = {
    "range": _check_span, "bands": _check_span, "no_value": _check_meanings, "fault_bits": _check_bits,
    "of": _check_inner,
}  # fmt: skip


def _check_map(check: Check, where: str, driver: str, args: "dict[str, Any]") -> None:
    """A plant may have written the map itself."""
    try:
        whole = filled(args, _PROTOCOLS[driver])
    except OSError as fault:
        check.say(where, str(fault.args[1]), "see docs/instruments.md")
        return
    for key in sorted(whole):
        if key not in args:
            place = f"{where} ({args['instrument']}).{key}"
            _check_value(check, place, (driver, key), whole[key])


def _check_whole(check: Check, where: str, driver: str, args: "dict[str, Any]") -> None:
    """What keys say together."""
    if "instrument" in args:
        _check_map(check, where, driver, args)
    if args.get("reads") == "V" and "shunt_ohm" not in args:
        check.say(where, "shunt_ohm is missing", "volts are milliamperes through it")
    if args.get("reads") == "raw" and args.get("raw_4ma") == args.get("raw_20ma"):
        check.say(where, "raw_4ma and raw_20ma are missing or equal", "write the counts of both")
    if args.get("format") == "text" and "registers" not in args:
        check.say(where, "registers is missing", "write how many registers the text has")
