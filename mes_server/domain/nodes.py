"""What a node said at birth. Pure state; strangers' habits included.

A message that cannot be taken raises UnreadableError; its bytes go to quarantine. `waiting` says that a
birth may cure it.
"""

import math
from dataclasses import dataclass, field, replace

from schemas import journal_metrics as names
from schemas.sparkplug import DATATYPES, Metric, Payload
from schemas.station_types import StationType

NodeId = tuple[str, str]  # group, node
Value = float | int | bool | str | None

# Why something lies in quarantine.
WAITING = "waiting for birth"  # the next birth may cure it
TIME = "time"
NOT_IN_BIRTH = "not in the birth"  # it came, and did not
DATATYPE = "datatype"
NAME = "name"

TIME_MIN_MS = 946_684_800_000  # 2000-01-01: what is older comes from a clock that was never set
FUTURE_MS = 86_400_000
NAME_MAX = 200
FORMER_MAX = 10_000  # aliases
SERIES_DATATYPES = frozenset(range(1, 16))  # no datasets, bytes, files, templates, arrays
_CONTROL = ("Node Control/", "Device Control/")
NOT_SERIES = frozenset(names.NOT_SERIES)


class UnreadableError(ValueError):
    """Data that cannot be taken: a word for why, and a sentence for the person who looks."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


# How far a birth may be trusted. MISSED: others may have come since. CHANGED: it says otherwise than
# the one before it, and may be a mistake or forged until it is told again. SURE: neither.
MISSED, CHANGED, SURE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Layout:
    """The metrics of one birth: datatype codes by name (0: not told), names by alias.

    `own`: the edge journals its records. `trust` (MISSED …): how far it may explain data. Names always
    do; aliases not when births may have been missed. A value that does not fit its datatype, or an
    integer that other datatypes would read otherwise, waits for the next birth unless it is SURE, or
    the metric is among those whose datatype is `agreed`: the birth before said the same of it.
    `renumbered`: aliases that meant another metric before, which older data may still mean; `former`:
    what aliases meant that it does not have.
    """

    own: bool
    datatypes: dict[str, int]
    aliases: dict[int, str]
    station_type: str | None = None
    revision: str | None = None
    trust: int = SURE
    agreed: frozenset[str] = frozenset()
    renumbered: frozenset[int] = frozenset()
    former: dict[int, str] = field(default_factory=dict)

    def is_sure(self, name: str) -> bool:
        """Whether the datatype of this metric is beyond doubt."""
        return self.trust == SURE or name in self.agreed

    def doubted(self) -> "Layout":
        """This birth when others may have come since."""
        return replace(self, trust=MISSED, agreed=frozenset())

    def for_older(self) -> "Layout":
        """This birth for data that came before it: it does not guess what an alias meant then."""
        known = {a: name for a, name in self.aliases.items() if a not in self.renumbered}
        return replace(self, aliases=known)

    def likeness(self) -> tuple[object, ...]:
        """The same for two layouts that read every message alike: stations of one kind."""
        return (
            self.own,
            self.trust,
            self.agreed,
            *sorted(self.datatypes.items()),
            *self.aliases.items(),
        )

    def _renumbering(self, before: "Layout") -> "Layout":
        meant = {**before.former, **before.aliases}
        moved = {a for a, name in self.aliases.items() if meant.get(a, name) != name}
        former = {a: name for a, name in meant.items() if a not in self.aliases}
        if len(former) > FORMER_MAX:
            former = {}
        return replace(
            self,
            renumbered=frozenset(before.renumbered & (self.aliases.keys() | former.keys()) | moved),
            former=former,
        )

    def following(self, before: "Layout | None") -> "Layout":
        """This birth, trusted as far as the one before it says the same."""
        if before is None:
            return self
        told = self if before.trust == MISSED else self._renumbering(before)
        if self.datatypes == before.datatypes and (
            before.trust == MISSED or self.aliases == before.aliases
        ):
            return told
        agreed = self.datatypes.items() & before.datatypes.items()
        return replace(told, trust=CHANGED, agreed=frozenset(name for name, _ in agreed))


@dataclass(frozen=True, slots=True)
class NodeBirth:
    """What an NBIRTH or NDATA says about the node itself; None where it does not say."""

    bd_seq: int | None = None
    first: int | None = None
    next: int | None = None
    lost: int | None = None
    used_pct: float | None = None
    clock: int | None = None
    interpreter: str | None = None
    version: str | None = None
    serial: str | None = None
    boot: int | None = None
    heap: int | None = None
    anchors: str | None = None

    @property
    def epoch(self) -> int | None:
        """The journal's epoch, when it tells of a journal."""
        known = self.next if self.next is not None else self.first
        return None if known is None else known >> 32


# Whether a node or a station is there. DOUBTED: it was, and we may have missed what came since.
ALIVE = "alive"
DOUBTED = "doubted"
DEAD = "dead"


