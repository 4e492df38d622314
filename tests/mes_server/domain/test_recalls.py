"""Where a lot is, in a word, and masses that add up whatever flows where."""

import pytest

from mes_server.domain.recalls import (
    Flow,
    Found,
    Recall,
    Suspicion,
    account,
    into_what,
    whole_life,
)


def found(
    code: str, at_ms: int = 0, kind: str = "parts", status: str = "active", mass: int = 0
) -> Found:
    return Found(code, kind, "", status, "", "", "", "", 0, mass, 0, False, at_ms)


@pytest.mark.parametrize(
    ("kind", "status", "where"),
    [
        ("parts", "running", "in_process"),
        ("parts", "active", "in_process"),
        ("finished", "active", "stock"),
        ("raw", "active", "stock"),
        ("waste", "active", "scrapped"),
        ("waste", "shipped", "shipped"),
        ("pack", "shipped", "shipped"),
        ("pack", "used_up", "used_up"),
    ],
)
def test_every_lot_is_in_one_place(kind: str, status: str, where: str) -> None:
    assert found("L", kind=kind, status=status).where == where


def test_a_mass_that_flows_between_the_lots_found_counts_once() -> None:
    lots = [found("A", 10), found("B", 20, mass=70), found("C", 30, mass=40)]
    flows = [Flow("A", "B", 20, 70), Flow("Q", "C", 30, 10), Flow("A", "C", 30, 30)]
    balance = account({"A": (10, 100), "B": (20, 70)}, lots, flows)
    assert (balance.start_mg, balance.joined_mg, balance.missing_mg) == (100, 10, 0)
    assert balance.reconciled_ppm == 1_000_000
    assert into_what(lots, flows) == {"A": ("B", "C")}


def test_what_flowed_before_the_suspected_time_is_part_of_what_was_there() -> None:
    lots = [found("A", 50, mass=120)]
    flows = [Flow("X", "A", 10, 100), Flow("Y", "A", 60, 25)]
    balance = account({"A": (50, 100)}, lots, flows)
    assert (balance.start_mg, balance.joined_mg, balance.missing_mg) == (100, 25, 5)
    assert account({}, [], []).reconciled_ppm is None


def test_what_is_used_up_is_not_held() -> None:
    lots = (found("A", status="used_up"), found("B"), found("C", status="shipped"))
    recall = Recall(Suspicion("lot", "A"), "forward", ("A",), lots, {}, {}, None)
    assert recall.holdable() == ["B", "C"]
    assert recall.counts() == {"in_process": 1, "shipped": 1, "used_up": 1}
    assert recall.as_content()["account"] is None


def test_all_of_a_lot_counts_from_its_beginning_or_to_its_end() -> None:
    assert whole_life("forward") < whole_life("back")
