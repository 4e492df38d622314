"""Proofs in their table, and every good sample of a span for them."""

import numpy as np
from sqlalchemy import Engine

from mes_server.domain.charges import Run
from mes_server.domain.proofs import PROVED, stream_of
from mes_server.domain.seal import Draft, seal
from mes_server.store.engine import reading
from mes_server.store.measured import load_measured
from mes_server.store.proofs import (  # fmt: skip
    drop_all,
    follow,
    last_proven,
    list_proofs,
    newest_proofs,
    proofs_at,
)
from mes_server.store.runs import save_run
from mes_server.store.transaction import writing
from schemas.samples import GOOD, STALE
from tests.mes_server.store.making import HOUR, T0, append, column, merge_all, series_of


def test_only_good_samples_of_the_span_count_fresh_or_merged(engine: Engine) -> None:
    station, key = series_of(engine)
    values = np.array([1.0, np.nan, 3.0, 4.0, 5.0])
    qualities = np.array([GOOD, 0, STALE, GOOD, GOOD], np.uint16)
    append(engine, column(key, [T0, T0 + 1, T0 + 2, T0 + HOUR, T0 + 2 * HOUR], values, qualities=qualities))  # fmt: skip
    for _ in range(2):
        with reading(engine) as conn:
            found = load_measured(conn, station, "value", T0, T0 + HOUR)
        assert (found.times.tolist(), found.values.tolist(), found.bad) == ([T0, T0 + HOUR], [1, 4], 2)  # fmt: skip
        merge_all(engine)
    with reading(engine) as conn:
        assert len(load_measured(conn, station, "nothing", T0, T0 + HOUR).times) == 0


def test_proofs_are_found_by_run_and_station_the_earlier_ones_too(engine: Engine) -> None:
    with writing(engine) as conn:
        for number, (run, verdict) in enumerate([("CH1", "not_proven"), ("CH1", "proven"), ("CH2", "failed")], 1):  # fmt: skip
            facts = {"run": run, "station": "f-1", "recipe": "R/A", "verdict": verdict, "held": []}
            draft = Draft(stream_of(run), number, PROVED, f"act-{number}", T0, "P1", "f-1", "", facts)  # fmt: skip
            follow(conn, seal("", number, T0 + number, draft))
        for code, opened_ms in (("CH1", T0), ("CH2", T0 + 1)):
            save_run(conn, Run(code, "f-1", "sinter", opened_ms, "R", T0 + 2))
    with reading(engine) as conn:
        assert [one.verdict for one in list_proofs(conn, "CH1")] == ["not_proven", "proven"]
        assert {run: one.verdict for run, one in newest_proofs(conn, ["CH1", "CH2", "X"]).items()} == {"CH1": "proven", "CH2": "failed"}  # fmt: skip
        assert [one.run for one in proofs_at(conn, "f-1", 2)] == ["CH2", "CH1"]
        assert last_proven(conn, "f-1", "R/A", T0 + 1) == "CH1"
        assert last_proven(conn, "f-1", "R/A", T0) == ""
    with writing(engine) as conn:
        drop_all(conn)
        assert list_proofs(conn, "CH1") == []
