"""What people recorded about water as programs and pages see it."""

from decimal import Decimal

from mes_server.actions.gather_water_lab import Analyser
from mes_server.actions.keep_waste import differs_too_much
from mes_server.domain.rules import Refusal
from mes_server.domain.water_records import MeterNote, WasteRecord
from mes_server.domain.water_samples import AnalyserCheck, Result, WaterSample
from mes_server.store.analyser_checks import difference
from mes_server.store.water_samples import Refused
from mes_server.web import answers_water as shapes
from mes_server.web.answers_lots import RefusalAnswer
from mes_server.web.formats import iso_text
from mes_server.web.refusals import refusal_items


def plain(value: Decimal | None) -> str:
    """A figure as it was written; "" for none."""
    return "" if value is None else format(value, "f")


def result_answer(one: Result) -> shapes.WaterResultAnswer:
    """A figure."""
    return shapes.WaterResultAnswer(
        pollutant=one.pollutant, qualifier=one.qualifier, value=plain(one.value), unit=one.unit,  # type: ignore[arg-type]
        method=one.method, lod=plain(one.lod), report=one.report, refused=one.refused,
    )  # fmt: skip


def sample_answer(one: WaterSample) -> shapes.WaterSampleAnswer:
    """A sample."""
    return shapes.WaterSampleAnswer(
        sample=one.code, place=one.place, kind=one.kind, begun=iso_text(one.from_ms),  # type: ignore[arg-type]
        ended=iso_text(one.to_ms), state=one.state, lab=one.lab, note=one.note, reports=one.report,
        asked=list(one.asked), missing=list(one.missing), results=[result_answer(r) for r in one.results],
        refused=[result_answer(r) for r in one.refused],
        custody=[
            shapes.CustodyAnswer(kind=c.kind, at=iso_text(c.at_ms), person=c.person, note=c.note)
            for c in one.custody
        ],
        voided=one.voided,
    )  # fmt: skip


def refused_answer(one: Refused) -> shapes.WaterRefusedAnswer:
    """Something refused, in the reader's words."""
    reasons = refusal_items([Refusal(rule, dict(facts)) for rule, facts in one.reasons])
    return shapes.WaterRefusedAnswer(
        number=one.number, what=one.what, about=one.about, at=iso_text(one.at_ms), person=one.person,
        reasons=[RefusalAnswer(**reason) for reason in reasons],
    )  # fmt: skip


def check_answer(one: AnalyserCheck) -> shapes.AnalyserCheckAnswer:
    """A check, or work."""
    return shapes.AnalyserCheckAnswer(
        check=one.code, place=one.place, pollutant=one.pollutant, kind=one.kind, at=iso_text(one.at_ms),  # type: ignore[arg-type]
        until=None if one.to_ms is None else iso_text(one.to_ms), person=one.person,
        expected=plain(one.expected), read=plain(one.read), difference=plain(difference(one)),
        tolerance=plain(one.tolerance), passed=one.passed, note=one.note, voided=one.voided,
    )  # fmt: skip


def since_text(doubtful_ms: int | None) -> str | None:
    """Since when; None where it was never good."""
    return iso_text(doubtful_ms) if doubtful_ms else None


def analyser_answer(one: Analyser) -> shapes.AnalyserAnswer:
    """An analyser."""
    return shapes.AnalyserAnswer(
        place=one.place.code, pollutant=one.pollutant, state=one.state,  # type: ignore[arg-type]
        doubtful=one.doubtful_ms is not None, doubtful_since=since_text(one.doubtful_ms),
        checks=[check_answer(check) for check in one.checks],
    )  # fmt: skip


def note_answer(one: MeterNote) -> shapes.MeterNoteAnswer:
    """A note about a meter."""
    return shapes.MeterNoteAnswer(
        number=one.number, meter=one.meter, kind=one.kind, at=iso_text(one.at_ms), person=one.person,  # type: ignore[arg-type]
        before=plain(one.before), after=plain(one.after), note=one.note, voided=one.voided,
    )  # fmt: skip


def waste_answer(one: WasteRecord) -> shapes.WasteAnswer:
    """A record of waste."""
    said = {name: value for name, value in one.said.items() if isinstance(value, str)}
    said |= {
        name.removesuffix("_ms"): iso_text(value)
        for name, value in one.said.items()
        if name in ("handed_ms", "confirmed_ms")
    }
    differs = one.differs_percent
    return shapes.WasteAnswer(
        record=one.code, kind=one.kind, at=iso_text(one.at_ms), person=one.person, place=one.place,  # type: ignore[arg-type]
        kg=plain(one.kg), dry_kg="" if one.dry_kg is None else f"{one.dry_kg.normalize():f}", state=one.state,
        received_kg=plain(one.received_kg), differs_percent="" if differs is None else f"{differs:+.2f}",
        differs_too_much=differs_too_much(one), said=said, voided=one.voided,
    )  # fmt: skip
