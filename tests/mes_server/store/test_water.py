"""The tables of samples, analysers, meters and waste follow the ledger, and are the same when they follow it again.

The whole of water, water_samples, analyser_checks, meter_notes, waste and their dataclasses of domain.water_records.
"""

from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, text

from mes_server.actions.answer_scan import tell
from mes_server.actions.record_events import Act, Book, rebuild_lots
from mes_server.domain.rules import Refusal
from mes_server.domain.water_records import meter_stream, waste_stream
from mes_server.domain.water_samples import analyser_stream, sample_stream
from mes_server.store.analyser_checks import difference, last_passed
from mes_server.store.engine import reading
from mes_server.store.meter_notes import list_notes
from mes_server.store.transaction import writing
from mes_server.store.waste import list_waste, load_waste
from mes_server.store.water import (
    checks_of,
    exchanges_of,
    hand_readings_of,
    samples_of,
    waste_between,
)
from mes_server.store.water_samples import (
    Sought,
    count_refused,
    list_refused,
    list_samples,
    load_sample,
)

TABLES = ("water_sample", "water_refused", "analyser_check", "meter_note", "waste_record")


def note(engine: Engine, stream: str, kind: str, reason: str = "", /, **facts: Any) -> None:
    """One event of E-1."""
    with writing(engine) as conn:
        count = conn.execute(text("SELECT count(*) FROM ledger")).scalar_one()
        book = Book(conn, Act(f"a-{count}", "E-1", "lab", 1000, 1000))
        book.note(stream, kind, reason, **facts)
        book.close()


def rows(engine: Engine) -> dict[str, list[Any]]:
    """All that the tables hold."""
    with reading(engine) as conn:
        return {
            name: sorted(map(tuple, conn.execute(text(f"SELECT * FROM {name}"))), key=str)
            for name in TABLES
        }


def taken(engine: Engine, code: str, from_ms: int, to_ms: int, place: str = "o-shop") -> None:
    """A sample, drawn by E-2."""
    note(
        engine, sample_stream(code), "sample_taken", place=place, kind="grab", from_ms=from_ms, to_ms=to_ms,
        lab="", note="HNO3, pH < 2", at_ms=to_ms, person="E-2",
    )  # fmt: skip


def reported(engine: Engine, code: str, **values: str) -> None:
    """A report with results in mg/L."""
    results = [
        {"pollutant": name, "value": value.strip("<"), "unit": "mg/L", "qualifier": value[:1].strip("0123456789"),
         "method": "HJ 776", "lod": "0.02"}
        for name, value in values.items()
    ]  # fmt: skip
    note(engine, sample_stream(code), "sample_reported", report="R-7", at_ms=500, person="lab", results=results)  # fmt: skip


def checked(engine: Engine, code: str, kind: str, at_ms: int, passed: str, **more: Any) -> None:
    """A check of the nickel analyser."""
    facts = {"to_ms": None, "person": "E-1", "expected": "1.0", "read": "1.05", "tolerance": "0.1", "note": ""}  # fmt: skip
    facts |= {"check": code, "kind": kind, "at_ms": at_ms, "passed": passed} | more
    note(engine, analyser_stream("o-shop", "ni"), "analyser_checked", **facts)


def all_of_it(engine: Engine) -> None:
    """Something in every table."""
    taken(engine, "WS-1", 100, 200)
    note(
        engine, sample_stream("WS-1"), "sample_received", at_ms=300, person="Li", lab="SGS", note=""
    )
    reported(engine, "WS-1", ni="0.31", cu="<0.02")
    note(engine, sample_stream("WS-1"), "result_withdrawn", "diluted twice", pollutant="cu")
    taken(engine, "WS-2", 199, 400)
    note(engine, sample_stream("WS-2"), "sample_voided", "bottle broke", at_ms=410, person="E-1")
    taken(engine, "WS-3", 150, 160, "o-plant")
    checked(engine, "AC-1", "span", 50, "yes")
    checked(engine, "AC-2", "span", 150, "no", read="1.4")
    nothing = {"expected": "", "read": "", "tolerance": ""}
    checked(engine, "AC-3", "maintenance", 80, "", **nothing)
    note(engine, analyser_stream("o-shop", "ni"), "maintenance_ended", check="AC-3", to_ms=120)
    checked(engine, "AC-4", "span", 160, "yes")
    note(engine, analyser_stream("o-shop", "ni"), "check_voided", "wrong bottle", check="AC-4")
    checked(engine, "AC-5", "repaired", 30, "", **nothing, note="new pump")
    meter = {"station": "pl-1", "metric": "water_m3", "person": "E-1", "note": ""}
    figures = {"before": "99.5", "after": "0"}
    note(engine, meter_stream("w-pl"), "meter_exchanged", at_ms=120, **figures, **meter)
    note(engine, meter_stream("w-pl"), "meter_read", at_ms=140, after="7.25", **meter)
    said = {"at_ms": 100, "place": "t-ni", "kg": "120", "dry_percent": "35", "cycle": "7"}
    note(engine, waste_stream("WM-1"), "sludge_weighed", **said)
    note(engine, waste_stream("WM-2"), "manifest_prepared", at_ms=130, kg="100", code="HW17", number="M-1", place="")  # fmt: skip
    note(engine, waste_stream("WM-2"), "manifest_handed", handed_ms=140)
    note(engine, waste_stream("WM-2"), "manifest_confirmed", confirmed_ms=150, received_kg="97")
    with writing(engine) as conn:
        book = Book(conn, Act("refused-1", "E-1", "lab", 900, 900))
        facts = {"pollutant": "ni", "value": "310", "unit": "µg/L"}
        tell(book, [Refusal("result_is_in_its_unit", facts)], what="water_report", lot="WS-1")
    with writing(engine) as conn:
        book = Book(conn, Act("refused-2", "E-1", "lab", 900, 900))
        tell(book, [Refusal("lot_is_known", {"lot": "L1"})], what="titrate", lot="L1")


