"""The rule of a scan for temporary changes: an alternate control is looked at every day while it is used."""

from mes_server.domain.attempts import Refusal, ScanAttempt


def temporary_is_reviewed(attempt: ScanAttempt) -> Refusal | None:
    """The temporary control of the operation at this station was reviewed within a day (IATF 16949 8.5.6.1.1)."""
    if not attempt.place.unreviewed:
        return None
    facts = {"station": attempt.place.station, "changes": ", ".join(attempt.place.unreviewed)}
    return Refusal("temporary_is_reviewed", facts)
