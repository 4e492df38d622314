"""What people recorded about water, for who judges a day and shares out what was used: samples, checks, exchanges."""

from mes_server.store.analyser_checks import checks_of
from mes_server.store.meter_notes import exchanges_of, hand_readings_of
from mes_server.store.waste import waste_between
from mes_server.store.water_samples import samples_of

__all__ = ["checks_of", "exchanges_of", "hand_readings_of", "samples_of", "waste_between"]
