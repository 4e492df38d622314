"""Records: bytes in the journal, metrics on the wire; equal to the general encoder's."""

import random

from edge_agent.records import (
    HEAD_BYTES,
    LOSS_INDEX,
    Head,
    Layout,
    Positions,
    encode_record,
    frame,
    framed,
    head_metrics,
    head_of,
    layout_from_bytes,
    put_metrics,
    read_loss,
    stored_crc,
)
from schemas import journal_metrics as names
from schemas.journal_metrics import CLOCK_NETWORK, CLOCK_RTC, position
from schemas.samples import BAD, GOOD, STALE, bad_because, is_bad
from schemas.sparkplug import (
    DATATYPES,
    Metric,
    Payload,
    PayloadError,
    decode_payload,
    encode_payload,
    metric,
)
from tests.device_help import fault_of
from tests.edge_agent.fakes import NOW_MS

METRICS = [
    ("zone_1_temperature_c", DATATYPES["double"]),
    ("state", DATATYPES["string"]),
    ("step_no", DATATYPES["int32"]),
    ("alarm_count", DATATYPES["uint32"]),
    ("total_wh", DATATYPES["uint64"]),
    ("door_open", DATATYPES["boolean"]),
    ("pressure_pa", DATATYPES["float"]),
    ("balance", DATATYPES["int64"]),
    ("x" * 130, DATATYPES["double"]),
]
LAYOUT = Layout("sinter-1", METRICS)


def _head(seq=42, clock=CLOCK_NETWORK):
    return Head(seq, 1, clock, 3, 123_456, NOW_MS)


def _wire(body, layout=LAYOUT, when=(NOW_MS, CLOCK_NETWORK), historical=False):
    """The bytes of a record in a payload, as the sender puts them together."""
    head = head_of(body)
    pos = Positions(0xDEADBEEF).field(head.seq)
    out = head_metrics(head, pos, 0xFEDCBA98, when, historical)
    put_metrics(out, body, layout, when, historical)
    return bytes(out)


def _meant(readings, when, historical, seq=42):
    """The same by the general encoder."""
    at = when[0]
    found = [
        metric(names.POS, "uint64", position(0xDEADBEEF, seq), at, None, historical),
        metric(names.CRC, "uint32", 0xFEDCBA98, at, None, historical),
        metric(names.MONO, "uint64", 3 << 40 | 123_456, at, None, historical),
    ]
    if when[1] != CLOCK_NETWORK:
        found.append(metric(names.CLOCK, "uint8", when[1], at, None, historical))
    for index, mono, value, quality in readings:
        name, code = METRICS[index]
        own = None if quality == GOOD else quality
        found.append(Metric(name, None, at + mono - 123_456, code, value, own, historical, False))
    return encode_payload(Payload(None, found, None), False)


def _random_reading(index, mono):
    quality = random.choice(
        (GOOD, GOOD, GOOD, BAD, bad_because("check"), bad_because("bug"), STALE)
    )
    code = METRICS[index][1]
    value = None
    if not is_bad(quality):
        value = {
            10: random.random() * 1e6, 12: "烧结" * random.randint(0, 10), 3: random.randint(-9, 9) << 20,
            7: random.getrandbits(32), 8: random.getrandbits(32) << 32, 11: random.random() < 0.5,
            9: 0.5 * random.randint(-99, 99), 4: -random.getrandbits(31) << 30,
        }[code]  # fmt: skip
    return index, mono, value, quality


def test_five_hundred_random_records_are_what_the_general_encoder_writes():
    random.seed(1)
    for n in range(500):
        mono = 123_456
        readings = []
        for index in range(len(METRICS)):
            if random.random() < 0.7:
                readings.append(_random_reading(index, mono))
                mono += random.choice((0, 0, 1, 7, 300))
        body = bytes(encode_record(_head(seq=n + 1), LAYOUT.codes, readings))
        when = (NOW_MS + random.getrandbits(14), random.choice((CLOCK_NETWORK, CLOCK_RTC)))
        for historical in (False, True):
            assert _wire(body, LAYOUT, when, historical) == _meant(
                readings, when, historical, n + 1
            )


