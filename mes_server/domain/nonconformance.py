"""A nonconformance: what does not conform, contained, disposed of with the approvals that takes, carried out, closed.

IATF 16949:2016 8.7. It is the replay of its events; nothing of it is ever changed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mes_server.domain.attempts import Refusal
from mes_server.domain.seal import Event

OPENED, CONTAINED, DISPOSED, USED, NOTIFIED, CLOSED = (
    "nc_opened", "nc_contained", "nc_disposed", "nc_used", "nc_notified", "nc_closed",
)  # fmt: skip
OPEN, SETTLED, SHUT = STATES = ("open", "disposed", "closed")
STAGES = (OPEN, "contained", SETTLED, SHUT)
CONFORMS, USE_AS_IS, REWORK, REPAIR, REGRADE, SCRAP, RETURN = DISPOSITIONS = (
    "conforms", "use_as_is", "rework", "repair", "regrade", "scrap", "return",
)  # fmt: skip
# Begins what a hold says: the hold ends when that nonconformance is disposed of, and not otherwise.
_HOLDS = re.compile(r"(?:^|; )(NC[0-9]{2}-[0-9]{4,9}-[0-9A-Z]{2}) ")
LOTS, UNIDENTIFIED, SHIPMENT = "lots", "unidentified", "shipment"
SUBJECTS = (LOTS, "run", "resource", "supplier_lot", SHIPMENT, UNIDENTIFIED)
ALWAYS, NEVER, SPECIAL, APPROVED = "always", "never", "special", "approved"
Facts = Mapping[str, Any]
SOURCES = (
    "process",
    "inspection",
    "supplier",
    "customer",
    "audit",
    "gauge",
    "bath",
    "furnace",
    "effluent",
)


@dataclass(frozen=True, slots=True)
class Notice:
    """A customer who got some of it, and whether that customer was told (IATF 16949 8.7.1.6)."""

    customer: str
    shipments: tuple[str, ...]
    lots: tuple[str, ...]
    told_ms: int | None = None
    told_by: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class Disposition:
    """What becomes of the lots. `to`: the operation of a rework, the grade of a re-grade. `pieces`, `until_ms`: what a
    concession covers; 0 and None: not limited. `customer_reference`: by which the customer agreed."""

    kind: str
    reason: str = ""
    to: str = ""
    customer_reference: str = ""
    pieces: int = 0
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Nonconformance:
    """`lots`: those it is about; `held`: those it holds. `characteristic`: of the control plan, "" for another matter.
    `about`, `name`: what was suspected, one of SUBJECTS. `found`: how much, as people say it. `contained_ms`: since when
    all of it is held or told of. `signed`: badges of who approved the disposition. `used`: pieces that left under it."""

    code: str
    title: str
    source: str
    opened_ms: int
    opened_by: str
    lots: tuple[str, ...]
    held: tuple[str, ...]
    hold: str
    characteristic: str = ""
    place: str = ""
    about: str = LOTS
    name: str = ""
    found: str = ""
    state: str = OPEN
    contained_ms: int | None = None
    contained_by: str = ""
    contained_how: str = ""
    disposition: Disposition | None = None
    disposed_ms: int | None = None
    signed: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    used: int = 0
    notices: tuple[Notice, ...] = field(default_factory=tuple)
    closed_ms: int | None = None
    closed_why: str = ""

    @property
    def stage(self) -> str:
        """One of STAGES: its state, and while it is open whether all of it is contained."""
        return "contained" if self.state == OPEN and self.contained_ms is not None else self.state

    @property
    def hold_text(self) -> str:
        """What its holds say."""
        return f"{self.code} {self.title}"[:200]

    @property
    def left(self) -> int | None:
        """How many pieces may still leave under its concession; None: it is not limited to a number."""
        given = self.disposition
        return None if given is None or not given.pieces else max(0, given.pieces - self.used)

    @property
    def untold(self) -> list[Notice]:
        """Customers who are still to be told."""
        return [notice for notice in self.notices if notice.told_ms is None]

    def covers(self, lot: str, at_ms: int) -> bool:
        """Whether it is a concession under which that lot may go on at that time."""
        given = self.disposition
        if given is None or given.kind != USE_AS_IS or lot not in self.lots:
            return False
        return given.until_ms is None or at_ms <= given.until_ms


def named_in(hold: str) -> list[str]:
    """The nonconformances whose holds a hold speaks of: of its own, or of what the lot was made of."""
    return _HOLDS.findall(hold)


def stream_of(code: str) -> str:
    """The stream of a nonconformance."""
    return f"nc:{code}"


def replay_nc(history: Sequence[Event]) -> Nonconformance | None:
    """The nonconformance its events (the oldest first) make; None: there is none."""
    found: Nonconformance | None = None
    for event in history:
        facts = event.facts()
        if event.kind == OPENED:
            found = _opened(event, facts)
        elif found is None:
            continue
        else:
            found = _NEXT[event.kind](found, event, facts)
    return found


def _contained(found: Nonconformance, event: Event, facts: Facts) -> Nonconformance:
    listed = {notice.customer for notice in found.notices}
    more = tuple(_notice(one) for one in facts["notices"] if one["customer"] not in listed)
    return replace(
        found, contained_ms=event.noted_ms, contained_by=event.person, contained_how=event.reason,
        lots=_also(found.lots, facts["held"]), held=_also(found.held, facts["held"]),
        notices=(*found.notices, *more),
    )  # fmt: skip


def _also(known: tuple[str, ...], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({*known, *more}))


def _disposed(found: Nonconformance, event: Event, facts: Facts) -> Nonconformance:
    return replace(
        found, state=SETTLED, disposition=disposition_from(facts["disposition"]), disposed_ms=event.noted_ms,
        lots=_also(found.lots, facts.get("held", ())), held=_also(found.held, facts.get("held", ())),
        signed=tuple(facts["signed"]), made=tuple(facts["made"]),
    )  # fmt: skip


def _used(found: Nonconformance, _event: Event, facts: Facts) -> Nonconformance:
    return replace(found, used=found.used + facts["pieces"])


def _notified(found: Nonconformance, event: Event, facts: Facts) -> Nonconformance:
    return replace(found, notices=tuple(_told(one, event, facts) for one in found.notices))


def _closed(found: Nonconformance, event: Event, _facts: Facts) -> Nonconformance:
    return replace(found, state=SHUT, closed_ms=event.noted_ms, closed_why=event.reason)


_NEXT = {
    CONTAINED: _contained, DISPOSED: _disposed, USED: _used, NOTIFIED: _notified, CLOSED: _closed,
}  # fmt: skip


def _opened(event: Event, facts: Facts) -> Nonconformance:
    return Nonconformance(
        event.stream.removeprefix("nc:"), facts["title"], facts["source"], event.noted_ms, event.person,
        tuple(facts["lots"]), tuple(facts["held"]), event.action, facts["characteristic"], event.place,
        facts.get("about", LOTS), facts.get("name", ""), facts.get("found", ""),
        notices=tuple(_notice(one) for one in facts["notices"]),
    )  # fmt: skip


def _notice(said: Facts) -> Notice:
    return Notice(said["customer"], tuple(said["shipments"]), tuple(said["lots"]))


def _told(notice: Notice, event: Event, facts: Facts) -> Notice:
    if notice.customer != facts["customer"] or notice.told_ms is not None:
        return notice
    return replace(notice, told_ms=event.noted_ms, told_by=event.person, how=event.reason)


def disposition_from(said: Mapping[str, Any]) -> Disposition:
    """A disposition as an event holds it."""
    return Disposition(
        said["kind"], said["reason"], said["to"], said["customer_reference"], said["pieces"],
        said["until_ms"],
    )  # fmt: skip


def as_content(one: Disposition) -> dict[str, Any]:
    """As an event of the ledger holds it."""
    return {
        "kind": one.kind, "reason": one.reason, "to": one.to, "pieces": one.pieces,
        "customer_reference": one.customer_reference, "until_ms": one.until_ms,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Needs:
    """What a disposition takes, of the reference data (approvals.json): a signature of each of `roles`, by so many
    different persons; the customer's reference ALWAYS, NEVER, where the characteristic is SPECIAL or the customer's,
    or where that or the part is APPROVED by a customer; a quantity or an end."""

    roles: tuple[str, ...]
    persons: int
    customer_reference: str
    quantity_and_expiry: bool


def lacks(
    one: Disposition, needs: Needs, signers: Sequence[tuple[str, frozenset[str]]]
) -> list[Refusal]:
    """What a disposition lacks. `signers`: badge and roles of each who signed."""
    refused = []
    if not one.reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    if needs.customer_reference == ALWAYS and not one.customer_reference.strip():
        refused.append(Refusal("customer_agreed", {"disposition": one.kind}))
    if needs.quantity_and_expiry and not one.pieces and one.until_ms is None:
        refused.append(Refusal("concession_is_limited", {"disposition": one.kind}))
    if one.kind in (REWORK, REPAIR, REGRADE) and not one.to.strip():
        refused.append(Refusal("disposition_says_where", {"disposition": one.kind}))
    missing = [role for role in needs.roles if not any(role in roles for _, roles in signers)]
    if missing:
        facts = {"disposition": one.kind, "roles": ", ".join(missing)}
        refused.append(Refusal("approvals_are_there", facts))
    if len({badge for badge, _ in signers}) < needs.persons:
        badge = signers[0][0] if signers else ""
        refused.append(Refusal("second_person_signs", {"badge": badge}))
    return refused
