"""Who may speak to the broker. The CN of a node's certificate is its node id, and both are in its topics."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowed:
    """A node that is enrolled and not revoked: it may publish its own topics and read its own commands.

    `key`: hexadecimal SHA-256 of its public key; "": whatever key a certificate of that name is for.
    """

    group: str
    node: str
    key: str = ""
