"""A gauge on a real pseudo terminal, and what listens to it as `mes gauge listen` does; for tests."""

import os
import threading
import time
import tty
from pathlib import Path
from typing import Any

from mes_server.gauge_pc.giver import Giver, Mes
from mes_server.gauge_pc.listen import Way, listen
from mes_server.gauge_pc.port import Port
from mes_server.gauge_pc.spool import Spool
from schemas.line_protocols import load_protocol
from tests.brokers import wait_until

DEADLINE_S = 20.0


class Instrument:
    """A gauge with a cable: its end of a pty. The port has one name, however often it is plugged in."""

    def __init__(self, folder: Path) -> None:
        self.port = folder / "ttyGAUGE"
        self._ends: tuple[int, ...] = ()
        self.plug()

    def plug(self) -> None:
        self._ends = os.openpty()
        for end in self._ends:
            tty.setraw(end)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(os.ttyname(self._ends[1]))

    def unplug(self) -> None:
        self.port.unlink(missing_ok=True)
        for end in self._ends:
            os.close(end)
        self._ends = ()

    def send(self, line: bytes) -> None:
        os.write(self._ends[0], line)

    def asked(self) -> bytes:
        """What it was sent; waits for it."""
        return os.read(self._ends[0], 100)


class Listening:
    """The machine beside a gauge: port, spool, giver, and what it told on its terminal."""

    def __init__(self, folder: Path, instrument: Instrument | None, mes: Mes, **more: Any) -> None:
        """`url`: of another port; `continuous`: the gauge sends all the time."""
        row = load_protocol(mes.protocol)
        self.told: list[str] = []
        self.spool = Spool(folder / "gauge_lines" / f"{mes.gauge}.jsonl")
        self.over = threading.Event()
        self.giver = Giver(mes, self.spool, self.now_ms, self.told.append)
        self.port = Port(
            more.get("url") or str(instrument and instrument.port),
            row,
            self.over.wait,
            self.told.append,
        )
        way = Way(mes.gauge, more.get("continuous", False), self.now_ms, self.told.append)
        args = (self.port, row, self.spool, self.giver, way)
        self._thread = threading.Thread(target=listen, args=args)
        self._thread.start()
        self.ready()

    @staticmethod
    def now_ms() -> int:
        return time.time_ns() // 1_000_000

    def ready(self, times: int = 1) -> None:
        """The port is open, and has been quiet once: what comes now is a line from its beginning."""
        wait_until(lambda: self.port.listens and self.said("is open.") >= times, "the port")

    def said(self, text: str) -> int:
        """How often something was told."""
        return sum(text in one for one in self.told)

    def close(self) -> None:
        self.over.set()
        self.giver.close()
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()
