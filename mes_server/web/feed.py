"""What the event stream says: reads what has changed since the last look and words it as events."""

import json
import math
import time
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Connection

from mes_server.store.alarms import Alarm
from mes_server.store.changes import changes_since, latest_change
from mes_server.store.faults import StoreFault
from mes_server.store.ledger import head, list_events
from mes_server.store.series_now import SeriesNow
from mes_server.web.condition import Condition, Reason, Watch, condition_of
from mes_server.web.formats import iso_text, number_text
from mes_server.web.hub import RESET, Event
from mes_server.web.layout import Layout
from mes_server.web.overview import load_standings
from mes_server.web.site import Site
from mes_server.web.standing import Standing, band_of, quality_word, reason_word

STANDINGS_EVERY_S = 1.0
ALARMS_TOLD_MAX = 200
LOTS_TOLD_MAX = 500


class Feed:
    """One per process, asked four times a second by the hub's thread alone."""

    def __init__(self, site: Site, watch: Watch) -> None:
        self._site = site
        self._watch = watch
        self._number: int | None = None
        self._ledger: int | None = None
        self._standings: dict[str, Standing] = {}
        self._layouts: dict[str, Layout | None] = {}
        self._said: dict[str, str] = {}
        self._next_look = 0.0

    def events(self) -> Sequence[Event]:
        """What is new since the last call. A store that cannot be read makes no news but health."""
        events: list[Event] = []
        look = time.monotonic() >= self._next_look
        try:
            with self._site.reading() as conn:
                if look:
                    events += self._standing_events(conn)
                events += self._sample_events(conn)
                events += self._lot_events(conn)
        except StoreFault:
            pass  # the watch has seen it too: it is among the faults below
        if look:
            self._next_look = time.monotonic() + STANDINGS_EVERY_S
            events += self._condition_events()
        return events

    def begin(self) -> None:
        """Before the first listener joins: from here on nothing is missed."""
        if self._number is None:
            with suppress(StoreFault), self._site.reading() as conn:
                self._number = latest_change(conn)
                self._ledger = head(conn, 0).number

    def standings(self) -> Sequence[Event]:
        """How every station stands now: a page may have been drawn a moment ago."""
        with suppress(StoreFault), self._site.reading() as conn:
            pairs = load_standings(self._site, conn, self._site.clock_ms())
            return [_standing_event(standing) for _, standing in pairs]
        return []

    def since(self, number: int) -> Sequence[Event]:
        """What a page missed after change `number`; a number from before a restore means: afresh."""
        with self._site.reading() as conn:
            changes = changes_since(conn, number)
            layouts = self._known_layouts(conn)
        if changes.number < number:
            return [RESET]
        return _in_groups(changes.samples, layouts, changes.number)

    def hello(self) -> Event:
        """Where the stream begins: the server's clock and how things stand."""
        facts = {
            "now_ms": self._site.clock_ms(),
            "ledger": self._ledger or 0,
            "health": condition_facts(self._watch.condition()),
        }
        return Event("hello", _json(facts))

    def _sample_events(self, conn: Connection) -> list[Event]:
        if self._number is None:
            self._number = latest_change(conn)
            return []
        changes = changes_since(conn, self._number)
        self._number = changes.number
        if any(sample.station not in self._layouts for sample in changes.samples):
            self._layouts = self._known_layouts(conn)
        return _in_groups(changes.samples, self._layouts, changes.number)

    def _lot_events(self, conn: Connection) -> list[Event]:
        """The lots and runs of which something was recorded; null for their codes when they are many."""
        if self._ledger is None:
            self._ledger = head(conn, 0).number
        recorded = list_events(conn, self._ledger, LOTS_TOLD_MAX + 1)
        if not recorded:
            return []
        many = len(recorded) > LOTS_TOLD_MAX
        self._ledger = head(conn, 0).number if many else recorded[-1].number
        streams = {event.stream.partition(":")[::2] for event in recorded}
        codes = sorted(code for kind, code in streams if kind in ("lot", "charge"))
        return [Event("lots", _json({"lots": None if many else codes}))] if codes or many else []

    def _standing_events(self, conn: Connection) -> list[Event]:
        pairs = load_standings(self._site, conn, self._site.clock_ms())
        self._layouts = {view.id: self._site.layout_of(view) for view, _ in pairs}
        known, self._standings = self._standings, {s.station: s for _, s in pairs}
        return [
            _standing_event(standing)
            for _, standing in pairs
            if _differs(known.get(standing.station), standing)
        ]

    def _condition_events(self) -> list[Event]:
        facts = self._watch.facts()
        said = {
            "health": _json(condition_facts(condition_of(facts))),
            "alarms": _json(
                {"alarms": [alarm_facts(alarm) for alarm in facts.alarms[:ALARMS_TOLD_MAX]]}
            ),
        }
        before, self._said = self._said, said
        return [Event(topic, data) for topic, data in said.items() if before.get(topic) != data]

    def _known_layouts(self, conn: Connection) -> dict[str, Layout | None]:
        pairs = load_standings(self._site, conn, self._site.clock_ms())
        return {view.id: self._site.layout_of(view) for view, _ in pairs}


