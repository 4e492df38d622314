"""Who may speak to the broker. The CN of a node's certificate is its node id, and both are in its topics."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowed:
    """A node that is enrolled and not revoked: it may publish its own topics and read its own commands."""

    group: str
    node: str
