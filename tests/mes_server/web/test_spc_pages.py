"""Control charts as pages: drawn, judged by the chosen rules, with capability or why there is none; as CSV."""

import csv
import io
import re

import pytest
from flask.testing import FlaskClient

from mes_server.actions.record_check import Checking, record_check
from mes_server.actions.release_document import release_document
from tests.mes_server.domain.plan_making import line, plan
from tests.mes_server.people_help import signer
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.process_data import CHECKS, checked_often, done

OF = "/quality/spc?part=P-7&characteristic="


@pytest.fixture
def often(plant: Plant, stations: dict[str, int]) -> Plant:
    checked_often(plant)
    return plant


def read(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_checks_under_another_spec_are_left_out_and_it_is_told(
    client: FlaskClient, often: Plant
) -> None:
    timed = {"every": {"each": "hours"}, "reactions": ["remeasure"], "symbol": ""}
    wide = line("oil", sample=4, upper="5.06", **timed)
    content = plan(wide, code="CP-7", revision="B", parts=["P-7"])
    done(often, "plan-b", 5_000_000, release_document, "plan", content, signer())
    for i in range(3):
        readings = [{"value": f"5.00{i + j}"} for j in range(4)]
        said = Checking("oil", plan="CP-7/B", readings=readings)
        done(often, f"b-{i}", 4_000_000 - i, record_check, said)
    page = read(client, OF + "oil")
    assert f"{CHECKS} older checks left out: of another spec" in page
    rows = list(csv.reader(io.StringIO(client.get("/quality/spc.csv?part=P-7&characteristic=oil").text)))  # fmt: skip
    assert len(rows) == 1 + 2 * 3


def test_what_was_checked_can_be_charted(client: FlaskClient, plant: Plant) -> None:
    assert "Nothing was checked yet" in read(client, "/quality/spc")
    assert client.get("/quality/spc?part=P-9&characteristic=x").status_code == 404
    assert client.get("/quality/spc.csv?part=P-9&characteristic=x").status_code == 404


def test_a_stable_process_has_both_charts_and_its_indices(
    client: FlaskClient, often: Plant
) -> None:
    assert "characteristic=oil" in read(client, "/quality/spc")
    page = read(client, OF + "oil")
    assert page.count('class="control-chart"') == 2
    assert page.count("<circle") + page.count('<g class="broken"><title>') == 2 * CHECKS + 1
    for text in ("X̄ and R", "No rule is broken", "Cpk", "95 % interval", "capable (above 1.67)"):
        assert text in page, text
    assert "过程能力" in read(client, OF + "oil", "zh")


def test_a_drift_breaks_rules_and_has_no_index(client: FlaskClient, often: Plant) -> None:
    page = read(client, OF + "wear&rules=nelson")
    assert "the process is not stable" in page
    assert "Cpk" not in page
    assert "9 points in a row on one side of the centre" in page
    assert "out of the spec" in page
    western = read(client, OF + "wear&rules=western_electric&station=sinter-1")
    assert "8 points in a row on one side of the centre" in western
    assert '<option value="western_electric" selected>' in western


def test_counts_are_charted_by_their_shares(client: FlaskClient, often: Plant) -> None:
    page = read(client, OF + "marks")
    assert "Share of bad pieces" in page
    assert "Counts have no index" in page
    assert "This chart takes subgroups of one size; here they have 50, 51, 52." in read(
        client, OF + "marks&chart=np"
    )
    assert "Defects per unit" in read(client, OF + "marks&chart=u")


def test_a_chart_that_these_checks_do_not_make_says_why(client: FlaskClient, often: Plant) -> None:
    assert "This chart takes subgroups of one size; here they have 1." in read(
        client, OF + "wear&chart=xbar_r"
    )
    assert "Individuals and moving range" in read(client, OF + "oil&chart=i_mr")
    assert "X̄ and R" in read(client, OF + "oil&chart=nonsense&rules=nonsense")


def test_the_table_has_every_point_of_every_line(client: FlaskClient, often: Plant) -> None:
    answer = client.get("/quality/spc.csv?part=P-7&characteristic=wear&rules=nelson")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 2 * CHECKS - 1
    first = [row for row in rows if row["line"] == "individual"]
    assert [float(row["value"]) for row in first] == [float(row["readings"]) for row in first]
    assert {row["centre"] for row in first} == {first[0]["centre"]}
    assert any("2" in row["rules"].split() for row in first)
    assert all(re.fullmatch(r"CK\d\d-\d{6}-..", row["check"]) for row in rows)
    refused = client.get("/quality/spc.csv?part=P-7&characteristic=wear&chart=xbar_r")
    assert refused.status_code == 409
