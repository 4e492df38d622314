"""What a release is bound to: all that speaks for or against the lot, in any order, and nothing else."""

from dataclasses import replace

from mes_server.domain.nonconformance import Nonconformance
from mes_server.domain.releases import evidence_of
from mes_server.domain.signatures import digest
from tests.mes_server.domain.test_due import T0, check

NC = Nonconformance("NC26-1", "cracks", "inspection", T0, "P1", ("B1",), ("B1",), "a1")


def bound(*checks: object, ncs: tuple[Nonconformance, ...] = (), grade: str = "N42SH") -> str:
    return digest(evidence_of("B1", grade, "CP-1/A", checks, ncs))  # type: ignore[arg-type]


def test_the_order_does_not_matter_and_everything_else_does() -> None:
    one, other = check("a"), check("b")
    whole = bound(one, other)
    assert whole == bound(other, one)
    changed = [
        bound(one), bound(one, replace(other, verdict="out")), bound(one, replace(other, voided="x")),
        bound(one, other, ncs=(NC,)), bound(one, other, grade="N40"),
    ]  # fmt: skip
    assert len({whole, *changed}) == 6
    assert bound(one, other, ncs=(replace(NC, state="closed"),)) == whole, (
        "closing it changes nothing"
    )
