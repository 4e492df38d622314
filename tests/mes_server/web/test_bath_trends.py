"""Curves of a bath: every figure within the picture, the bands where the limits are, voided ones left out."""

from mes_server.web.answers_baths import BathParameterAnswer, BathWholeAnswer, TitrationAnswer
from mes_server.web.bath_answers import figure_text
from mes_server.web.bath_trends import HEIGHT, WIDTH, trends_of


def parameter(**limits: str) -> BathParameterAnswer:
    none = dict.fromkeys(
        ("lower", "upper", "action_lower", "action_upper", "target", "every_h"), ""
    )
    return BathParameterAnswer(
        parameter="fa", title={}, unit="pt", method="free_acid", value="", verdict="", at=None, **none | limits
    )  # fmt: skip


def titration(value: str, verdict: str = "ok", voided: str = "") -> TitrationAnswer:
    said = {"parameter": "fa", "value": value, "verdict": verdict, "said": {}}
    return TitrationAnswer.model_validate({
        "titration": "TI", "lot": "BM", "at": "2026-11-23T00:00:00.000Z", "person": "", "place": "", "spec": "", "verdict": verdict,
        "values": [said], "titrant": "", "burette": "", "note": "", "since": None, "held": [], "shipped": [], "advice": [],
        "voided": voided,
    })  # fmt: skip


def bath(one: BathParameterAnswer, *done: TitrationAnswer) -> BathWholeAnswer:
    return BathWholeAnswer.model_construct(parameters=[one], titrations=list(done))


def test_figures_lie_in_the_picture_the_oldest_on_the_left() -> None:
    newest_first = (titration("3.1", "out"), titration("9", voided="x"), titration("1.2"))
    limits = {"lower": "0.5", "upper": "2.5", "action_lower": "0.7", "action_upper": "2.2"}
    curve = trends_of(bath(parameter(**limits), *newest_first))["fa"]
    assert [verdict for _, _, verdict in curve.points] == ["ok", "out"]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y, _ in curve.points)
    assert curve.points[1][1] < curve.spec[0], "what is above the spec is drawn above its band"
    assert curve.action is not None
    assert curve.spec[0] < curve.action[0]
    assert sum(curve.action) < sum(curve.spec)


def test_a_limit_on_one_side_is_a_band_to_the_edge() -> None:
    curve = trends_of(bath(parameter(upper="2.5"), titration("1.2")))["fa"]
    assert sum(curve.spec) == HEIGHT
    assert curve.action is None
    assert trends_of(bath(parameter(upper="2.5"))) == {}
    assert figure_text(None) == ""
