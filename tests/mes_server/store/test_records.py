"""mes_server.store: alarms, quarantine, losses, excursions, ingest_status: what went wrong is told."""

import json
from dataclasses import asdict, replace
from pathlib import Path

from sqlalchemy import Engine

from mes_server.domain.limits import ALARM, HIGH, LOW, NORMAL, Excursion
from mes_server.store.alarms import list_alarms, raise_alarm, settle_alarm
from mes_server.store.engine import reading
from mes_server.store.excursions import (
    JOIN_MS,
    list_excursions,
    load_open_excursions,
    save_excursions,
)
from mes_server.store.ingest_status import FILE, IngestStatus, read_status
from mes_server.store.losses import FOUND, Loss, append_loss, list_losses, losses_between
from mes_server.store.nodes import ensure_node
from mes_server.store.quarantine import (
    Unread,
    ask_retry,
    ask_retry_of,
    count_quarantine,
    list_quarantine,
    list_retries,
    note_failed_retry,
    quarantine,
    settle_quarantined,
)
from mes_server.store.stations import ensure_station
from mes_server.store.transaction import writing
from tests.mes_server.store.making import T0, make_series


def test_an_alarm_is_open_once_and_counts(engine: Engine) -> None:
    with writing(engine) as conn:
        raise_alarm(conn, "journal full", "g/n", {"used_pct": 81}, T0)
        raise_alarm(conn, "journal full", "g/n", {"used_pct": 96, "why": "a\0满"}, T0 + 5)
        raise_alarm(conn, "journal full", "g/m", {}, T0)
        alarms = list_alarms(conn)
    assert [(a.subject, a.count, a.opened_ms, a.last_ms) for a in alarms] == [
        ("g/n", 2, T0, T0 + 5),
        ("g/m", 1, T0, T0),
    ]
    assert alarms[0].facts == {"used_pct": 96, "why": "a\0满"}


def test_a_settled_alarm_stays_in_the_record_and_may_come_again(engine: Engine) -> None:
    with writing(engine) as conn:
        raise_alarm(conn, "clone", "g/n", {}, T0)
        assert settle_alarm(conn, "clone", "g/n", T0 + 1)
        assert not settle_alarm(conn, "clone", "g/n", T0 + 2)
        assert list_alarms(conn) == []
        raise_alarm(conn, "clone", "g/n", {}, T0 + 3)
        assert [a.settled_ms for a in list_alarms(conn, open_only=False)] == [None, T0 + 1]
        assert [a.count for a in list_alarms(conn)] == [1]


def test_what_cannot_be_read_is_kept_byte_for_byte(engine: Engine) -> None:
    message = Unread(
        T0, "spBv1.0/g/DDATA/n\0", bytes(range(256)), "broken", "at byte 3\0", None, b"\1"
    )
    with writing(engine) as conn:
        first = quarantine(conn, message)
        second = quarantine(conn, replace(message, payload=b""))
        kept = list_quarantine(conn)
        assert count_quarantine(conn) == 2
        assert [q.id for q in list_quarantine(conn, limit=1)] == [second]
    assert [q.id for q in kept] == [second, first]
    assert (kept[1].payload, kept[1].records) == (bytes(range(256)), b"\1")
    assert (kept[1].topic, kept[1].detail) == ("spBv1.0/g/DDATA/n", "at byte 3")


def test_a_message_is_tried_again_when_asked_until_it_is_understood(engine: Engine) -> None:
    with writing(engine) as conn:
        node = ensure_node(conn, "g", "n")
        keys = [quarantine(conn, Unread(T0, f"t{n}", b"", "waiting", "d", node)) for n in range(3)]
        assert ask_retry(conn, keys[:1], T0 + 1) == 1
        assert ask_retry_of(conn, node, "t1", "waiting", T0 + 1) == 1
        assert ask_retry_of(conn, node, "t2", "another", T0 + 1) == 0
        assert [q.id for q in list_retries(conn)] == keys[:2]
        settle_quarantined(conn, keys[0], T0 + 2)
        note_failed_retry(conn, keys[1], "broken", "still")
        assert list_retries(conn) == []
        assert count_quarantine(conn) == 2
        assert ask_retry(conn, keys[:1], T0 + 3) == 0
        waiting = {q.id: q for q in list_quarantine(conn)}
        everything = list_quarantine(conn, open_only=False)
    assert (waiting[keys[1]].attempts, waiting[keys[1]].reason) == (1, "broken")
    assert everything[2].settled_ms == T0 + 2


