"""docs/ledger.md: the script that auditors are given comes to the answer of `mes verify`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from mes_server.domain.amounts import Amount
from mes_server.store.engine import reading
from mes_server.store.ledger import head
from mes_server.store.transaction import writing
from mes_server.store.verifying import verify_ledger
from tests.conftest import ROOT
from tests.mes_server.actions.lot_floor import Floor

PAGE = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (found,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(found.splitlines()) <= 25, "somebody has to read it"
    file = tmp_path / "check.py"
    file.write_text(found, encoding="utf-8")
    return file


@pytest.fixture
def database(sqlite_engine: Engine) -> str:
    floor = Floor(sqlite_engine)
    for number in range(1, 8):
        floor.receive(Amount(number, 1000), part="磁钢-30×12")
    return str(sqlite_engine.url.database)


def checked(script: Path, database: str, *anchors: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(script), database, *anchors]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_whole_ledger_and_a_paper_of_it_are_confirmed(
    script: Path, database: str, sqlite_engine: Engine
) -> None:
    with reading(sqlite_engine) as conn:
        last = head(conn, 0)
    ran = checked(script, database, last.on_paper())
    said = f"{last.number} events as they were sealed; the last is {last.number}:{last.hash}.\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, said, "")


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE ledger SET person = 'X' WHERE number = 4", 4),
        ("UPDATE ledger SET reason = x'00ff' WHERE number = 5", 5),
        ("UPDATE ledger SET number = 'x' WHERE number = 6", 6),
        ("DELETE FROM ledger WHERE number = 3", 3),
        ("DELETE FROM ledger WHERE number > 5", None),
    ],
)
def test_it_finds_what_mes_verify_finds(
    script: Path, database: str, sqlite_engine: Engine, statement: str, number: int | None
) -> None:
    with reading(sqlite_engine) as conn:
        last = head(conn, 0)
    with writing(sqlite_engine) as conn:
        for guard in ("ledger_no_update", "ledger_no_delete"):
            conn.execute(text(f"DROP TRIGGER {guard}"))
        conn.execute(text(statement))
    ran = checked(script, database, last.on_paper())
    said = f"The ledger does not hold {last.on_paper()}."
    assert ran.stderr.strip() == (
        said if number is None else f"Event {number} is not what was sealed."
    )
    assert ran.returncode == 1
    found = verify_ledger(sqlite_engine, [last], 0).broken
    assert found is not None
    assert found.number == (number or 6)
