"""Gauges over HTTP and on their pages: entered, calibrated, studied, found bad, and what that one has measured."""

import pytest
from flask.testing import FlaskClient

from mes_server.actions.handle_lots import ship_lots
from mes_server.actions.record_check import Checking, record_check
from mes_server.actions.release_document import release_document
from mes_server.actions.release_product import release_product
from mes_server.settings import Settings
from mes_server.store.engine import reading
from mes_server.store.gauge_records import affected, calibrated, studied
from tests.mes_server.domain.plan_making import line, plan
from tests.mes_server.domain.published import AIAG_GRR
from tests.mes_server.people_help import PIN, give_pin, hire, signer, token_for
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import Plant
from tests.mes_server.web.process_data import with_gauges
from tests.mes_server.web.test_handling import DONE, Desk
from tests.mes_server.web.test_handling import desk as desk
from tests.mes_server.web.test_handling import shop as shop
from tests.mes_server.web.test_nonconformances import office as office

GOOD = [{"reference": "5.000", "reading": "5.001"}]
BAD = [{"reference": "5.000", "reading": "5.020"}]
READINGS = [[[str(v) for v in part] for part in one] for one in AIAG_GRR]


def entered(desk: Desk, code: str = "mic-07") -> None:
    desk.done("/gauges", code=code, type="micrometer", title="0-25 mm", resolution="0.001")


def get(desk: Desk, path: str, status: int = 200) -> dict[str, object]:
    answer = desk.client.get(f"/api/v1{path}", headers=desk.shown)
    assert answer.status_code == status, answer.text
    return dict(answer.json)


def test_a_gauge_is_entered_calibrated_and_retired(desk: Desk) -> None:
    entered(desk)
    assert desk.rules("/gauges", code="MIC-07", type="micrometer") == ["gauge_is_new"]
    assert get(desk, "/gauges/MIC-07")["state"] == "new"
    desk.done("/gauges/MIC-07/calibrations", tolerance="0.002", found=GOOD, certificate="C-1")
    found = get(desk, "/gauges/MIC-07")
    assert (found["state"], found["accepted"]) == ("good", [])
    wrong = desk.rules("/gauges/MIC-07/calibrations", tolerance="0,002", found=GOOD)
    assert wrong == ["figure_has_a_point"]
    desk.done("/gauges/MIC-07/retire", reason="dropped")
    assert get(desk, "/gauges")["items"][0]["state"] == "retired"  # type: ignore[index]
    get(desk, "/gauges/MIC-99", 404)


def test_a_study_is_computed_and_kept(desk: Desk) -> None:
    said = {"type": "micrometer", "gauge": "MIC-07", "readings": READINGS, "method": "ranges"}
    desk.done("/studies", **said)
    desk.done("/studies", **said, accept="for sorting only")
    first, second = get(desk, "/studies/micrometer")["items"]  # type: ignore[misc]
    assert (first["verdict"], first["accepted"], second["accepted"]) == ("fair", False, True)
    # AIAG MSA, 4th ed., the printed report of these data: GRR 26.68 %, ndc 5.
    assert float(first["figures"]["grr_pct"]) == pytest.approx(26.68, abs=0.01)
    assert first["figures"]["ndc"] == "5"
    assert first["readings"] == READINGS
    assert desk.rules("/studies", **said | {"method": "guess"}) == ["method_is_known"]


def measured(shop: Shop, code: str) -> None:
    said = Checking("width", lot=code, gauge="MIC-07", readings=[{"value": "5.00"}])
    assert isinstance(shop.act(record_check, said, place="sinter-1")[0], str)


def under_plan(shop: Shop) -> None:
    one = line("width", gauge="micrometer", symbol="", sample=1, moment="first_off", every={"each": "setup"})  # fmt: skip
    assert shop.act(release_document, "plan", plan(one, phase="prototype"), signer()) == []


