"""Acknowledgements and rebirth requests: what they look like, how often they are said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.commands import read_commands
from mes_server.domain.seal import Anchor
from mes_server.domain.sessions import REBIRTH_EVERY_MS, REBIRTH_JITTER_MS
from mes_server.ingest.commands import (
    ANCHOR_EVERY_MS,
    EVERY_MS,
    EVERY_MS_MAX,
    REPEAT_MS,
    SILENT_MS,
    Commands,
    acknowledgement,
    anchor_message,
    rebirth_request,
)
from schemas.journal_metrics import ACK, ANCHORS, REBIRTH
from schemas.sparkplug import DATATYPES, Payload, decode_payload, encode_payload, metric

HEAD = Anchor(12, "ab" * 32, 5)
SAID = f"12 {'ab' * 32}"
NODE = ("sintering", "ctl-1")
TOPIC = "spBv1.0/sintering/NCMD/ctl-1"


class Wire:
    """Takes what is published; `up` says whether there is a connection."""

    def __init__(self) -> None:
        self.said: list[tuple[str, object]] = []
        self.up = True

    def publish(self, messages: list[tuple[str, bytes]]) -> bool:
        if self.up:
            self.said += [(t, decode_payload(p).metrics[0].value) for t, p in messages]
        return self.up


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def commands(wire: Wire) -> Commands:
    return Commands(wire.publish)


@pytest.mark.parametrize(
    ("payload", "name", "datatype", "value"),
    [
        (acknowledgement((1 << 63) + 5, 77), ACK, "uint64", (1 << 63) + 5),
        (rebirth_request(77), REBIRTH, "boolean", True),
        (anchor_message(HEAD, 77), ANCHORS, "string", SAID),
    ],
)
def test_a_command_has_time_name_and_datatype_and_no_seq(
    payload: bytes, name: str, datatype: str, value: object
) -> None:
    decoded = decode_payload(payload)
    (said,) = decoded.metrics
    assert (decoded.at_ms, decoded.seq) == (77, None)
    assert (said.name, said.datatype, said.value) == (name, DATATYPES[datatype], value)
    assert (said.at_ms, said.alias) == (77, None)


@given(st.integers(0, (1 << 64) - 1), st.integers(0, 1 << 48))
def test_an_acknowledgement_is_what_the_codec_would_write(position: int, at_ms: int) -> None:
    told = metric(ACK, "uint64", position, at_ms)
    assert acknowledgement(position, at_ms) == encode_payload(Payload(at_ms, [told], None))


def test_what_is_stored_is_said_once_and_not_too_often(commands: Commands, wire: Wire) -> None:
    commands.stored({NODE: 5}, 1000)
    commands.flush(1000, 0)
    assert wire.said == [(TOPIC, 5)]
    commands.stored({NODE: 6}, 1005)
    commands.stored({NODE: 7}, 1010)
    commands.flush(1000 + EVERY_MS - 1, 0)
    assert len(wire.said) == 1
    commands.flush(1000 + EVERY_MS, 0)
    commands.flush(1000 + EVERY_MS + 1, 0)
    assert wire.said[1:] == [(TOPIC, 7)]


def test_many_nodes_are_told_less_often_each(commands: Commands, wire: Wire) -> None:
    nodes = {("g", f"n{i}"): 1 for i in range(2000)}
    commands.stored(nodes, 0)
    commands.flush(0, 0)
    assert len(wire.said) == 2000
    commands.stored(nodes, 50)
    commands.flush(EVERY_MS_MAX - 1, 0)
    assert len(wire.said) == 2000
    commands.flush(EVERY_MS_MAX, 0)
    assert len(wire.said) == 4000


def test_it_is_repeated_every_few_seconds_while_the_node_is_heard(
    commands: Commands, wire: Wire
) -> None:
    commands.stored({NODE: 5}, 0)
    for at_ms in range(0, SILENT_MS + 20_000, 500):
        commands.flush(at_ms, 0)
    assert SILENT_MS // REPEAT_MS - 2 <= len(wire.said) <= SILENT_MS // REPEAT_MS + 2
    assert set(wire.said) == {(TOPIC, 5)}


def test_a_birth_is_answered_at_once(commands: Commands, wire: Wire) -> None:
    commands.stored({NODE: 5}, 1000)
    commands.flush(1000, 0)
    commands.born(NODE)
    commands.stored({NODE: 5}, 1001)
    commands.flush(1001, 0)
    assert len(wire.said) == 2


def test_a_lower_position_is_said_as_it_is(commands: Commands, wire: Wire) -> None:
    """A backup was restored: the edge must hear it to send again."""
    commands.stored({NODE: 50}, 0)
    commands.flush(0, 0)
    commands.stored({NODE: 3}, 1000)
    commands.flush(1000, 0)
    assert wire.said[-1] == (TOPIC, 3)


def test_a_birth_is_asked_for_after_a_moment_and_not_again_for_a_while(
    commands: Commands, wire: Wire
) -> None:
    for at_ms in range(0, REBIRTH_EVERY_MS, 100):
        commands.want_birth(NODE, at_ms)
        commands.flush(at_ms, 0)
    assert wire.said == [(TOPIC, True)]
    for at_ms in range(REBIRTH_EVERY_MS, REBIRTH_EVERY_MS + 2 * REBIRTH_JITTER_MS + 1, 100):
        commands.flush(at_ms, 0)
    assert wire.said == [(TOPIC, True)] * 2


def test_without_a_connection_nothing_is_counted_as_said(commands: Commands, wire: Wire) -> None:
    wire.up = False
    commands.stored({NODE: 5}, 0)
    commands.flush(0, 0)
    assert commands.said == 0
    wire.up = True
    commands.flush(REPEAT_MS, 0)
    assert wire.said == [(TOPIC, 5)]


def test_a_node_is_told_the_head_of_the_ledger_once_and_then_every_hour(
    commands: Commands, wire: Wire
) -> None:
    def anchors() -> list[object]:
        return [value for _, value in wire.said if isinstance(value, str)]

    for at_ms in range(0, 30_000, 500):
        commands.stored({NODE: 5}, at_ms)
        commands.flush(at_ms, 0)
    assert anchors() == [], "there is no ledger yet"
    commands.head = HEAD
    for at_ms in range(30_000, ANCHOR_EVERY_MS, 500):
        commands.stored({NODE: 5}, at_ms)
        commands.flush(at_ms, 0)
    assert anchors() == [SAID]
    commands.head = Anchor(13, "cd" * 32, 6)
    for at_ms in range(ANCHOR_EVERY_MS, ANCHOR_EVERY_MS + 60_000, 500):
        commands.stored({NODE: 5}, at_ms)
        commands.flush(at_ms, 0)
    assert anchors() == [SAID, f"13 {'cd' * 32}"]


def test_an_agent_understands_what_it_is_told() -> None:
    assert read_commands(anchor_message(Anchor(10**18 - 1, "ef" * 32, 0), 77)).anchor == (
        f"{10**18 - 1} {'ef' * 32}"
    )
