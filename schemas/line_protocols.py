"""Reads gauges/*.json: how gauges write their readings on a serial line. Bytes in; a reading, or why it is none.

A protocol is data: a gauge of another make is one more file. docs/gauges.md describes the fields.
"""

import os
import re
from collections import namedtuple

from schemas.limit_rows import LimitError, load_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FOLDER = __file__.replace("\\", "/").rsplit("/", 1)[0] + "/gauges"
LINE_MAX = 120  # bytes of one line with its end; the longest of a known gauge has 40
# Why a line is no reading; each has words in the translations, `gauge_fault.<word>`.
FAULTS = (
    "unstable", "overload", "underload", "busy", "no_value", "gauge_error", "garbled", "unit_unknown", "too_long",
    "cut", "rubbish", "echo",
)  # fmt: skip
UNITS = (
    "mm", "µm", "in", "g", "kg", "mg", "mT", "kA/m", "mWb", "pcs", "%", "°C", "N", "HV", "HRC", "g/L", "pH", "µS/cm",
    "g/m²", "",
)  # fmt: skip
_PARITIES = ("N", "E", "O", "M", "S")
_GROUPS = ("status", "value", "unit", "")
_BAD_PATTERN = getattr(re, "error", ValueError)  # MicroPython raises a ValueError
_AROUND = "\r\n\x02\x03"
_DIGITS = "0123456789"
_DIGITS_MAX = 12  # on each side of the point, as mes_server.domain.decimals takes them

# A line that was read. `text`: as written, what cannot be printed as \xNN. `value`: decimal digits and a point, all
# of them; "" with a fault. `unit`: one of UNITS. `fault`: one of FAULTS, "" for a reading.
LineReading = namedtuple("LineReading", ("text", "value", "unit", "fault"))


def load_protocol(name: str, folder: str = FOLDER) -> "dict[str, Any]":
    """The newest row of a protocol; raises LimitError with every fault, and OSError when there is none."""
    if not name or [c for c in name if c not in "abcdefghijklmnopqrstuvwxyz_" + _DIGITS]:
        raise OSError("no protocol is named " + repr(name))
    row = load_rows(name, folder)[-1]
    faults = protocol_faults(row)
    if faults:
        raise LimitError(folder + "/" + name + ".json: " + "; ".join(faults))
    return row


def find_protocol(name: str, own: str) -> "dict[str, Any]":
    """A protocol of a plant's own folder, or one of ours; raises as `load_protocol` does."""
    try:
        return load_protocol(name, own)
    except OSError:
        return load_protocol(name)


def protocol_names(folder: str = FOLDER) -> "list[str]":
    """The protocols of a folder by name; none where there is no folder."""
    try:
        files = os.listdir(folder)
    except OSError:
        return []
    return sorted(file[:-5] for file in files if file.endswith(".json"))


def protocol_faults(row: "dict[str, Any]") -> "list[str]":
    """Every reason why a row cannot be used, with what to write."""
    said = []
    title = row.get("title")
    if not isinstance(title, dict) or not title.get("en") or not title.get("zh"):
        said.append("title: write en and zh")
    if not isinstance(row.get("baud"), int) or row["baud"] < 50:
        said.append("baud: write a whole number such as 9600")
    if row.get("bytesize") not in (7, 8) or row.get("stopbits") not in (1, 2):
        said.append("bytesize: write 7 or 8; stopbits: write 1 or 2")
    if row.get("parity") not in _PARITIES:
        said.append("parity: write N, E, O, M or S")
    if not row.get("terminator"):
        said.append("terminator: write what ends a line, such as \\r\\n")
    if row.get("decimal") not in (".", ","):
        said.append("decimal: write . or ,")
    return said + _pattern_faults(row) + _word_faults(row)


def _pattern_faults(row: "dict[str, Any]") -> "list[str]":
    said = []
    for i, one in enumerate(row.get("patterns") or [{}]):
        where = "patterns[" + str(i) + "]"
        groups = one.get("groups") or []
        if "value" not in groups or [name for name in groups if name not in _GROUPS]:
            said.append(where + ".groups: name value, and status, unit or nothing for each ( )")
        if "unit" not in groups and "unit" not in row:
            said.append(where + ": name the group unit, or write the unit of all lines")
        try:
            re.compile(one.get("match") or "")
        except (ValueError, _BAD_PATTERN):
            said.append(where + ".match: this is no pattern")
        if not one.get("match", "").startswith("^") or not one["match"].endswith("$"):
            said.append(where + ".match: write the whole line, from ^ to $")
    return said


def _word_faults(row: "dict[str, Any]") -> "list[str]":
    words = list((row.get("answers") or {}).values()) + list((row.get("statuses") or {}).values())
    known = ": no fault is called so; write one of " + ", ".join(FAULTS)
    said = [word + known for word in words if word and word not in FAULTS]
    for written, meant in (row.get("units") or {}).items():
        unit = meant[0] if isinstance(meant, list) else meant
        if unit not in UNITS:
            said.append("units." + written + ": write one of " + ", ".join(UNITS))
    return said


def unit_of(text: str) -> str:
    """A unit as people write it, in the spelling of UNITS: the two signs for micro, and u."""
    text = text.strip().replace("μ", "µ")
    return "µ" + text[1:] if text in ("um", "uS/cm") else text


def ends_of(protocol: "dict[str, Any]") -> bytes:
    """The bytes that end a line. Of CR and LF each does: gauges are set up in either way."""
    end = protocol["terminator"].encode()
    return b"\r\n" if end.strip() == b"" else end[-1:]


