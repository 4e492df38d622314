"""Views of the store → answers of the API: times as ISO 8601, codes as words, units beside values."""

import math
from dataclasses import asdict

from mes_server.store.boards import Board
from mes_server.store.nodes import NodeView
from mes_server.store.quarantine import Quarantined
from mes_server.store.series_now import SeriesNow
from mes_server.web import answers, answers_nodes, answers_system
from mes_server.web.condition import Facts, Reason, condition_of
from mes_server.web.feed import ALARMS_TOLD_MAX, alarm_facts, reason_facts
from mes_server.web.formats import iso_text
from mes_server.web.layout import Layout
from mes_server.web.nodes import CLOCKS, backlog
from mes_server.web.overview import StationNow
from mes_server.web.page import reason_text
from mes_server.web.standing import band_of, quality_word, reason_word
from schemas.station_types import MetricSpec, StationType

PREVIEW_BYTES = 256


def iso_or_none(at_ms: int | None) -> str | None:
    """A time that may be absent."""
    return None if at_ms is None else iso_text(at_ms)


def scalar(value: answers.Scalar) -> answers.Scalar:
    """A value as JSON can say it: what is not a finite number is null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def station_answer(station: StationNow) -> answers.StationAnswer:
    """A station and how it stands."""
    view, standing = station.view, station.standing
    return answers.StationAnswer(
        id=view.id,
        type=view.type,
        title=station.layout.type.title if station.layout is not None else {},
        area=view.area,
        group=view.group,
        node=view.node,
        device=view.device,
        online=view.online,
        online_since=iso_or_none(view.online_since_ms),
        state=view.state,
        look=standing.look,
        known=standing.known,
        mark=standing.mark,
        open_excursions=standing.excursions,
        last_sample_at=iso_or_none(view.last_sample_ms),
        last_received_at=iso_or_none(view.last_received_ms),
        contract_fits=view.contract_fits,
    )


def latest_answer(sample: SeriesNow, layout: Layout | None) -> answers.LatestAnswer:
    """The latest sample of a metric."""
    spec = layout.by_name.get(sample.metric) if layout is not None else None
    return answers.LatestAnswer(
        metric=sample.metric,
        at=iso_text(sample.at_ms),
        received_at=iso_text(sample.received_ms),
        value=scalar(sample.value),
        unit=spec.unit if spec is not None else "",
        quality=quality_word(sample.quality),
        reason=reason_word(sample.quality),
        band=band_of(sample.value, spec),
        historical=sample.historical,
    )


def node_answer(node: NodeView) -> answers_system.NodeAnswer:
    """An edge node."""
    return answers_system.NodeAnswer(
        group=node.group,
        node=node.node,
        online=node.online,
        own=node.own,
        interpreter=node.interpreter,
        version=node.version,
        serial=node.serial,
        boot=node.boot,
        epoch=node.epoch,
        watermark=node.watermark,
        first=node.first,
        next=node.next,
        backlog=backlog(node),
        lost=node.lost,
        used_pct=node.used_pct,
        clock=CLOCKS.get(node.clock) if node.clock is not None else None,
        heap_bytes=node.heap,
        born_at=iso_or_none(node.born_ms),
        seen_at=iso_or_none(node.seen_ms),
        quarantined=node.quarantined,
        alarms=node.alarms,
        board=_board(node.board),
    )


def _board(board: Board) -> answers_nodes.BoardAnswer:
    until = board.certificate_until
    return answers_nodes.BoardAnswer(
        kind=board.kind,
        image=board.image,
        boot_reason=board.boot_reason,
        heap_free_bytes=board.heap_free,
        link=board.link,
        certificate_until=iso_text(until * 1000) if until else None,
        update_state=board.update_state,
        buses=[answers_nodes.BusAnswer(**asdict(bus)) for bus in board.buses],
        buses_since=iso_or_none(board.since_ms),
    )


def _reason(reason: Reason, severity: str) -> answers_system.ReasonAnswer:
    return answers_system.ReasonAnswer.model_validate(
        {**reason_facts(reason), "message": reason_text(reason, severity)}
    )


def health_answer(facts: Facts) -> answers_system.HealthAnswer:
    """The plant's condition with the facts behind it."""
    condition = condition_of(facts)
    return answers_system.HealthAnswer(
        status=condition.level,
        at=iso_text(facts.now_ms),
        reasons=[_reason(reason, "fault") for reason in condition.faults],
        notes=[_reason(reason, "note") for reason in condition.notes],
        ingest=_ingest(facts),
        disk_free_bytes=facts.disk_free,
        disk_total_bytes=facts.disk_total,
        store_bytes=facts.store_bytes,
        days_left=facts.days_left,
        quarantined=facts.quarantined,
        alarms=[
            answers_system.AlarmAnswer.model_validate(alarm_facts(alarm))
            for alarm in facts.alarms[:ALARMS_TOLD_MAX]
        ],
    )


def _ingest(facts: Facts) -> answers_system.IngestAnswer | None:
    status = facts.status
    if status is None:
        return None
    return answers_system.IngestAnswer(
        said_at=iso_text(status.at_ms),
        connected=status.connected,
        storing=status.storing,
        fault=status.fault,
        queue=status.queue,
        inbox_depth=status.inbox_depth,
        received=status.received,
        stored=status.stored,
        dropped=status.dropped,
        duplicates=status.duplicates,
        quarantined=status.quarantined,
        rate_per_s=status.rate_per_s,
        sqlite_version=status.sqlite_version,
        sqlite_affected=status.sqlite_affected,
    )


def quarantined_answer(message: Quarantined) -> answers_system.QuarantinedAnswer:
    """A message in quarantine."""
    return answers_system.QuarantinedAnswer(
        id=message.id,
        received_at=iso_text(message.received_ms),
        topic=message.topic,
        reason=message.reason,
        detail=message.detail,
        size_bytes=message.size or len(message.payload),
        payload_start_hex=message.payload[:PREVIEW_BYTES].hex(),
        attempts=message.attempts,
        retry_asked_at=iso_or_none(message.retry_ms),
    )


def station_type_answer(station_type: StationType) -> answers.StationTypeAnswer:
    """The contract of a station type."""
    return answers.StationTypeAnswer(
        type=station_type.type,
        revision=station_type.revision,
        title=station_type.title,
        area=station_type.area,
        operation=station_type.operation,
        handles=station_type.handles,
        note=station_type.note,
        basis=answers.BasisAnswer(**station_type.basis),
        metrics=[_metric(metric) for metric in station_type.metrics],
    )


def _metric(metric: MetricSpec) -> answers.MetricAnswer:
    return answers.MetricAnswer(
        name=metric.name,
        title=metric.title,
        unit=metric.unit,
        datatype=metric.datatype,
        kind=metric.kind,
        every_ms=metric.every_ms,
        report_ms=metric.report_ms,
        deadband=metric.deadband,
        normal=metric.normal,
        alarm=metric.alarm,
        scale=metric.scale,
        values=list(metric.values),
        note=metric.note,
        basis=answers.BasisAnswer(**metric.basis),
    )
