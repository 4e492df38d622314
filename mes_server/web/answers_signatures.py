"""The shape of a signature: what is sent to sign, and what is shown of it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mes_server.web.answers import Answer, Time
from mes_server.web.bodies import Body

Meaning = Literal["released", "approved", "disposed", "witnessed", "reviewed", "closed"]


class SignatureBody(Body):
    """Badge and PIN once more. The PIN is compared, and kept nowhere."""

    badge: Annotated[str, StringConstraints(max_length=100)]
    pin: Annotated[str, StringConstraints(max_length=100)] = Field(repr=False)
    meaning: Meaning


class SignatureAnswer(Answer):
    """A signature. `stands`: the record is still what was signed."""

    about: str
    badge: str
    meaning: str
    at: Time
    event: int
    hash: str
    digest: str
    stands: bool
