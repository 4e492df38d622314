"""What a meter went on by: over its rollover, over an exchange or reset, and never backwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

BACKWARDS, JUMPED, ROLLED, RESET = FAULTS = ("backwards", "jumped", "rolled_over", "reset")
_HOUR_MS = 3_600_000
BLINK_MS = 600_000
_NEAR = Decimal("0.9")  # a rollover comes from the last tenth of the dial and lands in the first


@dataclass(frozen=True, slots=True)
class Step:
    """Where a meter did not simply go on: `before` and `after` as read, at Unix ms. BACKWARDS and JUMPED count nothing."""

    at_ms: int
    kind: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Advanced:
    """`amount` in the meter's unit; None: nothing was heard of it. `steps`: to be shown, and looked into."""

    amount: Decimal | None
    steps: tuple[Step, ...] = ()


def advanced(
    readings: Iterable[tuple[int, Decimal]],
    rolls_at: Decimal | None = None,
    most_per_h: Decimal | None = None,
    exchanged_ms: Sequence[int] = (),
) -> Advanced:
    """The readings (Unix ms, as read) in their order. `exchanged_ms`: when another meter was put in, as recorded.

    A step down from near `rolls_at` to near 0 is a rollover and counts as what it went on by; one at a recorded
    exchange, or to less than half, is a new beginning and counts from there. Any other is a meter that ran backwards:
    nothing counts until it is beyond where it was. A fall that comes back within BLINK_MS was a bad reading. A step up
    by more than `most_per_h` allows is none that water or current makes, and counts nothing.
    """
    total, steps = Decimal(0), []
    last: tuple[int, Decimal] | None = None
    fallen: tuple[int, Decimal] | None = None
    for at_ms, value in readings:
        if last is not None and fallen is not None and blinked(fallen, (at_ms, value)):
            last = (last[0], fallen[1])
        if last is not None:
            gone, kind = _step(last, (at_ms, value), rolls_at, exchanged_ms)
            if _is_too_much(gone, at_ms - last[0], most_per_h):
                gone, kind = Decimal(0), JUMPED
            total += gone
            if kind:
                steps.append(Step(at_ms, kind, last[1], value))
            if kind == RESET and not put_in(last[0], at_ms, exchanged_ms):
                fallen = (at_ms, last[1])
            value = last[1] if kind == BACKWARDS else value
        last = (at_ms, value)
    return Advanced(None if last is None else total, tuple(steps))


def _is_too_much(gone: Decimal, span_ms: int, most_per_h: Decimal | None) -> bool:
    return most_per_h is not None and gone > most_per_h * max(span_ms, 60_000) / _HOUR_MS


def blinked(fallen: tuple[int, Decimal], now: tuple[int, Decimal]) -> bool:
    """Whether a meter that fell (when, and from where) is back already: it was a bad reading, and no new beginning."""
    return now[0] - fallen[0] <= BLINK_MS and now[1] >= fallen[1]


def put_in(last_ms: int, at_ms: int, exchanged_ms: Sequence[int]) -> bool:
    """Whether another meter was put in between two readings."""
    return any(last_ms < one <= at_ms for one in exchanged_ms)


def _step(
    last: tuple[int, Decimal],
    now: tuple[int, Decimal],
    rolls_at: Decimal | None,
    exchanged_ms: Sequence[int],
) -> tuple[Decimal, str]:
    """What a step comes to, and what is odd about it."""
    (last_ms, before), (at_ms, after) = last, now
    if put_in(last_ms, at_ms, exchanged_ms):
        return Decimal(0), RESET
    if after >= before:
        return after - before, ""
    if rolls_at is not None and before >= rolls_at * _NEAR and after <= rolls_at * (1 - _NEAR):
        return rolls_at - before + after, ROLLED
    if after * 2 < before:
        return Decimal(0), RESET
    return Decimal(0), BACKWARDS
