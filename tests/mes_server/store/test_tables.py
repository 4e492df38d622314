"""One way of writing statements, for both databases."""

from sqlalchemy import Engine

from mes_server.store.engine import reading
from mes_server.store.tables import run, run_many
from mes_server.store.transaction import writing
from tests.mes_server.store.making import count_rows

INSERT = "INSERT INTO alarm (kind, subject, facts, opened_ms, last_ms, count) VALUES (?, ?, '{}', 1, 1, 1)"


def test_marks_and_per_cent_signs_mean_the_same_to_both(engine: Engine) -> None:
    with writing(engine) as conn:
        run_many(conn, INSERT, [("cloned", "gbd/a%b"), ("restored", "gbd/?")])
    with reading(engine) as conn:
        like = "SELECT subject FROM alarm WHERE subject LIKE 'gbd/a%' AND kind = ?"
        assert [row.subject for row in run(conn, like, ("cloned",))] == ["gbd/a%b"]
        assert run(conn, "SELECT 7 % 4 AS rest").scalar_one() == 3


def test_nothing_is_asked_for_no_rows(engine: Engine) -> None:
    with writing(engine) as conn:
        run_many(conn, "no statement at all", [])
    assert count_rows(engine, "alarm") == 0
