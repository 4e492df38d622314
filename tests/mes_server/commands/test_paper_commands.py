"""`mes lot report` and `mes binder`, as they are typed: files that are read back, and what is refused."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from mes_server.domain.amounts import Amount
from mes_server.store.engine import open_engine, reading
from mes_server.store.papers import newest_papers
from tests.mes_server.actions.lot_floor import Floor
from tests.mes_server.commands.test_commands import Call, mes, plant
from tests.mes_server.reports.paper import attachments

__all__ = ["mes", "plant"]


@pytest.fixture
def lot(plant: Path) -> str:
    """The code of a lot of that plant."""
    engine = open_engine(f"sqlite:///{plant / 'lodestone.db'}")
    code = Floor(engine).receive(Amount(10, 12_500_000), "parts")
    engine.dispose()
    return code


def test_a_report_is_written_and_kept(mes: Call, lot: str, plant: Path) -> None:
    said = mes("lot", "report", lot, "--pdf", "r.pdf", "--json", "r.json", "--xlsx", "r.xlsx", "--lang", "en", "--by", "Q-1")  # fmt: skip
    assert said.exit_code == 0, said.output
    assert said.output.startswith("RP")
    content = json.loads((plant / "r.json").read_text(encoding="utf-8"))
    assert content["language"] == "en"
    assert attachments((plant / "r.pdf").read_bytes()) == {"lot_report.json": content}
    assert (plant / "r.xlsx").read_bytes().startswith(b"PK")
    with reading(open_engine(f"sqlite:///{plant / 'lodestone.db'}")) as conn:
        (kept,) = newest_papers(conn, 5)
    assert (kept.number, kept.about, kept.person) == (content["number"], lot, "Q-1")
    again = mes("lot", "report", lot, "--json", "r2.json")
    assert again.exit_code == 0, again.output
    assert json.loads((plant / "r2.json").read_text())["earlier"] == [kept.number]


def test_a_report_of_nothing_is_refused_and_nothing_is_kept(mes: Call, plant: Path) -> None:
    assert mes("lot", "report", "L26-000009-XX", "--pdf", "r.pdf").exit_code == 1
    assert mes("lot", "report", "L26-000009-XX").exit_code == 2
    assert mes("lot", "report", "L26-000009-XX", "--pdf", "no/where/r.pdf").exit_code == 1
    with reading(open_engine(f"sqlite:///{plant / 'lodestone.db'}")) as conn:
        assert newest_papers(conn, 5) == []


def test_the_binder_is_written(mes: Call, lot: str, plant: Path) -> None:
    said = mes("binder", "b.zip", "--lang", "en")
    assert said.exit_code == 0, said.output
    assert "clauses are in b.zip: " in said.output
    assert "Binder by clause" in ZipFile(plant / "b.zip").read("index.html").decode()