def test_what_a_bad_gauge_measured_is_held_and_whom_to_tell_is_listed(
    desk: Desk, shop: Shop, plant: Plant
) -> None:
    entered(desk)
    under_plan(shop)
    calibration = {"tolerance": "0.002", "found": GOOD, "at": "2026-11-23T09:00:00Z"}
    desk.done("/gauges/MIC-07/calibrations", **calibration)
    here, gone, free = shop.lot(), shop.lot(done=DONE), shop.lot()
    for code in (here, gone):
        measured(shop, code)
    assert shop.act(release_product, gone, [signer()]) == []
    facts = {"customer": "ACME", "order": "", "delivery_note": ""}
    shipment = shop.act(ship_lots, [gone], facts)
    before = get(desk, "/gauges/MIC-07/affected")
    assert before["since"] == "2026-11-23T09:00:00.000Z"
    expected = [("active", "", ""), ("shipped", shipment, "ACME")]
    told = [(o["status"], o["shipment"], o["customer"]) for o in before["items"]]  # type: ignore[attr-defined]
    assert told == expected
    desk.done("/gauges/MIC-07/calibrations", tolerance="0.002", found=BAD, left=GOOD)
    last = get(desk, "/gauges/MIC-07")["calibrations"][-1]  # type: ignore[index]
    assert (last["found_good"], last["left_good"], last["affected"]) == (False, True, [here, gone])
    assert [bool(desk.lot(code)["holds"]) for code in (here, gone, free)] == [True, False, False]
    assert get(desk, "/gauges/MIC-07/affected")["items"] == [], "it was adjusted"
    page = desk.client.get("/quality/gauges/MIC-07", headers=desk.shown).text
    assert f"to be told: ACME, shipment {shipment}" in page
    with reading(plant.engine) as conn:
        assert len(calibrated(conn, "MIC-07")) == 2
        assert [one.lot for one in affected(conn, [gone, here])] == [here, gone]
        assert studied(conn, "micrometer") == []


def test_an_operator_reads_and_keeps_no_gauges(desk: Desk, plant: Plant) -> None:
    hire(plant.engine, "W-1")
    desk.shown = {"Authorization": f"Bearer {token_for(plant.engine, 'W-1')}"}
    assert desk.post("/gauges", code="X", type="y").status_code == 403
    assert desk.post("/studies", type="y", readings=READINGS).status_code == 403
    assert get(desk, "/gauges")["items"] == []


@pytest.mark.parametrize(
    ("language", "texts"),
    [("en", ["calibrated until", "expired", "not calibrated yet", "none accepted"]),
     ("zh", ["校准有效期至", "已过期", "尚未校准"])],
)  # fmt: skip
def test_the_list_says_which_are_due(
    client: FlaskClient, plant: Plant, stations: dict[str, int], language: str, texts: list[str]
) -> None:
    with_gauges(plant)
    page = client.get("/quality/gauges", headers={"Accept-Language": language}).text
    for text in texts:
        assert text.lower() in page.lower(), text
    assert page.index("MIC-08") < page.index("MIC-09") < page.index("MIC-07"), "first what is due"


def test_a_page_of_a_gauge_leads_to_its_study(
    client: FlaskClient, plant: Plant, stations: dict[str, int]
) -> None:
    assert "No gauge was entered yet." in client.get("/quality/gauges").text
    with_gauges(plant)
    page = client.get("/quality/gauges/MIC-07").text
    for text in ("out of tolerance", "5.000 → 5.020", "C-2", "± 0.002", "/quality/studies/micrometer/1"):  # fmt: skip
        assert text in page, text
    study = client.get("/quality/studies/micrometer/1").text
    for text in ("Repeatability (EV)", "0.29  0.41  0.64", "average and range", "fair", "not accepted"):  # fmt: skip
        assert text in study, text
    assert client.get("/quality/studies/micrometer/9").status_code == 404


def test_a_calibration_is_signed_over_http_and_void_is_told(
    desk: Desk, plant: Plant, settings: Settings
) -> None:
    hire(plant.engine, "Q-7", ["quality"])
    give_pin(plant.engine, settings.data_dir, "Q-7")
    entered(desk)
    wrong = {"badge": "Q-7", "pin": "000001", "meaning": "approved"}
    said = {"tolerance": "0.002", "found": GOOD, "certificate": "C-1"}
    path = "/gauges/MIC-07/calibrations"
    assert desk.rules(path, **said, signature=wrong) == ["signature_is_right"]
    desk.done(path, **said)
    desk.done(path, **said, signature={**wrong, "pin": PIN})
    assert desk.rules(f"{path}/1/sign") == ["signature_is_given"]
    desk.done(f"{path}/1/sign", signature={**wrong, "pin": PIN})
    desk.done(f"{path}/2/void", reason="of another gauge")
    one, two = get(desk, "/gauges/MIC-07")["calibrations"]  # type: ignore[misc]
    assert [(s["badge"], s["stands"]) for s in one["signatures"]] == [("Q-7", True)]
    assert [(s["badge"], s["stands"]) for s in two["signatures"]] == [("Q-7", False)]
    assert two["voided"] == "of another gauge"
    page = desk.client.get("/quality/gauges/MIC-07", headers=desk.shown).text
    assert "void: of another gauge" in page
    desk.done("/gauges/MIC-07/retire", reason="fell")
    desk.done("/gauges/MIC-07/return", reason="looked at")
    assert get(desk, "/gauges/MIC-07")["state"] == "good"
