"""Topics: built, parsed, refused; both interpreters run this file."""

from schemas.topics import Topic, TopicError, is_id, parse_topic, state_topic, topic
from tests.device_help import fault_of


def test_a_topic_is_namespace_group_verb_node_and_station():
    assert topic("sintering", "NBIRTH", "ctl-1") == "spBv1.0/sintering/NBIRTH/ctl-1"
    assert (
        topic("sintering", "DDATA", "ctl-1", "sinter-1") == "spBv1.0/sintering/DDATA/ctl-1/sinter-1"
    )
    assert state_topic("lodestone") == "spBv1.0/STATE/lodestone"


def test_every_topic_is_parsed_as_it_was_built():
    for verb in ("NBIRTH", "NDATA", "NDEATH", "NCMD"):
        assert parse_topic(topic("g", verb, "n")) == Topic("g", verb, "n", None)
    for verb in ("DBIRTH", "DDATA", "DDEATH", "DCMD"):
        assert parse_topic(topic("g", verb, "n", "d 2")) == Topic("g", verb, "n", "d 2")


def test_a_verb_of_a_station_needs_one_and_a_verb_of_a_node_takes_none():
    assert "needs" in str(fault_of(TopicError, topic, "g", "DDATA", "n"))
    assert "takes no" in str(fault_of(TopicError, topic, "g", "NDATA", "n", "d"))


def test_a_level_is_never_empty_and_holds_no_wildcard():
    for part in ("", "a/b", "+", "a#"):
        fault_of(TopicError, topic, part, "NDATA", "n")
        fault_of(TopicError, topic, "g", "NDATA", part)
        fault_of(TopicError, topic, "g", "DDATA", "n", part)


def test_what_is_no_sparkplug_topic_is_refused():
    for text in (
        "",
        "spBv1.0",
        "spAv1.0/g/NDATA/n",
        "spBv1.0/g/NDATA",
        "spBv1.0/g/NDATA/n/d",
        "spBv1.0/g/DDATA/n",
        "spBv1.0/g/DDATA/n/d/e",
        "spBv1.0/g/HELLO/n",
        "spBv1.0//NDATA/n",
        "spBv1.0/STATE/host",
    ):
        fault_of(TopicError, parse_topic, text)


def test_our_ids_are_letters_digits_dash_and_underscore():
    for text in ("a", "sinter-1", "A_9", "x" * 64):
        assert is_id(text), text
    for text in ("", "a b", "a.b", "a/b", "炉", "x" * 65, "a\n"):
        assert not is_id(text), text
