"""The payload codec against golden bytes of the official encoder; both interpreters run this file.

tests/vectors/sparkplug.json was written by the official encoder; test_sparkplug_official.py proves
that it still is what that encoder writes.
"""

from schemas import sparkplug
from schemas.samples import BAD, GOOD, REASONS
from schemas.sparkplug import (
    METRICS_MAX,
    Metric,
    Payload,
    PayloadError,
    decode_payload,
    encode_payload,
    metric,
    typed_value,
)
from tests.device_help import fault_of, read_vectors


def _payload(raw):
    metrics = [Metric(*entry) for entry in raw["metrics"]]
    return Payload(raw["at_ms"], metrics, raw["seq"])


def test_every_golden_payload_is_written_to_the_byte():
    vectors = read_vectors("sparkplug.json")
    assert len(vectors) >= 20
    for vector in vectors:
        ours = encode_payload(_payload(vector["payload"]), vector["with_datatypes"])
        assert ours == bytes.fromhex(vector["hex"]), vector["name"]


def test_every_golden_payload_is_read_back():
    for vector in read_vectors("sparkplug.json"):
        meant = _payload(vector["payload"])
        read = decode_payload(bytes.fromhex(vector["hex"]))
        assert (read.at_ms, read.seq, len(read.metrics)) == (
            meant.at_ms,
            meant.seq,
            len(meant.metrics),
        )
        for ours, theirs in zip(read.metrics, meant.metrics):
            assert ours.name == theirs.name and ours.at_ms == theirs.at_ms, vector["name"]
            assert ours.is_historical == theirs.is_historical
            assert ours.is_transient == theirs.is_transient
            assert ours.quality == theirs.quality
            assert typed_value(ours.value, theirs.datatype) == theirs.value, vector["name"]
            assert ours.datatype == (theirs.datatype if vector["with_datatypes"] else None)


def test_the_name_is_read_out_of_its_piece():
    for name in ("a", "浓度", "x" * 127, "y" * 128, "z" * 250):
        assert sparkplug.field_name(sparkplug.name_field(name)) == name


def test_the_pieces_put_together_are_the_metric():
    pieces = (
        sparkplug.name_field("zone_1_temperature_c")
        + sparkplug.varint(1_795_000_000_123)
        + sparkplug.HISTORICAL_FIELD
        + sparkplug.quality_field(500)
        + sparkplug.value_field(10, 1052.25)
    )
    whole = metric("zone_1_temperature_c", "double", 1052.25, 1_795_000_000_123, 500, True)
    body = encode_payload(Payload(None, [whole], None), False)
    assert body == b"\x12" + bytes((len(pieces),)) + pieces


def test_integers_come_in_either_field_and_in_any_width_of_twos_complement():
    assert typed_value(0xFFFFFFFF, 3) == -1
    assert typed_value(0xFF, 1) == -1
    assert typed_value(0xFFFFFFFFFFFFFFFF, 4) == -1
    assert typed_value(0xFFFFFFFFFFFFFFFB, 3) == -5
    assert typed_value(5, 7) == 5
    assert typed_value((1 << 64) - 1, 8) == (1 << 64) - 1
    assert typed_value(None, 10) is None


def test_a_value_of_another_kind_is_refused():
    for value, datatype in (
        (1.5, 8),
        (True, 10),
        ("x", 10),
        (1, 11),
        (b"x", 12),
        (1 << 32, 7),
        (1, None),
    ):
        fault_of(PayloadError, typed_value, value, datatype)


def test_a_value_that_does_not_fit_its_datatype_is_not_written():
    for name, value in (
        ("uint8", 256),
        ("int8", -129),
        ("uint64", -1),
        ("int64", 1 << 63),
        ("int32", 1.5),
    ):
        payload = Payload(1, [metric("m", name, value, 1)], 0)
        fault_of(PayloadError, encode_payload, payload)
    fault_of(PayloadError, encode_payload, Payload(1, [metric("m", "dataset", 1, 1)], 0))


def test_a_negative_integer_is_written_in_the_width_of_its_field():
    payload = Payload(None, [metric("m", "int32", -1, None), metric("n", "int64", -1, None)], None)
    written = encode_payload(payload, False).hex()
    assert written == "12090a016d50ffffffff0f" + "120e0a016e58ffffffffffffffffff01"


