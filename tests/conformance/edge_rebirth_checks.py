"""An edge that is asked for its births: DATA stops at once, all births come, bdSeq stays."""

from typing import Any

from tests.conformance import doctor
from tests.conformance.common_checks import first
from tests.conformance.edge_birth_checks import DATA, REBIRTH, rounds
from tests.conformance.edge_session_checks import bd_seq, born
from tests.conformance.recording import Event, Recording, Session, message, some
from tests.conformance.registry import EDGE, Finding, check


def is_rebirth_request(event: Event) -> bool:
    """Whether this is an NCMD that asks for the births."""
    return event.verb == "NCMD" and any(
        metric.name == REBIRTH and metric.boolean_value for metric in message(event.packet).metrics
    )


IN_FLIGHT_MAX = 4  # what the edge had given to the network when the request reached it


def _second(verb: str) -> Any:
    """Picks the first message with this verb after a request for rebirth."""

    def pick(recording: Recording) -> Event:
        parts = [part for session in born(recording) for part in rounds(session)[1:]]
        found = [event for part in parts for event in part if event.verb == verb]
        return some(found, f"no {verb} after a request")[0]

    return pick


def _other_bd_seq(payload: Any) -> None:
    bd_seq(payload).long_value += 1


@check(
    EDGE,
    "operational-behavior-data-commands-rebirth-action-1",
    "operational-behavior-data-commands-rebirth-action-2",
    "operational-behavior-data-commands-rebirth-action-3",
    broken_by=(
        doctor.dropped(_second("NBIRTH")),
        doctor.dropped(_second("DBIRTH")),
        doctor.moved(doctor.sent("DDATA"), _second("DBIRTH")),
        doctor.rewritten(_second("NBIRTH"), _other_bd_seq),
    ),
)
def a_rebirth_request_stops_data_and_brings_all_births(recording: Recording) -> Finding:
    asked = [
        (session, event)
        for session in born(recording)
        for event in session.events
        if not event.from_client and is_rebirth_request(event)
    ]
    faults = (fault for request in asked if (fault := _rebirth_fault(*request)))
    if not any(_in_back_fill(*request) for request in asked):
        return "no rebirth was asked for in the middle of back-fill"
    return first(faults)


def _rebirth_fault(session: Session, request: Event) -> Finding:
    births = rounds(session)[0]
    devices = {event.levels[4] for event in births if event.verb == "DBIRTH"}
    after = [e for e in session.published() if session.index(e) > session.index(request)]
    verbs = [event.verb for event in after]
    at = next((n for n, verb in enumerate(verbs) if verb not in DATA), len(verbs))
    if at > IN_FLIGHT_MAX or verbs[at : at + 1] != ["NBIRTH"]:
        return f"connection {session.number}: after the request came {verbs[:9]}"
    again = {e.levels[4] for e in after[at + 1 : at + 1 + len(devices)] if e.verb == "DBIRTH"}
    if again != devices:
        return f"connection {session.number}: after the NBIRTH came {verbs[at + 1 : at + 9]}"
    told = [bd_seq(message(event.packet)) for event in (births[0], after[at])]
    if None in told or told[0].long_value != told[1].long_value:
        return f"{after[at]}: bdSeq is not that of the first birth"
    return None


def _in_back_fill(session: Session, request: Event) -> bool:
    before = [e for e in session.published("DDATA") if session.index(e) < session.index(request)]
    return any(m.is_historical for e in before[-5:] for m in message(e.packet).metrics)
