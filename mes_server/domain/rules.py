"""The rules of a scan. A worker hears every refusal at once, in this order.

A rule's name is its key in the translations: what is wrong, and what to do.
"""

from mes_server.domain.attempts import Place, Refusal, Rule, ScanAttempt, Worker
from mes_server.domain.lots import ACTIVE, Lot
from mes_server.domain.plan_rules import (
    challenge_is_done,
    checks_are_done,
    instruction_is_read,
    restart_is_verified,
    setup_is_verified,
    station_checks_are_done,
)
from mes_server.domain.routes import next_operations
from mes_server.domain.rules_bath import bath_is_titrated
from mes_server.domain.rules_changes import temporary_is_reviewed
from mes_server.domain.rules_furnace import furnace_is_surveyed, thermocouple_has_life

__all__ = [
    "SCAN_RULES",
    "Place",
    "Refusal",
    "Rule",
    "ScanAttempt",
    "Worker",
    "is_heavy",
    "refusals",
]


def is_heavy(lot: Lot, ppm_max: int) -> bool:
    """Whether a lot holds more than traces of Dy and Tb."""
    heavy_mg = lot.amount.elements.get("Dy", 0) + lot.amount.elements.get("Tb", 0)
    return heavy_mg * 1_000_000 > ppm_max * lot.amount.mass_mg


def lot_is_free(attempt: ScanAttempt) -> Refusal | None:
    """No hold stands."""
    if attempt.lot.holds:
        return Refusal("lot_is_free", {"holds": "; ".join(sorted(attempt.lot.holds.values()))})
    return None


def lot_is_here(attempt: ScanAttempt) -> Refusal | None:
    """Something of it is left, and it is in no run."""
    if attempt.lot.status != ACTIVE:
        facts = {"status": attempt.lot.status, "run": attempt.lot.run}
        return Refusal("lot_is_here", facts | {"shipment": attempt.lot.shipment})
    return None


def operation_is_next(attempt: ScanAttempt) -> Refusal | None:
    """The route says so, or somebody says why not. What must come first (stripping) no reason replaces."""
    following = next_operations(attempt.route, attempt.lot.done, attempt.lot.first)
    excused = attempt.unplanned and (attempt.operation.unplanned or not attempt.lot.first)
    if attempt.operation.code in following or excused:
        return None
    return Refusal(
        "operation_is_next",
        {
            "operation": attempt.operation.code,
            "next": ", ".join(following),
            "route": attempt.route.name,
        },
    )


def station_fits(attempt: ScanAttempt) -> Refusal | None:
    """The operation may be done at a station of this type."""
    if attempt.place.type in attempt.operation.station_types:
        return None
    facts = {"station": attempt.place.station, "operation": attempt.operation.code}
    return Refusal("station_fits", facts | {"types": ", ".join(attempt.operation.station_types)})


def station_is_ready(attempt: ScanAttempt) -> Refusal | None:
    """Nothing is wrong with the station that is known."""
    if attempt.place.fault:
        return Refusal(
            "station_is_ready", {"station": attempt.place.station, "fault": attempt.place.fault}
        )
    return None


def run_is_of_operation(attempt: ScanAttempt) -> Refusal | None:
    """What shares a run has the same done to it."""
    running = attempt.place.operation
    if not running or running == attempt.operation.code:
        return None
    facts = {"station": attempt.place.station, "running": running}
    return Refusal("run_is_of_operation", facts | {"operation": attempt.operation.code})


def station_is_unlocked(attempt: ScanAttempt) -> Refusal | None:
    """Nobody locked it."""
    if attempt.place.locked:
        facts = {"station": attempt.place.station, "reason": attempt.place.locked}
        return Refusal("station_is_unlocked", facts)
    return None


def recipe_is_right(attempt: ScanAttempt) -> Refusal | None:
    """The run goes by the recipe that the route names for the operation; what joins it, by the run's."""
    running = attempt.place.recipe
    wanted = attempt.operation.recipe or running
    told = running if running not in ("", wanted) else attempt.recipe or wanted
    if not wanted or told == wanted:
        return None
    return Refusal("recipe_is_right", {"recipe": told, "wanted": wanted})


def resources_are_mounted(attempt: ScanAttempt) -> Refusal | None:
    """Every resource that the operation asks for is there."""
    missing = [role for role in attempt.operation.resources if not attempt.place.mounted.get(role)]
    if not missing:
        return None
    facts = {"station": attempt.place.station, "roles": ", ".join(missing)}
    return Refusal("resources_are_mounted", facts)


def resources_are_good(attempt: ScanAttempt) -> Refusal | None:
    """None of what is mounted is held, past its shelf life, or used up."""
    if not attempt.place.unfit:
        return None
    told = "; ".join(f"{what}: {why}" for what, why in sorted(attempt.place.unfit.items()))
    return Refusal("resources_are_good", {"resources": told})


