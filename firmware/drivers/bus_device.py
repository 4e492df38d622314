"""One device on a bus: asks again, counts, and leaves a silent device in peace so that nobody waits for it.

args, all optional: timeout_ms, tries, silent_after (questions in a row without a sign; three times as many whose
answers are garbled), probe_ms (how often a silent device is asked whether it is back).
"""

from firmware.drivers.bus_fault import BusFault, as_fault
from firmware.drivers.bus_stats import tally_of
from firmware.drivers.ticks import apart, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_BUSY = (5, 6)  # exceptions of Modbus that may be gone at the next question
_SILENCE, _GARBLED = 3, 1
_GATEWAY = (10, 11)  # exceptions of a gateway: the device behind it is silent
_SHARE = 4  # silent devices of one line may cost a fifth of its time
_TURN_MS = 15000  # one that was not asked for in so long has no turn: others need not wait


class Bus:
    """What the devices of one line or connection share: how long probes have kept it, and whose turn is next."""

    def __init__(self) -> None:
        self.since = 0  # no probe of a silent device from then on, for so long
        self.hold_ms = 0
        self.silent: list[Device] = []

    def may_probe(self, device: "Device", now: int) -> bool:
        """Whether it may be asked now. Those read at one moment would else be asked in one order for ever."""
        device.wanted_ms = now
        if device not in self.silent:
            self.silent.append(device)
        # A count that began again since then is below 0, and the probe long over.
        if 0 <= apart(now, self.since) < self.hold_ms:
            return False
        for other in self.silent:
            waits = 0 <= apart(now, other.wanted_ms) < _TURN_MS
            if waits and apart(other.asked_ms, device.asked_ms) < 0:
                return False
        return True

    def probed(self, began: int, now: int) -> None:
        self.since = now
        self.hold_ms = _SHARE * apart(now, began)


class Device:
    """Who is asked. `ask` is given in timeout_ms and answers, or raises BusFault or OSError."""

    def __init__(self, bus: Bus, at: str, args: "dict[str, Any]", ticks: "Callable[[], int]" = ticks_ms) -> None:  # fmt: skip
        self.bus = bus
        self.tally = tally_of(at)
        self.timeout_ms: int = args.get("timeout_ms", 300)
        self.tries: int = args.get("tries", 2)
        self.patience: int = _SILENCE * args.get("silent_after", 3)
        self.probe_ms: int = args.get("probe_ms", 5000)
        self.ticks = ticks
        self.lost = 0  # how much of the patience
        self.kind = "silence"  # of the fault that it is left in peace for
        self.asked_ms = 0
        self.wanted_ms = 0  # when a reading of it was wanted while it was silent

    def ask(self, ask: "Callable[[int], bytes]") -> bytes:
        """An answer. OSError with the reason in words."""
        tries = self.tries
        if self.lost >= self.patience:
            self._leave_in_peace()
            tries = 1
        while True:
            tries -= 1
            try:
                return self._once(ask)
            except BusFault as fault:
                silent = self.lost >= self.patience
                refused = fault.kind == "exception" and fault.code not in _BUSY
                if tries <= 0 or silent or refused:
                    raise BusFault(
                        fault.kind, f"{self.tally.at}: {fault.words}", fault.code
                    ) from None

    def value(self, make: "Callable[[], float | int | bool | str]") -> "float | int | bool | str":
        """What make() makes of answers; that it is no reading is told with the device, too."""
        try:
            return make()
        except OSError as fault:
            found = as_fault("value", fault)
            if found.kind in ("value", "sensor"):  # the others were told when the device was asked
                self.tally.fault("value", found.words)
            raise found from None

    def _leave_in_peace(self) -> None:
        now = self.ticks()
        wait = self.probe_ms - apart(now, self.asked_ms)
        if wait > 0 or not self.bus.may_probe(self, now):
            raise BusFault(self.kind, f"{self.tally.at}: left in peace; {self.tally.last}")

    def _once(self, ask: "Callable[[int], bytes]") -> bytes:
        began = self.asked_ms = self.ticks()
        self.tally.asked += 1
        try:
            answer = ask(self.timeout_ms)
        except OSError as fault:
            found = as_fault("line", fault)
            self.tally.fault(found.kind, found.words)
            self._lose(found, began)
            raise found from None
        self._found()
        return answer

    def _found(self) -> None:
        self.lost = 0
        if self in self.bus.silent:
            self.bus.silent.remove(self)

    def _lose(self, fault: BusFault, began: int) -> None:
        self.kind = fault.kind
        kind = "silence" if fault.code in _GATEWAY else fault.kind
        if kind == "exception":
            self._found()
            return
        if self.lost >= self.patience:
            self.bus.probed(began, self.ticks())
        self.lost += _SILENCE if kind in ("silence", "line") else _GARBLED