def test_a_reason_that_a_newer_agent_wrote_is_bad_without_one():
    body = encode_record(_head(), LAYOUT.codes, [(0, 123_456, None, bad_because("bug"))])
    known = bytes(body)
    body[HEAD_BYTES + 1] |= 0x3C  # its flags: reason 15
    when = (NOW_MS, CLOCK_NETWORK)
    assert b"Reason" in _wire(known, LAYOUT, when)
    assert _wire(bytes(body), LAYOUT, when) == _meant([(0, 123_456, None, BAD)], when, False)


def test_a_time_may_carry_into_its_upper_bits():
    readings = [(0, 123_456 + dt, 1.0, GOOD) for dt in (0, 100, 900)]
    body = bytes(encode_record(_head(), LAYOUT.codes, readings))
    for low in (0x3FFF, 0x3FFE, 0x3F00, 0):
        when = ((NOW_MS >> 14 << 14) + low, CLOCK_NETWORK)
        assert _wire(body, LAYOUT, when) == _meant(readings, when, False)


def test_a_position_is_put_together_from_two_halves():
    for epoch in (1, 0x7F, 0xDEADBEEF, 0xFFFFFFFF):
        positions = Positions(epoch)
        for seq in (1, 127, 128, (1 << 28) - 1, 1 << 28, (1 << 32) - 1, 5):
            payload = Payload(None, [metric("p", "uint64", position(epoch, seq), None)], None)
            assert encode_payload(payload, False)[5:] == positions.field(seq), (epoch, seq)


def test_the_head_is_read_back_and_the_checksum_is_that_of_the_frame():
    body = encode_record(_head(), LAYOUT.codes, [(0, 123_456, 1.5, GOOD)])
    framed_body = frame(body)
    assert head_of(bytes(body)) == _head()
    assert framed(framed_body, 0) == len(body)
    assert frame(body) == framed_body and stored_crc(framed_body, 0) == stored_crc(
        frame(bytes(body)), 0
    )
    assert framed(b"\x00" + framed_body, 0) == -1


def test_a_layout_survives_as_bytes():
    slot, read = layout_from_bytes(LAYOUT.to_bytes(5))
    assert (slot, read.station, read.metrics) == (5, "sinter-1", METRICS)


def test_a_loss_is_stated_as_json_and_a_time_unknown_then_is_the_records():
    for loss, meant in (
        ((NOW_MS - 9, NOW_MS - 1, 12, "full"), (NOW_MS - 9, NOW_MS - 1, 12, "full")),
        ((NOW_MS - 9, 0, -1, "restart"), (NOW_MS - 9, NOW_MS + 77, -1, "restart")),
        ((0, 0, 3, "thinned"), (NOW_MS + 77, NOW_MS + 77, 3, "thinned")),
    ):
        readings = [(LOSS_INDEX, 123_456, loss, GOOD), (0, 123_456, 1.0, GOOD)]
        body = bytes(encode_record(_head(), LAYOUT.codes, readings))
        read = decode_payload(_wire(body, LAYOUT, (NOW_MS + 77, CLOCK_NETWORK), True))
        assert read.metrics[3].name == names.LOSS and read.metrics[3].is_historical
        assert read_loss(read.metrics[3].value) == meant
        assert read.metrics[4].value == 1.0


def test_a_metric_whose_datatype_changed_carries_its_old_one():
    body = bytes(
        encode_record(_head(), LAYOUT.codes, [(0, 123_456, 1.5, GOOD), (2, 123_456, 4, GOOD)])
    )
    old = Layout("sinter-1", METRICS)
    old.changed = {2: b"\x20\x03"}
    read = decode_payload(_wire(body, old))
    assert [m.datatype for m in read.metrics[3:]] == [None, 3]


def test_a_value_of_the_wrong_kind_is_not_recorded():
    fault_of(PayloadError, encode_record, _head(), LAYOUT.codes, [(3, 123_456, -1, GOOD)])