class Frames:
    """Cuts what comes in into lines with their ends; keeps what has no end yet."""

    def __init__(self, protocol: "dict[str, Any]") -> None:
        self.ends = ends_of(protocol)
        self.kept = b""
        self.skips = False

    def feed(self, data: bytes) -> "list[bytes]":
        """The lines that are whole now. Of one that is too long, its beginning; the rest is dropped."""
        found = []
        for i in range(len(data)):
            byte = data[i : i + 1]
            if not self.skips and len(self.kept) < LINE_MAX:
                self.kept += byte
            elif not self.skips:
                found.append(self.kept + byte)
                self.kept, self.skips = b"", True
            if byte in self.ends:
                if not self.skips and self.kept.strip():
                    found.append(self.kept)
                self.kept, self.skips = b"", False
        return found

    def skip(self) -> None:
        """What comes until the next end is the rest of a line whose beginning was missed."""
        self.skips = True

    def silence(self) -> "list[bytes]":
        """Nothing came for long: a line without an end is as long as it will be."""
        cut, self.kept = self.kept, b""
        return [cut] if cut.strip() else []


def read_line(protocol: "dict[str, Any]", line: bytes) -> LineReading:
    """What a line with its end says."""
    text = _printable(line)
    bare, fault = _bare(protocol, line)
    if not fault:
        fault = _answer(protocol, bare)
    if fault:
        return LineReading(text, "", "", fault)
    for one in protocol["patterns"]:
        found = re.match(one["match"], bare)
        if found:
            said = {name: found.group(i + 1) or "" for i, name in enumerate(one["groups"])}
            value, unit, fault = _reading(protocol, said)
            return LineReading(text, value, unit, fault)
    return LineReading(text, "", "", "garbled")


def _printable(line: bytes) -> str:
    said = ""
    for c in _decoded(line[: LINE_MAX + 1].strip(b"\r\n")):
        said += c if _is_plain(c) else "\\x" + f"{ord(c):02x}"
    return said.strip()


def _is_plain(c: str) -> bool:
    """Letters, digits and signs as gauges write them; nothing that hides or turns what stands beside it."""
    return " " <= c <= "~" or ("\xa1" <= c <= "\xff" and c != "\xad") or c == "μ"


def _decoded(line: bytes) -> str:
    """As UTF-8; else each byte is a character, as in ISO 8859-1."""
    try:
        return line.decode()
    except (UnicodeError, ValueError):
        return "".join([chr(byte) for byte in line])


def _bare(protocol: "dict[str, Any]", line: bytes) -> "tuple[str, str]":
    """The line without its end and STX, and what is wrong with its bytes."""
    if len(line) > LINE_MAX:
        return "", "too_long"
    if line[-1:] not in ends_of(protocol):
        return "", "cut"
    bare = _decoded(line[:-1]).strip(_AROUND)
    if bare.strip() and bare.strip() == protocol.get("request", "").strip(_AROUND).strip():
        return bare, "echo"
    return bare, "rubbish" if [c for c in bare if not _is_plain(c)] else ""


def _answer(protocol: "dict[str, Any]", bare: str) -> str:
    """The fault that the gauge itself tells of; a name that ends with * is a beginning."""
    said = " ".join(bare.split())
    answers = protocol.get("answers") or {}
    if said in answers:
        return str(answers[said])
    begun = [name for name in answers if name.endswith("*") and said.startswith(name[:-1])]
    return str(answers[max(begun, key=len)]) if begun else ""


def _reading(protocol: "dict[str, Any]", said: "dict[str, str]") -> "tuple[str, str, str]":
    """Value, unit and fault of what a pattern found."""
    statuses = protocol.get("statuses") or {}
    status = said.get("status", "").strip()
    if "status" in said and status not in statuses:
        return "", "", "garbled"
    if statuses.get(status):
        return "", "", str(statuses[status])
    written = said["unit"].strip() if "unit" in said else protocol["unit"]
    units = protocol.get("units") or {}
    if "unit" in said and not written and "no_unit" in protocol:
        return "", "", str(protocol["no_unit"])
    if written not in units:
        return "", "", "unit_unknown"
    meant = units[written]
    unit, shift = meant if isinstance(meant, list) else (meant, 0)
    value = plain_value(said["value"], protocol["decimal"], shift)
    return (value, unit, "") if value else ("", "", "garbled")


def plain_value(text: str, decimal: str = ".", shift: int = 0) -> str:
    """A figure without leading zeros, exponent or comma, its point moved by `shift`; "" for what is none.

    No digit is lost or made up: "+00012.340" is 12.340, "1.50E-01" is 0.150.
    """
    text = text.strip()
    sign = "-" if text.startswith("-") else ""
    if text[:1] in ("+", "-"):
        text = text[1:].strip()
    mantissa, _, exponent = text.replace("e", "E").partition("E")
    whole, _, part = mantissa.partition(decimal)
    digits = whole + part
    if not digits or [c for c in digits if c not in _DIGITS]:
        return ""
    if exponent:
        try:
            shift += int(exponent)
        except ValueError:
            return ""
    if abs(shift) > _DIGITS_MAX:
        return ""
    point = len(whole) + shift
    digits = "0" * -point + digits if point < 0 else digits + "0" * (point - len(digits))
    point = max(point, 0)
    whole, part = digits[:point].lstrip("0") or "0", digits[point:]
    if len(whole) > _DIGITS_MAX or len(part) > _DIGITS_MAX:
        return ""
    return sign + whole + ("." + part if part else "")
