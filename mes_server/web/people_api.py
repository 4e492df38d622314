"""/api/v1 about people: who asks, and who there is."""

from flask import Blueprint, Response

from mes_server.domain.people import PERMISSIONS, Person
from mes_server.store.people import list_people
from mes_server.web.answers_people import (
    MeAnswer,
    PeopleAnswer,
    PersonAnswer,
    QualificationAnswer,
)
from mes_server.web.api import PAGED, as_json, first_of, key_of, parameters
from mes_server.web.formats import iso_text
from mes_server.web.guards import needs
from mes_server.web.identity import access
from mes_server.web.page import now_ms
from mes_server.web.parameters import Operation, described
from mes_server.web.site import this_site

people_api = Blueprint("people_api", __name__, url_prefix="/api/v1")


def person_answer(person: Person) -> PersonAnswer:
    """A person as programs see them."""
    held = [
        QualificationAnswer(name=name, until=iso_text(until_ms), expired=until_ms <= now_ms())
        for name, until_ms in person.qualifications.items()
    ]
    gone = person.disabled_ms
    return PersonAnswer(
        badge=person.badge,
        name=person.name,
        language=person.language,
        roles=sorted(person.roles),
        qualifications=held,
        has_pin=person.has_pin,
        disabled_at=None if gone is None else iso_text(gone),
    )


ME = Operation("Who asks, and what that allows", MeAnswer)


@people_api.get("/me")
@needs("read")
@described(ME)
def me() -> Response:
    """The owner of the session or token."""
    parameters(ME)
    who = access()
    ends = who.token.until_ms if who.token else who.session.until_ms if who.session else None
    answer = MeAnswer(
        person=person_answer(who.person) if who.person else None,
        permissions=[name for name in PERMISSIONS if name in who.granted],
        token=who.token.name if who.token else None,
        until=None if ends is None else iso_text(ends),
    )
    return as_json(answer)


PEOPLE = Operation("All people", PeopleAnswer, PAGED)


@people_api.get("/people")
@needs("roster")
@described(PEOPLE)
def people() -> Response:
    """All people by badge."""
    given = parameters(PEOPLE)
    after = key_of(given["after"]).replace("\0", "") if given["after"] is not None else ""
    with this_site().reading() as conn:
        found = list_people(conn, given["limit"] + 1, after)
    shown, following = first_of(found, lambda person: person.badge, given)
    return as_json(PeopleAnswer(items=[person_answer(p) for p in shown], next=following))
