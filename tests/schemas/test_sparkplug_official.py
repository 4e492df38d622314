"""The codec against Google's protobuf with the official definition, on random payloads (CPython)."""

import json
from pathlib import Path  # noqa: TID251  CPython only
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.samples import BAD, REASONS
from schemas.sparkplug import (
    DATATYPES,
    Metric,
    Payload,
    PayloadError,
    decode_payload,
    encode_payload,
    typed_value,
)
from tests.conformance.definition import VALUE_FIELDS
from tests.conformance.definition import Payload as Official

VECTORS = Path(__file__).parent.parent / "vectors" / "sparkplug.json"
_BITS = {1: 8, 2: 16, 3: 32, 4: 64, 5: 8, 6: 16, 7: 32, 8: 64, 13: 64}
_BYTES = (17, 18)


def _value_of(code: int) -> st.SearchStrategy[Any]:
    if code in _BITS:
        bits = _BITS[code]
        low = -(1 << (bits - 1)) if code <= 4 else 0
        return st.integers(low, low + (1 << bits) - 1)
    if code == 9:
        return st.floats(width=32, allow_nan=False)
    if code == 10:
        return st.floats(allow_nan=False)
    if code == 11:
        return st.booleans()
    return st.binary(max_size=200) if code in _BYTES else st.text(max_size=200)


@st.composite
def metrics(draw: st.DrawFn) -> Metric:
    code = draw(st.sampled_from([c for c in DATATYPES.values() if c not in (16, 19)]))
    whole = st.none() | st.integers(0, (1 << 64) - 1)
    return Metric(
        draw(st.none() | st.text(max_size=150)),
        draw(whole),
        draw(whole),
        code,
        draw(st.none() | _value_of(code)),
        draw(st.sampled_from([None, 192, 500, *range(len(REASONS))])),
        draw(st.booleans()),
        draw(st.booleans()),
    )


payloads = st.builds(
    Payload,
    st.none() | st.integers(0, (1 << 64) - 1),
    st.lists(metrics(), max_size=8),
    st.none() | st.integers(0, 255),
)


def official_bytes(payload: Payload, with_datatypes: bool) -> bytes:
    """What the official encoder writes for one of our payloads."""
    built = Official()
    if payload.at_ms is not None:
        built.timestamp = payload.at_ms
    for m in payload.metrics:
        _add_metric(built.metrics.add(), m, with_datatypes)
    if payload.seq is not None:
        built.seq = payload.seq
    return bytes(built.SerializeToString())


def _add_metric(to: Any, m: Metric, with_datatypes: bool) -> None:
    for field, value in (("name", m.name), ("alias", m.alias), ("timestamp", m.at_ms)):
        if value is not None:
            setattr(to, field, value)
    if with_datatypes:
        to.datatype = m.datatype
    if m.is_historical:
        to.is_historical = True
    if m.is_transient:
        to.is_transient = True
    if m.quality is not None:
        because = 0 < m.quality < len(REASONS)
        to.properties.keys.append("Quality")
        to.properties.values.add(type=3, int_value=BAD if because else m.quality)
        if because:
            to.properties.keys.append("Reason")
            to.properties.values.add(type=12, string_value=REASONS[m.quality])
    _set_value(to, m)


def _set_value(to: Any, m: Metric) -> None:
    if m.value is None:
        to.is_null = True
        return
    field = "bytes_value" if m.datatype in _BYTES else VALUE_FIELDS[m.datatype]
    value = m.value
    if field == "int_value":
        value &= 0xFFFFFFFF
    elif field == "long_value":
        value &= (1 << 64) - 1
    setattr(to, field, value)


@settings(max_examples=3000, deadline=None)
@given(payloads, st.booleans())
def test_our_bytes_are_those_of_the_official_encoder(
    payload: Payload, with_datatypes: bool
) -> None:
    assert encode_payload(payload, with_datatypes) == official_bytes(payload, with_datatypes)


@settings(max_examples=500, deadline=None)
@given(payloads)
def test_what_the_official_encoder_wrote_is_read_back(payload: Payload) -> None:
    read = decode_payload(official_bytes(payload, True))
    assert (read.at_ms, read.seq) == (payload.at_ms, payload.seq)
    for ours, meant in zip(read.metrics, payload.metrics, strict=True):
        assert ours._replace(value=None) == meant._replace(value=None)
        if meant.datatype in _BYTES:
            assert ours.value == meant.value
        else:
            assert typed_value(ours.value, meant.datatype) == meant.value


@settings(max_examples=1000, deadline=None)
@given(st.binary(max_size=120))
def test_any_bytes_are_a_payload_or_a_payload_error(data: bytes) -> None:
    try:
        read = decode_payload(data)
    except PayloadError:
        return
    assert len(read.metrics) <= len(data)


@settings(max_examples=500, deadline=None)
@given(payloads, st.data())
def test_a_payload_with_flipped_bits_is_a_payload_or_a_payload_error(
    payload: Payload, data: st.DataObject
) -> None:
    raw = bytearray(encode_payload(payload))
    if not raw:
        return
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        read = decode_payload(bytes(raw))
    except PayloadError:
        return
    assert read.seq is None or read.seq >= 0


def test_the_golden_payloads_are_the_official_encoders() -> None:
    for vector in json.loads(VECTORS.read_text(encoding="utf-8")):
        raw = vector["payload"]
        payload = Payload(raw["at_ms"], [Metric(*entry) for entry in raw["metrics"]], raw["seq"])
        assert official_bytes(payload, vector["with_datatypes"]).hex() == vector["hex"], vector[
            "name"
        ]
