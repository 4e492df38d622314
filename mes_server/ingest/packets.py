"""The packets of MQTT 3.1.1 as bytes."""

import struct


class MqttError(OSError):
    """The broker refused something, or what it sent is not MQTT 3.1.1."""


def length_bytes(size: int) -> bytes:
    """A remaining length: seven bits to a byte, the lowest first."""
    out = bytearray()
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    out.append(size)
    return bytes(out)


def length_at(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """The remaining length that begins at `at` and where the rest begins; (0, -1): not there yet.

    Raises MqttError for one of more than four bytes.
    """
    size = 0
    for shift in (0, 7, 14, 21):
        if at >= len(data):
            return 0, -1
        size |= (data[at] & 127) << shift
        at += 1
        if data[at - 1] < 128:
            return size, at
    raise MqttError("a packet without a length")


def text_bytes(text: str) -> bytes:
    """A text behind its length."""
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def packet(head: int, body: bytes) -> bytes:
    """A whole packet."""
    return bytes((head,)) + length_bytes(len(body)) + body


def publish_packet(topic: str, payload: bytes) -> bytes:
    """A PUBLISH at QoS 0, not retained."""
    return packet(0x30, text_bytes(topic) + payload)
