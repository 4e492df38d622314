"""How a station stands, for people: a state only while it is known, and what of it is abnormal.

A value without fresh data is unknown, never normal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mes_server.store.stations import StationView
from mes_server.web.layout import Layout
from schemas.samples import BAD, GOOD, REASONS, STALE, is_bad
from schemas.station_types import MetricSpec

Band = Literal["normal", "warn", "alarm"]
Mark = Literal["none", "warn", "alarm"]

# A sample may be late by a lost message and its repetition before the station counts as silent.
SILENT_AFTER = 3
SILENCE_MS_MIN = 20_000
SILENCE_MS_WITHOUT_CONTRACT = 300_000
UNKNOWN_LOOKS = frozenset(("offline", "unknown"))
LOOKS = (
    "alarm", "run", "setup", "hold", "clean", "maintenance", "idle", "off", "reporting",
    "unknown", "offline",
)  # fmt: skip
Quality = Literal["good", "bad", "stale"]
_QUALITY_WORDS: dict[int, Quality] = {GOOD: "good", BAD: "bad", STALE: "stale"}


@dataclass(frozen=True, slots=True)
class Standing:
    """`look`: one of LOOKS; `reason`: key of a text that says why it is not known, or None."""

    station: str
    look: str
    reason: str | None
    mark: Mark
    excursions: int
    last_sample_ms: int | None

    @property
    def known(self) -> bool:
        """Whether the state may be believed."""
        return self.look not in UNKNOWN_LOOKS


def silence_limit_ms(layout: Layout | None) -> int:
    """How long a station may be silent before its state is unknown."""
    if layout is None:
        return SILENCE_MS_WITHOUT_CONTRACT
    return max(SILENCE_MS_MIN, SILENT_AFTER * layout.silence_ms)


def standing_of(
    view: StationView, layout: Layout | None, open_limits: Sequence[str], now_ms: int
) -> Standing:
    """`open_limits`: the limit ("normal" or "alarm") of each excursion that is open here."""
    look, reason = _look(view, layout, now_ms)
    mark: Mark = "none"
    if look not in UNKNOWN_LOOKS and open_limits:
        mark = "alarm" if "alarm" in open_limits else "warn"
    return Standing(view.id, look, reason, mark, len(open_limits), view.last_sample_ms)


def _look(view: StationView, layout: Layout | None, now_ms: int) -> tuple[str, str | None]:
    if not view.online:
        return "offline", "js.why.offline"
    if view.last_sample_ms is None or view.last_received_ms is None:
        return "unknown", "js.why.no_sample"
    # The older of both clocks counts: a board whose clock runs ahead is not fresh for ever.
    seen_ms = min(view.last_sample_ms, view.last_received_ms)
    if now_ms - seen_ms > silence_limit_ms(layout):
        return "unknown", "js.why.silent"
    has_state = layout is not None and "state" in layout.by_name
    if view.state is not None:
        return (view.state if view.state in LOOKS else "reporting"), None
    if has_state:
        return "unknown", "js.why.no_state"
    return "reporting", None


def band_of(value: object, spec: MetricSpec | None) -> Band | None:
    """Where a value lies in the contract's ranges; None when there is nothing to judge it by."""
    if spec is None or isinstance(value, (bool, str)) or not isinstance(value, (int, float)):
        return None
    if spec.alarm and _outside(value, spec.alarm):
        return "alarm"
    if spec.normal:
        return "warn" if _outside(value, spec.normal) else "normal"
    return "normal" if spec.alarm else None


def _outside(value: float, limits: Sequence[float | None]) -> bool:
    low, high = limits[0], limits[1]
    return (low is not None and value < low) or (high is not None and value > high)


def quality_word(quality: int) -> Quality:
    """good, bad or stale; what Sparkplug does not define is bad."""
    return _QUALITY_WORDS.get(quality, "bad")


def reason_word(quality: int) -> str | None:
    """Why a sample is bad, one of schemas.samples.REASONS; None: it is not, or nobody said why."""
    return (REASONS[quality] or None) if is_bad(quality) else None
