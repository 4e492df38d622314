"""Reads instruments/*.json: which register of a real instrument is what, each with its source and certainty.

A driver's args may say {"instrument": "eurotherm_3200", "value": "pv"} in place of registers and formats.
Every fault of a file is told at once. docs/instruments.md shows them all.
"""

import json
import os

from schemas.contract_check import Check, ContractError, is_number, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FOLDER = __file__.replace("\\", "/").rsplit("/", 1)[0] + "/instruments"
CERTAINTIES = ("H", "M", "L")  # high: seen in the maker's paper; medium; low: compare before use
PROTOCOLS = ("modbus", "aibus", "thyracont")
_KEYS = "title manufacturer model protocol source certainty args values"
_LINE = "baud parity bytesize stopbits timeout_ms late_ms tries fresh_ms block_max"
_TOLD = (
    "title",
    "unit",
    "certainty",
    "note",
)  # of a value, for people; a driver's unit is an address
# What a value must say by its protocol, and what it may say.
_MUST = {"modbus": "register format", "aibus": "parameter", "thyracont": "parameter"}
_NUMBER = "decimals scale range no_value certainty note"
_MAY = {
    "modbus": _NUMBER
    + " registers bit table word_order decimal_register fault_register fault_bits",
    "aibus": _NUMBER + " decimal_parameter",
    "thyracont": _NUMBER,
}
FORMATS = (
    "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "text", "bit",
)  # fmt: skip
TABLES = ("holding", "input", "coil", "discrete")
ORDERS = ("big", "little", "big_swapped", "little_swapped")


def instrument_names(folder: str = FOLDER) -> "list[str]":
    """The stems of all files."""
    return sorted([name[:-5] for name in os.listdir(folder) if name.endswith(".json")])


def load_instrument(name: str, folder: str = FOLDER) -> "dict[str, Any]":
    """An instrument as written. Raises ContractError with every fault, OSError where there is no file."""
    file = f"{folder}/{name}.json"
    with open(file, "rb") as text:
        return read_instrument(text.read().decode(), f"{name}.json")


def read_instrument(text: str, file: str) -> "dict[str, Any]":
    """The instrument in `text`; `file` is named in faults. Raises ContractError."""
    check = Check(file)
    try:
        said: dict[str, Any] = json.loads(text)
    except ValueError as error:
        check.say("file", f"is not JSON ({error})", "mend the text at that place")
        raise ContractError(check.faults) from None
    if check.keys("", said, _KEYS, "note"):
        _check(check, said)
    if check.faults:
        raise ContractError(check.faults)
    return said


def _check(check: Check, said: "dict[str, Any]") -> None:
    check.languages("title", said["title"])
    for key in ("manufacturer", "model", "source"):
        check.text(key, said[key])
    check.one_of("certainty", said["certainty"], CERTAINTIES)
    if not check.one_of("protocol", said["protocol"], PROTOCOLS):
        return
    check.keys("args", said["args"], "", _LINE + " table word_order")
    if not isinstance(said["values"], dict) or not said["values"]:
        check.say("values", f"{show(said['values'])} holds no value", 'write {"pv": {…}}')
        return
    for name, value in said["values"].items():
        check.name("values", name)
        _check_value(check, f"values.{name}", value, said["protocol"])


def _check_value(check: Check, where: str, value: "Any", protocol: str) -> None:
    if not check.keys(where, value, f"title unit {_MUST[protocol]}", _MAY[protocol]):
        return
    check.languages(f"{where}.title", value["title"])
    check.one_of(f"{where}.certainty", value.get("certainty", "H"), CERTAINTIES)
    for key in ("register", "decimal_register", "fault_register"):
        if key in value and check.whole(f"{where}.{key}", value[key], 0) and value[key] > 65535:
            check.say(f"{where}.{key}", f"{value[key]} is no register", "write 0 to 65535")
    if protocol == "modbus":
        check.one_of(f"{where}.format", value["format"], FORMATS)
        check.one_of(f"{where}.table", value.get("table", "holding"), TABLES)
        check.one_of(f"{where}.word_order", value.get("word_order", "big"), ORDERS)
    check.whole(f"{where}.decimals", value.get("decimals", 0), 0)
    if not is_number(value.get("scale", 1)):
        check.say(f"{where}.scale", f"{show(value['scale'])} is no number", "write a number")
    if "range" in value and not _is_range(value["range"]):
        check.say(f"{where}.range", f"{show(value['range'])} is no range", "write [low, high]")


def _is_range(value: object) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    low, high = value
    return is_number(low) and is_number(high) and low < high


_last: "list[Any]" = ["", {}]  # the channels of an instrument are opened one after the other


def filled(args: "dict[str, Any]", protocol: str, folder: str = FOLDER) -> "dict[str, Any]":
    """args with what the instrument they name says; what args say themselves stays. OSError in words."""
    if "instrument" not in args:
        return args
    name = str(args["instrument"])
    try:
        if _last[0] != name:
            _last[:] = [name, load_instrument(name, folder)]
    except OSError:
        raise OSError(2, f"no instrument is called {name}") from None
    except ContractError as error:
        raise OSError(22, error.faults[0]) from None
    said = _last[1]
    if said["protocol"] != protocol:
        raise OSError(22, f"{name} speaks {said['protocol']}, not {protocol}")
    values = said["values"]
    if args.get("value") not in values:
        raise OSError(22, f"{name} has no value {args.get('value')}: {', '.join(sorted(values))}")
    value = values[args["value"]]
    found = dict(said["args"])
    found.update({key: value[key] for key in value if key not in _TOLD})
    found.update({key: args[key] for key in args if key not in ("instrument", "value")})
    return found
