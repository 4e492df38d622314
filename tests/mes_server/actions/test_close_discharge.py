"""A day is closed, signed and sealed; late data make a second revision, and the first stays as it was."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import Engine

from mes_server.actions.close_discharge import (
    Closed,
    Record,
    close_record,
    draft_record,
    record_of,
)
from mes_server.actions.compile_discharge import Closing, compile_record
from mes_server.actions.digests import digest_of
from mes_server.actions.make_paper import Wanted
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act, rebuild_lots
from mes_server.domain.discharge_rows import differences, figure
from mes_server.domain.report_contract import contract_of
from mes_server.domain.rules import Refusal
from mes_server.reports.paper_csv import to_csv
from mes_server.store.discharge_records import newest_records, record_of_paper, revisions
from mes_server.store.engine import reading
from mes_server.store.ledger import load_stream
from mes_server.store.papers import load_file, load_paper
from mes_server.store.signatures import list_signatures
from tests.mes_server.actions.outlet_floor import (  # fmt: skip
    DAY,
    FROM_MS,
    HOUR_MS,
    MINUTE_MS,
    NI,
    TO_MS,
    ZONE,
    around,
)
from tests.mes_server.actions.outlet_floor import OutletFloor as Floor
from tests.mes_server.actions.test_watch_exceedances import drawn
from tests.mes_server.people_help import signer
from tests.mes_server.web.test_papers import is_as_published

SAID = Closing("o-shop", DAY, ZONE)


def built(engine: Engine, mean: float = 0.3) -> Floor:
    floor = Floor(engine)
    floor.build()
    floor.coat(150, FROM_MS + 8 * HOUR_MS)
    floor.water(rate=2.0, metrics={NI: around(mean)})
    return floor


def no_files(_content: Mapping[str, Any], _data: bytes) -> Mapping[str, bytes]:
    return {"csv": to_csv(_content)}


def close(floor: Floor, said: Closing = SAID, by: Any = None) -> list[Any]:
    act = Act(uuid.uuid4().hex, "env-1", "", floor.now_ms, floor.now_ms)
    wanted = Wanted(said.kind, said.about, "en", "test", "site")
    done = draft_record(floor.engine, act, said, wanted, no_files)
    told: list[Any] = carry_out(floor.engine, act, close_record, said, done, by or signer("E-1", "environment"))  # fmt: skip
    return [one.rule if isinstance(one, Refusal) else one for one in told]


def found(floor: Floor, said: Closing = SAID) -> Record:
    with reading(floor.engine) as conn:
        record = record_of(conn, said, floor.now_ms)
    assert record is not None
    return record


def content(floor: Floor, number: str) -> dict[str, Any]:
    with reading(floor.engine) as conn:
        return dict(json.loads(load_file(conn, number, "json") or b"{}"))


def test_a_day_is_closed_signed_and_sealed(engine: Engine) -> None:
    floor = built(engine)
    (number,) = close(floor)
    assert number.startswith("DD")
    with reading(engine) as conn:
        paper = load_paper(conn, number)
        (signature,) = list_signatures(conn, f"paper:{number}")
        assert signature.stands(digest_of(conn, f"paper:{number}"))
        assert load_stream(conn, f"discharge:o-shop:{DAY}")
        assert record_of_paper(conn, number) == revisions(conn, "o-shop", DAY)[0]
    assert paper is not None
    assert (paper.kind, paper.verdict, signature.meaning) == ("discharge_day", "conforms", "closed")
    record = found(floor)
    assert record.stands
    assert record.changed == ()
    assert record.newest is not None
    assert record.newest.digest == record.judged.digest


def test_the_record_says_all_that_was_judged_and_fits_its_contract(engine: Engine) -> None:
    floor = built(engine, mean=0.6)
    (number,) = close(floor)
    said = content(floor, number)
    assert is_as_published(said, "discharge_day") == []
    sections = said["sections"]
    (nickel,) = (row for row in sections["pollutants"]["tables"]["results"] if row["pollutant"] == "ni")  # fmt: skip
    day = floor.pollutant()
    assert (nickel["mean"], nickel["n"], nickel["state"]) == (figure(day.mean), str(day.count), "exceed")  # fmt: skip
    limits = [row for row in sections["pollutants"]["tables"]["limits"] if row["pollutant"] == "ni"]
    assert {row["high"] for row in limits} == {"0.5"}
    assert all(row["source"] and row["certainty"] for row in limits)
    assert sections["water"]["facts"]["benchmark_m3"] == "75"
    assert sections["pollutants"]["state"] == "failed"
    assert said["verdict"] == "does_not_conform"
    text = to_csv(said).decode()
    assert "pollutants.results\r\n" in text
    assert nickel["mean"] in text
    for language in ("en", "zh"):
        told = [contract_of("discharge_day").remark(one["what"], one["facts"], language) for one in sections["pollutants"]["failures"]]  # fmt: skip
        assert told


def test_late_data_make_a_second_revision_and_the_first_stays(engine: Engine) -> None:
    floor = built(engine)
    (first,) = close(floor)
    before = content(floor, first)
    assert close(floor) == ["record_has_changed"]  # nothing has
    late = np.arange(600) * MINUTE_MS + FROM_MS + 15_000
    floor.record("o-shop", {NI: np.full(600, 0.45) + 0.001 * (-1.0) ** np.arange(600)}, late)
    floor.merge()
    record = found(floor)
    assert not record.stands
    assert "ni.mean" in [name for name, _, _ in record.changed]
    assert close(floor) == ["revision_has_reason"]
    (second,) = close(floor, Closing("o-shop", DAY, ZONE, "the logger sent ten hours late"))
    said = content(floor, second)
    assert said["earlier"] == [first]
    facts = said["sections"]["header"]["facts"]
    assert (facts["revision"], facts["replaces"], facts["reason"]) == ("2", first, "the logger sent ten hours late")  # fmt: skip
    assert content(floor, first) == before
    with reading(engine) as conn:
        assert [one.paper for one in revisions(conn, "o-shop", DAY)] == [first, second]
        (signature,) = list_signatures(conn, f"paper:{first}")
        assert signature.stands(digest_of(conn, f"paper:{first}"))
    assert found(floor).stands


def test_a_laboratory_result_that_comes_late_is_named_as_the_difference(engine: Engine) -> None:
    floor = built(engine)
    close(floor)
    sample = drawn(floor, "0.41", FROM_MS + 10 * HOUR_MS)
    record = found(floor)
    assert not record.stands
    assert ("ni.samples", "", sample) in record.changed
    (second,) = close(floor, Closing("o-shop", DAY, ZONE, "the laboratory reported"))
    (row,) = content(floor, second)["sections"]["samples"]["tables"]["samples"]
    assert (row["sample"], row["results"]) == (sample, "ni 0.41 mg/L")


def test_a_voided_or_late_sample_is_named_as_the_difference() -> None:
    assert differences({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}) == [("b", "2", "3"), ("c", "", "4")]  # fmt: skip


def test_a_day_is_not_closed_before_it_is_over_nor_by_anybody(engine: Engine) -> None:
    floor = built(engine)
    floor.now_ms = TO_MS - HOUR_MS
    assert close(floor) == ["period_is_over"]
    floor.now_ms = TO_MS + HOUR_MS
    operator = signer("op-1", "operator")
    assert close(floor, by=operator) == ["signer_may"]
    assert close(floor, Closing("nowhere", DAY, ZONE)) == ["outlet_is_known"]
    assert found(floor).revisions == ()


def test_a_record_is_closed_once_by_two_who_press_at_once(engine: Engine) -> None:
    floor = built(engine)
    wanted = Wanted(SAID.kind, SAID.about, "en", "test", "site")
    acts = [Act(uuid.uuid4().hex, "env-1", "", floor.now_ms, floor.now_ms) for _ in range(2)]
    drafts = [draft_record(engine, act, SAID, wanted, no_files) for act in acts]
    assert all(isinstance(one, Closed) for one in drafts)
    by = signer("E-1", "environment")
    done = [carry_out(engine, act, close_record, SAID, one, by) for act, one in zip(acts, drafts, strict=True)]  # fmt: skip
    assert isinstance(done[0][0], str)
    assert done[1][0].rule == "record_has_changed"


def test_the_month_names_its_days_with_records_and_those_without(engine: Engine) -> None:
    floor = built(engine)
    (day,) = close(floor)
    month = Closing("o-shop", DAY[:7], ZONE)
    assert close(floor, month) == ["period_is_over"]
    floor.now_ms = TO_MS + 12 * 24 * HOUR_MS
    (number,) = close(floor, month)
    said = content(floor, number)
    assert is_as_published(said, "discharge_month") == []
    rows = said["sections"]["days"]["tables"]["days"]
    assert len(rows) == 13  # since the waterworks were released
    assert [row["record"] for row in rows if "record" in row] == [day]
    missing = [
        one for one in said["sections"]["days"]["gaps"] if one["what"] == "day_without_record"
    ]
    assert len(missing) == 12
    (nickel,) = (row for row in said["sections"]["pollutants"]["tables"]["results"] if row["pollutant"] == "ni")  # fmt: skip
    assert nickel["load_kg"]
    with reading(engine) as conn:
        assert set(newest_records(conn, "o-shop", DAY[:7])) == {DAY, DAY[:7]}


def test_the_records_are_computed_anew_from_the_ledger(engine: Engine) -> None:
    floor = built(engine)
    close(floor)
    with reading(engine) as conn:
        before = revisions(conn, "o-shop", DAY)
    rebuild_lots(engine)
    with reading(engine) as conn:
        assert revisions(conn, "o-shop", DAY) == before


def test_a_record_of_nowhere_is_none(engine: Engine) -> None:
    floor = built(engine)
    with reading(engine) as conn:
        assert record_of(conn, Closing("nowhere", DAY, ZONE), floor.now_ms) is None
        assert compile_record is not None
