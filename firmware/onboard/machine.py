"""The board itself as the agent sees it (`edge_agent.ports.Machine`), put together from its parts.

A part has any of: facts() → (metric, datatype, value)s, always the same in the same order; heard(name,
value) → whether it takes that command; progress(part); faulted(part); saved(); and `news`, True while something in its
facts should be told at once. What it has not, it need not write.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _hooks(parts: "list[Any]", name: str) -> "list[Any]":
    return [getattr(part, name) for part in parts if hasattr(part, name)]


class BoardMachine:
    """All parts as one."""

    def __init__(self, parts: "list[Any]") -> None:
        self._facts = _hooks(parts, "facts")
        self._heard = _hooks(parts, "heard")
        self._progress = _hooks(parts, "progress")
        self._faulted = _hooks(parts, "faulted")
        self._saved = _hooks(parts, "saved")
        self._tellers = [part for part in parts if hasattr(part, "news")]

    @property
    def news(self) -> bool:
        return any(part.news for part in self._tellers)

    @news.setter
    def news(self, there_is: bool) -> None:
        for part in self._tellers:
            part.news = there_is

    def facts(self) -> "list[tuple[str, str, str | int]]":
        found: list[tuple[str, str, str | int]] = []
        for tell in self._facts:
            found += tell()
        return found

    def heard(self, name: str, value: object) -> bool:
        """The first part that takes it has it."""
        return any(hear(name, value) for hear in self._heard)

    def progress(self, part: str) -> None:
        for note in self._progress:
            note(part)

    def faulted(self, part: str) -> None:
        for note in self._faulted:
            note(part)

    def saved(self) -> None:
        for note in self._saved:
            note()
