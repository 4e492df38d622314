"""Scans to review over HTTP: listed with what they wanted, carried out as their worker's, or set aside."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from mes_server.actions.handle_lots import release_lot
from tests.mes_server.people_help import hire, token_for
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.lot_data import Shop
from tests.mes_server.web.plant_data import NOW_MS, Plant
from tests.mes_server.web.test_guards import seen
from tests.mes_server.web.test_scans import Tablet, all_of, rules

HOUR = 3_600_000


@pytest.fixture
def shop(plant: Plant, stations: dict[str, int]) -> Shop:
    return Shop(plant)


@pytest.fixture
def tablet(client: FlaskClient, plant: Plant, stations: dict[str, int]) -> Tablet:
    return Tablet(client, plant)


class Lead:
    """Quality: may correct, and may not scan."""

    def __init__(self, client: FlaskClient, plant: Plant) -> None:
        hire(plant.engine, "Q-1", ["quality"])
        self.client = client
        self.shown = {"Authorization": f"Bearer {token_for(plant.engine, 'Q-1')}"}

    def waiting(self) -> list[dict[str, Any]]:
        answer = self.client.get("/api/v1/reviews", headers=self.shown)
        assert answer.json is not None
        assert answer.json["count"] == len(answer.json["reviews"])
        return list(answer.json["reviews"])

    def post(self, path: str, **body: Any) -> Any:
        return self.client.post(f"/api/v1/reviews/{path}", json=body, headers=self.shown)


@pytest.fixture
def lead(client: FlaskClient, plant: Plant, stations: dict[str, int]) -> Lead:
    return Lead(client, plant)


@pytest.fixture
def late(tablet: Tablet, shop: Shop, clock: Clock) -> str:
    """A lot whose load comes two hours late, when it is held: the code of the lot."""
    code = shop.lot()
    clock.now_ms = NOW_MS + 2 * HOUR
    shop.plant.now_ms = clock.now_ms + HOUR
    shop.hold(code, "oxygen")
    tablet.shown |= {"Accept-Language": "en"}
    answer = tablet.scan(code, at_ms=NOW_MS, scan_id="scan-late-1")
    assert rules(answer)[0] == "lot_is_free"
    assert answer.headers["Scan-Outcome"] == "review"
    return code


def release(shop: Shop, code: str) -> None:
    hold = shop.events("lot_held")[-1]["action"]
    assert shop.act(release_lot, code, hold, "measured") == []


def test_what_waits_says_what_it_wanted_and_why_not(lead: Lead, late: str) -> None:
    (review,) = lead.waiting()
    assert (review["id"], review["lot"], review["person"]) == ("scan-late-1", late, "W-1")
    assert review["refusals"][0]["rule"] == "lot_is_free"
    assert json.loads(review["asked"])["code"] == late


def test_it_is_carried_out_as_the_work_of_who_did_it_when_it_may_be(
    lead: Lead, shop: Shop, late: str
) -> None:
    refused = lead.post("scan-late-1/carry-out", reason="try")
    assert "lot_is_free" in rules(refused)
    assert len(lead.waiting()) == 1
    release(shop, late)
    # The lot was held and released since: at its own time it cannot be placed any more.
    assert rules(lead.post("scan-late-1/carry-out", reason="try")) == ["lot_is_as_it_was"]
    done = lead.post("scan-late-1/carry-out", reason="it is in the furnace", when="now")
    assert (done.status_code, done.json) == (200, {"id": "scan-late-1", "outcome": "carried_out"})
    (loaded,) = shop.events("lot_loaded")
    (accepted,) = shop.events("scan_accepted")
    assert (loaded["person"], accepted["sent_by"]) == ("W-1", "Q-1")
    assert lead.waiting() == []
    again = lead.post("scan-late-1/carry-out", reason="twice", when="now")
    assert rules(again) == ["review_is_open"]
    assert len(shop.events("lot_loaded")) == 1


def test_it_is_set_aside_with_a_reason_and_the_lot_stays(lead: Lead, shop: Shop, late: str) -> None:
    assert rules(lead.post("scan-late-1/set-aside", reason=" ")) == ["reason_is_given"]
    assert rules(lead.post("unknown-scan/set-aside", reason="x")) == ["review_is_known"]
    assert lead.post("scan-late-1/set-aside", reason="practice").status_code == 200
    assert lead.waiting() == []
    assert [(e["outcome"], e["person"]) for e in shop.events("review_settled")] == [
        ("set_aside", "Q-1")
    ]
    assert shop.events("lot_loaded") == []


def test_a_late_unloading_is_kept_with_all_its_amounts(
    tablet: Tablet, lead: Lead, shop: Shop, clock: Clock, page: Callable[..., str]
) -> None:
    code, other = shop.lot(), shop.lot()
    run = tablet.scan(code).json["run"]
    assert tablet.scan(other).status_code == 200
    clock.now_ms = NOW_MS + 2 * HOUR
    scrap = {"pieces": 2, "mass_mg": 200_000}
    late = tablet.unload(run, [all_of(code, 18, 1_800_000, scrap=scrap)], at_ms=NOW_MS + HOUR)
    assert rules(late) == ["every_lot_is_told"]
    assert tablet.undo("scan-W-1-0002", at_ms=NOW_MS + 5_000).status_code == 200
    (review,) = lead.waiting()
    assert review["what"] == "unload"
    html = page("/reviews", headers=lead.shown | {"Accept-Language": "en"})
    assert f"{code}: Product 18 pcs · 1.8\u202fkg, Scrap 2 pcs · 200\u202fg" in html
    assert lead.post(f"{review['id']}/carry-out", reason="was so").status_code == 200
    closed = shop.events("run_closed")[0]
    assert (closed["in_mg"], closed["out_mg"]) == (2_000_000, 2_000_000)
    (unloaded,) = shop.events("lot_unloaded")
    assert (unloaded["amount"]["pieces"], unloaded["person"]) == (18, "W-1")


def test_who_may_not_correct_sees_nothing_and_settles_nothing(
    tablet: Tablet, lead: Lead, late: str
) -> None:
    for path in ("/reviews", "/api/v1/reviews"):
        assert tablet.client.get(path, headers=tablet.shown).status_code == 403
    answer = tablet.post("/reviews/scan-late-1/set-aside", reason="x")
    assert answer.status_code == 403
    assert len(lead.waiting()) == 1


def test_the_page_shows_it_counts_it_and_settles_it(
    lead: Lead, page: Callable[..., str], late: str, client: FlaskClient
) -> None:
    html = page("/reviews", headers=lead.shown | {"Accept-Language": "en"})
    assert seen(html).bad == []
    assert late in html
    assert "oxygen" in html
    assert "1 scans came late" in page("/health", headers=lead.shown | {"Accept-Language": "en"})
    ours = lead.shown | {"Sec-Fetch-Site": "same-origin"}
    refused = client.post("/reviews/scan-late-1/carry-out", data={"reason": "x"}, headers=ours)
    assert refused.status_code == 409
    script = client.post("/reviews/scan-late-1/set-aside", data={"reason": "<b>so"}, headers=ours)
    assert script.status_code == 409
    assert "&lt;b&gt;so" in script.text
    said = {"reason": "5 < 7 & so"}
    done = client.post("/reviews/scan-late-1/set-aside", data=said, headers=ours)
    assert done.status_code == 303
    html = page("/reviews", headers=lead.shown)
    assert "5 &lt; 7 &amp; so" in html
    assert late in html, "among those that were settled"


def test_the_same_late_scan_again_is_one_review(tablet: Tablet, lead: Lead, late: str) -> None:
    again = tablet.scan(late, at_ms=NOW_MS, scan_id="scan-late-1")
    assert again.headers["Scan-Outcome"] == "review"
    assert len(lead.waiting()) == 1


def test_a_call_for_help_stands_on_the_page_until_somebody_came(
    lead: Lead, tablet: Tablet, shop: Shop, page: Callable[..., str]
) -> None:
    english = lead.shown | {"Accept-Language": "en"}
    for number in range(2):  # who calls twice calls once
        asked = {"act_id": f"help-000{number}", "station": "sinter-1"}
        assert tablet.post("/stations/sinter-1/help", **asked).status_code == 200
    assert "sinter-1 calls for help" in page("/reviews", headers=english)
    assert tablet.post("/stations/sinter-1/help/came", act_id="came-0001").status_code == 403
    assert tablet.work()["help_since"] is not None
    ours = lead.shown | {"Sec-Fetch-Site": "same-origin"}
    assert lead.client.post("/calls/sinter-1/came", headers=ours).status_code == 303
    assert "calls for help" not in page("/reviews", headers=english)
    assert [e["person"] for e in shop.events("help_came")] == ["Q-1"]
    assert tablet.work()["help_since"] is None
