"""The running number seq: 0 in NBIRTH, one more with every message of the node and its stations."""

from collections.abc import Iterator
from typing import Any

from tests.conformance import doctor
from tests.conformance.common_checks import EDGE_VERBS, first, payloads
from tests.conformance.edge_session_checks import born
from tests.conformance.recording import Recording, message
from tests.conformance.registry import EDGE, Finding, check


def _set_seq(value: int) -> Any:
    def change(payload: Any) -> None:
        payload.seq = value

    return change


def _skip_seq(payload: Any) -> None:
    payload.seq = (payload.seq + 3) % 256


def _no_seq(payload: Any) -> None:
    payload.ClearField("seq")


@check(
    EDGE,
    "topics-nbirth-seq-num",
    "payloads-nbirth-seq",
    "payloads-sequence-num-req-nbirth",
    "message-flow-edge-node-birth-publish-nbirth-payload-seq",
    broken_by=(
        doctor.rewritten(doctor.sent("NBIRTH"), _set_seq(1)),
        doctor.rewritten(doctor.sent("NBIRTH"), _no_seq),
    ),
)
def nbirth_has_seq_0(recording: Recording) -> Finding:
    return first(
        f"{event}: seq {payload.seq if payload.HasField('seq') else 'absent'}"
        for event, payload in payloads(recording, "NBIRTH")
        if not payload.HasField("seq") or payload.seq
    )


def _seq_faults(recording: Recording, verb: str) -> Iterator[str]:
    recording.published(verb)
    for session in born(recording):
        before: int | None = None
        for event in session.published(*EDGE_VERBS):
            payload = message(event.packet)
            told = payload.seq if payload.HasField("seq") else None
            expected = 0 if event.verb == "NBIRTH" or before is None else (before + 1) % 256
            if event.verb == verb and told != expected:
                yield f"{event}: seq {told} where {expected} was due"
            before = told


_SEQ_IDS = {
    "NDATA": ("topics-ndata-seq-num", "payloads-ndata-seq", "payloads-ndata-seq-inc"),
    "DBIRTH": (
        "topics-dbirth-seq",
        "payloads-dbirth-seq",
        "payloads-dbirth-seq-inc",
        "message-flow-device-birth-publish-dbirth-payload-seq",
    ),
    "DDATA": (
        "topics-ddata-seq-num",
        "payloads-ddata-seq",
        "payloads-ddata-seq-inc",
        "payloads-sequence-num-always-included",
        "payloads-sequence-num-incrementing",
    ),
    "DDEATH": (
        "topics-ddeath-seq-num",
        "payloads-ddeath-seq",
        "payloads-ddeath-seq-inc",
        "payloads-ddeath-seq-number",
    ),
}


def _register_seq(verb: str, ids: tuple[str, ...]) -> None:
    def judge(recording: Recording) -> Finding:
        return first(_seq_faults(recording, verb))

    judge.__name__ = f"{verb.lower()}_takes_the_next_seq"
    spoiled = tuple(doctor.rewritten(doctor.sent(verb), how) for how in (_skip_seq, _no_seq))
    check(EDGE, *ids, broken_by=spoiled)(judge)


for _verb, _ids in _SEQ_IDS.items():
    _register_seq(_verb, _ids)
