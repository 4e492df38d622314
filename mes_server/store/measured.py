"""Every good sample of a metric in a span, as numbers: what a proof is computed from."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from mes_server.domain.curves import Floats
from mes_server.store.columns import joined
from mes_server.store.rollup import HOUR_MS
from mes_server.store.series import series_key
from mes_server.store.sources import Raw, add_chunks, add_fresh
from schemas.samples import GOOD


@dataclass(frozen=True, slots=True)
class Measured:
    """`times`: Unix ms. `bad`: samples of the span that had no value or were not good, and count as not there."""

    times: Floats
    values: Floats
    bad: int


def load_measured(
    conn: Connection, station: str, metric: str, from_ms: int, to_ms: int
) -> Measured:
    """The samples of `from_ms` to `to_ms`, both included, by time and then as they came; also those that came late."""
    key = series_key(conn, station, metric)
    if key is None:
        return Measured(np.empty(0), np.empty(0), 0)
    raw = Raw()
    add_chunks(conn, key[0], range(from_ms // HOUR_MS, to_ms // HOUR_MS + 1), raw)
    add_fresh(conn, key[0], from_ms, to_ms, raw)
    samples = joined(raw.parts).sorted().between(from_ms, to_ms)
    values = samples.numbers()
    good = ~np.isnan(values) & (samples.quality_codes() == GOOD)
    return Measured(
        samples.times[good].astype(np.float64), values[good], int(len(good) - good.sum())
    )
