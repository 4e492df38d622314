"""Every client × every filter, at nats-server and at Mosquitto: what it hears of all that is said."""

import pytest

from tests.security.rights import GRANTED_BY_NATS, HEAR, TOPICS, WILDCARDS, matches
from tests.security.world import World

FILTERS = (*TOPICS, *WILDCARDS)
SAID = tuple(topic for topic in TOPICS if topic[0] != "$")


def heard(world: World, who: str, topic_filter: str) -> tuple[bool, set[str]]:
    """Whether a client's subscription is granted, and the topics it then hears of SAID."""
    client = world.client(who)
    assert client.welcome()
    granted = client.subscribe(topic_filter) < 128
    world.watcher.heard.clear()
    for topic in SAID:
        world.watcher.publish(topic, b"said")
    world.watcher.settle()
    client.settle()
    client.vanish()
    return granted, {topic for topic, _ in client.heard}


@pytest.mark.parametrize("who", HEAR)
def test_a_client_hears_what_it_may_whatever_it_asks_for(world: World, who: str) -> None:
    for topic_filter in FILTERS:
        granted, found = heard(world, who, topic_filter)
        expected = {topic for topic in SAID if matches(topic_filter, topic)} & HEAR[who]
        if world.kind == "nats":
            assert granted == (topic_filter in GRANTED_BY_NATS[who]), topic_filter
            expected = expected if granted else set()
        if topic_filter.startswith("$share/"):
            assert found <= HEAR[who]
        else:
            assert found == expected, topic_filter
    print(f"{world.kind}: {who} asked for {len(FILTERS)} filters of {len(SAID)} topics")


def test_without_access_rights_all_would_be_heard(
    tmp_path_factory: pytest.TempPathFactory, world: World
) -> None:
    """Negative control."""
    bare = World(world.kind, tmp_path_factory.mktemp("bare"))
    bare.take_rights_away()
    try:
        bare.start()
        assert heard(bare, "node A", "#") == (True, set(SAID))
    finally:
        bare.broker.stop()
