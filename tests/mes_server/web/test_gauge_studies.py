"""Studies over HTTP, and gauges at a desk: entered, calibrated, found bad, studied, all by forms."""

from playwright.sync_api import Page, expect

from mes_server.actions.keep_gauges import Calibrating, NewGauge, add_gauge, calibrate
from tests.mes_server.people_help import PIN
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.test_gauges import GOOD, READINGS, get, measured, under_plan
from tests.mes_server.web.test_handling import Desk
from tests.mes_server.web.test_handling import desk as desk
from tests.mes_server.web.test_handling import shop as shop
from tests.mes_server.web.test_nonconformances import office as office

TABLE = "operator,part,trial,value\n" + "".join(
    f"{who},{part},{trial},{value}\n"
    for who, one in zip("ABC", READINGS, strict=True)
    for part, values in enumerate(one, 1)
    for trial, value in enumerate(values, 1)
)


def test_a_table_is_looked_at_row_by_row_before_it_is_a_study(desk: Desk) -> None:
    said = {"type": "micrometer", "method": "ranges", "table": TABLE}
    found = desk.post("/studies/preview", **said).json
    assert (found["rows"], found["verdict"], found["refusals"]) == (90, "fair", [])
    assert [one["appraiser"] for one in found["items"]] == ["A", "B", "C"]
    assert get(desk, "/studies/micrometer")["items"] == [], "nothing was recorded"
    bad = TABLE.replace("A,1,1,0.29", 'A,1,1,"0,29"').replace("C,10,3,", "C,10,x,")
    told = desk.post("/studies/preview", **said | {"table": bad}).json["refusals"]
    assert [(one["rule"], one["facts"]["row"]) for one in told] == [
        ("figure_has_a_point", "2"), ("trial_is_a_number", "91"),
    ]  # fmt: skip
    assert desk.rules("/studies", **said | {"table": bad}) == ["figure_has_a_point", "trial_is_a_number"]  # fmt: skip
    desk.done("/studies", **said)
    (kept,) = get(desk, "/studies/micrometer")["items"]  # type: ignore[misc]
    assert (kept["kind"], kept["appraisers"], kept["readings"]) == ("grr", ["A", "B", "C"], READINGS)  # fmt: skip
    assert kept["judged_by"]["since"] == "2010-06-01"
    nothing = desk.post("/studies/preview", type="m", kind="bias", readings=[[["1", "2"]]]).json
    assert [one["rule"] for one in nothing["refusals"]] == ["references_are_told"]


def test_at_a_desk_a_gauge_is_entered_and_found_bad(office: Page, shop: Shop) -> None:
    office.goto(office.url.replace("nonconformances", "gauges"))
    office.get_by_text("Enter a gauge", exact=True).click()
    form = office.locator("#new form")
    form.get_by_label("Code on the gauge").fill("mic-08")
    form.get_by_label("Type").fill("micrometer")
    form.get_by_role("button", name="Enter it").click()
    office.wait_for_url("**/quality/gauges/MIC-08")
    shop.act(add_gauge, NewGauge("MIC-07", "micrometer", "0-25 mm"))
    shop.act(calibrate, "MIC-07", Calibrating("0.002", GOOD))
    under_plan(shop)
    lot = shop.lot()
    measured(shop, lot)
    office.goto(office.url.replace("MIC-08", "MIC-07"))

    office.get_by_text("Record a calibration", exact=True).click()
    form = office.locator("#calibrate form")
    form.get_by_label("Tolerance").fill("0.002")
    form.get_by_label("As found").fill("5.000 5.020\n10.000 10.001\n")
    form.get_by_label("As left").fill("5.000 5.000")
    form.get_by_label("Badge").fill("Q-1")
    form.get_by_label("PIN").fill(PIN)
    with office.expect_navigation():
        form.get_by_role("button", name="Sign and record").click()
    rows = office.locator("tbody tr")
    expect(rows.first).to_contain_text("5.000 → 5.020, 10.000 → 10.001")
    expect(rows.first).to_contain_text("王芳")
    expect(rows.nth(1)).to_contain_text("Nobody has signed it.")
    affected_lot = office.get_by_role("link", name=lot).first
    expect(affected_lot).to_have_attribute("href", f"/lots/{lot}")
    expect(office.locator("ul.signatures li", has_text=lot).first).to_contain_text("held")


def test_at_a_desk_a_study_is_pasted_looked_at_and_recorded(office: Page, shop: Shop) -> None:
    shop.act(add_gauge, NewGauge("MIC-07", "micrometer", "0-25 mm"))
    office.goto(office.url.replace("nonconformances", "gauges/MIC-07"))
    office.get_by_text("Add a study", exact=True).click()
    study = office.locator("#study")
    study.get_by_label("Paste the table").fill(TABLE.replace("A,1,1,0.29", "A,1,1,abc"))
    study.get_by_role("button", name="Look at it").click()
    expect(office.locator("#study-answer")).to_contain_text("Row 2: Reading 1 is no figure: abc.")
    expect(office.locator("#study-take")).to_be_disabled()
    study.get_by_label("Paste the table").fill(TABLE)
    study.get_by_role("button", name="Look at it").click()
    expect(office.locator("#study-answer")).to_contain_text("90 rows, 3 people, 10 parts: poor")
    with office.expect_navigation():
        office.locator("#study-take").click()
    expect(office.get_by_role("link", name="GR&R 27.86 %, ndc 4")).to_be_visible()
