"""MQTT as the edge speaks it: framing, Will, refusals, deadlines, bounded memory."""

import asyncio

from edge_agent.link import PACKET_MAX, Link, topic_bytes, within
from tests.edge_agent.fake_broker import FakeBroker, packet
from tests.edge_agent.fakes import Time

ADDRESS = ("broker", 1883)


def _connected(broker, time=None, keepalive_s=30):
    time = time or Time()

    async def work():
        link = Link(keepalive_s, time.clock.mono_ms, broker.open)
        await link.open(ADDRESS)
        await link.connect("sintering-ctl-1", "spBv1.0/g/NDEATH/n", b"will")
        return link

    return work()


def _fault(work):
    """The OSError that the coroutine `work` ends with."""

    async def run():
        try:
            await work
        except OSError as fault:
            return fault
        raise AssertionError("no fault")

    return asyncio.run(run())


def test_connect_has_a_clean_session_and_a_will_at_qos_1_not_retained():
    broker = FakeBroker()
    asyncio.run(_connected(broker, keepalive_s=300))
    body = broker.connects[0]
    assert body[:10] == b"\x00\x04MQTT\x04\x0e\x01\x2c"
    assert body[10:] == b"\x00\x0fsintering-ctl-1" + b"\x00\x12spBv1.0/g/NDEATH/n" + b"\x00\x04will"


def test_a_refusal_is_told_in_words():
    for code, words in ((2, "client id"), (5, "not authorised"), (77, "77")):
        broker = FakeBroker()
        broker.connack = bytes((0x20, 2, 0, code))
        assert words in str(_fault(_connected(broker)))
    broker = FakeBroker()
    broker.connack = b"\x90\x02\x00\x00"
    assert "CONNECT" in str(_fault(_connected(broker)))


def test_a_broker_that_hangs_up_or_does_not_answer_is_a_fault():
    broker = FakeBroker()
    broker.refuse = True
    _fault(_connected(broker))
    broker = FakeBroker()
    broker.silent = True

    async def hang_up():
        connecting = asyncio.create_task(_connected(broker))
        await asyncio.sleep(0.02)
        broker.close()
        await connecting

    assert "closed" in str(_fault(hang_up()))


def test_every_wait_has_a_deadline():
    async def forever():
        await asyncio.sleep(10)

    assert "answer" in str(_fault(within(0.02, forever())))


def test_a_refused_subscription_is_a_fault_not_a_silence():
    broker = FakeBroker()
    broker.suback = 0x80

    async def work():
        link = await _connected(broker)
        await link.subscribe(["spBv1.0/g/NCMD/n"])

    assert "NCMD" in str(_fault(work()))


def test_what_arrives_before_the_suback_is_not_lost():
    broker = FakeBroker()
    broker.after_subscribe = packet("spBv1.0/STATE/h", b"{}", 1)

    async def work():
        link = await _connected(broker)
        await link.subscribe(["a", "b"])
        assert broker.subscribed == [["a", "b"]]
        assert await link.receive() == ("spBv1.0/STATE/h", b"{}")
        await link.flush()

    asyncio.run(work())
    assert broker.acked == [b"\x00\x07"]


def test_messages_of_every_size_are_framed():
    broker = FakeBroker()
    sizes = (0, 1, 100, 127, 128, 300, 16_383, 16_384, 40_000)

    async def work():
        link = await _connected(broker)
        for size in sizes:
            link.publish(topic_bytes("spBv1.0/g/NDATA/n"), bytes(size))
        await link.flush()
        await link.flush()

    asyncio.run(work())
    assert [len(data) for _, data in broker.published] == list(sizes)


def test_a_packet_too_large_for_our_memory_is_thrown_away_and_the_next_is_read():
    broker = FakeBroker()

    async def work():
        link = await _connected(broker)
        broker.publish("t", bytes(PACKET_MAX + 1))
        broker.publish("t", b"small")
        assert await link.receive() == ("t", b"small")
        assert link.oversized == 1

    asyncio.run(work())


def test_a_packet_without_an_end_and_a_topic_that_is_not_text_are_faults():
    for data in (b"\x30\xff\xff\xff\xff\x01", b"\x30\x04\x00\x02\xff\xfe"):
        broker = FakeBroker()

        async def work(broker=broker, data=data):
            link = await _connected(broker)
            broker.send(data)
            await link.receive()

        _fault(work())


def test_a_ping_goes_out_at_half_the_keepalive_of_silence():
    broker, time = FakeBroker(), Time()

    async def work():
        link = await _connected(broker, time)
        time.pass_ms(14_000)
        assert link.keep() == 1000
        time.pass_ms(1000)
        assert link.keep() == 15_000
        await link.flush()
        assert broker.pings == 1
        assert link.keep() == 15_000

    asyncio.run(work())


def test_a_broker_silent_for_one_and_a_half_keepalives_is_dead():
    broker = FakeBroker()

    async def work():
        link = Link(1, Time().clock.mono_ms, broker.open)
        await link.open(ADDRESS)
        await link.connect("c", "t", b"w")
        link._keepalive_s = 0.04
        await link.receive()

    assert "answer" in str(_fault(work()))


def test_goodbye_lets_the_broker_forget_the_will():
    broker = FakeBroker()

    async def work():
        link = await _connected(broker)
        await link.disconnect()
        link.close()
        link.close()

    asyncio.run(work())
    assert broker.disconnects == 1 and broker.closed


def test_a_port_nobody_listens_on_is_a_fault_and_leaves_nothing_open():
    async def work():
        link = Link(5, Time().clock.mono_ms)
        try:
            await link.open(("127.0.0.1", 1))
            await link.connect("c", "t", b"w")
        finally:
            link.close()

    assert _fault(work()) is not None
    assert topic_bytes("ab") == b"\x00\x02ab"


def test_a_fault_of_tls_is_told_in_words():
    async def ends(fault):
        raise fault

    distrust = ValueError("\nThe certificate is not correctly signed by the trusted CA\n")
    told = str(_fault(within(1, ends(distrust))))
    assert "TLS: The certificate is not correctly signed" in told
    assert "0x7780" in str(_fault(within(1, ends(OSError(-0x7780)))))
    assert "certificate" in str(_fault(within(1, ends(OSError(-0x7780)))))
    assert "0x7200" in str(_fault(within(1, ends(OSError(-0x7200)))))
    assert _fault(within(1, ends(OSError(111)))).args[0] == 111