def test_a_sample_is_read_with_its_custody_its_results_and_what_does_not_count(
    engine: Engine,
) -> None:
    all_of_it(engine)
    with reading(engine) as conn:
        found = load_sample(conn, "WS-1")
        assert found is not None
        assert [one.code for one in samples_of(conn, "o-shop", 100, 200)] == ["WS-1", "WS-2"]
        assert samples_of(conn, "o-shop", 101, 199) == [], "it counts when its drawing began"
        assert [one.code for one in list_samples(conn, Sought(states=("sample_taken",)))] == [
            "WS-3"
        ]
        assert [one.code for one in list_samples(conn, Sought("o-shop", (), 100, 200), 1)] == [
            "WS-2"
        ]
        voided = load_sample(conn, "WS-2")
        assert load_sample(conn, "WS-9") is None
        (refused,) = list_refused(conn)
        assert (count_refused(conn), count_refused(conn, 901)) == (1, 0), "of water alone"
    assert [(one.kind, one.person) for one in found.custody] == [
        ("sample_taken", "E-2"), ("sample_received", "Li"), ("sample_reported", "lab"),
    ]  # fmt: skip
    assert (found.state, found.last_ms, found.lab, found.report) == (
        "sample_reported", 500, "SGS", "R-7",
    )  # fmt: skip
    (ni,) = found.results
    assert (ni.pollutant, ni.value, ni.report) == ("ni", Decimal("0.31"), "R-7")
    assert [(one.pollutant, one.value, one.refused) for one in found.refused] == [
        ("cu", Decimal("0.02"), "diluted twice"), ("ni", Decimal(310), "result_is_in_its_unit"),
    ]  # fmt: skip
    assert voided is not None
    assert (voided.voided, voided.state) == ("bottle broke", "sample_voided")
    assert refused.reasons[0][0] == "result_is_in_its_unit"


def test_a_day_gets_the_checks_that_speak_for_it(engine: Engine) -> None:
    all_of_it(engine)
    with reading(engine) as conn:

        def codes(from_ms: int, to_ms: int) -> list[str]:
            return [one.code for one in checks_of(conn, "o-shop", from_ms, to_ms)]

        assert codes(100, 149) == ["AC-1", "AC-3", "AC-2"], "the next one, too: it failed"
        assert codes(120, 145) == ["AC-1", "AC-2"], "the work was over"
        assert codes(200, 300) == ["AC-1", "AC-2"], "all since the last that passed"
        assert codes(0, 40) == ["AC-5", "AC-1"], "a repair is at its moment"
        assert checks_of(conn, "o-plant", 0, 1000) == []
        last = last_passed(conn, "o-shop", "ni", "span", 150)
        assert last is not None
        assert (last.code, difference(last)) == ("AC-1", Decimal("0.05"))


def test_meters_and_waste_are_read_as_they_were_written(engine: Engine) -> None:
    all_of_it(engine)
    with reading(engine) as conn:
        assert exchanges_of(conn, "pl-1", "water_m3", 0, 120) == [120]
        assert exchanges_of(conn, "pl-1", "water_m3", 121, 500) == []
        assert [one.after for one in hand_readings_of(conn, "w-pl", 0, 500)] == [0, Decimal("7.25")]
        assert [one.kind for one in list_notes(conn, "w-pl")] == ["meter_read", "meter_exchanged"]
        (sludge,) = waste_between(conn, ("sludge",), 0, 101)
        manifest = load_waste(conn, "WM-2")
        assert [one.code for one in list_waste(conn, ("sludge", "manifest"))] == ["WM-2", "WM-1"]
    assert sludge.dry_kg == 42
    assert manifest is not None
    assert manifest.state == "confirmed"
    assert (manifest.received_kg, manifest.differs_percent) == (97, -3)


def test_the_tables_are_the_same_when_they_are_made_anew(engine: Engine) -> None:
    all_of_it(engine)
    before = rows(engine)
    assert all(before.values())
    note(engine, waste_stream("WM-1"), "waste_voided", "weighed twice")
    after = rows(engine)
    assert before != after
    rebuild_lots(engine)
    assert rows(engine) == after
