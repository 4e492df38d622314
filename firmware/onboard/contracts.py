"""Reads of a station type's contract what a board measures by, one metric at a time: memory.

A contract on a board came in a release, and whoever made that checked it (schemas/station_types.py); titles and notes
are for people.
"""

import json
from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CHUNK = 512
_QUOTE, _BACKSLASH = 0x22, 0x5C
_OPENING, _CLOSING = b"{[", b"}]"
_METRIC_DEPTH = 3  # {"metrics": [{

Kind = namedtuple("Kind", ("type", "revision", "metrics"))
Metric = namedtuple(
    "Metric", ("name", "datatype", "kind", "every_ms", "report_ms", "deadband", "alarm")
)


class _Scanner:
    """Takes the bytes of a contract, and each metric out of it as soon as it is whole."""

    def __init__(self) -> None:
        self.metrics: list[Metric] = []
        self.rest = bytearray()  # the contract with 0 in place of each metric
        self._one = bytearray()
        self._depth = 0
        self._in_text = False
        self._escaped = False

    def take(self, byte: int) -> None:
        inside = self._depth >= _METRIC_DEPTH
        if self._in_text:
            self._in_text = self._escaped or byte != _QUOTE
            self._escaped = not self._escaped and byte == _BACKSLASH
        elif byte == _QUOTE:
            self._in_text = True
        elif byte in _OPENING:
            self._depth += 1
            if self._depth == _METRIC_DEPTH:
                self.rest += b"0"
                inside = True
        elif byte in _CLOSING:
            self._depth -= 1
            if self._depth == _METRIC_DEPTH - 1:
                self._one.append(byte)
                self._close()
                return
        (self._one if inside else self.rest).append(byte)

    def _close(self) -> None:
        raw = json.loads(bytes(self._one))
        self._one = bytearray()
        if isinstance(raw, dict) and "every_ms" in raw:
            alarm = raw["alarm"]
            self.metrics.append(
                Metric(
                    raw["name"],
                    raw["datatype"],
                    raw["kind"],
                    raw["every_ms"],
                    raw["report_ms"],
                    raw["deadband"],
                    None if alarm is None else tuple(alarm),
                )
            )


def read_kind(path: str) -> "Any":
    """What read_board needs of a StationType. Raises OSError."""
    scanner = _Scanner()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            for byte in chunk:
                scanner.take(byte)
    raw = json.loads(bytes(scanner.rest))
    return Kind(raw["type"], raw["revision"], scanner.metrics)
