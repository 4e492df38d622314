"""Every client × every topic, at nats-server and at Mosquitto: what is published, and what is left as a Will.

Clients that are to be refused send all the same, and ask for what others hear, before they know of it. The watcher
hears everything there is; the negative control takes the access rights away and must see the rogue.
"""

import re
import socket
from pathlib import Path

import pytest

from tests.brokers import KINDS, wait_until
from tests.security import rights
from tests.security.rights import HEAR, PUBLISH, SPARKPLUG, TOPICS
from tests.security.rogue import Rogue
from tests.security.world import World

HOWS = ("qos 0", "qos 1", "retained", "will")


def tell(client: Rogue, who: str, topic: str) -> None:
    """Publish to a topic in every way but the Will."""
    for how in HOWS[:-1]:
        client.publish(
            topic, f"{who}|{how}|{topic}".encode(), int(how != "qos 0"), how == "retained"
        )


def try_all(world: World, who: str, topics: tuple[str, ...]) -> int:
    """Publish to each topic in every way; a client that is refused sends all the same. How many it tried."""
    known = who in HEAR
    for topic in topics:
        will = (topic, f"{who}|will|{topic}".encode())
        try:
            client = world.client(who, will)
        except OSError:
            assert not known, f"{who} must be let in"
            continue
        if known:
            assert client.welcome(), f"{who} must be let in"
        try:
            if not known:
                for topic_filter in ("#", "spBv1.0/#", topic):
                    client.ask(topic_filter)
            tell(client, who, topic)
            client.settle()
            let_in = True
        except OSError:
            let_in = False
        if not known:
            assert client.heard == []
        client.vanish()
        mute = world.kind == "mosquitto" and who in rights.MUTE_AT_MOSQUITTO
        assert let_in == (known or mute), f"{who} at {topic}"
    world.barrier()
    return len(topics) * len(HOWS)


@pytest.mark.parametrize("who", rights.IDENTITIES)
def test_what_a_client_publishes_or_leaves_arrives_only_where_it_may(
    world: World, who: str
) -> None:
    tried = try_all(world, who, TOPICS)
    expected = {(how, topic) for how in HOWS for topic in PUBLISH[who]}
    wait_until(lambda: world.barrier() or expected <= world.arrived(who), f"what {who} may tell")
    assert world.arrived(who) == expected
    print(f"{world.kind}: {who} tried {tried}, {len(expected)} arrived as they may")
    assert tried == 4 * len(TOPICS)
    assert len(TOPICS) >= 59


@pytest.mark.parametrize("kind", KINDS)
def test_without_access_rights_the_rogue_would_arrive(kind: str, tmp_path: Path) -> None:
    """Negative control: the same client, the same topics, and the watcher does see it."""
    world = World(kind, tmp_path)
    world.take_rights_away()
    try:
        world.start()
        try_all(world, "node A", SPARKPLUG)
        expected = {(how, topic) for how in HOWS for topic in SPARKPLUG}
        wait_until(lambda: world.barrier() or expected <= world.arrived("node A"), "the rogue")
    finally:
        world.broker.stop()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("who", ["no certificate", "foreign CA", "never enrolled"])
def test_where_nobody_asks_who_it_is_the_stranger_would_arrive(
    kind: str, who: str, tmp_path: Path
) -> None:
    """Negative control of being refused."""
    world = World(kind, tmp_path)
    world.take_identities_away()
    try:
        world.start()
        stranger = world.client(who)
        assert stranger.welcome()
        topic = SPARKPLUG[0]
        stranger.publish(topic, b"stranger")
        world.watcher.until(b"stranger")
        assert stranger.subscribe("spBv1.0/#") < 128
        world.watcher.publish(topic, b"to all")
        stranger.until(b"to all")
    finally:
        world.broker.stop()


def test_the_protocol_of_nats_itself_lets_nobody_in(tmp_path: Path) -> None:
    """It listens on loopback, because it cannot be switched off; certificates count for MQTT alone."""
    world = World("nats", tmp_path)
    try:
        world.broker.start()
        found = re.search(r"client connections on 127\.0\.0\.1:(\d+)", world.broker.said())
        assert found is not None
        for who in ("{}", '{"user": "CN=mes", "pass": ""}', '{"user": "mes", "pass": "mes"}'):
            with socket.create_connection(("127.0.0.1", int(found[1])), timeout=20) as raw:
                raw.sendall(
                    f"CONNECT {who}\r\nSUB > 1\r\nPUB spBv1//0.x 1\r\nx\r\nPING\r\n".encode()
                )
                said = b""
                while part := raw.recv(65536):
                    said += part
            assert b"Authorization Violation" in said
            assert b"PONG" not in said
    finally:
        world.broker.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_a_user_name_in_connect_means_nothing_beside_the_certificate(
    kind: str, tmp_path: Path
) -> None:
    world = World(kind, tmp_path)
    try:
        world.start()
        for name in ("mes", "CN=mes", "ctl-b"):
            rogue = Rogue(world.broker.port, world.clients["node A"])
            rogue.connect("mes-lodestone", user=name)
            if rogue.welcome():  # and is node A
                rogue.publish("spBv1.0/STATE/lodestone", b"forged")
                rogue.publish("spBv1.0/area-b/NDATA/ctl-b", b"forged")
                rogue.publish("spBv1.0/area-a/NDATA/ctl-a", name.encode())
                world.watcher.until(name.encode())
            rogue.vanish()
        world.barrier()
        assert b"forged" not in [payload for _, payload in world.watcher.heard]
    finally:
        world.broker.stop()
