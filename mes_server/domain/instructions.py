"""Work instructions as released documents, and who acknowledged which revision (IATF 16949 8.5.1.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mes_server.domain.documents import head_faults

ACKNOWLEDGED = "instruction_acknowledged"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody read a revision. `name`: "WI-12/C"."""

    badge: str
    name: str
    at_ms: int


def stream_of(badge: str) -> str:
    """The stream with what a person acknowledged."""
    return f"acks:{badge}"


def instruction_faults(content: Mapping[str, Any]) -> list[str]:
    """What is wrong with an instruction: {code, revision, title, text{en,zh}, safety{en,zh}?}."""
    faults = head_faults(content)
    text = content.get("text")
    if not isinstance(text, dict) or not all(text.get(lang) for lang in ("en", "zh")):
        faults.append('text: write {"en": "…", "zh": "…"}')
    return faults
