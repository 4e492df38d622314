"""A proof as it is kept: verdict, reasons and figures of one judgement of a run; figures are decimal texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mes_server.domain.decimals import written
from mes_server.domain.furnace import Finding, Proof
from mes_server.domain.golden import Apart
from mes_server.domain.seal import Event
from mes_server.domain.soaks import OfThermocouple, Soak
from mes_server.domain.spans import Span

PROVED = "run_proven"  # whatever the verdict: the event says that it was judged
OPEN = "hcj_open"  # the finding that waits for a check behind the run
REASONS = {"not_proven": "soak not proven", "failed": "soak failed"}


@dataclass(frozen=True, slots=True)
class ProofRecord:
    """`number`: of its event in the ledger; `action`: the name of the holds that it set."""

    number: int
    run: str
    station: str
    recipe: str
    verdict: str
    content: Mapping[str, Any]
    at_ms: int
    person: str
    action: str

    @property
    def is_open(self) -> bool:
        """Whether something is measured only later, so that it is to be judged again then."""
        return any(one["key"] == OPEN for one in self.content["findings"])


def stream_of(run: str) -> str:
    """The stream of the ledger with the proofs of a run."""
    return f"proof:{run}"


def proof_from(event: Event) -> ProofRecord:
    """The proof that an event tells of."""
    facts = event.facts()
    return ProofRecord(
        event.number, facts["run"], facts["station"], facts["recipe"], facts["verdict"], facts, event.noted_ms,
        event.person, event.action,
    )  # fmt: skip


def findings_content(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """As an event holds them."""
    return [{"key": f.key, "verdict": f.verdict, "facts": dict(f.facts)} for f in findings]


def figures_content(proof: Proof) -> dict[str, Any]:
    """Stages and thermocouples as an event holds them."""
    names = sorted(proof.covered)
    return {
        "stages": [_stage(soak) for soak in proof.soaks],
        "thermocouples": [
            {
                "metric": name, "dose_c_h": written(proof.dose_c_h[name], 5),
                "ramp_c_min": _text(proof.ramp_c_min.get(name)), "covered_ppm": int(proof.covered[name] * 1_000_000),
            }
            for name in names
        ],
    }  # fmt: skip


def apart_content(run: str, why: str, found: Sequence[Apart]) -> dict[str, Any]:
    """The comparison with another run as an event holds it. `why`: "golden", or "last" proven."""
    stages = [
        {"stage": one.stage, "way_c": _text(one.way_c), "soak_c": _text(one.soak_c), "longer_s": round(one.longer_s)}
        for one in found
    ]  # fmt: skip
    return {"run": run, "why": why, "stages": stages}


def _stage(soak: Soak) -> dict[str, Any]:
    stage = soak.stage
    return {
        "id": stage.id, "setpoint_c": written(stage.setpoint_c), "tolerance_c": written(stage.tolerance_c),
        "asked_s": stage.hold_s, "held_s": round(soak.held_s), "span": _span(soak.span),
        "extent": _span(soak.extent), "spread_c": _text(soak.spread_c),
        "thermocouples": [_thermocouple(one) for one in soak.thermocouples],
    }  # fmt: skip


def _thermocouple(one: OfThermocouple) -> dict[str, Any]:
    return {
        "metric": one.metric, "in_band_s": round(one.in_band_s), "longest_s": round(one.longest_s),
        "highest_c": _text(one.highest_c), "lowest_c": _text(one.lowest_c), "unknown_s": round(one.unknown_s),
        "gaps": one.gaps,
    }  # fmt: skip


def _span(span: Span | None) -> list[int]:
    return [] if span is None else [round(span[0]), round(span[1])]


def _text(value: float | None) -> str:
    return "" if value is None else written(value, 5)
