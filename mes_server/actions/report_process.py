"""Sections of the lot report: alarms and gaps of the data, energy."""

from mes_server.actions.gather_waterworks import known_pollutants, waterworks_at
from mes_server.actions.lot_footprint import Part, footprint_of
from mes_server.actions.report_curves import (
    ENERGY,
    Told,
    told_by,
)
from mes_server.actions.report_line import Line, both
from mes_server.actions.report_work import LISTED_MAX, cut_short, not_kept
from mes_server.domain.charges import Run
from mes_server.domain.decimals import written
from mes_server.domain.report import Remark, Row, Section, iso, percent, scaled
from mes_server.store.excursions import excursions_between
from schemas.journal_metrics import CLOCK_NETWORK

RUNS_MAX = 40  # whose curves are read: more of them nobody looks through
_BATH_ROLES = ("bath", "phosphate", "plating", "ecoat")
_CLOCKS = {0: "unset", 1: "rtc", CLOCK_NETWORK: "network"}
Tales = dict[str, list[Told]]


def tales_of(line: Line) -> Tales:
    """What was told during each of the last RUNS_MAX runs."""
    return {run.code: told_by(line, run) for run in list(line.runs.values())[-RUNS_MAX:]}


def alarms(line: Line, tales: Tales) -> Section:
    """Section 16: how much of the telemetry is there, what was outside of its limits."""
    coverage = [row for code, told in tales.items() if (row := _coverage(line.runs[code], told))]
    gaps: list[Row] = []
    excursions: list[Row] = []
    failures = []
    for code, told in tales.items():
        gaps += [row for one in told for row in _gaps(one)]
        found = _excursions(line, line.runs[code])
        excursions += found
        out = {str(row["metric"]) for row in found if row["kind"] == "alarm"}
        failures += [Remark("excursion", {"run": code, "metric": name}) for name in sorted(out)]
    shares = [one.seen.covered_ppm for told in tales.values() for one in told]
    known = [share for share in shares if share is not None]
    mean = percent(sum(known) // len(known)) if known else ""
    told_gaps = [
        Remark("no_curve", {"station": line.runs[code].station, "run": code})
        for code, told in tales.items()
        if not any(one.seen.series.count for one in told)
    ]
    told_gaps += cut_short(len(gaps), "gaps", "缺口")
    told_gaps += cut_short(len(line.runs), "runs with curves", "有曲线的炉次", RUNS_MAX)
    tables = {
        "coverage": coverage,
        "gaps": gaps[:LISTED_MAX],
        "excursions": excursions[:LISTED_MAX],
    }
    return Section({"covered_percent": mean}, tables, tuple(told_gaps), tuple(failures))


def _coverage(run: Run, told: list[Told]) -> Row | None:
    if not told:
        return None
    covered = [(one.seen.covered_ppm, one.spec.name) for one in told]
    known = [(ppm, name) for ppm, name in covered if ppm is not None]
    least = min(known, default=(None, ""))
    clocks = [one.seen.clock for one in told if one.seen.clock is not None]
    counts = [one.seen.series.coverage for one in told]
    return {
        "run": run.code, "station": run.station, "metrics": str(len(told)),
        "covered_percent": percent(least[0]), "metric": least[1],
        "received": str(sum(one.received for one in counts)), "late": str(sum(one.late for one in counts)),
        "lost": str(sum(one.lost for one in counts)), "clock": _CLOCKS.get(min(clocks, default=-1), "unknown"),
    }  # fmt: skip


def _gaps(one: Told) -> list[Row]:
    return [
        {
            "run": one.run.code, "metric": one.spec.name, "from": iso(gap.from_ms), "to": iso(gap.to_ms),
            "length_s": scaled(gap.to_ms - gap.from_ms, 3), "reason": gap.reason,
        }
        for gap in one.seen.series.gaps
    ]  # fmt: skip


def _excursions(line: Line, run: Run) -> list[Row]:
    to_ms = run.closed_ms or line.now_ms
    return [
        {
            "run": run.code, "station": run.station, "metric": one.metric, "kind": one.kind, "side": one.side,
            "bound": written(one.bound), "worst": written(one.worst), "from": iso(one.from_ms), "to": iso(one.to_ms),
        }
        for one in excursions_between(line.conn, run.station, line.loaded_ms[run.code], to_ms)
    ]  # fmt: skip


def environment(line: Line, tales: Tales) -> Section:
    """Section 19: the energy of the runs; what the lots used and sent away, where meters and days say it."""
    rows: list[Row] = []
    prints, gaps = _footprints(line)
    for code, told in tales.items():
        meter = next((one for one in told if one.spec.name == ENERGY), None)
        used = _used(meter)
        if used is None:
            gaps.append(Remark("no_energy", {"run": code}))
        else:
            station = told[0].run.station
            rows.append({"run": code, "station": station, "energy_kwh": written(used)})
    tables = {"energy": rows}
    return Section({}, tables | ({"footprint": prints} if prints else {}), tuple(gaps))


def _footprints(line: Line) -> tuple[list[Row], list[Remark]]:
    rows: list[Row] = []
    gaps: list[Remark] = []
    works = waterworks_at(line.conn, line.now_ms)
    lines = set() if works is None else {one.station for one in works.lines}
    at_lines: dict[str, list[Run]] = {}
    for work in line.works:
        if work.run.station in lines:
            at_lines.setdefault(work.lot, []).append(work.run)
    for code, runs in at_lines.items():
        found = footprint_of(line.conn, code, runs, line.now_ms)
        rows += [_footprint(line, code, one) for one in found.parts]
        gaps += [Remark("not_added_up", {"run": run}) for run in found.missing]
    if not rows:
        gaps.append(
            not_kept("water and metal for each m² of this lot", "本批次每平方米的用水量与金属耗量")
        )
    return rows[:LISTED_MAX], gaps + cut_short(
        len(rows), "figures of water and metals", "水与金属数据"
    )


def _footprint(line: Line, code: str, one: Part) -> Row:
    row: dict[str, object] = {
        "lot": code, "run": one.run, "operation": line.title(one.operation), "kind": one.kind,
        "amount": written(one.amount), "unit": one.unit,
    }  # fmt: skip
    if one.pollutant:
        said = known_pollutants().get(one.pollutant, {})
        row["pollutant"] = both(said.get("title"), one.pollutant)
    return row  # type: ignore[return-value]


def _used(meter: Told | None) -> float | None:
    """What a counter counted in the run; None: it tells nothing, or was set back in between."""
    if meter is None:
        return None
    series = meter.seen.series
    numbers = [float(v) for v in series.values if isinstance(v, int | float)]
    if len(numbers) < 2 or numbers[-1] < numbers[0]:
        return None
    return numbers[-1] - numbers[0]
