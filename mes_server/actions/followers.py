"""What is computed of the ledger event by event: one line for each kind of table. Others (lots, runs, lines) are
replayed from their whole stream.

A table of these follows in the transaction that records the event; `mes db rebuild` drops it and lets it
follow the whole ledger again. So what `follow` writes may depend on the events alone.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from mes_server.domain.seal import Event
from mes_server.store import (
    analyser_checks,
    baths,
    changes_of_process,
    checks,
    discharge_records,
    documents,
    exceedances,
    firmware,
    gauge_lines,
    gauges,
    identities,
    meter_notes,
    nonconformances,
    papers,
    plans,
    proofs,
    pyrometry,
    releases,
    signatures,
    waste,
    water_samples,
)


class Follower(NamedTuple):
    """`streams`: beginnings such as "gauge:". `follow` writes what one event changes; `drop` forgets all."""

    streams: tuple[str, ...]
    follow: Callable[[Connection, Event], None]
    drop: Callable[[Connection], None]


FOLLOWERS: tuple[Follower, ...] = (
    Follower(documents.STREAMS, documents.follow, documents.drop_all),
    Follower(plans.PLAN_STREAMS, plans.follow_plan, plans.drop_plans),
    Follower(plans.ACK_STREAMS, plans.follow_ack, plans.drop_acks),
    Follower(checks.STREAMS, checks.follow, checks.drop_all),
    Follower(gauge_lines.STREAMS, gauge_lines.follow, gauge_lines.drop_all),
    Follower(signatures.STREAMS, signatures.follow, signatures.drop_all),
    Follower(nonconformances.STREAMS, nonconformances.follow, nonconformances.drop_all),
    Follower(baths.STREAMS, baths.follow, baths.drop_all),
    Follower(gauges.STREAMS, gauges.follow, gauges.drop_all),
    Follower(changes_of_process.STREAMS, changes_of_process.follow, changes_of_process.drop_all),
    Follower(releases.STREAMS, releases.follow, releases.drop_all),
    Follower(proofs.STREAMS, proofs.follow, proofs.drop_all),
    Follower(pyrometry.STREAMS, pyrometry.follow, pyrometry.drop_all),
    Follower(papers.STREAMS, papers.follow, papers.drop_all),
    Follower(exceedances.STREAMS, exceedances.follow, exceedances.drop_all),
    Follower(discharge_records.STREAMS, discharge_records.follow, discharge_records.drop_all),
    Follower(water_samples.STREAMS, water_samples.follow, water_samples.drop_all),
    Follower(analyser_checks.STREAMS, analyser_checks.follow, analyser_checks.drop_all),
    Follower(meter_notes.STREAMS, meter_notes.follow, meter_notes.drop_all),
    Follower(waste.STREAMS, waste.follow, waste.drop_all),
    Follower(identities.STREAMS, identities.follow, identities.drop_all),
    Follower(firmware.STREAMS, firmware.follow, firmware.drop_all),
)


def follow_all(conn: Connection, events: Iterable[Event]) -> None:
    """Bring every table up to these events, in their order."""
    for event in events:
        for follower in FOLLOWERS:
            if event.stream.startswith(follower.streams):
                follower.follow(conn, event)


def drop_followed(conn: Connection) -> None:
    """Forget what follows; only to let it follow anew in the same transaction."""
    for follower in reversed(FOLLOWERS):
        follower.drop(conn)
