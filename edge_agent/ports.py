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
        """One sensor or register; read() raises OSError when it cannot be read.

        An OSError with a `kind` of schemas.samples.REASONS says why: the sample is bad for that reason.
        """

        def read(self) -> float | int | bool | str: ...

    class Machine(Protocol):
        """The board itself, beyond its sensors: what it tells, what it is told, what keeps it alive."""

        news: bool  # something in facts() should be told at once; the agent sets it back

        def facts(self) -> list[tuple[str, str, str | int]]:
            """(metric, Sparkplug datatype, value); always the same metrics in the same order."""

        def heard(self, name: str, value: object) -> bool:
            """A command of schemas.journal_metrics.BOARD_COMMANDS; whether this board takes it."""

        def progress(self, part: str) -> None:
            """A part of the agent ("sampler of …", "keeper", "session") did what it is there for.

            A session that tries again and again without a network does that, too.
            """

        def faulted(self, part: str) -> None:
            """A part of the agent crashed and is started again."""

        def saved(self) -> None:
            """The MES acknowledged a record of this boot."""

    # driver, args, station, metric; OSError when the sensor is not there yet: it is tried again.
    OpenChannel = Callable[[str, dict[str, Any], str, str], Channel]

    class Hands(NamedTuple):
        storage: Storage
        clock: Clock
        open_channel: OpenChannel
        serial: str  # tells this board from a copy of its image
        say: Callable[[str], None]  # shows a line of text
        opener: Any  # opens a stream (host, port), for TLS; None: plain TCP
        machine: Machine

else:
    _FIELDS = "storage clock open_channel serial say opener machine"
    Hands = namedtuple("Hands", _FIELDS.split())


class Bare:
    """A machine that tells nothing, takes nothing and needs no sign of life."""

    news = False

    def facts(self) -> "list[tuple[str, str, str | int]]":
        return []

    def heard(self, _name: str, _value: object) -> bool:
        return False

    def progress(self, _part: str) -> None:
        pass

    def faulted(self, _part: str) -> None:
        pass

    def saved(self) -> None:
        pass
