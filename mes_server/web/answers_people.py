"""The shapes of /api/v1 that concern people. What of a person no program needs is not here."""

from pydantic import Field

from mes_server.web.answers import Answer, Cursor, Time


class QualificationAnswer(Answer):
    """What a person may do until when."""

    name: str
    until: Time
    expired: bool


class PersonAnswer(Answer):
    """A person."""

    badge: str
    name: str
    language: str = Field(description="zh, en, or empty: as the browser says")
    roles: list[str]
    qualifications: list[QualificationAnswer]
    has_pin: bool
    disabled_at: Time | None


class PeopleAnswer(Answer):
    """People by badge."""

    items: list[PersonAnswer]
    next: Cursor


class MeAnswer(Answer):
    """Who asks, and what that allows."""

    person: PersonAnswer | None = Field(description="null: nobody is signed in")
    permissions: list[str]
    token: str | None = Field(description="The name of the token that was shown")
    until: Time | None = Field(description="When session or token end at the latest")