@dataclass(slots=True)
class NodeState:
    """One node as its births left it; `layouts` and `stations` (ALIVE …) by station.

    The metrics of the node itself are those of a station named like the node.
    """

    standing: str = DOUBTED
    bd_seq: int | None = None
    born_ms: int = 0
    serial: str | None = None
    epoch: int | None = None
    layouts: dict[str, Layout] = field(default_factory=dict)
    stations: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class NodeRegister:
    """All nodes heard of."""

    nodes: dict[NodeId, NodeState] = field(default_factory=dict)

    def state(self, node: NodeId) -> NodeState:
        """The state of a node, made when it is new."""
        return self.nodes.setdefault(node, NodeState())

    def layout(self, node: NodeId, station: str) -> Layout:
        """What the station said at birth; raises UnreadableError (waiting) when that was never heard."""
        state = self.nodes.get(node)
        layout = None if state is None else state.layouts.get(station)
        if layout is None:
            raise UnreadableError(WAITING, "the station has not told yet what it measures")
        return layout

    def doubt(self) -> None:
        """We did not listen for a while: births and deaths may have been missed."""
        for state in self.nodes.values():
            if state.standing == ALIVE:
                state.standing = DOUBTED
            for station, standing in state.stations.items():
                if standing == ALIVE:
                    state.stations[station] = DOUBTED
            for station, layout in state.layouts.items():
                state.layouts[station] = layout.doubted()


def is_series(name: str) -> bool:
    """Whether a metric of this name measures the station, not the node or the journal."""
    return name not in NOT_SERIES and not name.startswith(_CONTROL)


_KINDS = {
    float: DATATYPES["double"],
    bool: DATATYPES["boolean"],
    int: DATATYPES["int64"],
    str: DATATYPES["string"],
}


def fitting(metric: Metric) -> int:
    """The datatype a metric declares, else the one its value is of, else 0."""
    return metric.datatype or _KINDS.get(type(metric.value), 0)


def _text(metric: Metric | None) -> str | None:
    return metric.value if metric is not None and isinstance(metric.value, str) else None


def _word(metric: Metric | None) -> str | None:
    """A text that pages may show in a line, else nothing."""
    text = _text(metric)
    return text if text is not None and len(text) <= NAME_MAX and text.isprintable() else None


def layout_of(metrics: list[Metric]) -> Layout:
    """The Layout a birth declares; raises UnreadableError for a name that cannot be one."""
    datatypes: dict[str, int] = {}
    aliases: dict[int, str] = {}
    found: dict[str, Metric] = {}
    for metric in metrics:
        name = metric.name
        if name is None or not 0 < len(name) <= NAME_MAX or not name.isprintable():
            raise UnreadableError(NAME, f"a metric in the birth has no usable name: {name!r:.80}")
        found[name] = metric
        datatypes[name] = fitting(metric)
        if metric.alias is not None:
            aliases[metric.alias] = name
    own = names.POS in found or names.ACK in found
    return Layout(
        own,
        datatypes,
        aliases,
        _word(found.get(names.STATION_TYPE)),
        _word(found.get(names.STATION_REVISION)),
    )


def _integer(metric: Metric | None) -> int | None:
    if metric is None or type(metric.value) is not int:
        return None
    return int(metric.value)


def _number(metric: Metric | None) -> float | None:
    if metric is None or not isinstance(metric.value, int | float):
        return None
    return float(metric.value) if math.isfinite(metric.value) else None


def node_birth(payload: Payload) -> NodeBirth:
    """What an NBIRTH, NDATA or NDEATH says about its node; other kinds of value count as not said."""
    by_name = {metric.name: metric for metric in payload.metrics}
    get = by_name.get
    return NodeBirth(
        bd_seq=_integer(get(names.BD_SEQ)),
        first=_integer(get(names.FIRST)),
        next=_integer(get(names.NEXT)),
        lost=_integer(get(names.LOST)),
        used_pct=_number(get(names.USED)),
        clock=_integer(get(names.CLOCK)),
        interpreter=_text(get(names.INTERPRETER)),
        version=_text(get(names.VERSION)),
        serial=_text(get(names.SERIAL)),
        boot=_integer(get(names.BOOT)),
        heap=_integer(get(names.HEAP)),
        anchors=_text(get(names.ANCHORS)),
    )


def fits_contract(layout: Layout, contract: StationType | None) -> bool:
    """Whether a birth promises nothing that its station type does not: names, datatypes, revision.

    Metrics that are not fitted at this station may be missing.
    """
    if contract is None or layout.revision != contract.revision:
        return False
    promised = {spec.name: DATATYPES[spec.datatype] for spec in contract.metrics}
    told = {name: code for name, code in layout.datatypes.items() if is_series(name)}
    return told.items() <= promised.items()
