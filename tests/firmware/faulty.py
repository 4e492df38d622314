"""How a device on a bus behaves, whatever protocol it speaks: each is called with a request, and says what it says."""

import threading
from collections.abc import Callable

Say = Callable[[bytes], None]
Reply = Callable[[bytes], bytes]  # a healthy answer to a request
Device = Callable[[bytes, Say], None]


def silent(request: bytes, say: Say) -> None:
    pass


def only_echo(request: bytes, say: Say) -> None:
    say(request)


def in_good_ways(reply: Reply) -> list[Device]:
    """Devices that answer right, each in a way of its own."""

    def healthy(request: bytes, say: Say) -> None:
        say(reply(request))

    def after_an_echo(request: bytes, say: Say) -> None:
        say(request)
        say(reply(request))

    def in_pieces(request: bytes, say: Say) -> None:
        whole = reply(request)
        for n in range(len(whole)):
            threading.Event().wait(0.005)
            say(whole[n : n + 1])

    return [healthy, after_an_echo, in_pieces]


def once(fault: Device, reply: Reply) -> Device:
    """A device with a fault at the first request, and well from then on."""
    asked = []

    def device(request: bytes, say: Say) -> None:
        asked.append(request)
        if len(asked) == 1:
            fault(request, say)
        else:
            say(reply(request))

    return device
