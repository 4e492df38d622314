"""A suspicion, the lots it leads to, where each of them is now, and whether their mass adds up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mes_server.domain.genealogy import FORWARD
from mes_server.domain.lots import ACTIVE, RUNNING, SHIPPED_OUT

LOT, RUN, RESOURCE, PERSON, STATION, SUPPLIER_LOT = SUSPECTS = (
    "lot", "run", "resource", "person", "station", "supplier_lot",
)  # fmt: skip
IN_PROCESS, STOCK, SHIPPED, SCRAPPED, USED_UP = PLACES = (
    "in_process", "stock", "shipped", "scrapped", "used_up",
)  # fmt: skip
_STOCKED = frozenset(("raw", "recycled", "target", "slurry", "finished", "pack", "coupon"))
EVER_MS = 1 << 60  # later than all times


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What may be wrong. `kind`: one of SUSPECTS; `name`: its code, badge or id.

    A station always has a span, a person and a resource may have one, a lot, a run and
    a supplier's lot have none.
    """

    kind: str
    name: str
    from_ms: int | None = None
    to_ms: int | None = None

    def as_content(self) -> dict[str, Any]:
        """As an event of the ledger holds it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "from_ms": self.from_ms,
            "to_ms": self.to_ms,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A lot that a trace found, as it is now. `place`: where it was seen last.

    `at_ms`: forward, since when it is affected; back, until when its causes count.
    """

    code: str
    kind: str
    part: str
    status: str
    place: str
    run: str
    operation: str
    shipment: str
    pieces: int
    mass_mg: int
    area_mm2: int
    held: bool
    at_ms: int = 0

    @property
    def where(self) -> str:
        """One of PLACES. A waste lot is scrapped wherever it lies; what is between operations is in process."""
        if self.status == SHIPPED_OUT:
            return SHIPPED
        if self.status == RUNNING:
            return IN_PROCESS
        if self.status != ACTIVE:
            return USED_UP
        if self.kind == "waste":
            return SCRAPPED
        return STOCK if self.kind in _STOCKED else IN_PROCESS


class Flow(NamedTuple):
    """An edge without what a balance does not need; a recall may have a hundred thousand of them."""

    parent: str
    child: str
    at_ms: int
    mass_mg: int


@dataclass(frozen=True, slots=True)
class Account:
    """Masses in mg: what the suspected lots were, what others added on the way, where all of it is now."""

    start_mg: int
    joined_mg: int
    now_mg: Mapping[str, int]

    @property
    def missing_mg(self) -> int:
        """What no lot holds any more: the losses of the runs between. Below 0: they gained, as plating does."""
        return self.start_mg + self.joined_mg - sum(self.now_mg.values())

    @property
    def reconciled_ppm(self) -> int | None:
        """The share of what there was that some lot holds now, in millionths; None: there was nothing."""
        whole = self.start_mg + self.joined_mg
        return sum(self.now_mg.values()) * 1_000_000 // whole if whole else None

    def as_content(self) -> dict[str, Any]:
        """As an event of the ledger holds it."""
        now = {name: self.now_mg[name] for name in sorted(self.now_mg)}
        return {"start_mg": self.start_mg, "joined_mg": self.joined_mg, "now_mg": now}


def account(
    starts: Mapping[str, tuple[int, int]], found: Sequence[Found], flows: Sequence[Flow]
) -> Account:
    """Where the mass of a trace forward is. `starts`: since when each counts, and its mass then, in mg.

    `flows`: the edges that lead to the lots found. A start that another one flowed into is that mass, not its own.
    """
    since = {lot.code: lot.at_ms for lot in found}
    inside: set[str] = set()
    others = []
    for flow in flows:
        if flow.at_ms < since.get(flow.parent, EVER_MS):
            others.append(flow)
        elif flow.child in starts and flow.at_ms <= starts[flow.child][0]:
            inside.add(flow.child)
    before = {code: at_ms for code, (at_ms, _) in starts.items() if code not in inside}
    joined_mg = sum(flow.mass_mg for flow in others if flow.at_ms > before.get(flow.child, -1))
    own_mg = sum(mass for code, (_, mass) in starts.items() if code not in inside)
    now: Counter[str] = Counter()
    for lot in found:
        now[lot.where] += lot.mass_mg
    return Account(own_mg, joined_mg, now)


def into_what(found: Sequence[Found], flows: Sequence[Flow]) -> dict[str, tuple[str, ...]]:
    """The lots that each lot went into, by code."""
    since = {lot.code: lot.at_ms for lot in found}
    children: dict[str, set[str]] = {}
    for parent, child, at_ms, _ in flows:
        if at_ms >= since.get(parent, EVER_MS):
            children.setdefault(parent, set()).add(child)
    return {code: tuple(sorted(into)) for code, into in children.items()}


@dataclass(frozen=True, slots=True)
class Recall:
    """The answer: the lots that were suspected, and all that lie BACK or FORWARD of them, with these among them.

    `customers`: who got each shipment. `into`: what each lot went into, and `account`: of a trace forward only.
    """

    suspicion: Suspicion
    direction: str
    starts: tuple[str, ...]
    lots: tuple[Found, ...]
    customers: Mapping[str, str]
    into: Mapping[str, tuple[str, ...]]
    account: Account | None

    def at(self, where: str) -> list[Found]:
        """Those of the lots that are there."""
        return [lot for lot in self.lots if lot.where == where]

    def holdable(self) -> list[str]:
        """The codes of those of which something is left, wherever it is: a shipped lot is held for its customer."""
        return [lot.code for lot in self.lots if lot.where != USED_UP]

    def counts(self) -> dict[str, int]:
        """How many lots are where, in the order of PLACES."""
        found = Counter(lot.where for lot in self.lots)
        return {where: found[where] for where in PLACES if found[where]}

    def as_content(self) -> dict[str, Any]:
        """What of it is kept with a drill."""
        return {
            "direction": self.direction,
            "starts": len(self.starts),
            "lots": len(self.lots),
            "counts": self.counts(),
            "held": sum(lot.held for lot in self.lots),
            "shipments": sorted({lot.shipment for lot in self.lots if lot.shipment}),
            "account": None if self.account is None else self.account.as_content(),
        }


def whole_life(direction: str) -> int:
    """Since when (FORWARD) or until when (BACK) edges count for a lot of which all is suspected."""
    return 0 if direction == FORWARD else EVER_MS
