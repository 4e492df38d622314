"""As much of a message as storing needs; the rest is for the fold."""

import pytest

from mes_server.domain.messages import BYTES_MAX, LARGE, TOPIC, Message, read_message
from mes_server.domain.nodes import UnreadableError
from schemas.sparkplug import PayloadError
from tests.mes_server.edge import NOW_MS, Edge


def test_births_tell_of_the_node_and_data_of_its_records() -> None:
    edge = Edge(first=4, next=6)
    birth = read_message(edge.nbirth())
    assert birth.node == ("sintering", "ctl-1")
    assert birth.told is not None
    assert birth.told.first == edge.epoch << 32 | 4
    data = read_message(edge.live({"step_no": 1}))
    assert [head.position for head in data.heads.records] == [edge.epoch << 32 | 6]
    assert data.heads.seq == 1
    assert read_message(edge.ndeath()).heads.seq is None


@pytest.mark.parametrize(
    "topic",
    [
        "spBv1.0/g/NOTHING/n",
        "spBv1.0/g/NBIRTH",
        "spBv1.0/g/NBIRTH/n/s",
        "spBv1.0/g/DDATA/n",
        "spBv1.0//DDATA/n/s",
        "spBv1.0/g/DDATA/n/s/t",
        "spBv2.0/g/DDATA/n/s",
        "plant/oven",
        "spBv1.0/g/DDATA/n/" + "s" * 201,
        "spBv1.0/g/DDATA/n/a\nb",
        "",
    ],
)
def test_a_topic_that_is_not_sparkplugs_is_told_apart(topic: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_message(Message(topic, b"", NOW_MS))
    assert caught.value.reason == TOPIC


def test_a_message_too_large_is_told_apart_before_anything_is_decoded() -> None:
    with pytest.raises(UnreadableError) as caught:
        read_message(Message("spBv1.0/g/NBIRTH/n", b"\xff" * (BYTES_MAX + 1), NOW_MS))
    assert caught.value.reason == LARGE


@pytest.mark.parametrize("verb", ["NBIRTH/n", "DBIRTH/n/s", "NDATA/n", "DDATA/n/s", "NDEATH/n"])
def test_bytes_that_are_no_payload_are_refused(verb: str) -> None:
    with pytest.raises(PayloadError):
        read_message(Message(f"spBv1.0/g/{verb}", b"\x12\xff\xff\xff\xff", NOW_MS))