def person_is_signed_in(attempt: ScanAttempt) -> Refusal | None:
    """Somebody who may scan answers for it by name."""
    if attempt.worker.badge and attempt.worker.roles:
        return None
    return Refusal("person_is_signed_in", {"badge": attempt.worker.badge})


def person_is_qualified(attempt: ScanAttempt) -> Refusal | None:
    """Who scans holds what the operation asks for, and it has not run out."""
    wanted = attempt.operation.qualification
    if not wanted:
        return None
    until_ms = attempt.worker.qualifications.get(wanted)
    if until_ms is not None and attempt.at_ms < until_ms:
        return None
    facts = {"badge": attempt.worker.badge, "qualification": wanted}
    return Refusal(
        "person_is_qualified", facts | {"state": "none" if until_ms is None else "expired"}
    )


def lots_may_mix(attempt: ScanAttempt) -> Refusal | None:
    """What shares a run is of one grade and route, and not more lots than the operation allows."""
    inside = attempt.place.inside
    strangers = [
        lot.code
        for lot in inside
        if (lot.grade, lot.route) != (attempt.lot.grade, attempt.lot.route)
    ]
    most = attempt.operation.mix_max
    if not strangers and (not most or len(inside) < most):
        return None
    return Refusal("lots_may_mix", {"others": ", ".join(strangers), "most": str(most)})


def charge_fits(attempt: ScanAttempt) -> Refusal | None:
    """The run bears what would be in it; a lot of nothing is no lot."""
    lots = (*attempt.place.inside, attempt.lot)
    masses = [lot.amount.mass_mg for lot in lots]
    pieces = [lot.amount.pieces for lot in lots]
    most_mg, most = attempt.operation.charge_mass_mg_max, attempt.operation.charge_pieces_max
    if (not most_mg or sum(masses) <= most_mg) and (not most or sum(pieces) <= most):
        return None
    facts = {"mass_mg": str(sum(masses)), "pieces": str(sum(pieces))}
    return Refusal("charge_fits", facts | {"most_mg": str(most_mg), "most": str(most)})


def line_is_clear(attempt: ScanAttempt) -> Refusal | None:
    """No lot with Dy/Tb follows one without, or the other way round, before the line is cleared."""
    before = attempt.place.heavy
    if not attempt.operation.line_clearance or before is None:
        return None
    if is_heavy(attempt.lot, attempt.heavy_ppm_max) == before:
        return None
    return Refusal(
        "line_is_clear", {"station": attempt.place.station, "before": "Dy/Tb" if before else "-"}
    )


def rework_is_allowed(attempt: ScanAttempt) -> Refusal | None:
    """An operation is not done again more often than its limit: sent back to it, or for a reason told."""
    code = attempt.operation.code
    again = 0 if attempt.operation.unplanned else attempt.lot.done.count(code)
    count = attempt.lot.reworks.get(code, 0) + again
    if count <= attempt.operation.reworks_max:
        return None
    facts = {"operation": code, "count": str(count)}
    return Refusal("rework_is_allowed", facts | {"most": str(attempt.operation.reworks_max)})


def lot_is_fresh(attempt: ScanAttempt) -> Refusal | None:
    """Its shelf life has not run out, and it did not wait too long for this operation."""
    expires_ms, finished_ms = attempt.lot.expires_ms, attempt.finished_ms
    if expires_ms is not None and attempt.at_ms >= expires_ms:
        return Refusal("lot_is_fresh", {"since_ms": str(expires_ms)})
    most = attempt.operation.wait_max_ms
    if most and finished_ms is not None and attempt.at_ms - finished_ms > most:
        return Refusal("lot_is_fresh", {"since_ms": str(finished_ms + most)})
    return None


SCAN_RULES: tuple[Rule, ...] = (
    lot_is_free,
    lot_is_here,
    operation_is_next,
    station_fits,
    station_is_ready,
    run_is_of_operation,
    station_is_unlocked,
    recipe_is_right,
    resources_are_mounted,
    resources_are_good,
    person_is_signed_in,
    person_is_qualified,
    lots_may_mix,
    charge_fits,
    line_is_clear,
    rework_is_allowed,
    lot_is_fresh,
    checks_are_done,
    station_checks_are_done,
    setup_is_verified,
    restart_is_verified,
    challenge_is_done,
    instruction_is_read,
    furnace_is_surveyed,
    thermocouple_has_life,
    bath_is_titrated,
    temporary_is_reviewed,
)


def refusals(attempt: ScanAttempt) -> list[Refusal]:
    """Every reason against it, in the order of SCAN_RULES."""
    return [refusal for rule in SCAN_RULES if (refusal := rule(attempt)) is not None]
