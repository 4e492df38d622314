"""Baths as programs see them, made of what the actions gathered."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from mes_server.actions.gather_baths import BathState
from mes_server.actions.gather_plating import Plated, plated_in
from mes_server.domain.bath_spec import HOUR_MS, Parameter
from mes_server.domain.baths import Titration, theoretical
from mes_server.domain.decimals import written
from mes_server.store.lots import load_lot
from mes_server.store.runs import load_run, runs_with
from mes_server.web import answers_baths as shapes
from mes_server.web.formats import iso_text

RUNS_SHOWN = 10


def figure_text(value: Decimal | None, digits: int = 4) -> str:
    """A figure for people: so many digits, "" for none."""
    if value is None:
        return ""
    text = written(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _time(at_ms: int | None) -> str | None:
    return iso_text(at_ms) if at_ms else None


def bath_answer(conn: Connection, state: BathState) -> shapes.BathAnswer:
    """A make-up in short."""
    bath, lot = state.bath, load_lot(conn, state.bath.lot)
    last = max((one.at_ms for one in state.titrations if not one.voided), default=None)
    return shapes.BathAnswer(
        lot=bath.lot, spec=state.spec.name if state.spec else bath.spec,
        title=dict(state.spec.title) if state.spec else {},
        process=state.spec.process if state.spec else "", volume_l=figure_text(bath.volume_l, 9),
        made_at=iso_text(bath.made_ms), dumped_at=_time(bath.dumped_ms), titrated_at=_time(last),
        holds=sorted(lot.holds.values()) if lot else [],
        due=[
            shapes.BathDueAnswer(parameter=one.parameter, state=one.state, at=_time(one.at_ms))  # type: ignore[arg-type]
            for one in state.dues
        ],
        tanks=[
            shapes.TankAnswer(
                station=one.station, role=one.role, since=iso_text(one.from_ms), until=_time(one.to_ms)
            )
            for one in state.tanks
        ],
        advice=[
            shapes.BathAdviceAnswer(
                product=one.product, by=one.by, amount=figure_text(one.amount, 3), unit=one.unit,  # type: ignore[arg-type]
            )
            for one in state.advice
        ],
    )  # fmt: skip


def whole_answer(conn: Connection, state: BathState, now_ms: int) -> shapes.BathWholeAnswer:
    """A make-up with all that is known of it."""
    bath = state.bath
    runs = runs_with(conn, bath.lot)[-RUNS_SHOWN:]
    return shapes.BathWholeAnswer(
        **bath_answer(conn, state).model_dump(),
        parameters=[_parameter(one, state) for one in state.spec.parameters] if state.spec else [],
        titrations=[titration_answer(one) for one in state.titrations],
        additions=[
            shapes.AdditionAnswer(
                at=iso_text(one.at_ms), person=one.person, product=one.product,
                amount=figure_text(one.amount, 9), unit=one.unit, product_lot=one.product_lot,
            )
            for one in state.additions
        ],
        balance=_balance(state), ah=figure_text(state.use.ah), m2=figure_text(state.use.m2),
        expected=figure_text(state.expected), runs=runs,
        plated=[one for run in runs for one in plated_answers(conn, run, now_ms) if one.bath == bath.lot],
    )  # fmt: skip


def _parameter(one: Parameter, state: BathState) -> shapes.BathParameterAnswer:
    at_ms, verdict, value = state.latest.get(one.name, (None, "", None))
    return shapes.BathParameterAnswer(
        parameter=one.name, title=dict(one.title), unit=one.unit, method=one.method,
        lower=figure_text(one.lower), upper=figure_text(one.upper), target=figure_text(one.target),
        action_lower=figure_text(one.action_lower), action_upper=figure_text(one.action_upper),
        every_h=figure_text(Decimal(one.every_ms) / HOUR_MS) if one.every_ms else "",
        value=figure_text(value), verdict=verdict, at=_time(at_ms),  # type: ignore[arg-type]
    )  # fmt: skip


def titration_answer(one: Titration) -> shapes.TitrationAnswer:
    """A titration as it was recorded."""
    return shapes.TitrationAnswer(**titration_facts(one))


def titration_facts(one: Titration) -> dict[str, Any]:
    """The fields of a TitrationAnswer."""
    return {
        "titration": one.code, "lot": one.lot, "at": iso_text(one.at_ms), "person": one.person,
        "place": one.place, "spec": one.spec, "verdict": one.verdict,
        "values": [
            shapes.BathValueAnswer(
                parameter=v.parameter, value=format(v.value, "f"), verdict=v.verdict, said=dict(v.said)  # type: ignore[arg-type]
            )
            for v in one.values
        ],
        "titrant": one.titrant, "burette": one.burette, "note": one.note, "since": _time(one.since_ms) if one.out else None,
        "held": list(one.suspects), "shipped": list(one.shipped),
        "advice": [list(said) for said in one.advice], "voided": one.voided,
    }  # fmt: skip


def _balance(state: BathState) -> list[shapes.BalanceAnswer]:
    found = []
    for one in state.spec.replenishment if state.spec else ():
        should = theoretical(one, state.use, state.titrations, state.additions)
        was = sum((a.amount for a in state.additions if a.product == one.product), Decimal(0))
        found.append(
            shapes.BalanceAnswer(
                product=one.product, unit=one.unit, theoretical=figure_text(should, 4), actual=figure_text(was, 9)
            )
        )  # fmt: skip
    return found


def plated_answers(conn: Connection, code: str, now_ms: int) -> list[shapes.PlatedAnswer]:
    """The layers of a run."""
    run = load_run(conn, code)
    found: Sequence[Plated] = plated_in(conn, run, now_ms) if run is not None else ()
    return [
        shapes.PlatedAnswer(
            run=code, layer=one.layer, bath=one.bath, ah=figure_text(one.ah),
            area_dm2=figure_text(one.area_dm2), area_by=one.area_by,  # type: ignore[arg-type]
            predicted_um=figure_text(one.compared.predicted_um, 3),
            measured_um=figure_text(one.compared.measured_um, 3),
            ratio=figure_text(one.compared.ratio, 3), agrees=one.compared.agrees,
        )
        for one in found
    ]  # fmt: skip
