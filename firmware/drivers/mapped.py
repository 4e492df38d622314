"""args of a driver with what the map of the instrument they name says; without one, no map is loaded."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def mapped(args: "dict[str, Any]", protocol: str) -> "dict[str, Any]":
    """OSError in words when there is no such instrument or value."""
    if "instrument" not in args:
        return args
    from schemas.instrument_maps import filled

    return filled(args, protocol)
