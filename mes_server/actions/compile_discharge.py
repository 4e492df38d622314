"""Gather the record of a working day or of a month of an outlet, as it is judged now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.assess_discharge import assess_day, assess_month
from mes_server.actions.compile_lot_report import Heading
from mes_server.actions.gather_waterworks import pollutants_on, waterworks_at
from mes_server.domain import discharge_rows as rows
from mes_server.domain.discharge import EXCEED, NO_DATA, OutletDay, OutletMonth
from mes_server.domain.report import (
    CONFORMS,
    DOES_NOT_CONFORM,
    OPEN,
    Remark,
    Report,
    Row,
    Section,
    iso,
)
from mes_server.domain.report_contract import contract_of
from mes_server.store.discharge_records import DischargeRecord, newest_records, revisions
from mes_server.store.exceedances import exceedances_in
from mes_server.store.ledger import head
from mes_server.store.water import samples_of

DAY, MONTH = "discharge_day", "discharge_month"


@dataclass(frozen=True, slots=True)
class Closing:
    """What is to be closed: an outlet, a day or a month ("2026-11-28", "2026-11"), and why it is revised."""

    outlet: str
    period: str
    zone: str
    reason: str = ""

    @property
    def kind(self) -> str:
        """Of the paper."""
        return DAY if len(self.period) == len("2026-11-28") else MONTH

    @property
    def about(self) -> str:
        """What the paper is about."""
        return f"{self.outlet} {self.period}"


def judged_of(conn: Connection, said: Closing, now_ms: int) -> OutletDay | OutletMonth | None:
    """The day or month as it stands; None: there is no such outlet."""
    assess = assess_day if said.kind == DAY else assess_month
    return assess(conn, said.outlet, said.period, said.zone, now_ms)


def compile_record(conn: Connection, said: Closing, heading: Heading) -> Report | None:
    """Its record; None: there is no such outlet."""
    judged = judged_of(conn, said, heading.made_ms)
    if judged is None:
        return None
    earlier = revisions(conn, said.outlet, said.period)
    facts = _revision(judged.digest, earlier, said.reason)
    if isinstance(judged, OutletDay):
        sections = _of_day(conn, judged, facts)
    else:
        sections = _of_month(conn, judged, facts, (said, heading.made_ms))
    return Report(
        said.kind, heading.number, said.about, heading.language, heading.made_ms, heading.made_by,
        heading.software, heading.site, head(conn, heading.made_ms), sections, heading.earlier,
        _verdict(judged.status),
    )  # fmt: skip


def _verdict(status: str) -> str:
    return {EXCEED: DOES_NOT_CONFORM, NO_DATA: OPEN}.get(status, CONFORMS)


def _revision(digest: str, earlier: list[DischargeRecord], reason: str) -> dict[str, str]:
    return {
        "revision": str(len(earlier) + 1), "replaces": earlier[-1].paper if earlier else "", "reason": reason,
        "digest": digest,
    }  # fmt: skip


def _title(conn: Connection, outlet: str, at_ms: int) -> tuple[dict[str, str], str]:
    works = waterworks_at(conn, at_ms)
    place = None if works is None else works.place(outlet)
    return ({} if place is None else dict(place.title)), ("" if works is None else works.name)


def _areas(area: Mapping[str, float]) -> dict[str, str]:
    return {f"area_{layers}_m2": rows.figure(m2) for layers, m2 in area.items() if layers}


def _of_day(conn: Connection, day: OutletDay, revision: dict[str, str]) -> dict[str, Section]:  # long: one line each  # fmt: skip
    titles = pollutants_on(day.day)
    title, works = _title(conn, day.outlet, day.to_ms)
    known = contract_of(DAY).remarks
    header: dict[str, Any] = {
        "outlet": day.outlet, "title": title, "day": day.day, "from": iso(day.from_ms), "to": iso(day.to_ms),
        "status": day.status, "permit": day.permit, "waterworks": works, **revision,
    }  # fmt: skip
    water = {
        "volume_m3": rows.figure(day.volume_m3), "volume_by": day.methods.get("volume", ""),
        "flow_m3": rows.figure(day.flow_m3), **_areas(day.area_m2),
        "benchmark_m3": rows.figure(day.benchmark_m3), "ratio": rows.figure(day.ratio), "lots": ", ".join(day.lots),
    }  # fmt: skip
    samples = samples_of(conn, day.outlet, day.from_ms, day.to_ms)
    episodes = exceedances_in(conn, day.outlet, day.from_ms + 1, day.to_ms - 1)
    told: list[Row] = [rows.result_row(one) for one in day.pollutants]
    return {
        "header": Section({name: value for name, value in header.items() if value}),
        "water": Section(water, gaps=rows.notes_of(day, titles, known)),
        "pollutants": Section(
            {}, {"results": told, "limits": rows.limit_rows(day.pollutants)},
            rows.gaps_of(day.pollutants, titles), rows.failures_of(day.pollutants, titles),
        ),
        "excluded": Section(
            {}, {"excluded": rows.left_out(day), "missing": rows.hour_rows(day, missing=True)},
            rows.count_gaps(day, titles),
        ),
        "samples": Section({}, {"samples": [rows.sample_row(one) for one in samples]}, applies=bool(samples)),
        "episodes": Section(
            {}, {"episodes": [rows.episode_row(one) for one in episodes]}, rows.open_episodes(episodes),
            applies=bool(episodes),
        ),
        "hours": Section({}, {"hours": rows.hour_rows(day, missing=False)}),
    }  # fmt: skip


def _of_month(
    conn: Connection, month: OutletMonth, revision: dict[str, str], of: tuple[Closing, int]
) -> dict[str, Section]:
    titles = pollutants_on(f"{month.month}-28")
    last_ms = month.days[-1].to_ms if month.days else of[1]
    first_ms = month.days[0].from_ms if month.days else of[1]
    title, _ = _title(conn, month.outlet, last_ms)
    permit = month.days[-1].permit if month.days else ""
    header: dict[str, Any] = {
        "outlet": month.outlet, "title": title, "month": month.month, "status": month.status, "permit": permit,
        "volume_m3": rows.figure(month.volume_m3), **_areas(month.area_m2), **revision,
    }  # fmt: skip
    kept = newest_records(conn, month.outlet, month.month)
    episodes = exceedances_in(conn, month.outlet, first_ms + 1, last_ms - 1)
    told: list[Row] = [rows.month_row(one) for one in month.pollutants]
    return {
        "header": Section({name: value for name, value in header.items() if value}),
        "pollutants": Section(
            {}, {"results": told, "limits": rows.limit_rows(month.pollutants)},
            rows.gaps_of(month.pollutants, titles), rows.failures_of(month.pollutants, titles),
        ),
        "days": Section({}, {"days": [_day_row(one, kept.get(one.day)) for one in month.days]}, tuple(_day_gaps(month.days, kept))),
        "episodes": Section(
            {}, {"episodes": [rows.episode_row(one) for one in episodes]}, rows.open_episodes(episodes),
            applies=bool(episodes),
        ),
    }  # fmt: skip


def _day_row(day: OutletDay, record: DischargeRecord | None) -> Row:
    row = {
        "day": day.day, "state": day.status, "volume_m3": rows.figure(day.volume_m3),
        "ratio": rows.figure(day.ratio),
    }  # fmt: skip
    if record is None:
        return row
    return row | {"record": record.paper, "revision": str(record.revision), "signed_by": record.person}  # fmt: skip


def _day_gaps(days: Iterable[OutletDay], kept: Mapping[str, DischargeRecord]) -> Iterable[Remark]:
    for day in days:
        record = kept.get(day.day)
        if record is None:
            yield Remark("day_without_record", {"day": day.day})
        elif record.digest != day.digest:
            yield Remark("day_changed", {"day": day.day, "number": record.paper})


def told_of(judged: OutletDay | OutletMonth) -> dict[str, str]:
    """What a day or a month came to, by names."""
    if isinstance(judged, OutletDay):
        return rows.told_of(judged)
    told = {"status": judged.status, "volume_m3": rows.figure(judged.volume_m3)}
    for one in judged.pollutants:
        told |= {
            f"{one.pollutant}.mean": rows.figure(one.mean),
            f"{one.pollutant}.status": one.status,
        }
    return told
