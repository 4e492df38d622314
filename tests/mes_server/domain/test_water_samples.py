"""A non-detect counts as the dated rule says, differently in a mean and against a limit."""

from decimal import Decimal

import pytest

from mes_server.domain.water_samples import EXACT, LESS, Result

RULE = {"average_share": "0.5", "compliance_share": "1"}


@pytest.mark.parametrize(
    ("qualifier", "average", "compliance"), [(EXACT, "0.02", "0.02"), (LESS, "0.01", "0.02")]
)
def test_a_non_detect_counts_by_the_rule(qualifier: str, average: str, compliance: str) -> None:
    """LOD/2 in a mean, LOD against a limit; what was detected counts as it is."""
    found = Result("ni", Decimal("0.02"), "mg/L", qualifier, "HJ 776", Decimal("0.02"))
    assert found.for_average(RULE) == Decimal(average)
    assert found.for_compliance(RULE) == Decimal(compliance)
