"""Released documents: control plans, instructions, recipes, specs of baths: revisions that never change.

A revision is released by somebody, and may be withdrawn; the one in force at a moment is the newest that was
released and not withdrawn by then (ISO 9001:2015 7.5.3).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from mes_server.domain.seal import canonical

RELEASED, WITHDRAWN = "document_released", "document_withdrawn"


@dataclass(frozen=True, slots=True)
class Document:
    """One revision. `released_ms`: when it was released; `withdrawn_ms`: when it was withdrawn, None: not yet.

    `person`: the badge of who signed the release. `number`: of its event in the ledger.
    """

    kind: str
    code: str
    revision: str
    content: Mapping[str, Any]
    released_ms: int
    person: str
    withdrawn_ms: int | None = None
    number: int = 0

    @property
    def name(self) -> str:
        """As records name it: "CP-7/B"."""
        return f"{self.code}/{self.revision}"

    @property
    def digest(self) -> str:
        """What a signature is bound to: SHA-256 over the canonical content and whether it was withdrawn."""
        said = {"kind": self.kind, "content": self.content, "withdrawn_ms": self.withdrawn_ms}
        return sha256(canonical(said).encode()).hexdigest()

    def is_in_force(self, at_ms: int) -> bool:
        """Whether it was released and not withdrawn at that time."""
        return self.released_ms <= at_ms and (
            self.withdrawn_ms is None or at_ms < self.withdrawn_ms
        )


def stream_of(kind: str, code: str) -> str:
    """The stream of the ledger in which the revisions of a document are."""
    return f"document:{kind}:{code}"


def in_force(revisions: Iterable[Document], at_ms: int) -> Document | None:
    """The newest of these that is in force at that time."""
    standing = [one for one in revisions if one.is_in_force(at_ms)]
    return max(standing, key=lambda one: (one.released_ms, one.number), default=None)


def head_faults(content: Mapping[str, Any]) -> list[str]:
    """What is wrong with the fields that every document has: code, revision, title in both languages."""
    faults = []
    for name in ("code", "revision"):
        value = content.get(name)
        if not isinstance(value, str) or not value or len(value) > 60 or "/" in value:
            faults.append(f"{name}: write a short text without /")
    title = content.get("title")
    if not isinstance(title, dict) or not all(title.get(lang) for lang in ("en", "zh")):
        faults.append('title: write {"en": "…", "zh": "…"}')
    try:
        canonical(content)
    except (TypeError, ValueError) as error:
        faults.append(f'{error}; write a figure with decimals as a text, such as "4.95"')
    return faults
