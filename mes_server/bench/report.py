"""`mes bench report`: how long a lot report takes whose lot went through ten furnaces, and a signed recall pack."""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import numpy as np
from sqlalchemy import Engine

from mes_server.actions.append_history import add_stations, append_history, merge_all
from mes_server.actions.append_ledger import append_ledger
from mes_server.actions.append_lots import append_lots
from mes_server.actions.compile_lot_report import Heading, compile_lot_report
from mes_server.actions.compile_recall_pack import RECALL_PACK, compile_recall_pack
from mes_server.actions.make_lots import receive_lot
from mes_server.actions.make_paper import Wanted, draft_paper, keep_paper, sign_paper
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act
from mes_server.actions.run_charge import Outcome, load_lot_into, unload
from mes_server.actions.trace_lots import trace
from mes_server.actions.upgrade_store import upgrade_store
from mes_server.bench.genealogies import DAY0_MS, KINDS, Genealogy
from mes_server.bench.machine import describe, table
from mes_server.domain.amounts import Amount
from mes_server.domain.genealogy import FORWARD
from mes_server.domain.people import Person
from mes_server.domain.recalls import SUPPLIER_LOT, Suspicion
from mes_server.domain.report import json_of
from mes_server.domain.routes import Operation
from mes_server.domain.seal import Draft
from mes_server.reports.papers import set_files
from mes_server.store.engine import open_engine, reading
from mes_server.store.telemetry import Column

METRICS = (
    "setpoint_temperature_c", "zone_1_temperature_c", "zone_2_temperature_c", "zone_3_temperature_c",
    "zone_4_temperature_c", "zone_5_temperature_c", "zone_6_temperature_c", "load_1_temperature_c",
    "load_2_temperature_c", "load_3_temperature_c", "load_4_temperature_c", "energy_kwh",
)  # fmt: skip
OPERATIONS, HOURS = 10, 8
HOUR_MS = 3_600_000
REPEATS = 7
SUPPLIERS_LOT = "S-4711"
PAGE, EVENTS_OF_STREAM = 20_000, 1_000
ZONE = ZoneInfo("Asia/Shanghai")
SIGNER = Person("Q-1", "", "zh", frozenset(("quality",)), {}, True)
AIM_JSON_MS, AIM_PDF_MS, AIM_QUERY_S, AIM_PACK_S = 300, 2_000, 5, 60


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """Medians in ms. `cold_ms`: the first report of a process, with contracts and templates still to be read."""

    samples: int
    json_ms: float
    cold_ms: float
    json_bytes: int
    pdf_ms: float
    pdf_bytes: int
    xlsx_ms: float


@dataclass(frozen=True, slots=True)
class PackFigures:
    """`query_s`: the trace with places and masses; `pack_s`: gathered, set, kept and signed."""

    events: int
    lots: int
    found: int
    filled_s: float
    query_s: float
    pack_s: float
    pdf_bytes: int


