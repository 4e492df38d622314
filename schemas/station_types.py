"""Reads the contracts in stations/*.json: what a station of each type reports, and how often.

Every fault of a file, and of all files of a folder, is told at once: the file, the field, what is
wrong and what to write instead. This is the only checker there is; server, board and tests use it.
"""

import json
import os
from collections import namedtuple

from schemas.contract_check import Check
from schemas.contract_check import ContractError as ContractError
from schemas.station_check import check_station

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple

    Range = tuple[float | None, float | None]  # an end that is None is open

    class MetricSpec(NamedTuple):
        name: str
        title: dict[str, str]  # by language
        unit: str  # "" where there is none
        datatype: str
        kind: str
        every_ms: int  # how often it is read
        report_ms: int  # the longest silence: reported at least this often, changed or not
        deadband: float | str  # absolute, or a share of the reading such as "5%"
        normal: Range | None
        alarm: Range | None
        scale: str
        values: tuple[str, ...]  # what a string may say; empty: anything
        note: dict[str, str]
        basis: dict[str, str]  # source, certainty, since; the station's unless it has its own

    class StationType(NamedTuple):
        type: str
        revision: str
        title: dict[str, str]
        area: str
        operation: str
        handles: str
        note: dict[str, str]
        basis: dict[str, str]
        metrics: tuple[MetricSpec, ...]
        commands: tuple[str, ...]

else:
    Range = tuple
    _FIELDS = "name title unit datatype kind every_ms report_ms deadband normal alarm scale values"
    MetricSpec = namedtuple("MetricSpec", (_FIELDS + " note basis").split())
    _FIELDS = "type revision title area operation handles note basis metrics commands"
    StationType = namedtuple("StationType", _FIELDS.split())

# Where the contracts lie, beside this module.
FOLDER = __file__.replace("\\", "/").rsplit("/", 1)[0] + "/stations"


def load_station_types(folder: str | os.PathLike[str] = FOLDER) -> dict[str, StationType]:
    """All contracts of a folder by type; raises ContractError with the faults of all its files."""
    types: dict[str, StationType] = {}
    faults: list[str] = []
    for file in sorted(os.listdir(folder)):
        if not file.endswith(".json"):
            continue
        with open(f"{folder}/{file}", "rb") as stream:
            data = stream.read()
        try:
            types[file[:-5]] = read_station_type(data.decode(), file)
        except ContractError as error:
            faults += error.faults
        except UnicodeError:
            faults.append(f"{file}: file: is not UTF-8 text; save it as UTF-8")
    if not types and not faults:
        faults.append(f"{folder}: folder: holds no contract; put <type>.json into it")
    if faults:
        raise ContractError(faults)
    return types


def read_station_type(text: str, file: str) -> StationType:
    """The contract in `text`; `file` is its name, whose stem is the type. Raises ContractError."""
    check = Check(file.replace("\\", "/").rsplit("/", 1)[-1])
    try:
        raw = json.loads(text)
    except ValueError as error:
        check.say("file", f"is not JSON ({error})", "mend the text at that place")
        raise ContractError(check.faults) from None
    check_station(check, raw)
    if check.faults:
        raise ContractError(check.faults)
    return _station_from_raw(raw)


def deadband_width(deadband: float | str, value: float) -> float:
    """How far a reading must move away from `value` to be reported, in the unit of the metric."""
    if isinstance(deadband, str):
        return abs(value) * float(deadband[:-1]) / 100
    return deadband


def _station_from_raw(raw: "dict[str, Any]") -> StationType:
    fields = dict(raw)
    fields["metrics"] = tuple([_metric_from_raw(metric, raw["basis"]) for metric in raw["metrics"]])
    fields["commands"] = tuple(raw["commands"])
    return StationType(**fields)


def _metric_from_raw(raw: "dict[str, Any]", basis: dict[str, str]) -> MetricSpec:
    fields = {"scale": "linear", "values": (), "basis": basis} | raw
    for key in ("normal", "alarm", "values"):
        value = fields[key]
        if isinstance(value, list):
            fields[key] = tuple(value)
    return MetricSpec(**fields)
