"""The shapes of papers in requests and answers."""

from typing import Literal

from pydantic import Field

from mes_server.web.answers import Answer, Time
from mes_server.web.answers_handling import ActBody
from mes_server.web.answers_signatures import SignatureAnswer, SignatureBody
from mes_server.web.bodies import Moment, Name

Language = Literal["zh", "en"]


class PaperBody(ActBody):
    """A paper is to be made."""

    language: Language = Field("zh", description="Of PDF and XLSX; the JSON is the same in each")


class RecallPackBody(PaperBody):
    """A recall pack is to be made: of a suspicion, or of a drill."""

    kind: Literal["lot", "run", "resource", "person", "station", "supplier_lot"] = "lot"
    name: Name = ""
    from_: Moment | None = Field(None, alias="from")
    to: Moment | None = None
    drill: Name = ""


class SignPaperBody(ActBody):
    """Somebody signs a paper."""

    signature: SignatureBody


class PaperAnswer(Answer):
    """A paper. `files`: SHA-256 by format, as the ledger keeps them; `earlier`: papers of the same made before."""

    number: str
    kind: str
    about: str
    language: Language
    verdict: str
    made_at: Time
    made_by: str
    event: int
    files: dict[str, str]
    earlier: list[str]
    signatures: list[SignatureAnswer]


class PapersAnswer(Answer):
    """Papers, the newest first."""

    items: list[PaperAnswer]
