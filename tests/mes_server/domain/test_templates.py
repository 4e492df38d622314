"""What a Template reads of many messages at once is what the codec reads of each."""

import struct
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.nodes import CHANGED, MISSED, SURE, Layout, UnreadableError, layout_of
from mes_server.domain.readings import Reading, resolve
from mes_server.domain.records import head_of, split_records
from mes_server.domain.templates import Template, learn
from schemas.journal_metrics import CLOCK_NETWORK
from schemas.sparkplug import DATATYPES, Payload, decode_payload, encode_payload
from tests.mes_server.edge import NOW_MS, Bad, Edge, Value, plain

KINDS = {
    "temperature": "double",
    "pressure": "float",
    "step": "int32",
    "small": "int8",
    "count": "uint32",
    "total": "uint64",
    "when": "datetime",
    "on": "boolean",
    "state": "string",
}
LAYOUT = Layout(True, {name: DATATYPES[kind] for name, kind in KINDS.items()}, {})
floats = st.floats(width=32) | st.just(0.0)
VALUES: dict[str, st.SearchStrategy[Value]] = {
    "temperature": st.none() | st.floats() | st.sampled_from([Bad("check"), Bad("other")]),
    "pressure": st.none() | floats,
    "step": st.integers(-(1 << 31), (1 << 31) - 1),
    "small": st.integers(-128, 127),
    "count": st.integers(0, (1 << 32) - 1),
    "total": st.integers(0, (1 << 64) - 1),
    "when": st.integers(0, 1 << 62),
    "on": st.booleans(),
    "state": st.sampled_from(["run", "off", "hold"]),
}
times = st.integers(NOW_MS - 1000, NOW_MS + 1000) | st.sampled_from(
    [5, 1 << 43, NOW_MS + 90_000_000]
)


@st.composite
def families(draw: st.DrawFn) -> list[bytes]:
    """Messages that are much alike: the same metrics in the same order, other values and times."""
    chosen = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=6, unique=True))
    records = draw(st.integers(1, 3))
    clock = draw(st.sampled_from([1, 2]))
    historical = draw(st.booleans())
    messages = []
    for i in range(draw(st.integers(1, 6))):
        edge = Edge(metrics=KINDS, seq=draw(st.integers(0, 255)))
        made = []
        for record in range(records):
            values = {name: draw(VALUES[name]) for name in chosen}
            at_ms = draw(times)
            seq = draw(st.integers(1, 1 << 31))
            made.append(edge.record(seq + record, values, at_ms, historical, None, clock))
        messages.append(edge.ddata(made, at_ms=NOW_MS + i).payload)
    return messages


def by_the_codec(payload: bytes, layout: Layout) -> list[tuple[Reading, int]] | None:
    """The readings with the clock state of their record; None when one of them cannot be taken."""
    decoded = decode_payload(payload)
    before, records = split_records(decoded.metrics)
    try:
        readings = [(r, CLOCK_NETWORK) for r in resolve(layout, before, decoded.at_ms, NOW_MS)]
        for record in records:
            head = head_of(record)
            assert head is not None
            readings += [(r, head.clock) for r in resolve(layout, record, decoded.at_ms, NOW_MS)]
    except UnreadableError:
        return None
    return readings


def by_the_template(
    template: Template, payloads: list[bytes]
) -> list[list[tuple[Reading, int]] | None]:
    """The same for each payload of one size; None where the template leaves it to the codec."""
    matrix = np.frombuffer(b"".join(payloads), np.uint8).reshape(len(payloads), -1)
    fits = template.matches(matrix)
    extract, plainly = template.extract(matrix[fits], np.full(int(fits.sum()), NOW_MS))
    found: list[list[tuple[Reading, int]] | None] = [None] * len(payloads)
    for row, at in enumerate(np.flatnonzero(fits).tolist()):
        if not plainly[row]:
            continue
        readings = []
        for column, slot in enumerate(template.slots):
            values = extract.values[column]
            value = slot.value if values is None else values[row].item()
            at_ms = int(extract.times[row, column])
            reading = Reading(
                slot.metric, slot.datatype, at_ms, value, slot.quality, slot.historical
            )
            readings.append((reading, slot.clock))
        found[at] = readings
    return found


def same(one: Value, other: Value) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return struct.pack("<d", one) == struct.pack("<d", other)
    return type(one) is type(other) and one == other


@given(families(), st.data())
def test_a_template_reads_what_the_codec_reads_or_leaves_it(
    messages: list[bytes], data: st.DataObject
) -> None:
    layout = replace(
        LAYOUT,
        trust=data.draw(st.sampled_from([MISSED, CHANGED, SURE])),
        agreed=data.draw(st.frozensets(st.sampled_from(sorted(LAYOUT.datatypes)))),
    )
    if data.draw(st.booleans()):  # a hostile neighbour: one byte differs
        damaged = bytearray(data.draw(st.sampled_from(messages)))
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        messages.append(bytes(damaged))
    for size in {len(message) for message in messages}:
        alike = [message for message in messages if len(message) == size]
        template = learn(alike[0], layout)
        if template is None:
            continue
        for message, found in zip(alike, by_the_template(template, alike), strict=True):
            if found is None:
                continue
            expected = by_the_codec(message, layout)
            assert expected is not None
            assert len(found) == len(expected)
            for (reading, clock), (wanted, wanted_clock) in zip(found, expected, strict=True):
                assert clock == wanted_clock
                assert same(reading.value, wanted.value)
                assert reading._replace(value=None) == wanted._replace(value=None)


def family(values: list[Mapping[str, Value]]) -> list[bytes]:
    edge = Edge(metrics=KINDS)
    return [edge.live(v, at_ms=NOW_MS + i).payload for i, v in enumerate(values)]


def test_ordinary_messages_of_one_shape_are_all_taken() -> None:
    messages = family(
        [{"temperature": 900.5 + i, "step": 3, "on": True, "state": "run"} for i in range(9)]
    )
    template = learn(messages[0], LAYOUT)
    assert template is not None
    assert None not in by_the_template(template, messages)


def test_a_value_that_is_not_finite_and_a_wild_time_are_left_to_the_codec() -> None:
    messages = family([{"temperature": v} for v in (1.0, float("nan"), float("inf"), 2.0)])
    template = learn(messages[0], LAYOUT)
    assert template is not None
    assert [found is None for found in by_the_template(template, messages)] == [
        False,
        True,
        True,
        False,
    ]


def test_other_content_of_the_same_size_is_left() -> None:
    messages = family([{"state": "run"}, {"state": "off"}])
    template = learn(messages[0], LAYOUT)
    assert template is not None
    assert [found is None for found in by_the_template(template, messages)] == [False, True]


def test_nothing_is_learned_from_what_cannot_be_read_or_means_nothing() -> None:
    layout = layout_of([plain("t", "double", 1.0)])
    assert learn(b"\xff\xff", layout) is None
    assert (
        learn(encode_payload(Payload(NOW_MS, [plain("t", "double", float("nan"))], 0)), layout)
        is None
    )
    unknown = plain("u", "dataset", None)
    assert learn(encode_payload(Payload(NOW_MS, [unknown], 0)), layout) is None
    assert (
        learn(encode_payload(Payload(NOW_MS, [plain("t", "double", 1.0, at_ms=None)], 0)), layout)
        is None
    )
    assert learn(encode_payload(Payload(NOW_MS, [], 0)), layout) is None
