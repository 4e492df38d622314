"""`mes bath`, as it is typed: listed, shown, titrated; the lots of a bad titration."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from mes_server.settings import read_settings
from mes_server.store.engine import open_engine
from tests.mes_server.web.bath_data import Bath, with_baths
from tests.mes_server.web.plant_data import Plant

Call = Callable[..., Result]


@pytest.fixture
def made(mes: Call, tmp_path: Path) -> Bath:
    engine = open_engine(read_settings(os.environ).url)
    made = with_baths(Plant(engine))
    engine.dispose()
    return made


def test_a_bath_is_listed_and_shown(mes: Call, made: Bath) -> None:
    (row,) = json.loads(mes("bath", "list", "--json").output)
    assert (row["bath"], row["spec"], row["tank"], row["locked"]) == (
        made.lot, "NI-BASE/A", "plate-2 bath", "yes",
    )  # fmt: skip
    assert "ni_g_l" in row["due"]
    assert "g NiSO4·6H2O" in row["add"]
    assert "58.11" in mes("bath", "show", made.lot).output
    assert json.loads(mes("bath", "show", made.lot, "--json").output)["lot"] == made.lot
    assert "mes bath list" in mes("bath", "show", "BM26-9", exit_code=1).output


def test_a_bath_is_titrated_and_what_is_out_is_an_exit_code(mes: Call, made: Bath) -> None:
    good = mes("bath", "titrate", made.lot, "ni_g_l=11.9", "ni_g_l.factor=1.001", "ph=4.6").output
    assert "ni_g_l 69.91 ok" in good
    out = mes("bath", "titrate", made.lot, "ph=6.1", exit_code=3).output
    assert f"{made.lot} is locked" in out
    wrong = mes("bath", "titrate", made.lot, "ph=61", exit_code=1).output
    assert "cannot be 61" in wrong
    assert "PARAMETER=FIGURE" in mes("bath", "titrate", made.lot, "ph", exit_code=2).output


def test_the_lots_of_a_bad_titration_are_named(mes: Call, made: Bath) -> None:
    (row,) = json.loads(mes("bath", "suspects", made.lot, "--json").output)
    assert (row["lot"], row["held"]) == (made.parts, True)
    told = mes("bath", "suspects", made.lot, "--titration", made.out, "--json").output
    assert [one["lot"] for one in json.loads(told)] == [made.parts]
    assert mes("bath", "suspects", made.lot, "--titration", "TI26-9").output == "none\n"
