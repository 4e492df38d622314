"""The queue between broker and writer: in order, bounded, the newest is dropped and counted."""

import threading

from mes_server.domain.messages import Message
from mes_server.ingest.mailbox import TAKE_BYTES, Mailbox


def message(number: int, size: int = 1) -> Message:
    return Message(f"t/{number}", b"x" * size, number)


def test_messages_leave_in_the_order_they_came() -> None:
    mailbox = Mailbox()
    for number in range(10):
        assert mailbox.put(message(number))
    assert [m.received_ms for m in mailbox.take(4)] == [0, 1, 2, 3]
    assert [m.received_ms for m in mailbox.take(100)] == [4, 5, 6, 7, 8, 9]
    assert mailbox.take(5) == []


def test_when_it_is_full_the_newest_is_dropped_and_counted() -> None:
    mailbox = Mailbox(messages_max=3)
    assert [mailbox.put(message(number)) for number in range(5)] == [True, True, True, False, False]
    assert (mailbox.received, mailbox.dropped, len(mailbox)) == (5, 2, 3)
    assert [m.received_ms for m in mailbox.take(9)] == [0, 1, 2]
    assert mailbox.put(message(9))


def test_it_is_bounded_in_bytes_too() -> None:
    mailbox = Mailbox(bytes_max=1000)
    assert mailbox.put(message(1, 900))
    assert mailbox.put(message(2, 900))
    assert not mailbox.put(message(3, 1))
    mailbox.take(1)
    assert mailbox.put(message(4, 1))


def test_one_batch_is_not_larger_than_one_commit_should_be() -> None:
    mailbox = Mailbox()
    for number in range(3):
        mailbox.put(message(number, TAKE_BYTES // 2 + 1))
    assert len(mailbox.take(100)) == 2
    assert len(mailbox.take(100)) == 1


def test_waiting_ends_with_a_message_or_a_wake_or_its_time() -> None:
    mailbox = Mailbox()
    assert not mailbox.wait(0.01)
    threading.Timer(0.05, mailbox.put, [message(1)]).start()
    assert mailbox.wait(10)
    assert mailbox.wait(10), "it is still there"
    mailbox.take(1)
    threading.Timer(0.05, mailbox.wake).start()
    assert mailbox.wait(10)
    assert len(mailbox) == 0


def test_topics_fill_it_like_payloads() -> None:
    """A broker lets pass topics of 64 KB."""
    mailbox = Mailbox(bytes_max=1000)
    assert mailbox.put(Message("t" * 1001, b"", 1))
    assert not mailbox.put(message(2))
    assert len(mailbox.take(1)) == 1
    assert mailbox.put(message(3))
