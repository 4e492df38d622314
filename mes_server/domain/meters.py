"""What a meter went on by: over its rollover, over an exchange or reset, and never backwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

BACKWARDS, JUMPED, ROLLED, RESET = FAULTS = ("backwards", "jumped", "rolled_over", "reset")
_HOUR_MS = 3_600_000
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
    exchange, or to 0, is a new beginning and counts from there; any other is a meter that ran backwards and counts
    for nothing. A step up by more than `most_per_h` allows is none that water or current makes, and counts nothing.
    """
    total, steps = Decimal(0), []
    last: tuple[int, Decimal] | None = None
    for at_ms, value in readings:
        if last is not None:
            gone, kind = _step(last, (at_ms, value), rolls_at, exchanged_ms)
            most = (
                None if most_per_h is None else most_per_h * max(at_ms - last[0], 60_000) / _HOUR_MS
            )
            if most is not None and gone > most:
                gone, kind = Decimal(0), JUMPED
            total += gone
            if kind:
                steps.append(Step(at_ms, kind, last[1], value))
        last = (at_ms, value)
    return Advanced(None if last is None else total, tuple(steps))


def _step(
    last: tuple[int, Decimal],
    now: tuple[int, Decimal],
    rolls_at: Decimal | None,
    exchanged_ms: Sequence[int],
) -> tuple[Decimal, str]:
    """What a step comes to, and what is odd about it."""
    (last_ms, before), (at_ms, after) = last, now
    if any(last_ms < one <= at_ms for one in exchanged_ms):
        return Decimal(0), RESET
    if after >= before:
        return after - before, ""
    if rolls_at is not None and before >= rolls_at * _NEAR and after <= rolls_at * (1 - _NEAR):
        return rolls_at - before + after, ROLLED
    if after == 0:
        return Decimal(0), RESET
    return Decimal(0), BACKWARDS
