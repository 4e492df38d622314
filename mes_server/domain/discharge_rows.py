"""A judged day or month as rows of its record: decimal texts, names of ours, what is not known left out."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from mes_server.domain.discharge import (
    EXCEED,
    NO_DATA,
    OutletDay,
    PollutantDay,
    PollutantMonth,
    Verdict,
)
from mes_server.domain.exceedances import CLOSED, GONE, Episode
from mes_server.domain.report import Remark, Row, iso
from mes_server.domain.water_samples import WaterSample

Titles = Mapping[str, Mapping[str, Any]]


def figure(value: float | Decimal | None) -> str:
    """Six significant digits, without an exponent; "" for none."""
    if value is None:
        return ""
    return format(Decimal(f"{float(value):.6g}"), "f")


def percent(share: float | None) -> str:
    """A share of 1 in %, one digit."""
    return "" if share is None else f"{share * 100:.1f}"


def result_row(one: PollutantDay) -> Row:
    """A pollutant's figures of a day."""
    return {
        "pollutant": one.pollutant, "unit": one.unit, "by": one.by, "n": str(one.count),
        "low": figure(one.low), "mean": figure(one.mean), "high": figure(one.high), "p95": figure(one.p95),
        "covered_percent": percent(one.covered) if one.hours else "",
        "hours": f"{one.valid_h}/{one.due_h}" if one.hours else "", "c_bench": figure(one.converted),
        "load_kg": figure(one.load_kg), "substituted_kg": figure(one.substituted_kg) if one.substituted_h else "",
        "state": one.status,
    }  # fmt: skip


def month_row(one: PollutantMonth) -> Row:
    """A pollutant's figures of a month."""
    return {
        "pollutant": one.pollutant, "unit": one.unit, "days": str(len(one.values)), "mean": figure(one.mean),
        "high": figure(one.high), "load_kg": figure(one.load_kg), "state": one.status,
    }  # fmt: skip


def limit_rows(pollutants: Iterable[PollutantDay | PollutantMonth]) -> list[Row]:
    """Every pollutant against each of its limits."""
    return [_limit_row(one.pollutant, verdict) for one in pollutants for verdict in one.verdicts]


def _limit_row(pollutant: str, verdict: Verdict) -> Row:
    limit = verdict.limit
    return {
        "pollutant": pollutant, "averaging": limit.averaging, "value": figure(verdict.value),
        "low": figure(limit.low), "high": figure(limit.high), "unit": limit.unit,
        "share_percent": "" if verdict.share is None else f"{verdict.share:.1f}", "state": verdict.status,
        "sample": verdict.sample, "origin": limit.origin, "source": limit.source, "certainty": limit.certainty,
    }  # fmt: skip


def left_out(day: OutletDay) -> list[Row]:
    """What does not count, and why."""
    return [
        {
            "pollutant": one.pollutant, "from": iso(gone.from_ms), "to": iso(gone.to_ms), "n": str(gone.count),
            "reason": gone.reason, "sample": gone.code,
        }
        for one in day.pollutants for gone in one.excluded
    ]  # fmt: skip


def hour_rows(day: OutletDay, missing: bool) -> list[Row]:
    """The hours, or (`missing`) those in which water flowed and that have no mean."""
    rows: list[Row] = []
    for one in day.pollutants:
        for hour in one.hours:
            row = {
                "pollutant": one.pollutant, "from": iso(hour.from_ms), "volume_m3": figure(hour.volume_m3),
                "covered_percent": percent(hour.covered),
            }  # fmt: skip
            if not missing:
                more = {name: figure(getattr(hour, name)) for name in ("mean", "low", "high")}
                rows.append(row | more)
            elif hour.mean is None and hour.volume_m3 > 0:
                rows.append(row)
    return rows


def sample_row(one: WaterSample) -> Row:
    """A laboratory sample with its results."""
    told = [f"{r.pollutant} {r.qualifier}{r.value} {r.unit}" for r in one.results]
    return {
        "sample": one.code, "kind": one.kind, "from": iso(one.from_ms), "to": iso(one.to_ms), "lab": one.lab,
        "report": one.report, "results": "; ".join(told), "voided": one.voided,
    }  # fmt: skip


