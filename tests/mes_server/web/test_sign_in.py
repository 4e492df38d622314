"""Sign-in over HTTP: cookies, locks, swaps, foreign pages, tokens, and who may read before anybody."""

import logging
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from mes_server.actions.manage_people import disable
from mes_server.actions.record_person import act_of
from mes_server.app import create_app
from mes_server.domain.people import fingerprint
from mes_server.settings import Settings
from mes_server.store.engine import reading
from mes_server.store.faults import LOCKED, StoreFault
from mes_server.store.sign_ins import find_session
from mes_server.web import guards
from tests.mes_server.people_help import BY, OURS, PIN, begin_session, enter, hire, token_for
from tests.mes_server.web.conftest import Clock
from tests.mes_server.web.plant_data import NOW_MS, Plant


def secret_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    return cookie.value if cookie is not None else ""


def test_nobody_is_led_to_the_sign_in_page_and_back(staffed: FlaskClient) -> None:
    answer = staffed.get("/nodes?q=ctl")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=/nodes?q%3Dctl"
    page = staffed.get(answer.headers["Location"]).text
    assert 'name="next" value="/nodes?q=ctl"' in page
    back = enter(staffed, "W-1", next="/nodes?q=ctl")
    assert (back.status_code, back.headers["Location"]) == (303, "/nodes?q=ctl")
    assert "operator &lt;b&gt;" in staffed.get("/nodes?q=ctl").text


def test_the_sign_in_page_tells_nothing_of_the_plant(
    staffed: FlaskClient, plant: Plant, stations: dict[str, int]
) -> None:
    hire(plant.engine, "W-1")  # the store was made anew with stations
    page = staffed.get("/sign-in").text
    for told in ('id="agents"', 'id="condition"', "ctl-sinter", "<nav", "page.js"):
        assert told not in page, told


def test_the_cookie_is_out_of_reach_and_new_with_every_sign_in(staffed: FlaskClient) -> None:
    first = enter(staffed, "W-1")
    cookie = first.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Expires" not in cookie
    before = secret_of(staffed)
    enter(staffed, "W-1")
    assert secret_of(staffed) not in ("", before)


def test_over_tls_the_cookie_is_bound_to_the_host(staffed: FlaskClient) -> None:
    answer = staffed.post(
        "/sign-in", data={"badge": "W-1", "pin": PIN}, headers=OURS, base_url="https://localhost"
    )
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize("badge", ["W-1", "X-9"])
def test_what_does_not_fit_is_said_alike_and_after_five_times_not_looked_at(
    staffed: FlaskClient, badge: str
) -> None:
    told = [enter(staffed, badge, "735102") for _ in range(7)]
    assert [answer.status_code for answer in told] == [401] * 5 + [429] * 2
    assert "Badge and PIN do not fit" in told[0].text
    assert "Too many wrong PINs" in told[6].text
    assert 0 < int(told[6].headers["Retry-After"]) <= 900
    assert "735102" not in "".join(answer.text for answer in told)
    assert staffed.get("/").status_code == 303


def test_a_screen_that_nobody_touches_is_locked_after_two_minutes(
    staffed: FlaskClient, clock: Clock
) -> None:
    enter(staffed, "W-1")
    clock.now_ms += 119_000
    assert staffed.get("/nodes/rows").status_code == 200  # asked by a script: no deed
    clock.now_ms += 1_000
    assert staffed.get("/").status_code == 303
    assert staffed.get("/api/v1/nodes").status_code == 401


def test_whoever_works_is_not_locked_out(staffed: FlaskClient, clock: Clock) -> None:
    enter(staffed, "W-1")
    for _ in range(4):
        clock.now_ms += 100_000
        assert staffed.get("/").status_code == 200
    clock.now_ms += 100_000
    assert staffed.post("/sign-in/stay", headers=OURS).status_code == 204
    clock.now_ms += 100_000
    assert staffed.get("/sign-in/left").json == {"left_ms": 20_000}
    clock.now_ms += 20_000
    assert staffed.get("/sign-in/left").status_code == 303


