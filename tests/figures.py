"""Figures that a run of the tests has measured: shown at its end, whether something failed or not."""

FIGURES: dict[str, str] = {}


def figure(what: str, found: str) -> None:
    """Show it; another under the same name takes its place."""
    FIGURES[what] = found
