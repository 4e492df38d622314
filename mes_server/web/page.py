"""What every page carries besides its own content: words, theme, condition, how things are written."""

import json
from collections import Counter
from functools import partial
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from typing import Any

from flask import Flask, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from mes_server.store.changes import latest_change
from mes_server.store.faults import StoreFault
from mes_server.translations import LANGUAGES
from mes_server.web import formats
from mes_server.web.condition import Reason, Watch
from mes_server.web.identity import Access, granted
from mes_server.web.site import Site, this_site
from mes_server.web.words import COOKIE, Words, choose_language

PAGES = frozenset(
    (
        "plant",
        "station",
        "lots",
        "proofs",
        "furnaces",
        "baths",
        "recall",
        "nodes",
        "identities",
        "firmware",
        "health",
        "people",
        "sign_in",
        "tablet",
        "routes",
        "reviews",
        "quality",
        "nonconformances",
        "solving",
        "check_files",
        "papers",
        "binder",
        "references",
        "spc",
        "gauges",
        "gauge_studies",
        "water",
        "permits",
        "streams",
        "outlets",
        "water_lab",
        "water_keep",
        "exceedances",
        "discharge_records",
        "comparison",
    )
)
# Under which entry of the bar a blueprint's pages stand; the others stand under their own name, or under none.
_UNDER = dict.fromkeys(
    (
        "baths",
        "binder",
        "check_files",
        "furnaces",
        "gauges",
        "gauge_studies",
        "nonconformances",
        "papers",
        "references",
        "routes",
        "solving",
        "spc",
    ),
    "quality",
) | dict.fromkeys(("firmware", "identities"), "nodes") | dict.fromkeys(
    ("comparison", "discharge_records", "exceedances", "outlets", "permits", "streams", "water_keep", "water_lab"), "water"
)  # fmt: skip
THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"
WATCH = "lodestone-watch"
_CHOICES = {"lang": (COOKIE, LANGUAGES), "theme": (THEME_COOKIE, THEMES)}
_YEAR_S = 31_536_000


def product_version() -> str:
    """The installed version; `dev` when run from a tree that was not installed."""
    try:
        return version_of("lodestone")
    except PackageNotFoundError:
        return "dev"


def words() -> Words:
    """The words of this request's reader."""
    if "words" not in g:
        g.words = Words(choose_language(request, this_site().settings.language))
    chosen: Words = g.words
    return chosen


def now_ms() -> int:
    """The moment of this request: the same for everything on the page."""
    if "now_ms" not in g:
        g.now_ms = this_site().clock_ms()
    moment: int = g.now_ms
    return moment


def this_watch() -> Watch:
    """The app's watch over its condition."""
    watch: Watch = current_app.extensions[WATCH]
    return watch


def reason_text(reason: Reason, severity: str = "fault") -> str:
    """A fault or note as a sentence, with what to do."""
    t = words()
    facts = dict(reason.facts)
    if "kind" in facts:
        facts["kind"] = t.known("kind", str(facts["kind"]))
    if "since_ms" in facts:
        facts["since"] = formats.time_text(t, int(facts["since_ms"]), this_site().settings.zone)
    return t(f"{severity}.{reason.name}", **facts)


def agents_text(site_watch: Watch) -> str:
    """Which interpreters run the agents that are online: `12 agents: MicroPython 1.25.0`."""
    nodes = site_watch.facts().nodes
    said = [node.interpreter for node in nodes if node.online and node.interpreter]
    running = Counter(formats.interpreter_text(name) for name in said)
    if not running:
        return ""
    shares = [
        name if len(running) == 1 else f"{count} {name}" for name, count in running.most_common()
    ]
    key = "agents.one" if running.total() == 1 else "agents"
    return words()(key, count=running.total(), interpreters=", ".join(shares))


def keep_choices() -> Response | None:
    """`?lang=` and `?theme=` are remembered in cookies, then leave the address."""
    if request.method != "GET" or request.blueprint not in PAGES or request.endpoint is None:
        return None
    chosen = {
        name: value
        for name, (_, allowed) in _CHOICES.items()
        if (value := request.args.get(name)) in allowed
    }
    if not chosen:
        return None
    response = redirect(_same_address(*chosen), 303)
    for name, value in chosen.items():
        cookie = _CHOICES[name][0]
        response.set_cookie(cookie, value, max_age=_YEAR_S, httponly=True, samesite="Lax")
    return response


def _same_address(*without: str, **added: str) -> str:
    args: dict[str, Any] = {
        k: v for k, v in request.args.to_dict(flat=False).items() if k not in without
    }
    args |= request.view_args or {}
    return url_for(request.endpoint or "plant.plant", **(args | added))


def switch_url(**choice: str) -> str:
    """The address of this page with another language or theme."""
    if request.endpoint is None or request.blueprint not in PAGES:
        return url_for("plant.plant", _external=None, **choice)
    return _same_address(*choice, **choice)


def note_change() -> None:
    """Before a page reads anything: the number from which its event stream will go on."""
    if request.blueprint in PAGES:
        try:
            with this_site().reading() as conn:
                g.change = latest_change(conn)
        except StoreFault:
            g.change = 0


def page_facts() -> dict[str, Any]:
    """What templates may use everywhere."""
    site, t, now = this_site(), words(), now_ms()
    theme = request.cookies.get(THEME_COOKIE)
    theme = theme if theme in THEMES else "auto"
    watch = this_watch()
    condition = watch.condition()
    reasons = [condition.level, [reason.name for reason in condition.faults]]
    return {
        "t": t,
        "site": site.settings.site,
        "demo": site.demo,
        "zone": site.settings.zone,
        "zone_name": formats.zone_text(site.settings.zone, now),
        "now_ms": now,
        "change": g.get("change", 0),
        "condition": condition,
        "reasons": json.dumps(reasons, separators=(",", ":")),
        "agents": agents_text(watch),
        "here": _UNDER.get(request.blueprint or "", request.blueprint),
        "theme": theme,
        "next_theme": THEMES[(THEMES.index(theme) + 1) % len(THEMES)],
        "version": product_version(),
        **_reader(site),
        **_writers(site, t),
    }


def _reader(site: Site) -> dict[str, Any]:
    """Who reads, and what that allows."""
    who: Access = g.get("access", Access())
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    station = who.session.station if who.session else None
    return {
        "may": granted,
        "reader": who.person if who.session else None,
        "people_are_known": who.people,
        "open_reading": site.settings.open_reading == "yes",
        "idle_ms": who.session.idle_ms if who.session else None,
        "sign_in_url": url_for("sign_in.ask", next=here, station=station or None),
    }


def _writers(site: Site, t: Words) -> dict[str, Any]:
    return {
        "asset": lambda name: url_for("static", filename=name),
        "switch_url": switch_url,
        "reason_text": reason_text,
        "time": lambda at_ms: formats.time_text(t, at_ms, site.settings.zone),
        "span": partial(formats.span_text, t),
        "value": partial(formats.value_text, t),
        "number": formats.number_text,
        "limits": formats.limits_text,
        "bytes_text": formats.bytes_text,
        "iso": formats.iso_text,
        "interpreter": formats.interpreter_text,
    }


def furnish(app: Flask, site: Site) -> None:
    """Give an app's pages their words and facts."""
    app.extensions[WATCH] = Watch(site)
    app.before_request(note_change)
    app.before_request(keep_choices)
    app.context_processor(page_facts)
