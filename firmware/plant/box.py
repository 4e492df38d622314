"""A plant in a box: the stations of one controller, their clock and the faults file they obey."""

import json
import os

from firmware.plant.faults import FaultBook, fault_from_json
from firmware.plant.station import Station

_LOOK_MS = 1000  # the faults file is looked at no more often

_KINDS = {
    "strip_caster": ("strip_caster", "StripCaster"),
    "hydrogen_decrepitation": ("hydrogen", "HydrogenVessel"),
    "jet_mill": ("jet_mill", "JetMill"),
    "align_press": ("press", "AlignPress"),
    "cold_isostatic_press": ("isostatic", "ColdIsostaticPress"),
    "sinter_furnace": ("furnace", "Furnace"),
    "hot_isostatic_press": ("hot_isostatic", "HotIsostaticPress"),
    "ageing_furnace": ("furnace", "Furnace"),
    "slicer": ("machining", "Slicer"),
    "grinder": ("machining", "Grinder"),
    "tumbler": ("tumbler", "Tumbler"),
    "gbd_sputter_coater": ("sputter", "SputterCoater"),
    "gbd_diffusion_furnace": ("furnace", "Furnace"),
    "phosphating_line": ("phosphating", "PhosphatingLine"),
    "electroplating_line": ("electroplating", "ElectroplatingLine"),
    "ecoat_line": ("ecoat", "EcoatLine"),
    "pvd_coater": ("pvd", "PvdCoater"),
    "magnetizer": ("magnetizer", "Magnetizer"),
    "flux_gauge": ("flux_gauge", "FluxGauge"),
    "effluent_stream": ("effluent", "EffluentStream"),
    "effluent_treatment": ("treatment", "Treatment"),
    "workshop_outlet": ("outlets", "WorkshopOutlet"),
    "plant_outlet": ("outlets", "PlantOutlet"),
}


class PlantBox:
    """Simulated time is (now_ms - origin_ms) × speed; before the origin it stands at 0."""

    def __init__(
        self, seed: int, speed: float, origin_ms: int, faults_path: str | None, now_ms: int
    ) -> None:
        self.seed = seed
        # A whole number stays one: products of large integers are exact on every board.
        self.speed = int(speed) if speed == int(speed) else speed
        self.origin_ms = origin_ms
        self.now_ms = now_ms
        self.book = FaultBook()
        self.fault_problem: str | None = None  # why the faults file was not taken
        self._faults_path = faults_path
        self._faults_seen: tuple[int, int] | None = None
        self._looked_ms = now_ms - _LOOK_MS
        self._stations: dict[str, Station] = {}

    def sim_ms(self, at_ms: int) -> int:
        """Simulated milliseconds since the plant began."""
        return max(0, int((at_ms - self.origin_ms) * self.speed))

    def station(self, station_id: str, station_type: str) -> Station:
        """The model of a station; the same one for every metric. KeyError for an unknown type."""
        model = self._stations.get(station_id)
        if model is None:
            self._look_for_faults()
            module, name = _KINDS[station_type]
            # Imported here: a board pays memory only for the kinds it simulates.
            kind = getattr(__import__("firmware.plant." + module, None, None, [name]), name)
            model = kind(self.seed, station_id, station_type, self.book)
            self._stations[station_id] = model
            model.pace = float(self.speed)
            model.advance(self.sim_ms(self.now_ms))
        return model

    def model(self, station_id: str) -> Station | None:
        """The model of a station that was asked for before, by its id alone."""
        return self._stations.get(station_id)

    def advance(self, now_ms: int) -> None:
        """Move every station to a time (Unix ms); the same time again costs nothing."""
        if now_ms == self.now_ms:
            return
        self.now_ms = now_ms
        if not 0 <= now_ms - self._looked_ms < _LOOK_MS:
            self._look_for_faults()
        sim_ms = self.sim_ms(now_ms)
        for model in self._stations.values():
            model.advance(sim_ms)

    def _look_for_faults(self) -> None:
        self._looked_ms = self.now_ms
        if self._faults_path is None:
            return
        try:
            stat = os.stat(self._faults_path)
        except OSError:
            if self._faults_seen is not None:
                self._faults_seen = None
                self.book.replace([])
            return
        seen = (int(stat[8]), int(stat[6]))
        if seen == self._faults_seen:
            return
        try:
            with open(self._faults_path) as file:
                entries = json.load(file)["faults"]
            faults = [
                fault_from_json(entry, f"faults[{n}]", self.sim_ms)
                for n, entry in enumerate(entries)
            ]
        except (OSError, ValueError, KeyError, TypeError) as problem:
            # Half-written or wrong: keep what holds now, say so, look again next second.
            self.fault_problem = f"{self._faults_path}: {problem}"
            return
        self.fault_problem = None
        self._faults_seen = seen
        self.book.replace(faults)
