"""Processes in the small plant of the web tests: a stable one, one that runs away, and one that is counted."""

from random import Random
from typing import Any

from mes_server.actions.keep_gauges import (
    Calibrating,
    NewGauge,
    add_gauge,
    calibrate,
)
from mes_server.actions.keep_studies import Studying, record_study
from mes_server.actions.record_check import Checking, record_check
from mes_server.actions.record_events import Act, Book
from mes_server.actions.release_document import release_document
from mes_server.store.transaction import writing
from tests.mes_server.domain.plan_making import attribute, line, plan
from tests.mes_server.domain.published import AIAG_GRR
from tests.mes_server.people_help import signer
from tests.mes_server.web.plant_data import Plant

CHECKS = 32


def done(plant: Plant, name: str, ago_ms: int, acting: Any, *args: Any) -> None:
    """An action so long ago that nothing refuses."""
    at_ms = plant.now_ms - ago_ms
    with writing(plant.engine) as conn:
        book = Book(conn, Act(name, "A-1", "sinter-1", at_ms, at_ms))
        answer = acting(book, *args)
        book.close()
    assert not answer or isinstance(answer[0], str), answer


def checked_often(plant: Plant) -> None:
    """Of part P-7: oil (four readings an hour, stable), wear (one reading, drifts), marks (counted)."""
    told = iter(range(10_000))

    def act(acting: Any, *args: Any) -> None:
        done(plant, f"often-{(number := next(told))}", 40_000_000 - 100_000 * number, acting, *args)

    timed: dict[str, Any] = {"every": {"each": "hours"}, "reactions": ["remeasure"], "symbol": ""}
    lines = (
        line("oil", sample=4, **timed),
        line("wear", sample=1, **timed),
        attribute("marks", **timed),
    )
    content = plan(*lines, code="CP-7", parts=["P-7"], owner="quality")
    act(release_document, "plan", content, signer())
    draw = Random(1)
    for i in range(CHECKS):
        readings = [{"value": f"{draw.gauss(5, 0.008):.4f}"} for _ in range(4)]
        act(record_check, Checking("oil", plan="CP-7/A", readings=readings))
        drift = f"{4.97 + 0.003 * i + draw.gauss(0, 0.002):.4f}"
        act(record_check, Checking("wear", plan="CP-7/A", readings=[{"value": drift}]))
        act(record_check, Checking("marks", plan="CP-7/A", sample=50 + i % 3, rejected=i % 4))


def with_gauges(plant: Plant) -> str:
    """MIC-07 was found bad after it had measured; MIC-08 is new, MIC-09 has expired; the type has a poor study."""
    ok, bad = {"reference": "5.000", "reading": "5.001"}, {"reference": "5.000", "reading": "5.020"}
    for name in ("MIC-07", "MIC-08", "MIC-09"):
        new = NewGauge(
            name, "micrometer", "0-25 mm", "quality", "0.001", 300 if name[-1] == "7" else 1
        )
        done(plant, f"add-{name}", 900_000_000, add_gauge, new)
    for name in ("MIC-07", "MIC-09"):
        done(
            plant,
            f"cal-{name}",
            800_000_000,
            calibrate,
            name,
            Calibrating("0.002", [ok], (), "C-1"),
        )
    content = plan(
        line("width", gauge="micrometer", symbol="", sample=1), code="CP-8", parts=["P-8"]
    )
    done(plant, "gauge-plan", 700_000_000, release_document, "plan", content, signer())
    readings = [[[str(v) for v in part] for part in one] for one in AIAG_GRR]
    said = Studying("micrometer", "MIC-07", "width", "ranges", readings)
    done(plant, "study", 650_000_000, record_study, said)
    done(
        plant, "cal-bad", 600_000_000, calibrate, "MIC-07", Calibrating("0.002", [bad], [ok], "C-2")
    )
    return "MIC-07"