def _differs(known: Standing | None, standing: Standing) -> bool:
    """Whether a tile would look different; the time of the last sample comes with the samples."""
    if known is None:
        return True
    return (known.look, known.reason, known.mark, known.excursions) != (
        standing.look, standing.reason, standing.mark, standing.excursions,
    )  # fmt: skip


def _standing_event(standing: Standing) -> Event:
    return Event("station", _json(standing_facts(standing)), None, standing.station)


def _json(facts: object) -> str:
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _in_groups(
    samples: Sequence[SeriesNow], layouts: dict[str, Layout | None], number: int
) -> list[Event]:
    """One event per station; only the last carries the number: what was cut off is sent again."""
    by_station: dict[str, list[SeriesNow]] = {}
    for sample in samples:
        by_station.setdefault(sample.station, []).append(sample)
    events = [
        Event("samples", _json(_samples_facts(station, group, layouts.get(station))), None, station)
        for station, group in by_station.items()
    ]
    return [*events, Event("mark", _json({"change": number}), number)] if events else []


def _samples_facts(
    station: str, samples: list[SeriesNow], layout: Layout | None
) -> dict[str, object]:
    return {"station": station, "samples": [sample_facts(sample, layout) for sample in samples]}


def sample_facts(sample: SeriesNow, layout: Layout | None) -> dict[str, object]:
    """A latest sample; `text` is how a number is written, null for what words must say."""
    spec = layout.by_name.get(sample.metric) if layout is not None else None
    value = sample.value
    if isinstance(value, float) and not math.isfinite(value):
        value = None  # JSON knows no such number
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "metric": sample.metric,
        "at_ms": sample.at_ms,
        "value": value,
        "text": number_text(value, spec) if is_number else None,  # type: ignore[arg-type]
        "quality": quality_word(sample.quality),
        "reason": reason_word(sample.quality),
        "band": band_of(value, spec),
        "historical": sample.historical,
    }


def standing_facts(standing: Standing) -> dict[str, object]:
    """How a station stands."""
    return {
        "station": standing.station,
        "look": standing.look,
        "known": standing.known,
        "reason": standing.reason,
        "mark": standing.mark,
        "excursions": standing.excursions,
        "last_sample_ms": standing.last_sample_ms,
    }


def reason_facts(reason: Reason) -> dict[str, object]:
    """A reason by its name, with its facts."""
    return {"reason": reason.name, "facts": dict(reason.facts)}


def condition_facts(condition: Condition) -> dict[str, object]:
    """The plant's condition."""
    return {
        "status": condition.level,
        "faults": [reason_facts(reason) for reason in condition.faults],
        "notes": [reason_facts(reason) for reason in condition.notes],
    }


def alarm_facts(alarm: Alarm) -> dict[str, object]:
    """An alarm of the system itself."""
    return {
        "kind": alarm.kind,
        "subject": alarm.subject,
        "facts": dict(alarm.facts),
        "opened_at": iso_text(alarm.opened_ms),
        "last_at": iso_text(alarm.last_ms),
        "count": alarm.count,
    }
