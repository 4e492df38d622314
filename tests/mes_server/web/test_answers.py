"""Views of the store become answers: times as text, codes as words, and nothing that JSON cannot say."""

import json
from dataclasses import replace

import pytest
from flask import Flask
from pydantic import ValidationError

from mes_server.store.ingest_status import IngestStatus
from mes_server.store.nodes import list_nodes
from mes_server.store.quarantine import list_quarantine
from mes_server.store.series_now import SeriesNow
from mes_server.web.answers import LatestAnswer, StationTypeAnswer
from mes_server.web.answers_system import IngestAnswer, NodeAnswer
from mes_server.web.api_words import (
    PREVIEW_BYTES,
    health_answer,
    latest_answer,
    node_answer,
    quarantined_answer,
    station_type_answer,
)
from mes_server.web.condition import Facts
from mes_server.web.layout import layout_of
from mes_server.web.site import EXTENSION, Site
from schemas.samples import bad_because
from tests.mes_server.web.plant_data import NOW_MS, STATUS, TYPES, Plant

AT = "2026-11-23T10:33:20.000Z"
ZONE = SeriesNow(1, "zone_1_temperature_c", 10, NOW_MS, 900.5, 192, NOW_MS, False, "sinter-1")


def test_a_sample_is_told_with_time_unit_quality_and_band() -> None:
    assert latest_answer(ZONE, layout_of(TYPES["sinter_furnace"])) == LatestAnswer(
        metric="zone_1_temperature_c",
        at=AT,
        received_at=AT,
        value=900.5,
        unit="°C",
        quality="good",
        reason=None,
        band="normal",
        historical=False,
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_a_value_that_json_cannot_say_is_null(value: float | None) -> None:
    sample = replace(ZONE, value=value, quality=0)
    said = json.loads(latest_answer(sample, None).model_dump_json())
    assert (said["value"], said["quality"], said["band"], said["unit"]) == (None, "bad", None, "")
    assert said["reason"] is None
    silent = replace(ZONE, value=value, quality=bad_because("silence"))
    assert latest_answer(silent, None).reason == "silence"


def test_a_node_is_told_with_its_backlog_and_its_clock_as_a_word(app: Flask, plant: Plant) -> None:
    plant.node("ctl-1", stored=119_900, clock=1)
    plant.foreign_node("edge-7")
    site: Site = app.extensions[EXTENSION]
    with site.reading() as conn:
        ours, theirs = (node_answer(node) for node in list_nodes(conn))
    assert (ours.own, ours.clock, ours.watermark, ours.backlog) == (True, "rtc", 119_900, 99)
    assert (theirs.own, theirs.clock, theirs.epoch, theirs.backlog) == (False, None, None, None)
    assert isinstance(ours, NodeAnswer)


def test_health_is_told_with_its_reasons_as_sentences(app: Flask) -> None:
    status = IngestStatus(at_ms=NOW_MS, **STATUS)
    well = Facts(NOW_MS, status, None, 500_000_000_000, 1_000_000_000_000)
    full = replace(well, status=replace(status, storing=False, fault="disk full"))
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert health_answer(well).status == "ok"
        answer = health_answer(full)
        never = health_answer(replace(well, status=None))
    assert (answer.status, answer.at) == ("fault", AT)
    (reason,) = answer.reasons
    assert reason.reason == "disk_full"
    assert len(reason.message) > 20
    assert answer.ingest is not None
    assert (answer.ingest.fault, answer.ingest.stored) == ("disk full", 120_342)
    assert (never.status, never.ingest) == ("fault", None)


def test_of_a_message_in_quarantine_only_the_start_is_told(app: Flask, plant: Plant) -> None:
    plant.unread("spBv1.0/x", b"\xff" * 1000)
    site: Site = app.extensions[EXTENSION]
    with site.reading() as conn:
        (message,) = list_quarantine(conn)
    answer = quarantined_answer(message)
    assert (answer.size_bytes, answer.payload_start_hex) == (1000, "ff" * PREVIEW_BYTES)
    assert (answer.attempts, answer.retry_asked_at) == (0, None)


@pytest.mark.parametrize("name", TYPES)
def test_every_contract_can_be_told_and_read_back(name: str) -> None:
    answer = station_type_answer(TYPES[name])
    assert StationTypeAnswer.model_validate_json(answer.model_dump_json()) == answer
    assert [metric.name for metric in answer.metrics] == [m.name for m in TYPES[name].metrics]


def test_nothing_that_is_not_promised_is_told_and_nothing_promised_is_left_out() -> None:
    whole = {"said_at": AT, **{k: v for k, v in STATUS.items() if k != "pid"}}
    IngestAnswer.model_validate(whole)
    for wrong in ({**whole, "pid": 4711}, {k: v for k, v in whole.items() if k != "stored"}):
        with pytest.raises(ValidationError):
            IngestAnswer.model_validate(wrong)
