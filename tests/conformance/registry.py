"""Checks by the requirement they prove, each with the doctored recordings it must refuse.

A check is a small function from a Recording to None or a finding. `broken_by` are its negative
controls: each turns a good recording into one that the check must find fault with.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.recording import NotSeen, Recording

EDGE, HOST, BROKER = "edge", "host", "broker"
SIDES = {"E": EDGE, "H": HOST, "B": BROKER}
STATUSES = ("check", "deviates", "not applicable")

Finding = str | None
Mutation = Callable[[Recording], Recording]


@dataclass(frozen=True)
class Requirement:
    """One normative statement of Sparkplug 3.0 in our words (requirements.csv).

    `status`: "check" must pass; "deviates" is done otherwise on purpose (a check, where there is one,
    proves how far); "not applicable". The last two say why in `remark`.
    """

    id: str
    who: str
    chapter: int
    statement: str
    status: str
    remark: str

    @property
    def sides(self) -> list[str]:
        return [SIDES[letter] for letter in self.who]


@dataclass(frozen=True)
class Check:
    """One registered check; it proves `ids` for `side`."""

    name: str
    side: str
    ids: tuple[str, ...]
    judge: Callable[[Recording], Finding]
    broken_by: tuple[Mutation, ...]

    def finding(self, recording: Recording) -> Finding:
        """What is wrong, None when all is well. Nothing to judge is wrong as well."""
        try:
            return self.judge(recording)
        except NotSeen as nothing:
            return str(nothing)

    @property
    def key(self) -> str:
        return f"{self.side}: {self.name}"


CHECKS: list[Check] = []


def check(side: str, *ids: str, broken_by: Mutation | tuple[Mutation, ...]) -> Callable:
    """Register a function as the check of these ids."""

    def register(judge: Callable[[Recording], Finding]) -> Callable[[Recording], Finding]:
        mutations = broken_by if isinstance(broken_by, tuple) else (broken_by,)
        CHECKS.append(Check(judge.__name__, side, ids, judge, mutations))
        return judge

    return register


def requirements() -> list[Requirement]:
    """All statements, in the order of the specification."""
    file = Path(__file__).parent / "requirements.csv"
    with file.open(newline="", encoding="utf-8") as lines:
        return [
            Requirement(
                row["id"],
                row["who"],
                int(row["chapter"]),
                row["statement"],
                row["status"],
                row["remark"],
            )
            for row in csv.DictReader(lines)
        ]
