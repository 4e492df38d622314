"""What else people write down about water: meters exchanged or read by hand, sludge, reagents, manifests of waste."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

EXCHANGED, READ, NOTE_VOIDED = "meter_exchanged", "meter_read", "meter_note_voided"
SLUDGE, RECEIVED, USED, MANIFEST = WASTE_KINDS = ("sludge", "received", "used", "manifest")
WEIGHED, REAGENT_RECEIVED, REAGENT_USED = "sludge_weighed", "reagent_received", "reagent_used"
PREPARED, HANDED_OVER, CONFIRMED = STATES = ("prepared", "handed_over", "confirmed")
MANIFEST_PREPARED, MANIFEST_HANDED, MANIFEST_CONFIRMED, WASTE_VOIDED = (
    "manifest_prepared", "manifest_handed", "manifest_confirmed", "waste_voided",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeterNote:
    """A meter was exchanged (`before`: the end reading of the old one) or read by hand (`before`: None).

    `after`: as read, in the meter's own unit; `number`: of the event in the ledger.
    """

    number: int
    meter: str
    station: str
    metric: str
    kind: str
    at_ms: int
    person: str
    before: Decimal | None
    after: Decimal
    note: str = ""
    voided: str = ""


@dataclass(frozen=True, slots=True)
class WasteRecord:
    """One line of the book of sludge, reagents and manifests. `kind`: of WASTE_KINDS; `said`: its facts as written.

    `state`: of a manifest, one of STATES, "" for the others. `kg`: wet sludge, reagent, or waste on the manifest.
    """

    code: str
    kind: str
    at_ms: int
    person: str
    place: str
    kg: Decimal
    said: Mapping[str, Any]
    state: str = ""
    voided: str = ""

    @property
    def dry_kg(self) -> Decimal | None:
        """The solids in wet sludge."""
        share = self.said.get("dry_percent")
        return None if share is None else self.kg * Decimal(share) / 100

    @property
    def received_kg(self) -> Decimal | None:
        """What who receives the waste says came, of a manifest that is confirmed."""
        told = self.said.get("received_kg")
        return None if told is None else Decimal(told)

    @property
    def differs_percent(self) -> Decimal | None:
        """By how much what came differs from what left, in % of what left."""
        if self.received_kg is None:
            return None
        return (self.received_kg - self.kg) / self.kg * 100


def meter_stream(code: str) -> str:
    """The stream of a meter."""
    return f"meter:{code}"


def waste_stream(code: str) -> str:
    """The stream of a record of waste."""
    return f"waste:{code}"
