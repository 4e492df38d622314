"""What has been broken on purpose: the faults of the faults file, asked by station and time."""

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SENSOR_FAULTS = ("sensor_open", "drift", "stuck")
PHYSICS_FAULTS = ("leak", "power_dip", "bath_out_of_range")

# metric: str or None = every metric of the station; from_ms, to_ms: simulated time, to_ms may be
# None = until taken out of the file; amount: in the unit the fault names, None = its default.
Fault = namedtuple("Fault", ("station", "metric", "fault", "amount", "from_ms", "to_ms"))


class FaultError(ValueError):
    """A faults file that says something else than faults; the message says where and what."""


def _time(entry: dict[str, "Any"], name: str, place: str) -> int | None:
    value = entry.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise FaultError(f"{place}.{name} must be Unix milliseconds or null")
    return int(value)


def fault_from_json(entry: "Any", place: str, to_sim: "Any") -> Fault:
    """One entry of the file; `to_sim` turns Unix ms into simulated ms."""
    if not isinstance(entry, dict) or not isinstance(entry.get("station"), str):
        raise FaultError(f"{place} must be an object with a station")
    kind = entry.get("fault")
    if kind not in SENSOR_FAULTS and kind not in PHYSICS_FAULTS:
        raise FaultError(f"{place}.fault must be one of {SENSOR_FAULTS + PHYSICS_FAULTS}")
    metric = entry.get("metric")
    if metric is not None and not isinstance(metric, str):
        raise FaultError(f"{place}.metric must be a metric's name or null")
    amount = entry.get("amount")
    if amount is not None and (isinstance(amount, bool) or not isinstance(amount, (int, float))):
        raise FaultError(f"{place}.amount must be a number or null")
    begin = _time(entry, "from_ms", place)
    end = _time(entry, "to_ms", place)
    return Fault(
        entry["station"],
        metric,
        kind,
        None if amount is None else float(amount),
        to_sim(0 if begin is None else begin),
        None if end is None else to_sim(end),
    )


class FaultBook:
    """All faults known to a box; empty in a healthy plant, which then costs nothing."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.version = 0

    def replace(self, faults: list[Fault]) -> None:
        self.faults = faults
        self.version += 1

    def of(self, station: str) -> list[Fault]:
        """The faults of one station, past and coming ones included."""
        return [fault for fault in self.faults if fault.station == station]


def amount_of(faults: list[Fault], kind: str, metric: str, sim_ms: int, default: float) -> float:
    """How strong a fault is at a time: its amount or `default` while it lasts, 0.0 otherwise.

    With a metric ("" = any) a fault counts that names this metric or none.
    """
    for fault in faults:
        if fault.fault != kind or fault.from_ms > sim_ms:
            continue
        if fault.to_ms is not None and sim_ms >= fault.to_ms:
            continue
        if not metric or fault.metric is None or fault.metric == metric:
            return default if fault.amount is None else float(fault.amount)
    return 0.0
