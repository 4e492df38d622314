"""Servers of pymodbus, each in a thread with a loop of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pymodbus.server import ModbusSerialServer, ModbusTcpServer

Server = TypeVar("Server", ModbusSerialServer, ModbusTcpServer)


@contextmanager
def served(make: Callable[[], Server]) -> Iterator[Server]:
    """The server that make() makes, while it answers."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    servers: list[Server] = []

    async def serve() -> None:
        servers.append(make())
        await servers[0].serve_forever(background=True)
        ready.set()
        await servers[0].serving

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(20)
        yield servers[0]
    finally:
        asyncio.run_coroutine_threadsafe(servers[0].shutdown(), loop).result(20)
        thread.join(20)
        loop.close()
