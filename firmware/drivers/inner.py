"""Opens the channel a driver works on: args "of": {"driver": …, "args": {…}}."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EIO = 5


def open_inner(args: "dict[str, Any]", station: str, metric: str, plant: object) -> "Any":
    """The channel that args["of"] describes. OSError when it is not there or not described."""
    of = args["of"]
    if not isinstance(of, dict) or "driver" not in of:
        raise OSError(_EIO, 'write "of": {"driver": …, "args": {…}}')
    try:
        module: Any = __import__(f"firmware.drivers.{of['driver']}", None, None, ("open_channel",))
        return module.open_channel(of.get("args", {}), station, metric, plant)
    except (ImportError, AttributeError):
        raise OSError(_EIO, f"no driver {of['driver']}") from None
