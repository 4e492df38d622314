"""A broker in memory for one client at a time: reads what it writes, answers, and misbehaves."""

import asyncio


class FakeBroker:
    """`open` is handed to the link as its opener."""

    def __init__(self):
        self.published = []  # (topic, payload) of every session
        self.connects = []  # bodies of CONNECT
        self.subscribed = []
        self.pings = 0
        self.acked = []  # packet ids of PUBACKs
        self.disconnects = 0
        self.connack = b"\x20\x02\x00\x00"
        self.suback = 1  # the code for every topic
        self.after_subscribe = b""  # sent before the SUBACK
        self.silent = False  # answers nothing any more
        self.refuse = False  # does not take connections
        self.sessions = 0
        self._in = bytearray()
        self._out = bytearray()
        self._news = asyncio.Event()
        self.closed = True

    async def open(self, host, port):
        if self.refuse:
            raise OSError(111, "refused")
        self.sessions += 1
        self.closed = False
        self._in = bytearray()
        self._out = bytearray()
        return self, self

    # -- the stream, as the client sees it ---------------------------------------------------

    async def readexactly(self, n):
        while len(self._out) < n:
            if self.closed:
                raise EOFError
            await self._news.wait()
            self._news.clear()
        data = bytes(self._out[:n])
        self._out = self._out[n:]
        return data

    def write(self, data):
        if self.closed:
            raise OSError(104, "closed")
        self._in += data

    async def drain(self):
        await asyncio.sleep(0)
        while (packet := self._packet()) is not None:
            self._answer(*packet)

    def close(self):
        self.closed = True
        self._news.set()

    # -- the broker --------------------------------------------------------------------------

    def _packet(self):
        size = shift = 0
        for n in range(1, len(self._in)):
            size |= (self._in[n] & 127) << shift
            shift += 7
            if self._in[n] < 128:
                if len(self._in) < n + 1 + size:
                    return None
                kind, body = self._in[0], bytes(self._in[n + 1 : n + 1 + size])
                self._in = self._in[n + 1 + size :]
                return kind, body
        return None

    def _answer(self, kind, body):
        if kind >> 4 == 3:
            end = 2 + (body[0] << 8 | body[1])
            assert kind == 0x30, "QoS 0, not retained"
            self.published.append((body[2:end].decode(), body[end:]))
        elif kind >> 4 == 14:
            self.disconnects += 1
            self.close()
        elif kind >> 4 == 4:
            self.acked.append(body)
        elif self.silent:
            return
        elif kind >> 4 == 1:
            self.connects.append(body)
            self.send(self.connack)
        elif kind >> 4 == 8:
            self._subscribe(body)
        elif kind >> 4 == 12:
            self.pings += 1
            self.send(b"\xd0\x00")

    def _subscribe(self, body):
        at = 2
        topics = []
        while at < len(body):
            end = at + 2 + (body[at] << 8 | body[at + 1])
            topics.append(body[at + 2 : end].decode())
            assert body[end] == 1, "QoS 1"
            at = end + 1
        self.subscribed.append(topics)
        self.send(self.after_subscribe)
        codes = bytes([self.suback] * len(topics))
        self.send(b"\x90" + bytes((2 + len(codes),)) + body[:2] + codes)

    def send(self, data):
        """Bytes to the client."""
        self._out += data
        self._news.set()

    def publish(self, topic, payload, qos=0):
        """A message to the client."""
        self.send(packet(topic, payload, qos))

    def said(self, verb):
        """(topic, payload) published under a verb."""
        return [(topic, data) for topic, data in self.published if f"/{verb}/" in topic]


def packet(topic, payload, qos=0):
    body = len(topic.encode()).to_bytes(2, "big") + topic.encode()
    body += (b"\x00\x07" if qos else b"") + payload
    size = len(body)
    head = bytes((0x30 | qos << 1,))
    while size > 127:
        head += bytes((size & 127 | 128,))
        size >>= 7
    return head + bytes((size,)) + body
