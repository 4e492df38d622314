"""The health page and what machines ask of it: is the plant's data being collected, what is late?"""

from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from mes_server.actions.put_aside import COUNTED, CUT, QUARANTINED
from mes_server.actions.request_retry import request_retry
from mes_server.domain.people import OPEN
from mes_server.store.losses import LossView, list_losses
from mes_server.store.quarantine import Quarantined, list_quarantine
from mes_server.store.stations import StationView
from mes_server.web.condition import Facts, Reason
from mes_server.web.condition import condition_of as judge
from mes_server.web.feed import reason_facts
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.overview import load_standings
from mes_server.web.page import now_ms, reason_text, this_watch, words
from mes_server.web.site import this_site
from mes_server.web.standing import Standing

health_pages = Blueprint("health", __name__)
SHOWN_MAX = 50
PREVIEW_BYTES = 48


@dataclass(frozen=True, slots=True)
class HealthContent:
    """What the page shows besides the facts."""

    late: list[tuple[StationView, Standing]]
    quarantine: list[Quarantined]
    losses: list[LossView]
    cut: int = 0
    counted: int = 0


@health_pages.get("/health")
@needs("read")
def health() -> str:
    """The page."""
    return render_template("health/health.html", **_content())


@health_pages.get("/health/body")
@needs("read", quiet=True)
def body() -> str:
    """The page without its frame, for a page that is open."""
    return render_template("health/_body.html", **_content())


@health_pages.get("/health/banner")
@needs(OPEN)
def banner() -> str:
    """The fault banner and the chip of every page.

    It says what /healthz says, and like that must be told while the store cannot say who asks.
    An open page asks when another process told it of a change: what this one saw before that would
    stay on the page until the next change.
    """
    this_watch().forget()
    return render_template("health/_banner.html")


@health_pages.post("/health/quarantine/<int:key>/retry")
@needs("settle")
def retry(key: int) -> AnyResponse:
    """Try a message from quarantine again."""
    request_retry(this_site().engine, [key], now_ms())
    return redirect(url_for("health.health") + "#quarantine", 303)


@health_pages.get("/healthz")
@needs(OPEN)
def healthz() -> Response:
    """200 while the plant's data is being collected, else 503 with the reasons."""
    condition = this_watch().condition()
    answer = jsonify(
        {
            "status": condition.level,
            "at": iso_text(now_ms()),
            "reasons": [_told(reason, "fault") for reason in condition.faults],
            "notes": [_told(reason, "note") for reason in condition.notes],
        }
    )
    answer.status_code = 503 if condition.faults else 200
    return answer


def _told(reason: Reason, severity: str) -> dict[str, object]:
    return {**reason_facts(reason), "message": reason_text(reason, severity)}


def _content() -> dict[str, object]:
    facts = this_watch().facts()
    content = HealthContent([], [], [])
    if facts.store_fault is None:
        content = _load(facts)
    settings = this_site().settings
    return {
        "mqtt": f"{settings.mqtt_host}:{settings.mqtt_port}",
        "database": _database(facts),
        "clocks": _clocks(facts),
        "facts": facts,
        "seen": judge(facts),
        "content": content,
        "preview": preview,
        "SHOWN_MAX": SHOWN_MAX,
    }


def _load(facts: Facts) -> HealthContent:
    site = this_site()
    with site.reading() as conn:
        pairs = load_standings(site, conn, facts.now_ms)
        return HealthContent(
            [pair for pair in pairs if not pair[1].known],
            list_quarantine(conn, limit=SHOWN_MAX),
            list_losses(conn, limit=SHOWN_MAX),
            _sum(facts, CUT),
            _sum(facts, COUNTED),
        )


def _sum(facts: Facts, name: str) -> int:
    """A count that the alarms about quarantine keep, of all nodes."""
    counts = [a.facts.get(name) for a in facts.alarms if a.kind == QUARANTINED]
    return sum(count for count in counts if isinstance(count, int))


def _database(facts: Facts) -> str:
    if this_site().engine.dialect.name != "sqlite":
        return "PostgreSQL"
    version = facts.status.sqlite_version if facts.status is not None else None
    return f"SQLite {version or ''}".rstrip()


def _clocks(facts: Facts) -> str:
    t = words()
    off = sum(reason.facts["count"] for reason in judge(facts).notes if reason.name == "clocks")  # type: ignore[misc]
    return t("health.clocks_off", n=off) if off else t("health.clocks_well")


def preview(payload: bytes) -> str:
    """The first bytes in hexadecimal, then what of them can be read."""
    head = payload[:PREVIEW_BYTES]
    readable = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in head)
    more = " …" if len(payload) > PREVIEW_BYTES else ""
    return f"{head.hex(' ')}{more}\n{readable}{more}"
