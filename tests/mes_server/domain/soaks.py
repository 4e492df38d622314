"""Curves of tests: a furnace that heats, holds and cools, sampled every ten seconds."""

from collections.abc import Iterable

from mes_server.domain.curves import Curve, curve_from
from mes_server.domain.documents import Document
from mes_server.domain.recipes import Recipe, recipe_of
from tests.mes_server.domain.plan_making import WORDS

T0 = 1_795_478_400_000
TEN_S = 10_000
MINUTE = 60_000


def recipe_content(**more: object) -> dict[str, object]:
    """One hour at 1060 ± 5 °C by two thermocouples."""
    return {
        "code": "S-1060", "revision": "A", "title": WORDS, "operation": "sinter",
        "control": ["load_1", "load_2"], "gap_max_s": 20, "dose_base_c": "1000",
        "stages": [{"id": "sinter", "title": WORDS, "setpoint_c": "1060", "tolerance_c": "5", "hold_s": 3600}],
    } | more  # fmt: skip


def recipe(**more: object) -> Recipe:
    return recipe_of(Document("recipe", "S-1060", "A", recipe_content(**more), 0, "Q-1"))


def soak(**more: object) -> dict[str, object]:
    (one,) = recipe_content()["stages"]  # type: ignore[misc]
    return {**one, **more}  # type: ignore[dict-item]


def profile(*legs: tuple[float, float, float], start: float = 20.0) -> list[tuple[int, float]]:
    """Samples along straight lines: (minutes, °C at the end, wobble)."""
    found, at_ms, value = [(T0, start)], T0, start
    for minutes, end, wobble in legs:
        steps = int(minutes * 6)
        for step in range(1, steps + 1):
            at_ms += TEN_S
            shake = wobble if step % 2 else -wobble
            found.append((at_ms, value + (end - value) * step / steps + shake))
        value = end
    return found


WHOLE = ((60, 1060.0, 0.0), (70, 1060.0, 1.0), (60, 80.0, 0.0))


def curve(
    samples: Iterable[tuple[int, float | None]], metric: str = "load_1", gap_s: int = 20
) -> Curve:
    told = list(samples)
    good = [(at, value) for at, value in told if value is not None]
    span = (told[0][0], told[-1][0])
    return curve_from(metric, [at for at, _ in good], [v for _, v in good], span, gap_s * 1000)


def without(
    samples: list[tuple[int, float]], from_min: float, to_min: float
) -> list[tuple[int, float]]:
    """The samples with a silence in them."""
    return [s for s in samples if not T0 + from_min * MINUTE < s[0] < T0 + to_min * MINUTE]
