"""Headers on every answer, foreign writes refused, and names from the wire that stay text."""

import re
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mes_server.web.guards import HEADERS, needs
from tests.mes_server.web.plant_data import NOW_MS, Plant

ADDRESSES = ("/", "/tiles", "/nodes", "/health", "/healthz", "/metrics", "/api/v1/stations",
             "/api/v1/openapi.json", "/nothing", "/api/v1/nothing")  # fmt: skip
# A Sparkplug id may hold nearly anything that a topic level may; a metric name anything at all.
EVIL = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "</script><script>alert(1)</script>",
    "{{7*7}}{% raw %}",
    "javascript:alert(1)",
    "<!--<script>",
    "\u202egnp.exe\u2028\x00",
    "％3Cscript％3E",
    "a&b;c<d",
    "' OR 1=1 --",
    "<svg/onload=alert(1)>",
)


class Seen(HTMLParser):
    """What a browser would make of a page: scripts, handlers, styles, addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: str | None = None
        self.bad: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "script" and "src" not in facts and facts.get("type") != "application/json":
            self.bad.append("an inline script")
        if tag in ("iframe", "object", "embed", "style", "img"):
            self.bad.append(f"a <{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.bad.append(f"{name}={value}")
            if name in ("src", "href", "action") and value is not None:
                self.sources.append(value)


def seen(html: str) -> Seen:
    parser = Seen()
    parser.feed(html)
    return parser


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_carries_the_headers(client: FlaskClient, plant: Plant, address: str) -> None:
    answer = client.get(address)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_are_not_kept_and_static_files_are_kept_for_ever(
    client: FlaskClient, stations: dict[str, int]
) -> None:
    page = client.get("/")
    assert page.headers["Cache-Control"] == "no-store"
    script = re.search(r'src="(/static/[0-9a-f]{12}/page\.js)"', page.text)
    assert script is not None
    answer = client.get(script.group(1))
    assert answer.status_code == 200
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert answer.mimetype == "text/javascript"


@pytest.mark.parametrize("address", ["/", "/stations/sinter-1", "/nodes", "/health", "/nothing"])
def test_a_page_holds_nothing_inline_and_nothing_of_others(
    client: FlaskClient, plant: Plant, stations: dict[str, int], address: str
) -> None:
    plant.unread("spBv1.0/x", b"<script>alert(1)</script>")
    found = seen(client.get(address).text)
    assert found.bad == []
    for source in found.sources:
        assert source.startswith(("/", "#")), source
        assert not source.startswith("//")


@pytest.mark.parametrize("evil", EVIL)
def test_names_from_the_wire_stay_text_on_every_page(
    client: FlaskClient, plant: Plant, evil: str
) -> None:
    clean = evil.replace("\x00", "")
    node = plant.node("ctl-1", clean, interpreter=clean, version=clean, serial=clean)
    device = clean.replace("/", "")  # a level of a topic has none
    station = plant.station(node, device, None)
    for metric, datatype, value in ((clean, "double", 5.0), ("state", "string", clean)):
        plant.samples(station, metric, [NOW_MS - 3000], [value], datatype)
    plant.excursion(station, clean, "alarm", 5)
    plant.loss(node, station, clean)
    plant.unread(clean, clean.encode(), clean, clean)
    plant.alarm(clean, clean, fact=clean)
    listed = client.get("/api/v1/stations").json
    assert listed is not None
    assert [item["id"] for item in listed["items"]] == [device]
    html = client.get("/").text
    link = next(source for source in seen(html).sources if source.startswith("/stations/"))
    for address in ("/", link, link + "/tables", link + "/outside", "/nodes", "/health"):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert seen(answer.text).bad == [], address
        assert "49" not in re.findall(r"<h1>(.*?)</h1>", answer.text)
        if "<" in clean:
            assert clean not in answer.text, address
            assert device not in answer.text, address


def test_an_address_with_markup_is_not_echoed_as_markup(client: FlaskClient, plant: Plant) -> None:
    for address in (
        "/stations/%3Cscript%3Ealert(1)%3C/script%3E",
        "/?lang=%3Cscript%3E",
        "/%3Cb%3E",
    ):
        answer = client.get(address)
        assert "<script>alert" not in answer.text
        assert "<b>" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:81"}, 403),
        ({}, 303),
    ],
)
def test_only_our_own_pages_may_ask_for_a_retry(
    client: FlaskClient, plant: Plant, headers: dict[str, str], status: int
) -> None:
    key = plant.unread("spBv1.0/x", b"?")
    assert client.post(f"/health/quarantine/{key}/retry", headers=headers).status_code == status


def test_reading_from_elsewhere_is_no_write(client: FlaskClient, plant: Plant) -> None:
    assert client.get("/healthz", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_a_switch_leads_nowhere_else(client: FlaskClient, plant: Plant) -> None:
    for address in ("/?lang=zh&next=//evil.example", "/nodes?lang=zh", "//evil.example/?lang=zh"):
        answer = client.get(address)
        if answer.status_code in (301, 302, 303, 308):
            assert "evil" not in answer.headers["Location"].partition("?")[0]


def test_a_fault_of_ours_shows_no_trace(app: Flask, client: FlaskClient, plant: Plant) -> None:
    @needs("read")
    def broken() -> str:
        raise RuntimeError("secret of the house")

    app.add_url_rule("/broken", "broken", broken)
    app.add_url_rule("/api/v1/broken", "api_broken", broken)
    for address in ("/broken", "/api/v1/broken"):
        answer = client.get(address)
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_body_that_is_too_large_is_refused(client: FlaskClient, plant: Plant) -> None:
    answer = client.post("/health/quarantine/1/retry", data={"x": "y" * 1_100_000})
    assert answer.status_code in (303, 413)


def test_cookies_are_out_of_reach_of_scripts(client: FlaskClient, plant: Plant) -> None:
    cookie = client.get("/?lang=zh").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("address", [
    "/nodes/firmware/a%00b/body", "/nodes/firmware/a%00b/acts", "/nodes/identities/a%00b", "/api/v1/identities/a%00b",
    "/lots/a%00b", "/api/v1/lots/a%00b",
])  # fmt: skip
def test_a_name_with_a_nul_is_not_looked_for(
    client: FlaskClient, plant: Plant, address: str
) -> None:
    """PostgreSQL takes no such text: what it says to that was an error of the server."""
    assert client.get(address).status_code == 404
    assert client.get("/nodes/firmware/ab/body").status_code == 200, "the control: no roll-out"
