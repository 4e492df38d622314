"""Section of the lot report: surface treatment by bath make-ups, titrations before and after the load, coating checks."""

from collections.abc import Sequence
from decimal import Decimal

from mes_server.actions.gather_baths import spec_at, use_of
from mes_server.actions.report_checks import check_row, failures_of, is_surface, text_of
from mes_server.actions.report_line import Hold, Line, both
from mes_server.actions.report_work import LISTED_MAX
from mes_server.domain.bath_spec import BathSpec
from mes_server.domain.baths import Bath, Titration
from mes_server.domain.charges import Run
from mes_server.domain.checks import OUT
from mes_server.domain.decimals import written
from mes_server.domain.recalls import RESOURCE
from mes_server.domain.report import Remark, Row, Section, iso
from mes_server.store.baths import list_titrations, load_bath, tanks_of
from mes_server.store.lineage import resources_of_runs

COLUMNS = ("check", "at", "lot", "operation", "characteristic", "title", "symbol", "value", "unit", "lower", "upper", "verdict", "gauge", "person", "voided")  # fmt: skip
COATING = "coating"  # the area of stations that treat surfaces
_ROLES = ("bath", "phosphate", "plating", "ecoat")
BEFORE, AFTER = "before", "after"


def surface(line: Line) -> Section:
    """Section 8."""
    used = resources_of_runs(line.conn, list(line.runs))
    runs = [run for run in line.runs.values() if _treats(line, run, used[run.code])]
    tables: dict[str, list[Row]] = {"baths": [], "titrations": []}
    gaps: list[Remark] = []
    failures: dict[str, Remark] = {}
    for run in runs:
        named = [(role, name) for role, name in used[run.code] if is_bath(role, name)]
        if not named:
            gaps.append(Remark("no_bath", {"run": run.code, "operation": run.operation}))
        for role, name in named:
            bath = load_bath(line.conn, name)
            tables["baths"].append(_bath(line, run, (role, name), bath))
            if bath is None:
                gaps.append(Remark("bath_unknown", {"bath": name, "run": run.code}))
                continue
            rows, missing, out = _titrations(line, run, bath)
            tables["titrations"] += rows
            gaps += missing
            for one in out:
                settled = _settled(line, one, bath)
                if settled is None:
                    failures[one.code] = Remark(
                        "titration_out", {"code": one.code, "bath": bath.lot}
                    )
                else:
                    gaps.append(settled)
    found = [one for one in line.checks if is_surface(line, one)]
    rows = [check_row(line, one) for one in found[:LISTED_MAX]]
    tables["checks"] = [{name: row[name] for name in COLUMNS if name in row} for row in rows]
    failed = (*failures.values(), *failures_of(line, found))
    return Section({}, tables, tuple(gaps), failed, applies=bool(runs or found))


def _treats(line: Line, run: Run, used: Sequence[tuple[str, str]]) -> bool:
    return line.area(run.station) == COATING or any(is_bath(*one) for one in used)


def is_bath(role: str, name: str) -> bool:
    """Whether a resource is a bath make-up: its code says so, or its role."""
    return name.startswith("BM") or role.startswith(_ROLES)


def _bath(line: Line, run: Run, named: tuple[str, str], bath: Bath | None) -> Row:
    row: dict[str, object] = {
        "run": run.code, "operation": line.title(run.operation), "station": run.station,
        "role": named[0], "bath": named[1], "at": iso(run.opened_ms),
    }  # fmt: skip
    spec = None if bath is None else spec_at(line.conn, bath, run.opened_ms)
    if bath is not None:
        row |= {"spec": "" if spec is None else spec.name, "made_up": iso(bath.made_ms)}
        row |= {"volume_l": text_of(bath.volume_l)}
    if bath is not None and spec is not None and spec.layer is not None:
        tanks = [one for one in tanks_of(line.conn, bath.lot) if one.station == run.station]
        ended_ms = run.closed_ms or line.now_ms
        use = use_of(line.conn, tanks, spec, (run.opened_ms, ended_ms))
        row["ah"] = "" if use.ah is None else written(use.ah)
    return row  # type: ignore[return-value]


def _settled(line: Line, titration: Titration, bath: Bath) -> Remark | None:
    """How the doubt that a titration raised ended: by a concession about the bath, or by the release of each lot it held."""
    facts = {"code": titration.code, "bath": bath.lot}
    agreed = line.concession_of(RESOURCE, bath.lot)
    if agreed is not None:
        return Remark("titration_conceded", facts | {"number": agreed.code})
    held = [one for one in line.holds if _is_because_of(one, titration, bath)]
    released = [one.released for one in held if one.released is not None]
    if not held or len(released) < len(held):
        return None
    why = {f"{event.reason} ({event.person})" for event in released}
    return Remark("titration_settled", facts | {"why": "; ".join(sorted(why))})


def _is_because_of(hold: Hold, titration: Titration, bath: Bath) -> bool:
    """A hold by that titration; or by an earlier one of the bath which stood then, so that this one added none."""
    reason, released = hold.event.reason, hold.released
    if reason.startswith(f"{titration.code} "):
        return True
    stood = hold.event.at_ms <= titration.at_ms and (
        released is None or released.at_ms >= titration.at_ms
    )
    return f" {bath.lot}: " in reason and stood


def _titrations(
    line: Line, run: Run, bath: Bath
) -> tuple[list[Row], list[Remark], list[Titration]]:
    """The last before the run began and the first after it ended, those that count; what is missing and what is out."""
    counted = [one for one in list_titrations(line.conn, bath.lot) if not one.voided]
    before = [one for one in counted if one.at_ms <= run.opened_ms][:1]
    after = [one for one in counted if run.closed_ms is not None and one.at_ms >= run.closed_ms][
        -1:
    ]
    rows: list[Row] = []
    gaps, out = [], []
    for when, found in ((BEFORE, before), (AFTER, after)):
        if not found:
            gaps.append(Remark("no_titration", {"bath": bath.lot, "when": when, "run": run.code}))
        for one in found:
            rows += _values(line, bath, one, when)
            if one.verdict == OUT:
                out.append(one)
    return rows, gaps, out


def _values(line: Line, bath: Bath, one: Titration, when: str) -> list[Row]:
    spec = spec_at(line.conn, bath, one.at_ms)
    rows: list[Row] = []
    for value in one.values:
        row: dict[str, object] = {
            "bath": bath.lot, "when": when, "code": one.code, "quantity": both({}, value.parameter),
            "value": _plain(value.value), "verdict": value.verdict, "at": iso(one.at_ms), "person": one.person,
        }  # fmt: skip
        row |= _asked(spec, value.parameter)
        rows.append(row)  # type: ignore[arg-type]
    return rows


def _asked(spec: BathSpec | None, parameter: str) -> dict[str, object]:
    found = None if spec is None else spec.find(parameter)
    if found is None:
        return {}
    return {
        "quantity": both(found.title, parameter), "unit": found.unit, "lower": text_of(found.lower),
        "upper": text_of(found.upper),
    }  # fmt: skip


def _plain(value: Decimal) -> str:
    return format(value, "f")
