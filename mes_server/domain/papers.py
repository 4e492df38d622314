"""A paper that was made: its number, what it is about, and the SHA-256 of each of its files, which the ledger keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from mes_server.domain.seal import Event

MADE = "paper_made"
STREAM = "paper:"
# The kind of a paper, and of the code that is its number.
CODES = {
    "lot_report": "report", "certificate": "certificate", "recall_pack": "recall_pack",
    "discharge_day": "discharge_day", "discharge_month": "discharge_month",
}  # fmt: skip
FORMATS = {
    "json": "application/json",
    "pdf": "application/pdf",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Paper:
    """`kind`: one of CODES; `about`: the lot, shipment, suspicion, or the outlet and its day. `files`: SHA-256 by
    format; `earlier`: numbers of the papers of the same made before. `event`: its number in the ledger."""

    number: str
    kind: str
    about: str
    language: str
    verdict: str
    made_ms: int
    person: str
    files: Mapping[str, str]
    earlier: tuple[str, ...]
    event: int

    @property
    def digest(self) -> str:
        """What a signature is bound to: the JSON, from which all else is made."""
        return self.files["json"]


def stream_of(number: str) -> str:
    """The stream of the ledger that tells of a paper."""
    return f"{STREAM}{number}"


def paper_from(event: Event) -> Paper:
    """The paper that an event tells of."""
    facts = event.facts()
    return Paper(
        facts["number"], facts["kind"], facts["about"], facts["language"], facts["verdict"], event.noted_ms,
        event.person, facts["files"], tuple(facts["earlier"]), event.number,
    )  # fmt: skip


def digest_of_file(data: bytes) -> str:
    """SHA-256 (FIPS 180-4), in hexadecimal."""
    return sha256(data).hexdigest()