def _soak(seconds: int, seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A ramp, a soak and noise, to a tenth of a degree."""
    at = np.arange(seconds)
    target = np.minimum(20 + at / 12, 1060 + 3 * np.sin(at / 700))
    noise = np.random.default_rng(seed).normal(0, 0.3, seconds)
    values: np.ndarray[Any, np.dtype[np.float64]] = np.round(target + noise, 1)
    return values


def _furnaces(engine: Engine) -> list[str]:
    """Ten furnaces that report 12 series each second, one after the other for eight hours."""
    stations = add_stations(engine, "bench", "sinter_furnace", OPERATIONS, METRICS)
    for at, series in enumerate(stations.values()):
        for hour in range(HOURS):
            from_ms = DAY0_MS + (at * HOURS + hour) * HOUR_MS
            times = from_ms + np.arange(3600, dtype=np.int64) * 1000
            values = [_soak(HOURS * 3600, at * 100 + i)[hour * 3600 :][:3600] for i in range(len(series))]  # fmt: skip
            columns = [Column(n, times, v, int(times[-1])) for n, v in zip(series.values(), values, strict=True)]  # fmt: skip
            append_history(engine, columns)
    merge_all(engine, DAY0_MS + 30 * 24 * HOUR_MS)
    return list(stations)


def _act(name: str, place: str, at_ms: int) -> Act:
    return Act(name, "P-1", place, at_ms, at_ms)


def _lot(engine: Engine, stations: list[str]) -> str:
    """A lot that went through all of them."""
    amount = Amount(1000, 50_000_000, elements={"Nd": 14_000_000, "Dy": 500_000})
    act = _act("receive", "stock", DAY0_MS - HOUR_MS)
    code = str(carry_out(engine, act, receive_lot, "block", amount))
    for at, station in enumerate(stations):
        from_ms = DAY0_MS + at * HOURS * HOUR_MS
        operation = Operation(f"heat_{at}", {}, ("sinter_furnace",))
        act = _act(f"load-{at}", station, from_ms)
        run = carry_out(engine, act, load_lot_into, code, operation, {"recipe": "S-42/C"})
        act = _act(f"unload-{at}", station, from_ms + HOURS * HOUR_MS - 1000)
        carry_out(engine, act, unload, run, operation, [Outcome(code, amount)])
    return code


def _median_ms(times: list[float]) -> float:
    return float(np.median(times)) * 1000


def _heading() -> Heading:
    made_ms = DAY0_MS + 20 * 24 * HOUR_MS
    return Heading("RP26-000001-E8", "zh", made_ms, "Q-1", "bench", "bench")


def measure_report(folder: Path) -> ReportFigures:
    """A lot report over ten operations with curves of eight hours each."""
    url = f"sqlite:///{folder / 'report.db'}"
    upgrade_store(url)
    engine = open_engine(url)
    code = _lot(engine, _furnaces(engine))
    gathered, set_s, sheets, data = [], [], [], b""
    for _ in range(REPEATS):
        began = time.perf_counter()
        with reading(engine) as conn:
            report = compile_lot_report(conn, code, _heading())
        assert report is not None  # noqa: S101  # made just now
        data = json_of(report)
        gathered.append(time.perf_counter() - began)
    content = json.loads(data)
    for _ in range(REPEATS):
        began = time.perf_counter()
        files = _files(content, data, ("pdf",))
        set_s.append(time.perf_counter() - began)
        began = time.perf_counter()
        _files(content, data, ("xlsx",))
        sheets.append(time.perf_counter() - began)
    engine.dispose()
    samples = OPERATIONS * HOURS * 3600 * len(METRICS)
    return ReportFigures(
        samples, _median_ms(gathered[1:]), gathered[0] * 1000, len(data), _median_ms(set_s),
        len(files["pdf"]), _median_ms(sheets),
    )  # fmt: skip


def _files(content: Mapping[str, Any], data: bytes, names: tuple[str, ...]) -> dict[str, bytes]:
    return set_files(content, data, ZONE, "http://mes", names)


def _drafts(events: int) -> Iterator[list[Draft]]:
    """So many events in pages, a thousand in each stream."""
    for first in range(0, events, PAGE):
        yield [
            Draft(
                f"bench:{n // EVENTS_OF_STREAM}", n % EVENTS_OF_STREAM + 1, "bench_done", f"a{n}", DAY0_MS + n,
                f"P-{n % 97}", f"mill-{n % 13}", "", {"lot": f"L26-{n:09d}", "mass_mg": n},
            )
            for n in range(first, min(first + PAGE, events))
        ]  # fmt: skip


def _past(engine: Engine, events: int, per_layer: int) -> None:
    """A ledger of so many events, and a genealogy whose hub came under the supplier's number."""
    made = Genealogy(per_layer)
    for lots, edges in made.layers():
        named = [replace(lot, supplier_lot=SUPPLIERS_LOT) if lot.code == made.hub else lot for lot in lots]  # fmt: skip
        append_lots(engine, named, edges)
    for page in _drafts(events):
        append_ledger(engine, page, page[-1].at_ms)


def measure_pack(folder: Path, events: int, per_layer: int) -> PackFigures:
    """A recall of a supplier's lot, and its pack: numbered, sealed, signed."""
    url = f"sqlite:///{folder / 'recall.db'}"
    upgrade_store(url)
    engine = open_engine(url)
    began = time.perf_counter()
    _past(engine, events, per_layer)
    filled_s = time.perf_counter() - began
    began = time.perf_counter()
    with reading(engine) as conn:
        found = trace(conn, Suspicion(SUPPLIER_LOT, SUPPLIERS_LOT), FORWARD)
    query_s = time.perf_counter() - began
    began = time.perf_counter()
    about = f"{SUPPLIER_LOT}:{SUPPLIERS_LOT}"
    act = _act("pack", "", _heading().made_ms)
    wanted = Wanted(RECALL_PACK, about, "zh", "bench", "bench")
    draft = draft_paper(engine, act, wanted, compile_recall_pack, lambda c, d: set_files(c, d, ZONE, "http://mes"))  # fmt: skip
    assert draft is not None  # noqa: S101  # the suspicion is one
    (number,) = carry_out(engine, act, keep_paper, draft, about)
    act = _act("sign", "", act.at_ms + 1)
    refused = carry_out(engine, act, sign_paper, number, SIGNER, "approved")
    assert refused == []  # noqa: S101
    pack_s = time.perf_counter() - began
    engine.dispose()
    lots = per_layer * len(KINDS)
    return PackFigures(events, lots, len(found.lots), filled_s, query_s, pack_s, len(draft.files["pdf"]))  # fmt: skip


def page_of(report: ReportFigures, pack: PackFigures) -> str:
    """The figures as Markdown."""
    first = table(
        ("lot report", "JSON, ms", "first one, ms", "JSON, kB", "PDF, ms", "PDF, kB", "XLSX, ms"),
        [
            (
                f"{OPERATIONS} operations of {HOURS} h, {report.samples:,} samples", report.json_ms, report.cold_ms,
                report.json_bytes / 1000, report.pdf_ms, report.pdf_bytes / 1000, report.xlsx_ms,
            ),
            ("aim", f"≤ {AIM_JSON_MS}", "", "", f"≤ {AIM_PDF_MS}", "", ""),
        ],
    )  # fmt: skip
    second = table(
        ("recall of a supplier's lot", "lots found", "filled in s", "query, s", "signed pack, s", "PDF, kB"),
        [
            (
                f"{pack.events:,} events, {pack.lots:,} lots", pack.found, pack.filled_s, pack.query_s, pack.pack_s,
                pack.pdf_bytes / 1000,
            ),
            ("aim", "", "", f"≤ {AIM_QUERY_S}", f"≤ {AIM_PACK_S}", ""),
        ],
    )  # fmt: skip
    return "\n".join([*(f"* {fact}" for fact in describe()), "", *first, "", *second])


@click.command("report")
@click.option("--events", default=10_000_000, show_default=True, help="Events in the ledger of the recall.")  # fmt: skip
@click.option("--lots", default=1_000_000, show_default=True, help="Lots of the recall.")
@click.option("--to", type=click.Path(path_type=Path), help="Write the page (Markdown) there, too.")
def command(events: int, lots: int, to: Path | None) -> None:
    """A lot report with ten operations of eight hours, and a recall over many events with its signed pack."""
    with tempfile.TemporaryDirectory(prefix="lodestone-bench-") as name:
        report = measure_report(Path(name))
        click.echo("  report measured", err=True)
        pack = measure_pack(Path(name), events, max(lots // len(KINDS), 100))
    page = page_of(report, pack)
    if to:
        to.write_text(_PAGE.format(figures=page), encoding="utf-8")
    click.echo(page)


_PAGE = """# Benchmarks of reports and recalls

Written by `mes bench report --to docs/benchmarks_report.md`. A lot goes through ten furnaces that report 12 series a
second for eight hours each; its report is gathered as JSON, and set as PDF/A-3 with all curves and as a workbook.
Then a supplier's lot is recalled in a made-up past of ten layers, over a ledger of sealed events: the query with places
and masses, and the pack from gathering to the signature, PDF and workbook included.

{figures}
"""
