"""docs/instruments.md: how instruments are connected, and the map of every one, from schemas/instruments/*.json."""

from typing import Any

_INTRO = """# Instruments on field buses

A metric of a station is read by a driver. `station.json` names it, with what it needs to know:

```json
"metrics": {
  "zone_1_temperature_c": {"driver": "modbus_rtu", "args": {"port": "/dev/ttyUSB0", "unit": 3,
                           "instrument": "eurotherm_3200", "value": "pv"}},
  "bath_ph": {"driver": "current_loop", "args": {"low": 0, "high": 14,
              "of": {"driver": "ads1115", "args": {"i2c": 0, "channel": 1, "shunt_ohm": 100}}}}
}
```

| driver | reads | address | the head of its file in `firmware/drivers` lists all args |
|---|---|---|---|
| `modbus_rtu` | Modbus over RS-485 or RS-232 | `port` or `uart`, `unit` | `baud`, `parity`, `de`, `table`, `register`, `format`, `word_order`, `decimals` |
| `modbus_tcp` | Modbus TCP, also behind a gateway | `host`, `unit` | as above |
| `aibus` | Yudian controllers | `port` or `uart`, `address` | `parameter`, `decimal_parameter` |
| `thyracont` | vacuum gauges, protocol 1 | `port` or `uart`, `address` | |
| `line_serial` | balances, XRF, barcode readers and others that write lines | `port` or `uart` | `protocol` (a file in `schemas/gauges`), `what` |
| `max31856`, `max31865` | thermocouples; Pt100 and Pt1000, on SPI | `spi`, `cs` | `type`; `nominal_ohm`, `reference_ohm`, `wires` |
| `ads1115` | volts, or milliamperes through a shunt, on I²C | `i2c`, `channel` | `range_v`, `shunt_ohm` |
| `current_loop` | 4–20 mA of another driver, scaled, with NAMUR NE 43 | `of` | `low`, `high`, `bands` |
| `pulse_counter` | pulses of a pin, or a counter of another driver that rolls over | `pin` or `of` | `bits`, `what` |
| `digital_input` | a contact, without its bounces | `pin` | `debounce_ms`, `inverted` |

Keys and values that a driver does not understand are told, all of them, when an agent starts on a computer and before
`python -m firmware.flash` writes a board.

What goes wrong on a bus makes the sample bad, with its [reason](wire.md), and nothing else:

* A device is asked again once (`tries`). After three questions without a sign (`silent_after`), or nine whose answers are garbled, it
  is left in peace: its channels are bad at once, and it is asked only every five seconds (`probe_ms`) whether it is back. Such devices
  cost a line at most a fifth of its time, so that the others are read as before; of many, one is asked after the other. What a gateway
  says is silent counts as silent.
* Registers in a row are read in one question and shared while they are younger than `fresh_ms` (500). A device that refuses the
  whole is asked one by one.
* An answer that comes too late is waited for (`late_ms`) or refused; it is never taken for that of the next question.
* A value outside of what the instrument can show (`range`) is no reading: words in a wrong order make such numbers. A wrong order can
  also make a number that looks right, so **compare the first reading with the display of the instrument**.
* Floats of a board have about seven digits (those of a computer fifteen): of a large total the last ones are lost there. Where each
  pulse counts, read a register with whole numbers, without `decimals` and `scale`.
* An RS-485 driver that must be switched takes `de`: a pin of the board, or `"rts"` of a computer.
* All devices of a line share its settings; a port is opened by one program only. A line that went away is opened anew.
* How often each instrument was asked, what failed and why, is told with the node (`Node/Buses`), of sensors without a bus, too.

## Maps

Certainty: **H** read in the maker's paper, **M** in part or from others, **L** unconfirmed: compare with the display before use. A
value has the certainty of its map unless it says its own. Another instrument is one more file in `schemas/instruments`.

"""
_HEAD = (
    "| value | title | unit | where | format | range | certainty | note |\n" + "|---" * 8 + "|\n"
)


def instrument_page(instruments: dict[str, dict[str, Any]]) -> str:
    """One section for each map."""
    return _INTRO + "\n".join(_section(name, said) for name, said in sorted(instruments.items()))


def _section(name: str, said: dict[str, Any]) -> str:
    usual = ", ".join(f"`{key}` {value}" for key, value in said["args"].items())
    rows = "".join(
        "| " + " | ".join(_cells(value, said["values"][value], said)) + " |\n"
        for value in said["values"]
    )
    title = f"### {name}\n\n{said['title']['en']} · {said['title']['zh']}\n\n"
    basis = f"* Source ({said['certainty']}): {said['source']}\n"
    note = f"* {said['note']}\n" if said.get("note") else ""
    return f"{title}{basis}{note}* Driver: {_drivers(said)}; usual: {usual}\n\n{_HEAD}{rows}"


def _drivers(said: dict[str, Any]) -> str:
    return "`modbus_rtu`, `modbus_tcp`" if said["protocol"] == "modbus" else f"`{said['protocol']}`"


def _cells(name: str, value: dict[str, Any], said: dict[str, Any]) -> list[str]:
    where = str(value.get("register", value.get("parameter")))
    extra = [f"{key} {value[key]}" for key in ("decimals", "scale", "bit") if key in value]
    extra += [
        f"{words} in {value[key]}"
        for key, words in (
            ("decimal_register", "decimals"),
            ("decimal_parameter", "decimals"),
            ("fault_register", "faults"),
        )
        if key in value
    ]
    low_high = value.get("range")
    return [
        f"`{name}`",
        f"{value['title']['en']} · {value['title']['zh']}",
        value["unit"],
        where,
        ", ".join([value.get("format", ""), *extra]).strip(", "),
        f"{low_high[0]:g} to {low_high[1]:g}" if low_high else "",
        value.get("certainty", said["certainty"]),
        value.get("note", ""),
    ]
