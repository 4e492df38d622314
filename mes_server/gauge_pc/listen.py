"""Listens to one gauge: each line is kept in the spool, told on the terminal, and given to the MES."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mes_server.gauge_pc.giver import Giver
from mes_server.gauge_pc.port import Port
from mes_server.gauge_pc.spool import Line, Spool, SpoolFull
from schemas.line_protocols import LineReading, read_line


@dataclass(frozen=True, slots=True)
class Way:
    """How lines are told of. `continuous`: the gauge sends all the time, and only what came to rest is a reading."""

    gauge: str
    continuous: bool
    clock_ms: Callable[[], int]
    tell: Callable[[str], None]


def listen(port: Port, protocol: Mapping[str, Any], spool: Spool, giver: Giver, way: Way) -> None:
    """Until the port says that all is over. Raises OSError when the spool cannot be written."""
    rest = Rest() if way.continuous else None
    for raw in port.lines():
        read = read_line(dict(protocol), raw)
        if read.fault == "echo" or (rest is not None and not rest.is_news(read)):
            continue
        try:
            spool.add(Line(secrets.token_hex(16), way.clock_ms(), raw.hex()))
        except SpoolFull as full:
            way.tell(
                f"{_said(way, read)}  NOT KEPT: {full}. Bring the MES back, or stop measuring."
            )
            continue
        way.tell(_said(way, read))
        giver.more()


def _said(way: Way, read: LineReading) -> str:
    if read.fault:
        return f"{way.gauge}  no reading ({read.fault.replace('_', ' ')}): {read.text}"
    return f"{way.gauge}  {read.value} {read.unit}".rstrip()


class Rest:
    """Of a gauge that sends all the time: the first value at rest, and nothing more until it moved."""

    def __init__(self) -> None:
        self._rests = False
        self._fault = ""

    def is_news(self, read: LineReading) -> bool:
        """Whether this line is to be kept; of a fault that lasts, the first one."""
        if read.fault:
            new = read.fault != self._fault
            self._fault, self._rests = read.fault, False
            return new and read.fault not in ("unstable", "busy")
        new, self._rests, self._fault = not self._rests, True, ""
        return new
