"""What a board hands to the agent. The agent has never heard of SPI, flash or WiFi."""

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NamedTuple, Protocol

    from edge_agent.clock import Clock

    class Storage(Protocol):
        """A folder of its own. Every fault is an OSError."""

        def names(self) -> list[str]: ...

        def size(self, name: str) -> int: ...

        def read(self, name: str, offset: int, count: int) -> bytes:
            """At most `count` bytes; fewer only at the end."""

        def append(self, name: str, data: bytes | bytearray) -> None:
            """Add to a file, made when it is not there. May be lost until sync()."""

        def sync(self) -> None:
            """What was appended is durable when this returns."""

        def write(self, name: str, data: bytes | bytearray) -> None:
            """Replace a small file: after a power cut it is the old one or the new one."""

        def remove(self, name: str) -> None:
            """No fault when it is not there."""

    class Channel(Protocol):
        """One sensor or register; read() raises OSError when it cannot be read."""

        def read(self) -> float | int | bool | str: ...

    # driver, args, station, metric; OSError when the sensor is not there yet: it is tried again.
    OpenChannel = Callable[[str, dict[str, Any], str, str], Channel]

    class Hands(NamedTuple):
        storage: Storage
        clock: Clock
        open_channel: OpenChannel
        serial: str  # tells this board from a copy of its image
        say: Callable[[str], None]  # shows a line of text
        opener: Any  # opens a stream (host, port), for TLS; None: plain TCP

else:
    Hands = namedtuple("Hands", ("storage", "clock", "open_channel", "serial", "say", "opener"))
