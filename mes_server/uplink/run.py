"""`mes hj212 send`: keep what is to be told, tell it, and note what was acknowledged; until it is asked to stop. What the
instruments say now is told beside it, and never kept.

It may be killed at any moment: what was not noted as acknowledged is sent again under the same number (QN), by which
the platform knows it.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from mes_server.actions.tell_authority import Teller, acknowledged, keep_tellings, put_off
from mes_server.actions.tell_now import now_tellings
from mes_server.domain.hj212 import BadFrame, Frame, flag_of, split
from mes_server.domain.uplink import Telling, number_of
from mes_server.store.engine import reading
from mes_server.store.faults import StoreFault
from mes_server.store.hj212_outbox import Kept, last_qn_ms, load_due
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

    def open(self, resends: int) -> Link:
        """A connection on which a frame is sent again so often; raises Undelivered."""
        rules = self.profile
        timeout_s = self.timeout_s or float(rules["timeout_s"])
        return connect(self.endpoint, timeout_s, resends, (rules["answers_system"], rules["refuses"]))  # fmt: skip


def frames_of(told: Telling, qn: str, uplink: Uplink) -> list[Frame]:
    """A request as it goes over the line: one frame, or numbered parts of it."""
    rules = uplink.profile
    flag = flag_of(int(rules["version_bits"]))
    frame = Frame(qn, rules["system"], told.command, uplink.password, told.mn, flag, told.cp)
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
                link = link or uplink.open(int(uplink.profile["resends"]))
                link.deliver(frames_of(kept.told, kept.qn, uplink))
            except (Undelivered, BadFrame) as error:
                _put_off(uplink, kept, error)
                vain += 1
                if link is not None:  # a late answer must not be taken for that to another frame
                    link.close()
                    link = None
                continue
            acknowledged(uplink.engine, kept.number, uplink.clock_ms())
            done += 1
    finally:
        if link is not None:
            link.close()
    return done, vain


def _put_off(uplink: Uplink, kept: Kept, error: Undelivered | BadFrame) -> None:
    trouble = error.trouble if isinstance(error, Undelivered) else error.rule
    _log.warning("%s QN=%s: %s", kept.told.mn, kept.qn, trouble)
    again = uplink.clock_ms() + int(uplink.profile["again_after_s"]) * 1000
    put_off(uplink.engine, kept.number, again, trouble)


def send_now(uplink: Uplink, teller: Teller) -> int:
    """Send what the instruments say now, once: of how many outlets the platform has it. What it does not take is gone.
    Raises StoreFault."""
    now_ms = uplink.clock_ms()
    with reading(uplink.engine) as conn:
        told = now_tellings(conn, teller, now_ms)
        taken = last_qn_ms(conn)
    if (
        not told or now_ms <= taken
    ):  # a number that a kept request may bear; the next turn has one of its own
        return 0
    done = 0
    try:
        with closing(uplink.open(resends=0)) as link:
            for one in told:
                link.deliver(frames_of(one, number_of(now_ms, teller.zone), uplink))
                done += 1
    except (Undelivered, BadFrame) as error:
        _log.info("real-time data of %d outlets is not told: %s", len(told) - done, error)
    return done


def _turn(uplink: Uplink, teller: Teller) -> None:
    kept = keep_tellings(uplink.engine, teller, uplink.clock_ms())
    done, vain = send_due(uplink)
    if kept or done or vain:
        _log.info("kept %d, acknowledged %d, not acknowledged %d", kept, done, vain)


def work(uplink: Uplink, teller: Teller, stop: threading.Event, every_s: float = EVERY_S) -> None:
    """Until `stop` is set. What fails is logged and tried again."""
    now_s = float(uplink.profile["realtime_s"])
    tasks: list[tuple[Callable[[Uplink, Teller], object], float]] = [(_turn, every_s)]
    if now_s:
        tasks.insert(0, (send_now, now_s))
    due = [0.0] * len(tasks)
    while True:
        for n, (task, wait_s) in enumerate(tasks):
            if due[n] <= time.monotonic():
                due[n] = time.monotonic() + wait_s
                try:
                    task(uplink, teller)
                except StoreFault as fault:
                    _log.warning("nothing is told now: %s", fault)
        if stop.wait(max(min(due) - time.monotonic(), 0)):
            return
