"""The shapes of /api/v1 for baths: make-ups, titrations, additions."""

from typing import Literal

from pydantic import Field

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_checks import Verdict, Written
from mes_server.web.answers_handling import ActBody
from mes_server.web.bodies import Body, Name


class MakeUpBody(ActBody):
    """A lot of kind "bath" is made up under a spec."""

    lot: Name = Field(description="As scanned")
    spec: Name = Field(description="The code of a released spec")
    volume_l: Written


class TakenBody(Body):
    """What was read of one parameter. A titration has a volume; pH and the like have a value. What is not told is as
    the method has it."""

    parameter: Name
    value: Written = ""
    volume_ml: Written = Field("", description="At the burette")
    blank_ml: Written = ""
    sample_ml: Written = ""
    normality: Written = Field("", description="Of the titrant, mol/L or eq/L")
    factor: Written = ""


class TitrationBody(ActBody):
    """What was read of a bath. Out of the spec it locks the bath and holds the lots since the last good one."""

    readings: list[TakenBody] = Field(max_length=50)
    titrant: Name = Field("", description="The lot of the standard solution, as scanned")
    burette: Name = Field("", description="Its gauge code")
    note: Name = ""


class AdditionBody(ActBody):
    """Something was added to a bath."""

    product: Name
    amount: Written
    unit: Literal["mL", "g"]
    product_lot: Name = ""


class BathAdviceAnswer(Answer):
    """What is to be added now. `by`: what asks for it."""

    product: str
    by: Literal["ah", "area", "titration"]
    amount: str
    unit: str


class BathDueAnswer(Answer):
    """What keeps the bath from being used."""

    parameter: str
    state: Literal["missing", "old", "out", "worn"]
    at: Time | None


class TankAnswer(Answer):
    """A tank that held the make-up."""

    station: str
    role: str
    since: Time
    until: Time | None


class BathAnswer(Answer):
    """A make-up as it is now. `holds`: why it is locked."""

    lot: str
    spec: str
    title: dict[str, str]
    process: str
    volume_l: str
    made_at: Time
    dumped_at: Time | None
    titrated_at: Time | None
    holds: list[str]
    due: list[BathDueAnswer]
    tanks: list[TankAnswer]
    advice: list[BathAdviceAnswer]


class BathsAnswer(Answer):
    """Those in use first."""

    items: list[BathAnswer]


class BathValueAnswer(Answer):
    """A figure of a titration, with what was read."""

    parameter: str
    value: str
    verdict: Verdict
    said: dict[str, str]


class TitrationAnswer(Answer):
    """A titration. `held`, `shipped`: lots since `since`, when the bath was last known to be good."""

    titration: str
    lot: str
    at: Time
    person: str
    place: str
    spec: str
    verdict: Verdict
    values: list[BathValueAnswer]
    titrant: str
    burette: str
    note: str
    since: Time | None
    held: list[str]
    shipped: list[str]
    advice: list[list[str]]
    voided: str


class TitrationDoneAnswer(TitrationAnswer):
    """What came of it. `locked`: the bath is held now; `next`: what to do, in words."""

    id: str
    outcome: Literal["accepted"]
    again: bool
    locked: bool
    next: str


class BathParameterAnswer(Answer):
    """A line of the spec with its newest figure."""

    parameter: str
    title: dict[str, str]
    unit: str
    method: str
    lower: str
    upper: str
    action_lower: str
    action_upper: str
    target: str
    every_h: str
    value: str
    verdict: Literal["", "ok", "action", "out"]
    at: Time | None


class AdditionAnswer(Answer):
    """Something that was added."""

    at: Time
    person: str
    product: str
    amount: str
    unit: str
    product_lot: str


class BalanceAnswer(Answer):
    """What should have been added to a bath in all its life, and what was."""

    product: str
    unit: str
    theoretical: str
    actual: str


class PlatedAnswer(Answer):
    """A layer of a run: predicted by Faraday's law, beside the mean of the XRF."""

    run: str
    layer: str
    bath: str
    ah: str
    area_dm2: str
    area_by: Literal["", "counted", "of_lots"]
    predicted_um: str
    measured_um: str
    ratio: str
    agrees: bool | None


class PlatedsAnswer(Answer):
    """The layers of a run."""

    items: list[PlatedAnswer]


class BathWholeAnswer(BathAnswer):
    """A make-up with its figures. `expected`: of the metal now, by what was deposited, dragged out and dissolved."""

    parameters: list[BathParameterAnswer]
    titrations: list[TitrationAnswer]
    additions: list[AdditionAnswer]
    balance: list[BalanceAnswer]
    ah: str
    m2: str
    expected: str
    runs: list[str]
    plated: list[PlatedAnswer]
