"""A call for help from a station: open until somebody came. Its stream is "help:<station>"."""

CALLED, CAME = "help_called", "help_came"


def stream_of(station: str) -> str:
    """The stream of the calls of a station."""
    return f"help:{station}"