def test_losses_are_told_of_a_station_and_of_its_whole_node(engine: Engine) -> None:
    with writing(engine) as conn:
        node, other = ensure_node(conn, "g", "n"), ensure_node(conn, "g", "m")
        station = ensure_station(conn, node, "s", None, None)
        second = ensure_station(conn, node, "t", None, None)
        append_loss(conn, Loss(node, station, T0, T0 + 10, 7, "full", T0 + 20))
        append_loss(conn, Loss(node, None, T0 + 20, T0 + 30, -1, "trimmed", T0 + 20))
        append_loss(conn, Loss(node, second, T0, T0 + 10, 1, "full", T0 + 20))
        append_loss(conn, Loss(other, None, T0, T0 + 10, 2, "full", T0 + 20))
        told = list_losses(conn, "s")
        assert [(v.station, v.count) for v in told] == [(None, -1), ("s", 7)]
        assert (told[1].group, told[1].node, told[1].reason) == ("g", "n", "full")
        assert len(list_losses(conn)) == 4
        assert len(list_losses(conn, limit=2)) == 2
        assert [v.count for v in losses_between(conn, station, T0 + 5, T0 + 25)] == [7, -1]
        assert [v.count for v in losses_between(conn, station, T0 + 11, T0 + 19)] == []
        append_loss(conn, Loss(node, None, T0 + 20, T0 + 30, 5, FOUND, T0 + 40))
        assert [v.count for v in losses_between(conn, station, T0 + 5, T0 + 25)] == [7, -1]


def excursion(
    from_ms: int, to_ms: int | None, worst: float = 35.0, kind: str = NORMAL
) -> Excursion:
    last = from_ms + 1000 if to_ms is None else to_ms - 1000
    return Excursion(kind, HIGH, 30.0, from_ms, last, to_ms, worst, 2)


def test_an_excursion_is_one_row_from_beginning_to_end(engine: Engine) -> None:
    opened, alarm = excursion(T0, None), excursion(T0 + 500, None, kind=ALARM)
    with writing(engine) as conn:
        station, series = make_series(conn)
        save_excursions(conn, [(series, [opened, alarm], False)])
        assert load_open_excursions(conn, [series, series + 1]) == {series: [opened, alarm]}
        save_excursions(conn, [(series, [replace(opened, to_ms=T0 + 9000), alarm], False)])
        assert load_open_excursions(conn, [series]) == {series: [alarm]}
        assert load_open_excursions(conn, []) == {}
        found = list_excursions(conn, station)
        assert [e.kind for e in list_excursions(conn, station, open_only=True)] == [ALARM]
        assert list_excursions(conn, "nobody") == []
    assert [(e.kind, e.from_ms, e.to_ms) for e in found] == [
        (ALARM, T0 + 500, None),
        (NORMAL, T0, T0 + 9000),
    ]
    assert (found[0].station, found[0].metric) == (station, "value")


def test_pieces_of_a_late_excursion_become_one(engine: Engine) -> None:
    with writing(engine) as conn:
        station, series = make_series(conn)
        low = replace(excursion(T0, T0 + 5000), side=LOW, bound=20.0, worst=1.0)
        one, other = excursion(T0, T0 + 5000), excursion(T0 + 10_000, T0 + 15_000, 39.0)
        save_excursions(conn, [(series, [one], True), (series, [other], True)])
        save_excursions(conn, [(series, [excursion(T0 + 15_000 + 2 * JOIN_MS, None)], True)])
        save_excursions(conn, [(series, [low], True)])
        found = [e for e in list_excursions(conn, station) if e.side == HIGH]
    assert [(e.from_ms, e.to_ms, e.worst, e.count) for e in found] == [
        (T0 + 15_000 + 2 * JOIN_MS, None, 35.0, 2),
        (T0, T0 + 15_000, 39.0, 4),
    ]


def test_live_excursions_next_to_each_other_stay_two(engine: Engine) -> None:
    with writing(engine) as conn:
        station, series = make_series(conn)
        both = [excursion(T0, T0 + 5000), excursion(T0 + 6000, T0 + 9000)]
        save_excursions(conn, [(series, both, False)])
        assert len(list_excursions(conn, station)) == 2


STATUS = IngestStatus(
    1, T0, True, False, "disk full", 2, 3, 4, 5, 6, 7, 8, 1.5, "3.53.4", False
)  # fmt: skip


def test_what_ingest_says_is_read_as_it_was_said(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps(asdict(STATUS)).ljust(1023) + "\n")
    assert read_status(tmp_path) == STATUS


def test_a_status_that_is_not_there_or_torn_is_none(tmp_path: Path, engine: Engine) -> None:
    assert read_status(tmp_path / "nowhere") is None
    for torn in (b"", b'{"pid": 1', b"\xff\xfe", b"[]", b"{}"):
        (tmp_path / FILE).write_bytes(torn)
        assert read_status(tmp_path) is None
    with reading(engine) as conn:
        assert list_alarms(conn) == []
