"""The load of a day with its missing hours substituted: a figure of its own, marked, and in no mean (HJ 356)."""

from collections.abc import Sequence

from mes_server.domain.discharge import Hour


def substituted_load(hours: Sequence[Hour]) -> tuple[float | None, int]:
    """kg, and of how many hours the concentration is that of the valid neighbours; None where no hour is valid."""
    valid = [n for n, hour in enumerate(hours) if hour.mean is not None]
    if not valid:
        return None, 0
    grams, count = 0.0, 0
    for n, hour in enumerate(hours):
        if hour.volume_m3 <= 0:
            continue
        mean = hour.mean
        if mean is None:
            before = [at for at in valid if at < n][-1:]
            after = [at for at in valid if at > n][:1]
            near = [hours[at].mean or 0.0 for at in before + after]
            mean = sum(near) / len(near)
            count += 1
        grams += mean * hour.volume_m3
    return grams / 1000, count
