"""Runs an agent and the chores of its board side by side, until the agent ends.

A chore that faults is begun again: a board whose network nobody looks after would seem healthy for ever.
"""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from edge_agent.agent import Agent


async def live(agent: "Agent", chores: "list[Callable[[], Coroutine[Any, Any, None]]]") -> None:
    """Each chore (the watchdog, the network, the time, an update) is a coroutine function without an end."""
    tasks = [asyncio.create_task(agent.guard("board", chore)) for chore in chores]
    try:
        await agent.run()
    finally:
        for task in tasks:
            task.cancel()
