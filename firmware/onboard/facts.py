"""What a board tells of itself beyond its journal: image, why it booted, free heap, how it is connected."""

import gc

from schemas.journal_metrics import BOOT_REASON, BOOT_REASONS, HEAP_FREE, IMAGE, LINK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_COARSE = 1024  # free heap is told in whole KB, so that it is not news every ten seconds


class BoardFacts:
    """`image`: "version slot", "" where an updater tells it; `link` says how it is connected now."""

    def __init__(self, image: str, reason: str, link: "Callable[[], str]") -> None:
        self._image = image
        self._reason = reason if reason in BOOT_REASONS else "unknown"
        self._link = link

    def facts(self) -> "list[tuple[str, str, str | int]]":
        """As edge_agent.ports.Machine."""
        found: list[tuple[str, str, str | int]] = [
            (BOOT_REASON, "string", self._reason),
            (LINK, "string", self._link()),
        ]
        if self._image:
            found.append((IMAGE, "string", self._image))
        free = getattr(gc, "mem_free", None)
        if free is not None:
            found.append((HEAP_FREE, "uint64", free() // _COARSE * _COARSE))
        return found


class Buses:
    """How the instruments on each bus answer: `tell` returns what firmware.drivers.bus_stats keeps."""

    def __init__(self, tell: "Callable[[], list[dict[str, object]]]") -> None:
        self._tell = tell

    def facts(self) -> "list[tuple[str, str, str | int]]":
        """As edge_agent.ports.Machine."""
        import json

        from schemas.journal_metrics import BUSES

        return [(BUSES, "string", json.dumps(self._tell()))]