def test_the_lock_is_a_setting(settings: Settings, staffed: FlaskClient, clock: Clock) -> None:
    app = create_app(replace(settings, station_lock_s=30, office_lock_s=60), clock)
    for badge, last_s in (("W-1", 30), ("Q-1", 60)):
        client = app.test_client()
        enter(client, badge)
        clock.now_ms += last_s * 1000 - 1
        assert client.get("/sign-in/left").json == {"left_ms": 1}
        clock.now_ms += 1
        assert client.get("/nodes").status_code == 303
    app.extensions["lodestone"].engine.dispose()


def test_a_lock_that_cannot_be_noted_does_not_hide_the_page(
    staffed: FlaskClient, clock: Clock, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    def full(*_: object) -> None:
        raise StoreFault(LOCKED, "locked")

    enter(staffed, "W-1")
    monkeypatch.setattr(guards, "note_deed", full)
    clock.now_ms += 60_000
    with caplog.at_level(logging.WARNING):
        assert staffed.get("/nodes").status_code == 200
    assert "is not noted" in caplog.text


def test_another_badge_ends_what_was_on_the_screen(staffed: FlaskClient, plant: Plant) -> None:
    enter(staffed, "W-1")
    before = secret_of(staffed)
    assert "operator &lt;b&gt; is signed in here" in staffed.get("/sign-in").text
    enter(staffed, "Q-1")
    with reading(plant.engine) as conn:
        session = find_session(conn, fingerprint(before))
    assert session is not None
    assert session.ended_by == "Q-1"
    staffed.set_cookie("session", before)
    assert staffed.get("/").status_code == 303


def test_signing_out_ends_the_session_and_not_only_the_cookie(staffed: FlaskClient) -> None:
    enter(staffed, "W-1", station="sinter-1")
    before = secret_of(staffed)
    answer = staffed.post("/sign-out", headers=OURS)
    assert answer.headers["Location"] == "/sign-in?station=sinter-1"
    assert secret_of(staffed) == ""
    staffed.set_cookie("session", before)
    assert staffed.get("/").status_code == 303


def test_ones_own_sessions_are_seen_and_ended(staffed: FlaskClient, plant: Plant) -> None:
    other = begin_session(plant.engine, "W-1", station="mill-1")
    strange = begin_session(plant.engine, "Q-1")
    enter(staffed, "W-1")
    page = staffed.get("/sessions").text
    assert "mill-1" in page
    assert "This screen" in page
    with reading(plant.engine) as conn:
        keys = {s: f.id for s in (other, strange) if (f := find_session(conn, fingerprint(s)))}
    for key in keys.values():
        assert staffed.post(f"/sessions/{key}/end", headers=OURS).status_code == 303
    with reading(plant.engine) as conn:
        found = [find_session(conn, fingerprint(secret)) for secret in keys]
    assert [s is not None and s.is_open(NOW_MS) for s in found] == [False, True]
    assert staffed.post("/sessions/end", headers=OURS).status_code == 303
    assert staffed.get("/sessions").status_code == 303


def test_who_leaves_is_out_with_the_next_request(staffed: FlaskClient, plant: Plant) -> None:
    enter(staffed, "W-1")
    shown = {"Authorization": f"Bearer {token_for(plant.engine, 'W-1')}"}
    assert staffed.get("/api/v1/me", headers=shown).status_code == 200
    disable(plant.engine, act_of(BY, NOW_MS), "W-1", "left")
    assert staffed.get("/").status_code == 303
    assert staffed.get("/api/v1/me", headers=shown).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),  # a cookie, and nothing that says the request comes from our page
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://localhost.evil.example"}, 403),
        ({"Origin": "http://localhost"}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
    ],
)
def test_another_page_cannot_use_the_session(
    staffed: FlaskClient, headers: dict[str, str], status: int
) -> None:
    enter(staffed, "W-1")
    assert staffed.post("/sign-out", headers=headers).status_code == status
    assert staffed.get("/").status_code == (200 if status == 403 else 303)


def test_another_page_cannot_sign_a_browser_in(staffed: FlaskClient) -> None:
    form = {"badge": "W-1", "pin": PIN}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert staffed.post("/sign-in", data=form, headers=headers).status_code == 403
    assert secret_of(staffed) == ""


@pytest.mark.parametrize(
    "following",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)",
     "evil", "", "/\n/evil.example", "http:evil.example"],
)  # fmt: skip
def test_the_way_on_leads_nowhere_else(staffed: FlaskClient, following: str) -> None:
    assert enter(staffed, "W-1", next=following).headers["Location"] == "/"
