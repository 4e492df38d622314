"""A small heap is kept in one piece, and queues in it short.

MicroPython moves nothing: what stays would else lie scattered among garbage, and no message of some kilobytes would find
room between. A large heap (a computer, PSRAM) takes long to collect and need not be looked after.
"""

import gc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SMALL = 524_288  # bytes
EVERY = 4096  # bytes allocated between two collections

_gc: "Any" = gc  # whose functions differ between the interpreters


def is_small() -> bool:
    """Whether this heap is."""
    free = getattr(_gc, "mem_free", None)
    return free is not None and free() + _gc.mem_alloc() < SMALL


def keep_compact() -> None:
    """Collect what is garbage before it lies between what stays; for the rest of this boot."""
    if is_small():
        _gc.threshold(EVERY)
