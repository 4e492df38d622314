"""A small waterworks in the small plant: samples on their way and reported, an analyser that failed, waste that left."""

from dataclasses import dataclass, field
from typing import Any

from mes_server.actions.keep_analysers import Checking, Working, check_analyser, work_on_analyser
from mes_server.actions.keep_meters import Exchanging, exchange_meter, read_meter
from mes_server.actions.keep_waste import (
    Manifest,
    Reagent,
    Sludge,
    confirm_manifest,
    hand_manifest,
    keep_reagent,
    prepare_manifest,
    weigh_sludge,
)
from mes_server.actions.keep_water_samples import (
    Hand,
    Reporting,
    Taking,
    hand_over,
    receive_sample,
    report_sample,
    take_sample,
    withdraw_result,
)
from mes_server.actions.record_events import Act, Book
from mes_server.actions.release_document import release_document
from mes_server.domain.water_rules import Told
from mes_server.store.transaction import writing
from tests.mes_server.domain.water_making import permit_content, works_content
from tests.mes_server.people_help import signer
from tests.mes_server.web.plant_data import Plant

HOUR_MS = 3_600_000
BEGUN_MS = 60 * HOUR_MS


@dataclass
class Water:
    """What was made: the samples (reported, on its way), the last check of the nickel analyser."""

    plant: Plant
    reported: str = ""
    away: str = ""
    check: str = ""
    manifest: str = ""
    acts: list[str] = field(default_factory=list)

    def at(self, hours: float) -> int:
        """So many hours after it began; it is 60 h later now."""
        return int(self.plant.now_ms - BEGUN_MS + hours * HOUR_MS)

    def act(self, hours: float, acting: Any, *args: Any) -> Any:
        """An action of E-7 at that time."""
        self.acts.append(f"water-{len(self.acts)}")
        at_ms = self.at(hours)
        with writing(self.plant.engine) as conn:
            book = Book(conn, Act(self.acts[-1], "E-7", "lab", at_ms, at_ms))
            answer = acting(book, *args)
            book.close()
        return answer


def with_water(plant: Plant) -> Water:
    """All of it; the spans drift away until the last one fails."""
    made = Water(plant)
    own = [{"pollutant": "cu", "averaging": "daily", "high": "0.5", "unit": "mg/L"}]
    for kind, content in (
        ("waterworks", works_content()),
        ("permit", permit_content()),
        ("permit", permit_content("o-plant", limits=own)),
    ):
        told = made.act(0, release_document, kind, content, signer())
        assert told == [], told
    _samples(made)
    for hours, read in ((2, "0.50"), (12, "0.51"), (24, "0.53"), (36, "0.54"), (50, "0.58")):
        said = Checking("o-shop", "ni", "span", made.at(hours), "0.5", read, "2", "Wang")
        (made.check,) = made.act(hours, check_analyser, said)
    zero = Checking("o-shop", "ni", "zero", made.at(51), "", "0.02", "2", "Wang")
    made.act(51, check_analyser, zero)
    work = Working("o-plant", "ph", "maintenance", made.at(58), None, "Wang", "electrode cleaned")
    made.act(58, work_on_analyser, work)
    exchange = Exchanging("w-pl", made.at(30), "99812.4", "0", "Wang", "worn")
    made.act(30, exchange_meter, exchange)
    made.act(31, read_meter, Exchanging("w-ph", made.at(31), "", "120.5", "Wang"))
    _waste(made)
    return made


def _samples(made: Water) -> None:
    said = Taking("o-shop", "composite", made.at(2), made.at(26), "Wang", "SGS", "HNO3, pH < 2", ("ni", "cr", "cr6"))  # fmt: skip
    (made.reported,) = made.act(26, take_sample, said)
    made.act(27, hand_over, made.reported, Hand(made.at(27), "SF Express", "cooler 4 °C"))
    hand = Hand(made.at(34), "Li", "seal whole", "SGS")
    made.act(34, receive_sample, made.reported, hand)
    told = [Told("ni", "0.31", "mg/L", "HJ 776", "0.007"), Told("cr", "<0.03", "mg/L", "", "0.03"),
            Told("cr6", "0.9", "mg/L", "", "0.004")]  # fmt: skip
    report = Reporting("R-2211", made.at(48), told, "Li")
    assert made.act(48, report_sample, made.reported, report) == [made.reported]
    made.act(49, withdraw_result, made.reported, "cr6", "row of another sample")
    (made.away,) = made.act(
        52, take_sample, Taking("o-plant", "grab", made.at(52), made.at(52), "Wang", "", "", ("cu", "zn"))
    )  # fmt: skip
    made.act(53, receive_sample, made.away, Hand(made.at(53), "Li", "", "SGS"))


def _waste(made: Water) -> None:
    sludge = Sludge(made.at(20), "t-ni", "412.5", "32", "press 7")
    made.act(20, weigh_sludge, sludge)
    for hours, one in (
        (5, Reagent(made.at(5), "received", "NaOH 32 %", "1000", "Chem Co", "L-77")),
        (21, Reagent(made.at(21), "used", "NaOH 32 %", "12.5", place="t-ni")),
    ):
        made.act(hours, keep_reagent, one)
    said = Manifest(made.at(40), "2026-330000-1", "336-054-17", "800", "Truck Co", "Smelter")
    (made.manifest,) = made.act(40, prepare_manifest, said)
    made.act(41, hand_manifest, made.manifest, made.at(41))
    made.act(47, confirm_manifest, made.manifest, made.at(47), "740")
    more = Manifest(made.at(55), "2026-330000-2", "336-064-17", "300", "Truck Co", "Smelter")
    made.act(55, prepare_manifest, more)
