"""Each fault has one status, and its words are for who asks: a program or a person."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mes_server.store.faults import DISK_FULL, StoreFault
from mes_server.web.errors import RETRY_S
from mes_server.web.guards import needs
from mes_server.web.problems import MEDIA_TYPE, BadParameter, BadRequest, NotFound

FAULTS: dict[str, tuple[Exception, int]] = {
    "bad": (BadRequest([BadParameter("limit", "too large", "ask for fewer")]), 400),
    "gone": (NotFound("station", "sinter-9"), 404),
    "store": (StoreFault(DISK_FULL, "database or disk is full"), 503),
    "bug": (RuntimeError("a secret of ours"), 500),
}


@pytest.fixture
def breaking(app: Flask) -> FlaskClient:
    """An app with views that raise, below /api/ and beside it."""

    @needs("read")
    def view(name: str) -> str:
        raise FAULTS[name][0]

    app.add_url_rule("/api/broken/<name>", "broken_for_programs", view)
    app.add_url_rule("/broken/<name>", "broken_for_people", view)
    return app.test_client()


@pytest.mark.parametrize("name", FAULTS)
def test_a_program_gets_problem_details(breaking: FlaskClient, name: str) -> None:
    answer = breaking.get(f"/api/broken/{name}", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.mimetype) == (FAULTS[name][1], MEDIA_TYPE)
    body = answer.json
    assert body is not None
    assert body["status"] == FAULTS[name][1]
    assert body["instance"] == f"/api/broken/{name}"
    assert "secret" not in answer.text


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_person_gets_a_page_in_their_language(
    breaking: FlaskClient, name: str, language: str
) -> None:
    answer = breaking.get(f"/broken/{name}", headers={"Accept-Language": language})
    assert (answer.status_code, answer.mimetype) == (FAULTS[name][1], "text/html")
    assert f'lang="{"zh-Hans" if language == "zh" else "en"}"' in answer.text
    assert "secret" not in answer.text


def test_parameters_are_named_one_by_one_with_what_to_do(breaking: FlaskClient) -> None:
    body = breaking.get("/api/broken/bad").json
    assert body is not None
    assert body["errors"] == [
        {"parameter": "limit", "fault": "too large", "next_step": "ask for fewer"}
    ]
    assert "limit: too large ask for fewer" in breaking.get("/broken/bad").text


def test_a_store_that_cannot_be_read_asks_to_come_back_soon(breaking: FlaskClient) -> None:
    for address in ("/api/broken/store", "/broken/store"):
        assert breaking.get(address).headers["Retry-After"] == str(RETRY_S)


def test_a_method_that_is_not_offered_names_those_that_are(breaking: FlaskClient) -> None:
    answer = breaking.post("/api/broken/bug", headers={"Origin": "http://localhost"})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
