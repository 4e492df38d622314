"""Baths: specs that are whole, verdicts in two tiers, what is due, what is to be added, what a bath should hold now."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes_server.actions.gather_baths import known_of_baths
from mes_server.domain.bath_spec import bath_faults
from mes_server.domain.baths import (
    MISSING,
    OLD,
    Addition,
    Bath,
    Due,
    Flow,
    Titration,
    Use,
    Value,
    advise,
    by_titration,
    concentration_after,
    dues,
    is_worn,
    judge,
    theoretical,
    worst,
)
from mes_server.domain.checks import ACTION, OK, OUT
from mes_server.domain.rules_bath import bath_is_titrated
from tests.mes_server.domain.bath_making import nickel, phosphating, spec
from tests.mes_server.domain.test_rules import GOOD

HOUR = 3_600_000
PHOSPHATE, NICKEL = spec(phosphating()), spec(nickel())


def test_an_action_limit_warns_and_a_spec_limit_locks() -> None:
    verdicts = [
        PHOSPHATE.parameters[0].verdict(Decimal(text))
        for text in ("0.49", "0.5", "0.7", "1.2", "2.2", "2.3", "2.5", "2.51")
    ]
    assert verdicts == [OUT, ACTION, OK, OK, OK, ACTION, ACTION, OUT]
    judged = judge(PHOSPHATE, {"fa_points": Decimal(3), "other": Decimal(1)})
    assert [one[0] for one in judged] == ["fa_points"]
    assert [worst(one) for one in ([OK, ACTION], [OK, OUT, ACTION], [OK], [])] == [
        ACTION, OUT, OK, OK,
    ]  # fmt: skip


def test_each_parameter_is_due_by_itself() -> None:
    done = dict.fromkeys(("ta_points", "ta_fa_ratio"), (0, OK))
    assert dues(PHOSPHATE, done, 4 * HOUR) == [Due("fa_points", MISSING, 0)]
    done["fa_points"] = (1, ACTION)
    assert dues(PHOSPHATE, done, 4 * HOUR) == []
    late = dues(PHOSPHATE, done, 4 * HOUR + 1)
    assert [(one.parameter, one.state) for one in late] == [
        ("ta_points", OLD),
        ("ta_fa_ratio", OLD),
    ]
    assert dues(PHOSPHATE, done | {"accelerator_points": (0, OUT)}, HOUR)[0].state == OUT


def test_a_make_up_has_a_life() -> None:
    bath = Bath("BM26-1", "NI-BASE", Decimal(1500), 0, "P1")
    assert not is_worn(bath, NICKEL, 2000 * HOUR)
    assert is_worn(bath, NICKEL, 2000 * HOUR + 1)
    assert not is_worn(bath, PHOSPHATE, 10**12), "without a life it has no end"


def titration(at_ms: int = 0, **values: str) -> Titration:
    figures = {name: Decimal(text) for name, text in values.items()}
    advice = by_titration(PHOSPHATE, Decimal(1000), figures)
    found = tuple(Value(name, value, OK) for name, value in figures.items())
    return Titration("TI26-1", "BM26-1", at_ms, "P1", "lab", "PH-ZN/A", OK, found, advice=tuple(advice))  # fmt: skip


def added(amount: str, at_ms: int) -> Addition:
    return Addition("BM26-1", at_ms, "P1", "replenisher", Decimal(amount), "mL", "")


def test_a_titration_says_what_brings_it_back_until_it_was_added() -> None:
    last = titration(ta_points="24.0")
    assert last.advice == (("replenisher", "1500", "mL"),), "(25 - 24) pt · 1000 L · 1.5 mL"
    assert titration(ta_points="25.0").advice == ()
    assert titration(ta_points="30.0").advice == (), "nothing takes acid out again"
    (one,) = advise(PHOSPHATE, {}, [last], [])
    assert (one.product, one.amount) == ("replenisher", 1500)
    assert advise(PHOSPHATE, {}, [last], [added("1160", 5)])[0].amount == 340
    assert advise(PHOSPHATE, {}, [last], [added("1500", 5)]) == []
    other = titration(7, accelerator_points="2.5")
    assert advise(PHOSPHATE, {}, [other, last], [])[0].amount == 1500, "it did not look at the acid"
    again = titration(10, ta_points="24.5")
    assert advise(PHOSPHATE, {}, [again, other, last], [added("1500", 5)])[0].amount == 750


def test_use_says_what_was_lost() -> None:
    used = {"wetter": Use(ah=Decimal(2000)), "accelerator": Use(m2=Decimal(50))}
    assert [(one.product, one.amount) for one in advise(NICKEL, used, [], [])] == [("wetter", 300)]
    assert [(one.product, one.amount) for one in advise(PHOSPHATE, used, [], [])] == [
        ("accelerator", 600)
    ]
    assert advise(NICKEL, {}, [], []) == [], "what was not heard of is not guessed"


def test_what_should_have_been_added_counts_what_was_asked_for_once() -> None:
    replenisher, accelerator = PHOSPHATE.replenishment
    asked = [titration(20, ta_points="23.0"), titration(10, ta_points="24.0")]
    assert theoretical(replenisher, Use(), asked) == 3000, "nothing was added between: asked again"
    assert theoretical(replenisher, Use(), asked, [added("1500", 15)]) == 4500
    assert theoretical(replenisher, Use(), asked, [added("500", 15)]) == 3500
    assert theoretical(replenisher, Use(), asked, [added("9000", 15)]) == 4500, (
        "too much was not asked for"
    )
    assert theoretical(accelerator, Use(m2=Decimal(10)), asked) == 120
    assert theoretical(accelerator, Use(), asked) is None


@given(
    start=st.decimals("1", "100", places=2), volume=st.decimals("10", "5000", places=0),
    gram=st.decimals("0", "1000", places=1), drag=st.decimals("0", "5", places=2),
)  # fmt: skip
def test_nothing_of_a_bath_is_lost_but_what_flows(
    start: Decimal, volume: Decimal, gram: Decimal, drag: Decimal
) -> None:
    assert concentration_after(start, volume, Flow()) == start
    both = Flow(deposited_g=gram, anode_g=gram)
    assert concentration_after(start, volume, both) == pytest.approx(start), "anodes make it up"
    less = concentration_after(start, volume, Flow(drag_out_l=drag))
    assert (start - less) * volume == pytest.approx(drag * start)
    more = concentration_after(start, volume, Flow(added_g=gram))
    assert (more - start) * volume == pytest.approx(gram)


def test_a_spec_says_every_fault_at_once() -> None:
    known = known_of_baths()
    assert bath_faults(phosphating(), *known) == bath_faults(nickel(), *known) == []
    bad = phosphating()
    first = bad["parameters"][0]
    first |= {"method": "guess", "lower": "0,5", "every_h": "0", "much": 1}
    bad["parameters"][1] |= {"action_lower": "45"}
    bad["parameters"][3].pop("lower")
    bad["parameters"][3].pop("upper")
    bad["replenishment"][0] |= {"unit": "L", "by": "luck", "rate": "-1"}
    bad["layer"] = {"name": "", "metal": "Au", "efficiency": "1.2"}
    bad |= {"life_h": "never", "colour": "green", "parameters": [*bad["parameters"], first]}
    faults = bath_faults(bad, *known)
    for start in ("no such field: colour", "parameters[0]: no such field: much", "parameters[0].method",
                  "parameters[0].every_h", "parameters[0].lower", "parameters[1]: write lower ≤", "parameters[3]: write lower",
                  "parameters: write each name once", "replenishment[0]: write product", "replenishment[0]: write by",
                  "layer.name", "layer.counter", "layer.metal", "layer.efficiency", "life_h"):  # fmt: skip
        assert any(fault.startswith(start) for fault in faults), (start, faults)
    for broken in ({"parameters": []}, {"parameters": [5]}, {"replenishment": [5]}, {"layer": 5}):
        assert bath_faults(phosphating(**broken), *known)


def test_the_rule_says_nothing_where_every_bath_is_good() -> None:
    assert bath_is_titrated(GOOD) is None
