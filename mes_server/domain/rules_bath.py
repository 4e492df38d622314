"""The rule of a scan for baths: every parameter was titrated in time, and the last figure of each is within its spec."""

from mes_server.domain.attempts import Refusal, ScanAttempt


def bath_is_titrated(attempt: ScanAttempt) -> Refusal | None:
    """Of each bath that is mounted every parameter was titrated in time and found within its spec (CQI-11, CQI-12)."""
    if not attempt.place.untitrated:
        return None
    told = "; ".join(f"{bath}: {why}" for bath, why in attempt.place.untitrated.items())
    return Refusal("bath_is_titrated", {"station": attempt.place.station, "baths": told})
