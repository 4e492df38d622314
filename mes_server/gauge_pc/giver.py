"""Gives the lines that wait to the MES over HTTP, in order; what it does not take now is tried again."""

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mes_server.gauge_pc.spool import Spool

AT_ONCE = 50
ANSWER_S = 10.0
WAITS_S = (0.2, 1.0, 2.0, 5.0, 15.0)  # before the next try, the longer the more often it failed
_ANSWER_BYTES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Mes:
    """Where the MES is, what this machine shows it, and what it gives. `url`: without / at its end."""

    url: str
    token: str
    gauge: str
    station: str
    protocol: str


class NotTaken(Exception):
    """The MES did not take lines; the message says why, in its words."""


class Giver:
    """One thread that gives; woken by `more`, ended by `close`."""

    def __init__(
        self, mes: Mes, spool: Spool, clock_ms: Callable[[], int], tell: Callable[[str], None]
    ) -> None:
        self._mes, self._spool, self._clock_ms, self._tell = mes, spool, clock_ms, tell
        self._wake = threading.Event()
        self._over = threading.Event()
        self._said = ""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def more(self) -> None:
        """A line was added."""
        self._wake.set()

    def close(self, wait_s: float = ANSWER_S) -> None:
        """Give what waits, if that goes at once; else it stays in the spool."""
        self._over.set()
        self._wake.set()
        self._thread.join(wait_s)

    def _run(self) -> None:
        failed = 0
        while not (self._over.is_set() and (failed or not len(self._spool))):
            self._wake.clear()
            failed = self._once(failed)
            if failed:
                self._over.wait(WAITS_S[min(failed, len(WAITS_S)) - 1])
            elif not len(self._spool):
                self._wake.wait()

    def _once(self, failed: int) -> int:
        """How often giving has failed in a row now."""
        try:
            given = give(self._mes, self._spool, self._clock_ms())
        except NotTaken as why:
            if str(why) != self._said:  # the same is told once
                self._tell(f"Not given, {len(self._spool)} kept: {why}")
            self._said = str(why)
            return failed + 1
        if given and self._said:
            self._tell("The MES takes lines again.")
            self._said = ""
        return 0


def give(mes: Mes, spool: Spool, now_ms: int) -> int:
    """Give the oldest lines, and forget them here when they are kept there: how many. Raises NotTaken."""
    lines = spool.first(AT_ONCE)
    if not lines:
        return 0
    said = [{"id": x.id, "age_ms": max(0, now_ms - x.at_ms), "raw": x.raw} for x in lines]
    body = {"station": mes.station, "protocol": mes.protocol, "lines": said}
    kept = _post(mes, body).get("kept")
    if kept != len(lines):
        raise NotTaken(f"{mes.url} answers like no MES of ours")
    spool.drop(len(lines))
    return len(lines)


def _post(mes: Mes, body: Mapping[str, object]) -> dict[str, object]:
    request = urllib.request.Request(  # noqa: S310  the command takes http and https alone
        f"{mes.url}/api/v1/gauges/{urllib.parse.quote(mes.gauge, safe='')}/lines",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {mes.token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310
            return _facts(answer.read(_ANSWER_BYTES_MAX))
    except urllib.error.HTTPError as refused:
        told = _facts(refused.read(_ANSWER_BYTES_MAX)).get("detail")
        raise NotTaken(str(told or f"{refused.code} {refused.reason}")) from refused
    except (OSError, ValueError) as fault:  # no way there, cut in the middle, or no HTTP at all
        raise NotTaken(f"the MES at {mes.url} cannot be reached ({fault})") from fault


def _facts(answer: bytes) -> dict[str, object]:
    try:
        said = json.loads(answer)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
