"""Record heads are read without decoding the message, and read the same as by decoding it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.domain.records import (
    Head,
    bits,
    head_of,
    is_back_fill,
    read_heads,
    records_of,
    split_records,
)
from schemas import journal_metrics as names
from schemas.sparkplug import Payload, PayloadError, decode_payload, encode_payload
from tests.mes_server.edge import NOW_MS, Edge, plain

MOST = (1 << 64) - 1
seqs = st.integers(1, 0xFFFFFFFF)
values = st.fixed_dictionaries(
    {},
    optional={
        "zone_1_temperature_c": st.none() | st.floats(allow_nan=False),
        "step_no": st.integers(-(1 << 31), (1 << 31) - 1),
        "state": st.text(max_size=300) | st.just("Journal/Pos") | st.just("\x0a\x0bJournal/Pos"),
    },
)


def by_decoding(payload: bytes) -> tuple[list[Head | None], int | None]:
    decoded = decode_payload(payload)
    return [head_of(record) for record in split_records(decoded.metrics)[1]], decoded.seq


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    edge = Edge(epoch=draw(st.integers(0, 0xFFFFFFFF)), seq=draw(st.integers(0, 255)))
    records = [
        edge.record(
            draw(seqs),
            draw(values),
            NOW_MS + i,
            draw(st.booleans()),
            draw(st.integers(0, 0xFFFFFFFF)),
            draw(st.sampled_from((0, 1, 2))),
        )
        for i in range(draw(st.integers(0, 5)))
    ]
    return edge.ddata(records).payload


@given(payloads())
def test_heads_and_seq_are_those_that_decoding_finds(payload: bytes) -> None:
    heads = read_heads(payload)
    records, seq = by_decoding(payload)
    assert list(heads.records) == records
    assert heads.seq == seq


@given(payloads())
def test_back_fill_is_told_by_the_mark_of_its_first_record(payload: bytes) -> None:
    records = split_records(decode_payload(payload).metrics)[1]
    assert is_back_fill(payload) == (bool(records) and records[0][0].is_historical)


@given(payloads(), st.data())
def test_a_damaged_message_is_read_as_decoding_reads_it_or_refused(
    payload: bytes, data: st.DataObject
) -> None:
    damaged = bytearray(payload)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(1, len(damaged)))])
    try:
        heads = read_heads(cut)
    except PayloadError:
        return
    try:
        records, _ = by_decoding(cut)
    except PayloadError:
        return  # the fold will quarantine it; its positions count, so that the edge can go on
    assert list(heads.records) == records


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_and_nothing_else(payload: bytes) -> None:
    try:
        heads = read_heads(payload)
    except PayloadError:
        return
    assert payload.count(b"Journal/Pos") >= len(heads.records)


def test_a_head_in_another_order_of_fields_is_found_by_decoding() -> None:
    record = Edge().record(7, {"step_no": 1}, NOW_MS)
    record = [record[0], record[2], record[1], *record[3:]]
    payload = encode_payload(Payload(NOW_MS, record, 9))
    heads = read_heads(payload)
    assert [head.position & 0xFFFFFFFF for head in heads.records] == [7]
    assert heads.records[0].crc == record[2].value
    assert heads.seq == 9


def test_a_record_without_a_number_for_its_position_is_refused() -> None:
    payload = encode_payload(Payload(NOW_MS, [plain(names.POS, "string", "one")], 1))
    with pytest.raises(PayloadError, match="no number"):
        read_heads(payload)


def test_a_record_with_its_position_alone_still_has_it() -> None:
    payload = encode_payload(Payload(NOW_MS, [plain(names.POS, "uint64", 5 << 32 | 3)], 1))
    assert read_heads(payload).records == (Head(5 << 32 | 3, 0, 0, names.CLOCK_NETWORK),)


def test_numbers_too_large_for_the_store_are_cut_the_same_way_on_both_paths() -> None:
    head = [(names.POS, 1 << 32 | 7), (names.CRC, MOST), (names.MONO, MOST), (names.CLOCK, MOST)]
    metrics = [plain(name, "uint64", value, at_ms=None) for name, value in head]
    direct = encode_payload(Payload(None, metrics, 5), with_datatypes=False)
    decoded = encode_payload(Payload(None, [metrics[0], *metrics[:0:-1]], 5), with_datatypes=False)
    expected = Head(1 << 32 | 7, 0xFFFFFFFF, MOST, 0xFFFFFFFF)
    assert read_heads(direct).records == read_heads(decoded).records == (expected,)


def test_the_message_of_a_stranger_has_a_seq_and_no_records() -> None:
    payload = encode_payload(Payload(None, [plain("t", "double", 1.5)], 200))
    assert read_heads(payload) == ((), 200)


@given(st.sets(st.integers(0, 300), min_size=1))
def test_record_numbers_come_back_from_their_bits(numbers: set[int]) -> None:
    kept = bits(sum(1 << number for number in numbers))
    assert records_of(kept, 301) == sorted(numbers)
    assert records_of(None, 3) == [0, 1, 2]
