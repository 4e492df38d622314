"""What a journal gave up, until a record of the station states it."""

from edge_agent.records import LOSS_INDEX
from schemas.samples import GOOD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge_agent.records import Reading

_THINNED_EVERY_MS = 60_000  # thinning goes on for hours: it is stated at most so often


class Losses:
    """Per station and reason: from, to (Unix ms, 0: not known), count (-1: not known)."""

    def __init__(self, stations: int) -> None:
        self._open: list[dict[str, list[int]]] = [{} for _ in range(stations)]
        self._stated_ms = [0] * stations

    def add(self, slot: int, reason: str, span: tuple[int, int], count: int) -> None:
        """Something of the station `slot` was given up between two times."""
        loss = self._open[slot].get(reason)
        if loss is None:
            self._open[slot][reason] = [span[0], span[1], count]
        else:
            loss[1] = max(loss[1], span[1])
            loss[2] = -1 if -1 in (count, loss[2]) else loss[2] + count

    def take(self, slot: int, mono_ms: int, at_once: bool = False) -> "list[Reading]":
        """All losses when one is due to be stated, as readings at `mono_ms`.

        They go into one record: the gap that the next boot states begins after it.
        """
        losses = self._open[slot]
        early = mono_ms - self._stated_ms[slot] < _THINNED_EVERY_MS
        if not losses or (list(losses) == ["thinned"] and early and not at_once):
            return []
        self._open[slot] = {}
        self._stated_ms[slot] = mono_ms
        return [
            (LOSS_INDEX, mono_ms, (loss[0], loss[1], loss[2], reason), GOOD)
            for reason, loss in losses.items()
        ]

    def waiting(self, slot: int) -> bool:
        """Whether something other than the restart waits; that is stated with the first sample."""
        return any(reason != "restart" for reason in self._open[slot])
