"""The limits of an outlet on a day, those of the combined wastestream formula as mixing leaves them."""

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import Connection

from mes_server.actions.gather_outlet import Day, stream_volume
from mes_server.actions.gather_waterworks import Rules, discharge_rows
from mes_server.domain.benchmark import Mixed, with_alternative
from mes_server.domain.judge_discharge import NOT_CONVERTED
from mes_server.domain.permits import Limit
from mes_server.domain.water_limits import applied_rows, combines

Notes = list[tuple[str, Mapping[str, str]]]


def limits_on(
    conn: Connection, rules: Rules, of: Day, told: tuple[str, Notes]
) -> Mapping[tuple[str, str], Limit]:
    """The limits, those of sets that go by the combined wastestream formula as mixing leaves them."""
    day, notes = told
    permit = rules.permit
    some = set() if permit is None else combines(permit, discharge_rows(), rules.operations, day)
    if permit is None or not some.intersection(one.origin for one in rules.limits.values()):
        return rules.limits
    volumes = {
        one.code: stream_volume(conn, rules.works, one.station, of)
        for one in rules.works.streams_of(rules.outlet.code)
    }
    unknown = sorted(code for code, volume in volumes.items() if volume is None)
    if unknown:
        notes.append(("note_streams_unmetered", {"streams": ", ".join(unknown)}))
        return rules.limits
    known = {code: volume or 0.0 for code, volume in volumes.items()}
    found = {}
    for key, limit in rules.limits.items():
        mixed = _mixed(rules, (day, known, some), key) if limit.origin in some else None
        found[key] = limit if mixed is None or limit.high is None else with_alternative(limit, mixed)  # fmt: skip
    return found


def _mixed(
    rules: Rules, of: tuple[str, Mapping[str, float], set[str]], key: tuple[str, str]
) -> Mixed | None:
    """The streams as the formula wants them, for a pollutant and an averaging; None for pH, which does not mix so."""
    day, volumes, some = of
    permit = rules.permit
    if permit is None or key[0] in NOT_CONVERTED:
        return None
    regulated: dict[str, Decimal] = {}
    for applied, row in applied_rows(permit, discharge_rows(), rules.operations, day):
        highs = [Decimal(one["high"]) for one in row["limits"]
                 if (one["pollutant"], one["averaging"]) == key and one.get("high")]  # fmt: skip
        if applied.set not in some or not highs:
            continue
        for line in rules.works.lines_of(rules.outlet.code):
            if not applied.operations or line.operation in applied.operations:
                for code in line.drains:
                    regulated[code] = min(highs[0], regulated.get(code, highs[0]))
    parts = [(volumes[code], high) for code, high in sorted(regulated.items()) if code in volumes]
    diluting = sum(volumes.get(code, 0.0) for code in permit.dilution)
    return Mixed(parts, sum(volumes.values()), diluting)
