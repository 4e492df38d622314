"""Is the plant's data being collected? Facts → faults (not collecting) and notes (look here).

The words lie in the translations under `fault.…` and `note.…`.
"""

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from mes_server.store.alarms import Alarm, list_alarms
from mes_server.store.calls import Call, open_calls
from mes_server.store.faults import StoreFault
from mes_server.store.forgotten import list_forgotten
from mes_server.store.growth import Growth, load_growth
from mes_server.store.hj212_outbox import NOTHING_UNTOLD, Untold, count_untold
from mes_server.store.ingest_status import IngestStatus, read_status
from mes_server.store.nodes import NodeView, list_nodes, node_name
from mes_server.store.quarantine import count_quarantine
from mes_server.store.reviews import count_open
from mes_server.web.site import Site
from schemas.journal_metrics import CLOCK_NETWORK

Level = Literal["ok", "warn", "fault"]

STATUS_AGE_MS_MAX = 10_000
FREE_BYTES_MIN = 64_000_000  # below it the database cannot even empty its log
FREE_SHARE_LOW = 0.10
DAYS_LEFT_LOW = 14
WAITING_MANY = 20_000
PACE_AFTER_MS = 3_600_000
UNTOLD_MS_MAX = 3_600_000
DAY_MS = 86_400_000
_WATCH_S = 1.0


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is not as it should be. `name` is its key and what programs read.

    Facts are named as the text names them; a time ends in `_ms` and is written as plant time.
    """

    name: str
    facts: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen of the plant's machinery at one moment."""

    now_ms: int
    status: IngestStatus | None
    store_fault: str | None
    disk_free: int
    disk_total: int
    days_left: float | None = None
    nodes: tuple[NodeView, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    quarantined: int = 0
    store_bytes: int | None = None
    reviews: int = 0
    calls: tuple[Call, ...] = ()
    untold: Untold = NOTHING_UNTOLD


@dataclass(frozen=True, slots=True)
class Condition:
    """`faults`: why nothing is collected; `notes`: what else wants a look."""

    faults: tuple[Reason, ...]
    notes: tuple[Reason, ...]

    @property
    def level(self) -> Level:
        """ok, warn or fault."""
        return "fault" if self.faults else "warn" if self.notes else "ok"

    @property
    def sign(self) -> str:
        """The shape that goes with the level."""
        return {"ok": "ok", "warn": "warn", "fault": "fault"}[self.level]


def condition_of(facts: Facts) -> Condition:
    """The rules, in the order in which a person would want to mend things."""
    faults = [reason for rule in _FAULT_RULES if (reason := rule(facts)) is not None]
    notes = [reason for rule in _NOTE_RULES if (reason := rule(facts)) is not None]
    return Condition(tuple(faults), tuple(notes))


def _disk_full(facts: Facts) -> Reason | None:
    starved = facts.disk_free < FREE_BYTES_MIN and not _storing(facts)
    full = starved or _said(facts) == "disk full"
    return Reason("disk_full", {"free_mb": facts.disk_free // 1_000_000}) if full else None


def _store_unreadable(facts: Facts) -> Reason | None:
    return Reason("store_unreadable", {"kind": facts.store_fault}) if facts.store_fault else None


def _ingest_stopped(facts: Facts) -> Reason | None:
    if facts.status is None:
        return Reason("ingest_never_ran")
    if facts.now_ms - facts.status.at_ms > STATUS_AGE_MS_MAX:
        return Reason("ingest_stopped", {"since_ms": facts.status.at_ms})
    return None


def _broker_unreachable(facts: Facts) -> Reason | None:
    if facts.status is None or facts.status.connected or _ingest_stopped(facts):
        return None
    return Reason("broker_unreachable")


def _not_storing(facts: Facts) -> Reason | None:
    said = _said(facts)
    if said is None or said == "disk full":
        return None
    return Reason("database_locked" if said == "database locked" else "not_storing", {"kind": said})


def _storing(facts: Facts) -> bool:
    status = facts.status
    return status is not None and status.storing and _ingest_stopped(facts) is None


def _said(facts: Facts) -> str | None:
    """What a running ingest says keeps it from storing."""
    if facts.status is None or _ingest_stopped(facts):
        return None
    if facts.status.fault:
        return facts.status.fault
    return None if facts.status.storing or not facts.status.connected else "unknown"


def _disk_low(facts: Facts) -> Reason | None:
    if _disk_full(facts):
        return None
    free_mb = facts.disk_free // 1_000_000
    if facts.days_left is not None and facts.days_left < DAYS_LEFT_LOW:
        return Reason("days_left", {"days": int(facts.days_left), "free_mb": free_mb})
    if facts.disk_free < FREE_SHARE_LOW * facts.disk_total:
        return Reason("disk_low", {"free_mb": free_mb})
    return None


def _sqlite_affected(facts: Facts) -> Reason | None:
    if facts.status is None or not facts.status.sqlite_affected:
        return None
    return Reason("sqlite_affected", {"sqlite": facts.status.sqlite_version or ""})


def _inbox_behind(facts: Facts) -> Reason | None:
    depth = facts.status.inbox_depth if facts.status is not None else 0
    return Reason("inbox_behind", {"count": depth}) if depth > WAITING_MANY else None


def _dropped(facts: Facts) -> Reason | None:
    dropped = facts.status.dropped if facts.status is not None else 0
    return Reason("dropped", {"count": dropped}) if dropped else None


def _quarantined(facts: Facts) -> Reason | None:
    return Reason("quarantined", {"count": facts.quarantined}) if facts.quarantined else None


def _nodes_offline(facts: Facts) -> Reason | None:
    gone = sum(not node.online for node in facts.nodes)
    return Reason("nodes_offline", {"count": gone, "of": len(facts.nodes)}) if gone else None


def _clocks(facts: Facts) -> Reason | None:
    states = [node.clock for node in facts.nodes if node.own and node.online]
    bad = sum(state is not None and state != CLOCK_NETWORK for state in states)
    return Reason("clocks", {"count": bad}) if bad else None


def _alarms(facts: Facts) -> Reason | None:
    return Reason("alarms", {"count": len(facts.alarms)}) if facts.alarms else None


def _reviews(facts: Facts) -> Reason | None:
    return Reason("reviews", {"count": facts.reviews}) if facts.reviews else None


def _calls(facts: Facts) -> Reason | None:
    stations = ", ".join(call.station for call in facts.calls)
    return Reason("help", {"stations": stations}) if stations else None


def _untold(facts: Facts) -> Reason | None:
    count, since_ms = facts.untold
    if not count or facts.now_ms - since_ms <= UNTOLD_MS_MAX:
        return None
    return Reason("untold", {"count": count, "since_ms": since_ms})


_FAULT_RULES: tuple[Callable[[Facts], Reason | None], ...] = (
    _disk_full, _store_unreadable, _ingest_stopped, _broker_unreachable, _not_storing,
)  # fmt: skip
_NOTE_RULES: tuple[Callable[[Facts], Reason | None], ...] = (
    _calls, _disk_low, _sqlite_affected, _inbox_behind, _dropped, _quarantined, _nodes_offline, _clocks,
    _alarms, _reviews, _untold,
)  # fmt: skip


def gather_facts(site: Site) -> Facts:
    """Look at everything; a store that cannot be read is a fact, not an exception."""
    now_ms = site.clock_ms()
    status = read_status(site.settings.data_dir)
    try:
        usage = shutil.disk_usage(site.settings.data_dir)
        free, total = usage.free, usage.total
    except OSError:
        free, total = 0, 0
    try:
        with site.reading() as conn:
            nodes = tuple(list_nodes(conn))
            forgotten = {node_name(gone.group, gone.node) for gone in list_forgotten(conn)}
            alarms = tuple(a for a in list_alarms(conn) if a.subject not in forgotten)
            quarantined, growth = count_quarantine(conn), load_growth(conn)
            reviews, calls = count_open(conn), tuple(open_calls(conn))
            untold = count_untold(conn)
    except StoreFault as fault:
        return Facts(now_ms, status, fault.kind, free, total)
    left = days_left(growth, free, now_ms)
    return Facts(
        now_ms, status, None, free, total, left, nodes, alarms, quarantined, growth.bytes, reviews,
        calls, untold,
    )  # fmt: skip


def days_left(growth: Growth, free: int, now_ms: int) -> float | None:
    """How long the disk lasts at the pace so far; None before there is a pace."""
    if growth.since_ms is None or now_ms - growth.since_ms < PACE_AFTER_MS or not growth.bytes:
        return None
    per_ms = growth.bytes / (now_ms - growth.since_ms)
    return free / per_ms / DAY_MS


class Watch:
    """The facts of at most a second ago: every page shows them, one look serves all."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._seen: tuple[float, Facts] | None = None
        self.keep_s = _WATCH_S

    def facts(self) -> Facts:
        """What was seen last, looked at again when it is older than a second."""
        with self._lock:
            now = time.monotonic()
            if self._seen is None or now - self._seen[0] >= self.keep_s:
                self._seen = (now, gather_facts(self._site))
            return self._seen[1]

    def forget(self) -> None:
        """Look anew at the next question."""
        with self._lock:
            self._seen = None

    def condition(self) -> Condition:
        """How things stand now."""
        return condition_of(self.facts())