def test_bytes_that_are_no_payload_are_refused():
    whole = encode_payload(Payload(7, [metric("m", "double", 1.5, 8)], 3))
    for data in (
        b"\xff",
        b"\x08",
        b"\x12\x05abc",
        b"\x0b",
        b"\x08" + b"\xff" * 11,
        b"\x12\x02\x0a\xff",
        b"\x00\x01",
    ):
        fault_of(PayloadError, decode_payload, data)
    for cut in range(3, len(whole) - 2):
        fault_of(PayloadError, decode_payload, whole[:cut])


def test_a_bomb_of_metrics_is_refused():
    bomb = b"\x12\x00" * (METRICS_MAX + 1)
    assert "more than" in str(fault_of(PayloadError, decode_payload, bomb))
    assert len(decode_payload(b"\x12\x00" * METRICS_MAX).metrics) == METRICS_MAX


def test_text_that_is_not_utf8_arrives_as_bytes_but_no_name_may_be_so():
    read = decode_payload(b"\x12\x08\x0a\x01m\x7a\x03\xff\xfea")
    assert read.metrics[0].value == b"\xff\xfea"
    assert "UTF-8" in str(fault_of(PayloadError, decode_payload, b"\x12\x03\x0a\x01\xff"))


def test_fields_of_later_versions_are_passed_over():
    extra = b"\x22\x02id" + b"\x2a\x01b" + b"\x35abcd" + b"\x39abcdefgh" + b"\x40\x05"
    assert decode_payload(b"\x08\x07" + extra + b"\x18\x03") == Payload(7, [], 3)
    inner = b"\x0a\x01m" + b"\x42\x02\x10\x01" + b"\x50\x05"
    read = decode_payload(b"\x12" + bytes((len(inner),)) + inner)
    assert (read.metrics[0].name, read.metrics[0].value) == ("m", 5)


def _read_quality(props):
    body = b"\x0a\x01m\x4a" + bytes((len(props),)) + props
    return decode_payload(b"\x12" + bytes((len(body),)) + body).metrics[0].quality


def test_why_a_sample_is_bad_goes_beside_its_quality_and_comes_back():
    for number, reason in enumerate(REASONS):
        body = encode_payload(Payload(None, [metric("m", "double", None, 1, number)], None), False)
        assert (reason.encode() in body and b"Reason" in body) or not reason
        assert decode_payload(body).metrics[0].quality == number


def test_a_quality_that_sparkplug_does_not_know_is_bad_and_so_is_a_reason_that_we_do_not():
    for code in (b"\x01", b"\x18", b"\xff\xff\x03"):
        assert (
            _read_quality(b"\x0a\x07Quality\x12" + bytes((len(code) + 3,)) + b"\x08\x03\x18" + code)
            == BAD
        )
    both = b"\x0a\x07Quality\x0a\x06Reason"
    bad, good = b"\x12\x04\x08\x03\x18\x00", b"\x12\x05\x08\x03\x18\xc0\x01"
    said = b"\x12\x09\x08\x0c\x42\x05"
    assert _read_quality(both + bad + said + b"check") == REASONS.index("check")
    assert _read_quality(both + bad + said + b"moods") == BAD
    assert _read_quality(both + bad + b"\x12\x02\x08\x0c") == BAD
    assert _read_quality(both + good + said + b"check") == GOOD


def test_a_quality_is_read_from_either_integer_field_and_others_are_passed_over():
    for value_tag in (0x18, 0x20):
        value = bytes((0x08, 0x03, value_tag, 0xC0, 0x01))
        props = b"\x0a\x07Quality\x12" + bytes((len(value),)) + value
        body = b"\x0a\x01m\x4a" + bytes((len(props),)) + props
        read = decode_payload(b"\x12" + bytes((len(body),)) + body)
        assert read.metrics[0].quality == 192
    props = b"\x0a\x04Unit\x12\x02\x08\x0c"
    body = b"\x0a\x01m\x4a" + bytes((len(props),)) + props
    assert decode_payload(b"\x12" + bytes((len(body),)) + body).metrics[0].quality is None
