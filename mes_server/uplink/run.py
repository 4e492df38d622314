"""`mes hj212 send`: keep what is to be told, tell it, and note what was acknowledged; until it is asked to stop.

It may be killed at any moment: what was not noted as acknowledged is sent again under the same number (QN), by which
the platform knows it.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from mes_server.actions.tell_authority import Teller, acknowledged, keep_tellings, put_off
from mes_server.domain.hj212 import BadFrame, Frame, flag_of, split
from mes_server.store.engine import reading
from mes_server.store.faults import StoreFault
from mes_server.store.hj212_outbox import Kept, load_due
from mes_server.uplink.link import Link, Undelivered, connect

EVERY_S = 60.0
IN_VAIN_MAX = 2  # so many in a row that nobody answers, and the rest waits for the next turn
_log = logging.getLogger(__name__)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Uplink:
    """Where to, by which rules. `timeout_s`: in place of the profile's."""

    engine: Engine
    endpoint: str
    password: str
    profile: Mapping[str, Any]
    timeout_s: float = 0.0
    clock_ms: Callable[[], int] = _now_ms

    def open(self) -> Link:
        """A connection; raises Undelivered."""
        timeout_s = self.timeout_s or float(self.profile["timeout_s"])
        return connect(self.endpoint, timeout_s, int(self.profile["resends"]))


def frames_of(kept: Kept, uplink: Uplink) -> list[Frame]:
    """A request as it goes over the line: one frame, or numbered parts of it."""
    told, rules = kept.told, uplink.profile
    flag = flag_of(int(rules["version_bits"]))
    frame = Frame(kept.qn, rules["system"], told.command, uplink.password, told.mn, flag, told.cp)
    return split(frame, int(rules["segment_bytes_max"]))


def send_due(uplink: Uplink) -> tuple[int, int]:
    """Send what waits, the oldest first: how many were acknowledged, and how many not. Raises StoreFault."""
    with reading(uplink.engine) as conn:
        due = load_due(conn, uplink.clock_ms())
    done, vain, link = 0, 0, None
    try:
        for kept in due:
            if vain - done >= IN_VAIN_MAX:
                break
            try:
                link = link or uplink.open()
                link.deliver(frames_of(kept, uplink))
            except (Undelivered, BadFrame) as error:
                _put_off(uplink, kept, error)
                vain += 1
                if link is not None:  # a late answer must not be taken for that to another frame
                    link.connection.close()
                    link = None
                continue
            acknowledged(uplink.engine, kept.number, uplink.clock_ms())
            done += 1
    finally:
        if link is not None:
            link.connection.close()
    return done, vain


def _put_off(uplink: Uplink, kept: Kept, error: Undelivered | BadFrame) -> None:
    trouble = error.trouble if isinstance(error, Undelivered) else error.rule
    _log.warning("%s QN=%s: %s", kept.told.mn, kept.qn, trouble)
    again = uplink.clock_ms() + int(uplink.profile["again_after_s"]) * 1000
    put_off(uplink.engine, kept.number, again, trouble)


def work(uplink: Uplink, teller: Teller, stop: threading.Event, every_s: float = EVERY_S) -> None:
    """Until `stop` is set. What fails is logged and tried again."""
    while True:
        try:
            kept = keep_tellings(uplink.engine, teller, uplink.clock_ms())
            done, vain = send_due(uplink)
            if kept or done or vain:
                _log.info("kept %d, acknowledged %d, not acknowledged %d", kept, done, vain)
        except StoreFault as fault:
            _log.warning("nothing is told now: %s", fault)
        if stop.wait(every_s):
            return
