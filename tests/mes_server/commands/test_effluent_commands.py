"""`mes effluent` and `mes hj212`, as they are typed."""

import uuid
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mes_server.actions.close_discharge import close_record, draft_record
from mes_server.actions.compile_discharge import Closing
from mes_server.actions.make_paper import Wanted
from mes_server.actions.one_action import carry_out
from mes_server.actions.record_events import Act
from mes_server.domain.uplink import Telling
from mes_server.reports.papers import set_files
from mes_server.store import hj212_outbox as outbox
from mes_server.store.engine import open_engine
from mes_server.store.transaction import writing
from mes_server.uplink.listen import Platform
from tests.mes_server.actions.outlet_floor import DAY, NI, TO_MS, ZONE, around
from tests.mes_server.actions.outlet_floor import OutletFloor as Floor
from tests.mes_server.commands.test_commands import Call, mes
from tests.mes_server.people_help import signer

__all__ = ["mes"]


@pytest.fixture
def floor(mes: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Floor:
    monkeypatch.setenv("MES_TIMEZONE", ZONE)
    assert mes("db", "upgrade").exit_code == 0
    made = Floor(open_engine(f"sqlite:///{tmp_path / 'lodestone.db'}"))
    made.build()
    made.water(rate=2.0, metrics={NI: around(0.3)})
    monkeypatch.setattr("mes_server.commands.effluent.now_ms", lambda: TO_MS + 3_600_000)
    return made


def closed(floor: Floor) -> str:
    said, now = Closing("o-shop", DAY, ZONE), floor.now_ms
    act = Act(uuid.uuid4().hex, "E-1", "", now, now)
    wanted = Wanted(said.kind, said.about, "en", "test", "site")
    done = draft_record(floor.engine, act, said, wanted, lambda c, d: set_files(c, d, ZoneInfo(ZONE), "", ("pdf", "csv")))  # fmt: skip
    (number,) = carry_out(floor.engine, act, close_record, said, done, signer("E-1", "environment"))
    return str(number)


def test_a_day_is_told_and_its_signed_record_written(mes: Call, floor: Floor, tmp_path: Path) -> None:  # fmt: skip
    before = mes("effluent", "day", "o-shop", DAY, "--pdf", "d.pdf")
    assert before.exit_code == 1
    assert "Nobody has closed" in before.output
    number = closed(floor)
    said = mes("effluent", "day", "o-shop", DAY, "--pdf", str(tmp_path / "d.pdf"), "--csv", str(tmp_path / "d.csv"))  # fmt: skip
    assert said.exit_code == 0, said.output
    assert number in said.output
    assert "stands" in said.output
    assert (tmp_path / "d.pdf").read_bytes().startswith(b"%PDF")
    assert number in (tmp_path / "d.csv").read_text(encoding="utf-8-sig")


@pytest.mark.usefixtures("floor")
def test_what_is_no_day_and_no_outlet_is_said(mes: Call) -> None:
    assert mes("effluent", "day", "o-shop", "2026-11").exit_code == 2
    assert mes("effluent", "month", "o-shop", "2026-13").exit_code == 2
    missing = mes("effluent", "month", "nowhere", "2026-11")
    assert missing.exit_code == 1
    assert "no outlet nowhere" in missing.output
    month = mes("effluent", "month", "o-shop", "2026-11")
    assert month.exit_code == 0, month.output
    assert "running" in month.output


def test_requests_are_sent_once_and_shown(
    mes: Call, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "MES_HJ212_ENDPOINT" in mes("hj212", "send", "--once").output
    with writing(floor.engine) as conn:
        told = Telling("010000A8900016F000169DC0", "o-shop", "2061", "20261120000000", "DataTime=1")
        outbox.put(conn, told, ("20261120100000000", 1), 1)
    platform = Platform().start()
    monkeypatch.setenv("MES_HJ212_ENDPOINT", platform.endpoint)
    assert mes("hj212", "send", "--once").output == "1 acknowledged, 0 not.\n"
    assert "010000A8900016F000169DC0" in mes("hj212", "show").output
    assert "acknowledged" in mes("hj212", "show", "--all").output
    platform.stop()


def test_a_wrong_endpoint_is_a_wrong_setting(mes: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MES_HJ212_ENDPOINT", "platform")
    assert "write host:port" in mes("hj212", "show").output


def test_coatings_are_compared_also_where_nothing_is_known_yet(mes: Call, floor: Floor) -> None:
    """The floor's days are not added up: no figure is made up, and the boundary is told."""
    told = mes("effluent", "compare", "--from", DAY, "--to", DAY)
    assert told.exit_code == 0, told.output
    assert "Boundary: the tanks from load to dryer" in told.output
    assert floor.engine is not None


@pytest.mark.parametrize(
    ("ends", "fault"),
    [
        (("--from", "28.11.2026"), "Write days as YYYY-MM-DD"),
        (("--from", "2026-11"), "Write days as YYYY-MM-DD"),
        (("--from", "2026-11-02", "--to", "2026-11-01"), "The first day comes before"),
    ],
)
def test_days_that_are_none_are_told(
    mes: Call, floor: Floor, ends: tuple[str, ...], fault: str
) -> None:
    told = mes("effluent", "compare", *ends)
    assert told.exit_code == 2, floor
    assert fault in told.output
