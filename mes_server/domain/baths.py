"""A bath make-up through its life: titrated, added to, dumped; what is to be added now, and whether it may be used.

The chemistry belongs to the make-up, not to the tank that holds it: it is a lot of kind "bath".
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mes_server.domain.bath_spec import AH, TITRATION, BathSpec, Replenishment
from mes_server.domain.checks import ACTION, OK, OUT
from mes_server.domain.decimals import written
from mes_server.domain.recalls import EVER_MS

MADE, TITRATED, VOIDED, ADDED = "bath_made_up", "bath_titrated", "titration_voided", "bath_added"
DUMPED = "bath_dumped"
MISSING, OLD, WORN = "missing", "old", "worn"
_WORST = (OUT, ACTION, OK)


@dataclass(frozen=True, slots=True)
class Bath:
    """A make-up. `spec`: the code of its spec; `volume_l` as written. `dumped_ms`: None: it is in use."""

    lot: str
    spec: str
    volume_l: Decimal
    made_ms: int
    person: str
    dumped_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A figure of a titration. `said`: what was read, as written, by field."""

    parameter: str
    value: Decimal
    verdict: str
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Titration:
    """`spec`: the revision it was judged by. `suspects`: lots that were held because it was out, `shipped`: those that
    are gone; both since `since_ms`, when the bath was last known to be good. `advice`: (product, amount, unit)."""

    code: str
    lot: str
    at_ms: int
    person: str
    place: str
    spec: str
    verdict: str
    values: tuple[Value, ...]
    titrant: str = ""
    burette: str = ""
    note: str = ""
    since_ms: int = 0
    suspects: tuple[str, ...] = ()
    shipped: tuple[str, ...] = ()
    advice: tuple[tuple[str, str, str], ...] = ()
    voided: str = ""

    def value_of(self, parameter: str) -> Value | None:
        """What was found of a parameter."""
        return next((one for one in self.values if one.parameter == parameter), None)

    @property
    def out(self) -> list[str]:
        """The parameters that are outside of their spec."""
        return [one.parameter for one in self.values if one.verdict == OUT]


@dataclass(frozen=True, slots=True)
class Addition:
    """So much of a product was added. `lot`: of the product, "" not told."""

    lot: str
    at_ms: int
    person: str
    product: str
    amount: Decimal
    unit: str
    product_lot: str


@dataclass(frozen=True, slots=True)
class Held:
    """A tank held the make-up: a role at a station, until `to_ms` (None: it still does)."""

    station: str
    role: str
    lot: str
    from_ms: int
    to_ms: int | None


@dataclass(frozen=True, slots=True)
class Due:
    """A parameter that keeps a bath from being used: MISSING, OLD or OUT. `at_ms`: of its last titration, 0: never."""

    parameter: str
    state: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Advice:
    """What is to be added now. `added`: what was already, since then what drives it began to count."""

    product: str
    by: str
    amount: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Use:
    """What went through a bath: ampere-hours and m²; None: not heard of."""

    ah: Decimal | None = None
    m2: Decimal | None = None


def stream_of(lot: str) -> str:
    """The stream of the ledger with what happened to a make-up."""
    return f"bath:{lot}"


def judge(spec: BathSpec, values: Mapping[str, Decimal]) -> list[tuple[str, Decimal, str]]:
    """Each figure with its verdict; what the spec does not limit is not judged."""
    found = []
    for name, value in values.items():
        parameter = spec.find(name)
        if parameter is not None:
            found.append((name, value, parameter.verdict(value)))
    return found


def worst(verdicts: Collection[str]) -> str:
    """OUT where any is, else ACTION where any is, else OK."""
    return next(one for one in _WORST if one in verdicts or one == OK)


def dues(
    spec: BathSpec, latest: Mapping[str, tuple[int, str]], at_ms: int
) -> list[Due]:  # `latest`: time and verdict of the newest figure of each parameter
    """What must be titrated before the bath is used: never done, out, or older than the spec asks."""
    found = []
    for one in spec.parameters:
        done = latest.get(one.name)
        if done is None:
            if one.every_ms:
                found.append(Due(one.name, MISSING, 0))
        elif done[1] == OUT:
            found.append(Due(one.name, OUT, done[0]))
        elif one.every_ms and at_ms - done[0] > one.every_ms:
            found.append(Due(one.name, OLD, done[0]))
    return found


