"""Commands: four are understood, nothing else is, and nothing raises."""

import random

from edge_agent.commands import read_commands
from schemas.journal_metrics import (
    ACK,
    ANCHORS,
    CERTIFICATE,
    REBIRTH,
    REWIND,
    UPDATE_BLOCK,
    UPDATE_OFFER,
)
from schemas.sparkplug import Metric, Payload, encode_payload, metric
from tests.edge_agent.fakes import NOW_MS


def _command(*metrics):
    return encode_payload(Payload(NOW_MS, list(metrics), None))


def test_the_four_commands_are_understood():
    asked = read_commands(
        _command(
            metric(ACK, "uint64", 0xDEADBEEF00000007, NOW_MS),
            metric(REWIND, "uint64", 5 << 32 | 1, NOW_MS),
            metric(ANCHORS, "string", "12 " + "ab" * 32, NOW_MS),
            metric(REBIRTH, "boolean", True, NOW_MS),
        )
    )
    assert (asked.ack, asked.rewind, asked.rebirth) == (0xDEADBEEF00000007, 5 << 32 | 1, True)
    assert asked.anchor == "12 " + "ab" * 32
    assert asked.at_ms == NOW_MS and asked.unknown == []


def test_a_command_without_a_datatype_is_understood():
    data = encode_payload(Payload(None, [metric(ACK, "uint64", 9, None)], None), False)
    assert read_commands(data).ack == 9 and read_commands(data).at_ms is None


def test_a_rebirth_that_is_false_or_no_boolean_asks_nothing():
    for name, value in (("boolean", False), ("uint32", 1), ("string", "true")):
        asked = read_commands(_command(metric(REBIRTH, name, value, NOW_MS)))
        assert asked.rebirth is False and asked.unknown == [REBIRTH]


def test_an_acknowledgement_that_is_no_position_asks_nothing():
    for name, value in (("double", 5.0), ("string", "5"), ("boolean", True), ("uint64", None)):
        asked = read_commands(_command(metric(ACK, name, value, NOW_MS)))
        assert asked.ack is None and asked.unknown == [ACK]


def test_an_anchor_that_is_none_is_named_not_obeyed():
    for name, value in (("string", "12"), ("uint64", 12), ("string", None), ("boolean", True)):
        asked = read_commands(_command(metric(ANCHORS, name, value, NOW_MS)))
        assert asked.anchor is None and asked.unknown == [ANCHORS]


def test_other_names_and_aliases_are_named_not_obeyed():
    alias_only = Metric(None, 3, NOW_MS, 11, True, None, False, False)
    asked = read_commands(
        _command(metric("Node Control/Reboot", "boolean", True, NOW_MS), alias_only)
    )
    assert asked.unknown == ["Node Control/Reboot", "None"]
    assert (asked.ack, asked.rewind, asked.rebirth) == (None, None, False)


def test_what_is_for_the_board_itself_is_handed_on_with_its_value():
    asked = read_commands(
        _command(
            metric(UPDATE_OFFER, "string", "0.2.0 7 812 ab", NOW_MS),
            metric(UPDATE_BLOCK, "bytes", b"0.2.0 main.mpy 0\n\x00\xff", NOW_MS),
            metric(CERTIFICATE, "bytes", None, NOW_MS),
        )
    )
    assert asked.board == [
        (UPDATE_OFFER, "0.2.0 7 812 ab"),
        (UPDATE_BLOCK, b"0.2.0 main.mpy 0\n\x00\xff"),
    ]
    assert asked.unknown == [CERTIFICATE]


def test_rubbish_never_raises():
    random.seed(3)
    whole = _command(
        metric(ACK, "uint64", 1 << 40, NOW_MS), metric(REBIRTH, "boolean", True, NOW_MS)
    )
    for _ in range(500):
        data = bytearray(whole)
        for _ in range(random.randint(1, 4)):
            data[random.randint(0, len(data) - 1)] = random.randint(0, 255)
        asked = read_commands(bytes(data))
        assert isinstance(asked.unknown, list)
    assert read_commands(b"").unknown == []
    assert len(read_commands(b"\x12\xff").unknown) == 1
