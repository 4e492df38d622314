"""The rules of a scan that the control plan makes: what it asks for was done, or the lot does not move."""

from mes_server.domain.attempts import Refusal, ScanAttempt


def checks_are_done(attempt: ScanAttempt) -> Refusal | None:
    """Every planned check of the operation before was made and is within the spec."""
    return _open(attempt, "checks_are_done", attempt.evidence.missing)


def station_checks_are_done(attempt: ScanAttempt) -> Refusal | None:
    """The timed checks of this station are not overdue, and the last of each is within the spec."""
    return _open(attempt, "station_checks_are_done", attempt.evidence.overdue)


def setup_is_verified(attempt: ScanAttempt) -> Refusal | None:
    """The first-off of this part was found good since another part ran here (IATF 16949 8.5.1.3)."""
    return _open(attempt, "setup_is_verified", attempt.evidence.setup)


def restart_is_verified(attempt: ScanAttempt) -> Refusal | None:
    """After the last stop the station was verified (IATF 16949 8.5.1.4)."""
    return _open(attempt, "restart_is_verified", attempt.evidence.restart)


def challenge_is_done(attempt: ScanAttempt) -> Refusal | None:
    """The error-proofing of this station was challenged in time (IATF 16949 10.2.4)."""
    return _open(attempt, "challenge_is_done", attempt.evidence.challenge)


def instruction_is_read(attempt: ScanAttempt) -> Refusal | None:
    """Who scans has acknowledged the instruction in force (IATF 16949 8.5.1.2)."""
    if not attempt.evidence.unread:
        return None
    facts = {"badge": attempt.worker.badge, "station": attempt.place.station}
    return Refusal(
        "instruction_is_read", facts | {"instructions": ", ".join(attempt.evidence.unread)}
    )


def _open(attempt: ScanAttempt, rule: str, checks: tuple[str, ...]) -> Refusal | None:
    if not checks:
        return None
    facts = {"checks": ", ".join(checks), "plan": attempt.evidence.plan}
    return Refusal(rule, facts | {"station": attempt.place.station, "lot": attempt.lot.code})
