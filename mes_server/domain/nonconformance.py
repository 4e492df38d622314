"""A nonconformance: what does not conform, contained, disposed of with the approvals that takes, carried out, closed.

IATF 16949:2016 8.7. It is the replay of its events; nothing of it is ever changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mes_server.domain.attempts import Refusal
from mes_server.domain.seal import Event

OPENED, DISPOSED, NOTIFIED, CLOSED = "nc_opened", "nc_disposed", "nc_notified", "nc_closed"
OPEN, SETTLED, SHUT = STATES = ("open", "disposed", "closed")
USE_AS_IS, REWORK, REPAIR, REGRADE, SCRAP, RETURN = DISPOSITIONS = (
    "use_as_is", "rework", "repair", "regrade", "scrap", "return",
)  # fmt: skip
SOURCES = ("process", "inspection", "supplier", "customer", "audit", "gauge", "bath", "furnace")


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
    `signed`: badges of who approved the disposition."""

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
    state: str = OPEN
    disposition: Disposition | None = None
    disposed_ms: int | None = None
    signed: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = field(default_factory=tuple)
    closed_ms: int | None = None
    closed_why: str = ""

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
        elif event.kind == DISPOSED:
            found = replace(
                found, state=SETTLED, disposition=disposition_from(facts["disposition"]),
                disposed_ms=event.noted_ms, signed=tuple(facts["signed"]), made=tuple(facts["made"]),
            )  # fmt: skip
        elif event.kind == NOTIFIED:
            found = replace(found, notices=tuple(_told(n, event, facts) for n in found.notices))
        elif event.kind == CLOSED:
            found = replace(found, state=SHUT, closed_ms=event.noted_ms, closed_why=event.reason)
    return found


def _opened(event: Event, facts: Mapping[str, Any]) -> Nonconformance:
    notices = tuple(
        Notice(n["customer"], tuple(n["shipments"]), tuple(n["lots"])) for n in facts["notices"]
    )
    return Nonconformance(
        event.stream.removeprefix("nc:"), facts["title"], facts["source"], event.noted_ms, event.person,
        tuple(facts["lots"]), tuple(facts["held"]), event.action, facts["characteristic"], event.place,
        notices=notices,
    )  # fmt: skip


def _told(notice: Notice, event: Event, facts: Mapping[str, Any]) -> Notice:
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
    different persons; the customer's reference; a quantity or an end."""

    roles: tuple[str, ...]
    persons: int
    customer_reference: bool
    quantity_and_expiry: bool


def lacks(
    one: Disposition, needs: Needs, signers: Sequence[tuple[str, frozenset[str]]]
) -> list[Refusal]:
    """What a disposition lacks. `signers`: badge and roles of each who signed."""
    refused = []
    if not one.reason.strip():
        refused.append(Refusal("reason_is_given", {}))
    if needs.customer_reference and not one.customer_reference.strip():
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
