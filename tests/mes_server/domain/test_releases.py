"""What a release is bound to: all that speaks for or against the lot, in any order, and nothing else."""

from dataclasses import replace

from mes_server.domain.amounts import Amount
from mes_server.domain.lots import Lot
from mes_server.domain.nonconformance import Disposition, Nonconformance
from mes_server.domain.releases import evidence_of
from mes_server.domain.signatures import digest
from tests.mes_server.domain.test_due import T0, check

NC = Nonconformance("NC26-1", "cracks", "inspection", T0, "P1", ("B1",), ("B1",), "a1")
LOT = Lot("B1", "block", "P-1", "N42SH", "R1/B", Amount(10, 1_000), "age-1", T0, None)


def bound(
    *checks: object,
    ncs: tuple[Nonconformance, ...] = (),
    lot: Lot = LOT,
    runs: tuple[str, ...] = ("C1",),
) -> str:
    return digest(evidence_of(lot, "CP-1/A", runs, checks, ncs))  # type: ignore[arg-type]


def test_the_order_does_not_matter_and_everything_else_does() -> None:
    one, other = check("a"), check("b")
    whole = bound(one, other)
    assert whole == bound(other, one)
    changed = [
        bound(one), bound(one, replace(other, verdict="out")), bound(one, replace(other, voided="x")),
        bound(one, other, ncs=(NC,)), bound(one, other, lot=replace(LOT, grade="N40")),
        bound(one, other, lot=replace(LOT, reworks={"age": 1})), bound(one, other, runs=("C1", "C2")),
    ]  # fmt: skip
    assert len({whole, *changed}) == 8


def test_closing_a_nonconformance_neither_makes_a_release_fall_nor_brings_it_back() -> None:
    decided = replace(NC, state="disposed", disposition=Disposition("use_as_is"))
    closed = replace(decided, state="closed")
    assert bound(ncs=(closed,)) == bound(ncs=(decided,)), "nothing about the lot changes by it"
    assert len({bound(), bound(ncs=(NC,)), bound(ncs=(closed,))}) == 3, "that it was there stays"
