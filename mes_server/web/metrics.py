"""/metrics: the plant's condition for Prometheus, read when it asks."""

from collections.abc import Callable, Iterator

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from mes_server.store.nodes import NodeView
from mes_server.web.condition import Facts, condition_of
from mes_server.web.guards import needs
from mes_server.web.nodes import backlog
from mes_server.web.page import this_watch

metrics_pages = Blueprint("metrics", __name__)


@metrics_pages.get("/metrics")
@needs("read")
def metrics() -> Response:
    """In the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Condition(this_watch().facts()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"lodestone_{name}", text, value=value)


_BOARD_FIGURES: tuple[tuple[str, str, Callable[[NodeView], float | None]], ...] = (
    ("journal_used_percent", "Share of the journal nobody has acknowledged.", lambda n: n.used_pct),
    ("heap_free_bytes", "Free memory of the board.", lambda n: n.board.heap_free),
    ("certificate_until_seconds", "End of its certificate, Unix time.", lambda n: n.board.certificate_until or None),
    ("clock_state", "0 not set, 1 the board's own, 2 network time.", lambda n: n.clock),
)  # fmt: skip


class _Condition(Collector):
    """What was seen of the plant's machinery."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        facts = self._facts
        yield _gauge(
            "collecting", "1 while the plant's data is collected.", not condition_of(facts).faults
        )
        yield _gauge("disk_free_bytes", "Free space where the data lies.", facts.disk_free)
        yield _gauge("store_bytes", "Size of the database.", facts.store_bytes or 0)
        yield _gauge(
            "quarantined_messages", "Messages that wait to be understood.", facts.quarantined
        )
        yield _gauge("open_alarms", "Alarms of the system that are open.", len(facts.alarms))
        yield from self._nodes()
        yield from self._ingest()

    def _nodes(self) -> Iterator[Metric]:
        labels = ("group", "node")
        online = GaugeMetricFamily(
            "lodestone_node_online", "1 while the node is there.", labels=labels
        )
        behind = GaugeMetricFamily(
            "lodestone_node_backlog_records",
            "Records held by the edge and not stored.",
            labels=labels,
        )
        lost = CounterMetricFamily(
            "lodestone_node_lost_records", "Records given up by the edge.", labels=labels
        )
        for node in self._facts.nodes:
            names = (node.group, node.node)
            online.add_metric(names, float(node.online))
            if node.own:
                behind.add_metric(names, backlog(node) or 0)
                lost.add_metric(names, node.lost or 0)
        yield from (online, behind, lost)
        for name, text, figure in _BOARD_FIGURES:
            family = GaugeMetricFamily(f"lodestone_node_{name}", text, labels=labels)
            for node in self._facts.nodes:
                value = figure(node) if node.own else None
                if value is not None:
                    family.add_metric((node.group, node.node), value)
            yield family
        yield from self._buses()

    def _buses(self) -> Iterator[Metric]:
        labels = ("group", "node", "at")
        asked = CounterMetricFamily(
            "lodestone_bus_questions", "Questions to an instrument since the boot.", labels=labels
        )
        failed = CounterMetricFamily(
            "lodestone_bus_failures", "Of those without a good answer.", labels=labels
        )
        for node in self._facts.nodes:
            for bus in node.board.buses:
                asked.add_metric((node.group, node.node, bus.at), bus.asked)
                failed.add_metric((node.group, node.node, bus.at), bus.failed)
        yield from (asked, failed)

    def _ingest(self) -> Iterator[Metric]:
        status = self._facts.status
        if status is None:
            return
        age_s = max(0, self._facts.now_ms - status.at_ms) / 1000
        yield _gauge("ingest_status_age_seconds", "Since ingest last said how it is.", age_s)
        yield _gauge(
            "ingest_connected", "1 while ingest is connected to the broker.", status.connected
        )
        yield _gauge("ingest_storing", "1 while what comes is stored.", status.storing)
        yield _gauge("ingest_queue_messages", "Messages received and not yet stored.", status.queue)
        yield _gauge(
            "ingest_inbox_messages", "Messages stored and not yet folded.", status.inbox_depth
        )
        yield _gauge("ingest_rate_per_second", "Messages received per second.", status.rate_per_s)
        for name in ("received", "stored", "dropped", "duplicates", "quarantined"):
            family = CounterMetricFamily(
                f"lodestone_ingest_{name}_messages", f"Messages {name} since ingest began."
            )
            family.add_metric((), getattr(status, name))
            yield family
