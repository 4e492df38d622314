"""What the rules of a scan look at: a lot is to begin an operation at a station. And a refusal, when one says no."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mes_server.domain.evidence import Evidence
from mes_server.domain.lots import Lot
from mes_server.domain.pyrometry import Standing
from mes_server.domain.routes import Operation, Route


@dataclass(frozen=True, slots=True)
class Refusal:
    """The named rule that says no, with what it looked at."""

    rule: str
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Worker:
    """Who scans. `roles`: none: nobody knows the badge, or it may not scan. `qualifications`: until when
    (Unix ms) each is held. `sent_by`: the badge of who sent it, when that is somebody else."""

    badge: str
    roles: frozenset[str]
    qualifications: Mapping[str, int]
    sent_by: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is scanned. `fault`: why the station is not ready, "" when it is. `locked`: why nothing may
    be loaded. `heavy`: whether the last lots that ran here hold Dy/Tb, None: it was cleared since.
    `inside`: lots of the open run, `operation` and `recipe`: its own, "" without a run. `mounted`: resource
    by role; `unfit`: why some of them may not be used, by resource. `furnace`: its surveys, where any are asked for.
    `untitrated`: why a bath may not be used, by make-up. `unreviewed`: temporary changes whose review is overdue."""

    station: str
    type: str
    fault: str = ""
    locked: str = ""
    heavy: bool | None = None
    inside: tuple[Lot, ...] = ()
    operation: str = ""
    recipe: str = ""
    mounted: Mapping[str, str] = field(default_factory=dict)
    unfit: Mapping[str, str] = field(default_factory=dict)
    furnace: Standing | None = None
    untitrated: Mapping[str, str] = field(default_factory=dict)
    unreviewed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanAttempt:
    """A lot is to begin an operation at a station. `unplanned`: the reason, when it is not the next.
    `recipe`: as the worker names it, "" for the operation's. `heavy_ppm_max`: of the reference data, the
    Dy/Tb share up to which a lot counts as free of them."""

    lot: Lot
    route: Route
    operation: Operation
    worker: Worker
    place: Place
    at_ms: int
    unplanned: str = ""
    recipe: str = ""
    heavy_ppm_max: int = 0
    finished_ms: int | None = None  # when the operation before ended
    evidence: Evidence = field(
        default_factory=Evidence
    )  # what the control plan asks for and is not there


Rule = Callable[[ScanAttempt], Refusal | None]
