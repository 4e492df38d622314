"""Lines that gauges sent by themselves: kept as they came, and why one may not be taken as a reading."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mes_server.domain.attempts import Refusal
from mes_server.domain.checks import Reading
from schemas.line_protocols import unit_of

SERIAL = "serial"  # the source of a check whose readings all came from gauge lines
FRESH_MS = 60_000  # what came later than so long after it was measured is of another piece, for all we know


@dataclass(frozen=True, slots=True)
class GaugeLine:
    """One line. `number`: in the order in which they came here. `id`: made by the machine beside the gauge. `raw`:
    its bytes in hex; `text`: the same, to be read. `fault`: why it is no reading, "" when `value` and `unit` are
    one. `badge`: in whose name it was given. `check`: the check that took it, "" for none."""

    number: int
    id: str
    gauge: str
    station: str
    at_ms: int
    noted_ms: int
    badge: str
    protocol: str
    raw: str
    text: str
    value: str
    unit: str
    fault: str
    check: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """For what a line would be taken. `gauge`: the one that is told already, "" for none yet; `unit`: of the plan."""

    station: str
    unit: str
    gauge: str = ""


def line_faults(line: GaugeLine, asked: Asked) -> list[Refusal]:
    """Every reason why a line is not a reading of what is asked for."""
    said = {"gauge": line.gauge, "value": f"{line.value} {line.unit}".strip()}
    if line.fault:
        return [
            Refusal("gauge_line_is_good", said | {"line": line.text, "gauge_fault": line.fault})
        ]
    refused = []
    if asked.gauge and asked.gauge != line.gauge:
        refused.append(Refusal("gauge_line_is_of_gauge", said | {"asked": asked.gauge}))
    if asked.station != line.station:
        facts = {"station": line.station, "here": asked.station}
        refused.append(Refusal("gauge_line_is_of_station", said | facts))
    wanted = unit_of(asked.unit)
    if wanted and wanted != line.unit:
        refused.append(Refusal("gauge_line_has_unit", said | {"asked": wanted}))
    if line.noted_ms - line.at_ms > FRESH_MS:
        refused.append(Refusal("gauge_line_is_fresh", said | {"at_ms": str(line.at_ms)}))
    if line.check:
        refused.append(Refusal("gauge_line_is_free", said | {"check": line.check}))
    return refused


def taken(
    readings: Sequence[Reading], lines: Mapping[int, GaugeLine], asked: Asked
) -> tuple[list[Reading], list[Refusal]]:
    """The readings with what their gauge lines said, and why some are not what those lines say."""
    found, refused = [], []
    seen: set[int] = set()
    for one in readings:
        line = lines.get(one.line)
        if one.line and line is None:
            refused.append(Refusal("gauge_line_is_known", {"number": str(one.line)}))
        if line is None:
            found.append(one)
            continue
        refused += line_faults(line, asked)
        said = {"gauge": line.gauge, "value": f"{line.value} {line.unit}".strip()}
        if line.number in seen:
            refused.append(Refusal("gauge_line_is_free", said | {"check": ""}))
        if not line.fault and one.text != line.value:
            refused.append(Refusal("reading_is_of_its_line", said | {"reading": one.text}))
        seen.add(line.number)
        found.append(replace(one, said=line.text))
    return found, refused


def without_line(readings: Iterable[Reading]) -> list[Refusal]:
    """Of a check that says it came from a gauge: the readings that name no line."""
    missing = [str(i) for i, one in enumerate(readings, 1) if not one.line]
    return [Refusal("serial_names_its_lines", {"numbers": ", ".join(missing)})] if missing else []
