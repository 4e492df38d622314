"""What of the control plan stands in the way of a lot at a station: as the rules of a scan look at it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """What of the plan stands in the way of a lot at a station, each as the ids of characteristics (of the
    instructions: their names). Nothing: nothing stands in the way, or there is no plan."""

    missing: tuple[str, ...] = ()  # of the operation before
    overdue: tuple[str, ...] = ()  # of the station, at times
    setup: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    challenge: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    plan: str = ""
