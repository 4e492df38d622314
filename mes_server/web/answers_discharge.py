"""The shapes of /api/v1 for exceedances and for the records of days and months of outlets."""

from typing import Literal

from pydantic import Field

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_outlets import Averaging, Status
from mes_server.web.answers_papers import Language
from mes_server.web.answers_signatures import SignatureBody


class CloseExceedanceBody(ActBody):
    """An exceedance is closed. `reason`: why before its nonconformance is disposed of."""

    cause: str = Field("", max_length=500)
    action: str = Field("", max_length=500)
    signature: SignatureBody


class CloseRecordBody(ActBody):
    """A day or a month is closed. `reason`: why it is revised."""

    language: Language = Field("zh", description="Of PDF and XLSX; the JSON is the same in each")
    signature: SignatureBody


class ExceedanceAnswer(Answer):
    """An episode. `state`: lasts, over, gone (later data took its ground away), closed."""

    number: str
    outlet: str
    pollutant: str
    averaging: Averaging
    from_: Time = Field(alias="from")
    to: Time
    worst: float
    low: str | None
    high: str | None
    unit: str
    source: str
    certainty: Literal["H", "M", "L"]
    pieces: int = Field(description="How many hours, samples or days it is made of")
    samples: list[str]
    lots: list[str]
    baths: list[str]
    nonconformance: str
    state: Literal["lasts", "over", "gone", "closed"]
    closed_by: str
    cause: str
    action: str


class ExceedancesAnswer(Answer):
    """Exceedances, the newest first."""

    items: list[ExceedanceAnswer]


class RevisionAnswer(Answer):
    """A revision of a record; its files are those of the paper."""

    revision: int
    paper: str
    digest: str
    closed_at: Time
    closed_by: str
    reason: str


class ChangeAnswer(Answer):
    """What is not as the newest revision tells it."""

    name: str
    then: str
    now: str


class RecordAnswer(Answer):
    """How the record of a day or a month stands."""

    outlet: str
    period: str
    over: bool
    status: Status
    digest: str = Field(description="SHA-256 of what is judged now")
    stands: bool = Field(description="The newest revision tells what is judged now")
    revisions: list[RevisionAnswer]
    changed: list[ChangeAnswer]
