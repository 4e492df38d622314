"""What a board hands to the agent, as types. For the reader and for mypy; no board imports it."""

from typing import Protocol


class Storage(Protocol):
    """A folder of its own. Every fault is an OSError."""

    def names(self) -> list[str]: ...

    def size(self, name: str) -> int: ...

    def read(self, name: str, offset: int, count: int) -> bytes:
        """At most `count` bytes; fewer only at the end."""

    def append(self, name: str, data: "bytes | bytearray") -> None:
        """Add to a file, made when it is not there. May be lost until sync()."""

    def sync(self) -> None:
        """What was appended is durable when this returns."""

    def write(self, name: str, data: "bytes | bytearray") -> None:
        """Replace a small file: after a power cut it is the old one or the new one."""

    def remove(self, name: str) -> None:
        """No fault when it is not there."""


class Channel(Protocol):
    """One sensor or register; read() raises OSError when it cannot be read."""

    def read(self) -> "float | int | bool | str": ...


class Reader(Protocol):
    """asyncio's stream, as far as both interpreters have it."""

    async def readexactly(self, n: int) -> bytes: ...


class Writer(Protocol):
    def write(self, data: "bytes | bytearray") -> object: ...

    async def drain(self) -> object: ...

    def close(self) -> object: ...
