"""The benchmark's messages, made by patching bytes, are what an edge would have encoded."""

import numpy as np
import pytest

from mes_server.bench.payloads import AT_MARK, Edge, Span, data_messages, time_bytes, walk, with_seq
from schemas import journal_metrics as names
from schemas.sparkplug import decode_payload

EDGE = Edge("n", "s", 0x2345_6789, ("one", "two"))
AT_MS = 1_795_500_000_000


@pytest.mark.parametrize("batch", [1, 20])
@pytest.mark.parametrize("seq", [0, 127, 128, 255])
def test_every_record_has_its_position_times_and_values(batch: int, seq: int) -> None:
    span = Span(41, 60, 1000, AT_MS, batch, historical=batch > 1)
    messages = data_messages(EDGE, span)
    assert len(messages) == 60 // batch
    decoded = [decode_payload(with_seq(message, seq)) for message in messages]
    assert {payload.seq for payload in decoded} == {seq}
    metrics = [metric for payload in decoded for metric in payload.metrics]
    assert {metric.is_historical for metric in metrics} == {batch > 1}
    positions = [metric for metric in metrics if metric.name == names.POS]
    assert [m.value for m in positions] == [names.position(EDGE.epoch, n) for n in range(41, 101)]
    assert [m.at_ms for m in positions] == [AT_MS + n * 1000 for n in range(60)]
    values = [[m.value for m in metrics if m.name == name] for name in EDGE.metrics]
    assert np.array_equal(np.array(values).T, walk(60, 2, EDGE.epoch + 41))


def test_a_message_without_times_takes_one_when_it_is_sent() -> None:
    message = data_messages(EDGE, Span(1, 1))[0].replace(AT_MARK, time_bytes(AT_MS))
    payload = decode_payload(with_seq(message, 3))
    assert {payload.at_ms, *(metric.at_ms for metric in payload.metrics)} == {AT_MS}
