"""The shapes of /api/v1 for identities of nodes: asked for, approved, given a token, redeemed, revoked."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_handling import ActBody
from mes_server.web.bodies import Body, Name

Why = Literal["lost", "cloned", "replaced", "scrapped", "mistaken"]
State = Literal["asked", "approved", "enrolled", "revoked"]
Fingerprint = Annotated[
    str, Field(description="SHA-256 of the SubjectPublicKeyInfo of its key, 64 hexadecimal digits")
]


class IdentityBody(ActBody):
    """A board asks to be let in: what its QR code says, or its serial and fingerprint as typed."""

    card: Name = Field("", description="lodestone-node:serial:fingerprint, as scanned")
    serial: Name = ""
    fingerprint: Name = ""
    group: Name = Field(description="Area")
    node: Name = Field(description="Node id; it exists once in a site")


class RevokeBody(ActBody):
    """A key is not trusted any more."""

    why: Name = Field(description="lost, cloned, replaced, scrapped or mistaken")


class TokenAnswer(Answer):
    """A token, told once: `token` is empty when the same is asked again."""

    id: str
    outcome: Literal["accepted"]
    again: bool
    token: str
    until: Time


class RedeemBody(Body):
    """What a board shows: its token, its serial and a request by its key."""

    token: Name
    serial: Name
    csr: Annotated[str, StringConstraints(max_length=6000)] = Field(
        description="Base64 of PKCS #10 in DER, EC P-256, CN = the node id"
    )


class RedeemedAnswer(Answer):
    """The certificate, base64 of DER: the node's, those above it, the root last."""

    group: str
    node: str
    until: Time
    chain: list[str]


class IdentityAnswer(Answer):
    """A key and whose it is. `certificate_until`: of its newest certificate; none was issued: null."""

    fingerprint: Fingerprint
    serial: str
    group: str
    node: str
    state: State
    asked_by: str
    asked_at: Time
    approved_by: str
    approved_at: Time | None
    token_until: Time | None
    certificate: str | None = Field(description="Serial number, hexadecimal")
    certificate_until: Time | None
    warn_days: int | None = Field(description="It ends within so many days; 0: it ended")
    revoked_by: str
    revoked_at: Time | None
    why: str


class IdentitiesAnswer(Answer):
    """Those that wait first, then approved, enrolled and revoked ones."""

    items: list[IdentityAnswer]