def is_worn(bath: Bath, spec: BathSpec, at_ms: int) -> bool:
    """Whether the make-up is older than its spec allows."""
    return bool(spec.life_ms) and at_ms - bath.made_ms > spec.life_ms


def by_titration(
    spec: BathSpec, volume_l: Decimal, values: Mapping[str, Decimal]
) -> list[tuple[str, str, str]]:
    """What brings each figure to its target: (target - measured) · V · rate; nothing where it is there already."""
    found = []
    for one in spec.replenishment:
        parameter = spec.find(one.parameter)
        value = values.get(one.parameter)
        if one.by != TITRATION or parameter is None or parameter.target is None or value is None:
            continue
        amount = (parameter.target - value) * volume_l * one.rate
        if amount > 0:
            found.append((one.product, written(amount, 4), one.unit))
    return found


def by_use(one: Replenishment, use: Use) -> Decimal | None:
    """What a product loses by use: mL (g) for each kAh, or for each m²; None: its use is not known."""
    if one.by == TITRATION:
        return None
    driven = use.ah if one.by == AH else use.m2
    if driven is None:
        return None
    return driven / 1000 * one.rate if one.by == AH else driven * one.rate


def advise(
    spec: BathSpec,
    used: Mapping[str, Use],
    titrations: Sequence[Titration],
    additions: Sequence[Addition],
) -> list[Advice]:
    """What is to be added now. `used`: of each product, since it was added last. `titrations`: the newest first; of
    each parameter the newest that looked at it counts, less what was added since."""
    found = []
    for one in spec.replenishment:
        amount = by_use(one, used.get(one.product, Use()))
        if one.by == TITRATION:
            amount = _still_wanted(one, titrations, additions)
        if amount is not None and amount > 0:
            found.append(Advice(one.product, one.by, amount, one.unit))
    return found


def _still_wanted(
    one: Replenishment, titrations: Iterable[Titration], additions: Iterable[Addition]
) -> Decimal | None:
    for done in titrations:
        wanted = None if done.voided else _asked(done, one)
        if wanted is not None:
            since = (
                a.amount for a in additions if a.product == one.product and a.at_ms >= done.at_ms
            )
            return wanted - sum(since, Decimal(0))
    return None


def theoretical(
    one: Replenishment,
    whole: Use,
    titrations: Iterable[Titration],
    additions: Sequence[Addition] = (),
) -> Decimal | None:
    """What should have been added in all its life: by use, or by what titrations asked for. What was asked for and
    not added is asked for again by the next one: it counts once."""
    if one.by != TITRATION:
        return by_use(one, whole)
    counted = sorted((done for done in titrations if not done.voided), key=lambda done: done.at_ms)
    told = [(done.at_ms, amount) for done in counted if (amount := _asked(done, one)) is not None]
    ends = [at_ms for at_ms, _ in told[1:]] + [EVER_MS]
    total = Decimal(0)
    for (from_ms, amount), end in zip(told, ends, strict=True):
        added = sum(
            (a.amount for a in additions if a.product == one.product and from_ms <= a.at_ms < end),
            Decimal(0),
        )
        total += amount if end == EVER_MS else min(amount, added)
    return total


def _asked(done: Titration, one: Replenishment) -> Decimal | None:
    """What a titration asked for of a product; None: it did not look at what the product brings."""
    if done.value_of(one.parameter) is None:
        return None
    return sum((Decimal(amount) for product, amount, _ in done.advice if product == one.product), Decimal(0))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flow:
    """What came into a bath and went out of it between two moments: litres dragged out, g added, deposited, and
    dissolved from the anodes."""

    drag_out_l: Decimal = Decimal(0)
    added_g: Decimal = Decimal(0)
    deposited_g: Decimal = Decimal(0)
    anode_g: Decimal = Decimal(0)


def concentration_after(start_g_l: Decimal, volume_l: Decimal, flow: Flow) -> Decimal:
    """C + (added + anode - deposit - drag-out · C) / V: what it should be now, the volume made up with water."""
    change = flow.added_g + flow.anode_g - flow.deposited_g - flow.drag_out_l * start_g_l
    return start_g_l + change / volume_l


def value_from(said: Mapping[str, Any]) -> Value:
    """A figure as an event or a row has it."""
    return Value(
        said["parameter"], Decimal(said["value"]), said["verdict"], dict(said.get("said", {}))
    )