def episode_row(one: Episode) -> Row:
    """An exceedance as the record tells of it."""
    return {
        "number": one.code, "pollutant": one.pollutant, "averaging": one.averaging, "from": iso(one.from_ms),
        "to": iso(one.to_ms), "worst": figure(one.worst), "unit": one.limit["unit"], "state": one.state,
        "nonconformance": one.nonconformance, "cause": one.cause, "action": one.action,
    }  # fmt: skip


def open_episodes(found: Iterable[Episode]) -> tuple[Remark, ...]:
    """Those that nobody has closed yet."""
    return tuple(
        Remark("episode_open", {"number": one.code})
        for one in found
        if one.state not in (CLOSED, GONE)
    )


def failures_of(pollutants: Sequence[PollutantDay | PollutantMonth], titles: Titles) -> tuple[Remark, ...]:  # fmt: skip
    """What exceeds its limit."""
    return tuple(
        Remark("exceeds", {**_names(one.pollutant, titles), **_exceeds(verdict)})
        for one in pollutants
        for verdict in one.verdicts
        if verdict.status == EXCEED
    )


def _exceeds(verdict: Verdict) -> dict[str, str]:
    ends = [figure(end) for end in (verdict.limit.low, verdict.limit.high) if end is not None]
    return {
        "value": figure(verdict.value), "limit": "–".join(ends), "unit": verdict.limit.unit,
        "source": verdict.limit.source,
    }  # fmt: skip


def gaps_of(pollutants: Sequence[PollutantDay | PollutantMonth], titles: Titles) -> tuple[Remark, ...]:  # fmt: skip
    """What cannot be judged."""
    return tuple(
        Remark("no_data", _names(one.pollutant, titles)) for one in pollutants if one.status == NO_DATA
    )  # fmt: skip


def _names(pollutant: str, titles: Titles) -> dict[str, str]:
    title = titles[pollutant]["title"]
    return {"pollutant_en": title["en"], "pollutant_zh": title["zh"]}


def count_gaps(day: OutletDay, titles: Titles) -> tuple[Remark, ...]:
    """By pollutant, how many values do not count and how many hours have no mean."""
    found = []
    for one in day.pollutants:
        gone = sum(each.count for each in one.excluded)
        bare = sum(1 for hour in one.hours if hour.mean is None and hour.volume_m3 > 0)
        for what, count in (("left_out", gone), ("hours_missing", bare)):
            if count:
                found.append(Remark(what, {**_names(one.pollutant, titles), "n": str(count)}))
    return tuple(found)


def notes_of(day: OutletDay, titles: Titles, known: Iterable[str]) -> tuple[Remark, ...]:
    """What the day says about itself. `known`: the remarks that have a text."""
    found = []
    for key, said in day.notes:
        facts = dict(said)
        if "at_ms" in facts:
            facts["at"] = iso(int(facts["at_ms"]))
        if "pollutants" in facts:
            names = [titles[code]["title"] for code in facts["pollutants"].split(", ")]
            facts["pollutants"] = ", ".join(f"{one['en']} {one['zh']}" for one in names)
        told = ", ".join(f"{name} {value}" for name, value in sorted(facts.items()))
        found.append(Remark(key, facts) if key in known else Remark("note_other", {"text": f"{key}: {told}"}))  # fmt: skip
    return tuple(found)


def told_of(day: OutletDay) -> dict[str, str]:
    """What a day came to, by names: for what has changed since its record was closed."""
    told = {
        "status": day.status, "permit": day.permit, "volume_m3": figure(day.volume_m3),
        "benchmark_m3": figure(day.benchmark_m3), "ratio": figure(day.ratio), "lots": ", ".join(day.lots),
    }  # fmt: skip
    for one in day.pollutants:
        told[f"{one.pollutant}.mean"] = figure(one.mean)
        told[f"{one.pollutant}.status"] = one.status
        told[f"{one.pollutant}.n"] = str(one.count)
        told[f"{one.pollutant}.samples"] = ", ".join(one.samples)
        told[f"{one.pollutant}.excluded"] = str(sum(gone.count for gone in one.excluded))
    return told


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """What is not as it was told: name, then, now."""
    names = sorted({*before, *now})
    return [
        (name, before.get(name, ""), now.get(name, ""))
        for name in names
        if before.get(name, "") != now.get(name, "")
    ]
