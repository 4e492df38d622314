"""Rules of a scan for furnaces: surveyed in time, and its thermocouples still live."""

from mes_server.domain.attempts import Refusal, ScanAttempt


def furnace_is_surveyed(attempt: ScanAttempt) -> Refusal | None:
    """Every survey that is asked of the furnace is there, passed, not too old, and since its last change (CQI-9)."""
    furnace = attempt.place.furnace
    if furnace is None or not furnace.unfit_tests:
        return None
    told = ", ".join(f"{one.requirement.test}:{one.state}" for one in furnace.unfit_tests)
    facts = {"station": attempt.place.station, "tests": told, "document": furnace.document}
    return Refusal("furnace_is_surveyed", facts)


def thermocouple_has_life(attempt: ScanAttempt) -> Refusal | None:
    """No thermocouple of the furnace was used more often, or is older, than its type allows."""
    furnace = attempt.place.furnace
    if furnace is None or not furnace.unfit_thermocouples:
        return None
    worn = furnace.unfit_thermocouples
    told = ", ".join(f"{one.thermocouple.code} ({one.thermocouple.role})" for one in worn)
    return Refusal("thermocouple_has_life", {"station": attempt.place.station, "worn": told})
