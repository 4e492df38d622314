"""Reads a board's station.json: which stations it watches, with which drivers, and its broker.

Type is not instance: what a station reports is its contract; which pins and registers, this file.
Every fault is told at once.
"""

import json
from collections import namedtuple

from schemas.contract_check import Check, ContractError, is_number, show
from schemas.topics import is_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NamedTuple

    from schemas.station_types import MetricSpec, StationType

    class BoardMetric(NamedTuple):
        name: str
        datatype: str
        kind: str
        every_ms: int
        report_ms: int
        deadband: float | str
        alarm: tuple[float | None, float | None] | None
        driver: str
        args: dict[str, Any]
        scale: float  # value = reading * scale + offset
        offset: float

    class BoardStation(NamedTuple):
        station: str
        type: str
        revision: str
        metrics: list[BoardMetric]

    class JournalPlace(NamedTuple):
        path: str
        bytes: int
        segment_bytes: int
        sync_ms: int  # analogue samples are made durable at least this often; events at once

    class Board(NamedTuple):
        group: str
        node: str
        serial: str  # "": the chip's or the host's
        broker: tuple[str, int]
        tls: tuple[str, str, str] | None  # files, DER: certificate of the CA, ours, our key
        keepalive_s: int
        reconnect_s: float  # a lost connection is tried again after a random time up to this
        primary_host: str | None
        journal: JournalPlace
        plant: dict[str, Any] | None  # of simulated stations
        stations: list[BoardStation]

else:
    _FIELDS = "name datatype kind every_ms report_ms deadband alarm driver args scale offset"
    BoardMetric = namedtuple("BoardMetric", _FIELDS.split())
    BoardStation = namedtuple("BoardStation", ("station", "type", "revision", "metrics"))
    JournalPlace = namedtuple("JournalPlace", ("path", "bytes", "segment_bytes", "sync_ms"))
    _FIELDS = (
        "group node serial broker tls keepalive_s reconnect_s primary_host journal plant stations"
    )
    Board = namedtuple("Board", _FIELDS.split())

_SEGMENTS_MIN = 8  # fewer make the ring too coarse: two are reserve
METRICS_MAX = 250  # of one station: a record numbers them in one byte


def types_named(text: str) -> "list[str]":
    """The station types a board's file names, so that only their contracts need be read."""
    try:
        raw = json.loads(text)
        named = [str(station["type"]) for station in raw["stations"]]
    except (ValueError, KeyError, TypeError):
        return []
    return sorted(set(named))


def read_board(text: str, file: str, types: "Mapping[str, StationType]") -> Board:
    """The Board in `text`; `file` is named in faults. Raises ContractError."""
    check = Check(file)
    try:
        raw = json.loads(text)
    except ValueError as error:
        check.say("file", f"is not JSON ({error})", "mend the text at that place")
        raise ContractError(check.faults) from None
    required = "group node broker journal stations"
    check.keys("", raw, required, "serial keepalive_s reconnect_s primary_host plant")
    if not isinstance(raw, dict):
        raise ContractError(check.faults)
    _check_node(check, raw)
    _check_broker(check, raw.get("broker", {}))
    _check_journal(check, raw.get("journal", {}))
    stations = _stations(check, raw.get("stations", []), types)
    _check_segment(check, raw.get("journal", {}), stations)
    if "plant" not in raw and any(m.driver == "simulated" for s in stations for m in s.metrics):
        check.say("plant", "is missing", 'simulated stations need "plant": {"seed": …}')
    if check.faults:
        raise ContractError(check.faults)
    return Board(
        raw["group"],
        raw["node"],
        raw.get("serial", ""),
        (raw["broker"]["host"], raw["broker"]["port"]),
        _tls_from_raw(raw["broker"].get("tls")),
        raw.get("keepalive_s", 30),
        raw.get("reconnect_s", 10),
        raw.get("primary_host"),
        _journal_from_raw(raw["journal"]),
        raw.get("plant"),
        stations,
    )


def _journal_from_raw(raw: "dict[str, Any]") -> JournalPlace:
    segment_bytes = raw.get("segment_bytes", 65536)
    return JournalPlace(raw["path"], raw["bytes"], segment_bytes, raw.get("sync_ms", 1000))


def _tls_from_raw(raw: "dict[str, str] | None") -> "tuple[str, str, str] | None":
    return None if raw is None else (raw["ca"], raw["cert"], raw["key"])


def _id(check: Check, where: str, value: object) -> bool:
    if isinstance(value, str) and is_id(value):
        return True
    wrong = f"{show(value)} is no id"
    return check.say(where, wrong, "write letters, digits, - and _ only, at most 64")


def _check_node(check: Check, raw: "dict[str, Any]") -> None:
    for key in ("group", "node"):
        if key in raw:
            _id(check, key, raw[key])
    if raw.get("primary_host") is not None:
        _id(check, "primary_host", raw["primary_host"])
    if not isinstance(raw.get("serial", ""), str):
        check.say(
            "serial", f"{show(raw['serial'])} is no text", "write it in quotes, or leave it out"
        )
    if (
        check.whole("keepalive_s", raw.get("keepalive_s", 30), 2)
        and raw.get("keepalive_s", 30) > 3600
    ):
        check.say("keepalive_s", "is too long", "write seconds, at most 3600")
    reconnect = raw.get("reconnect_s", 10)
    if not is_number(reconnect) or reconnect < 0:
        check.say("reconnect_s", f"{show(reconnect)} is not allowed", "write seconds ≥ 0")
    if not isinstance(raw.get("plant"), (dict, type(None))):
        check.say("plant", f"{show(raw['plant'])} is no object", "write {…} or leave it out")


def _check_broker(check: Check, raw: "Any") -> None:
    if not check.keys("broker", raw, "host port", "tls"):
        return
    check.text("broker.host", raw["host"])
    if check.whole("broker.port", raw["port"], 1) and raw["port"] > 65535:
        check.say("broker.port", f"{raw['port']} is no port", "write 1 to 65535")
    tls = raw.get("tls")
    if tls is not None and check.keys("broker.tls", tls, "ca cert key"):
        for name in ("ca", "cert", "key"):
            check.text(f"broker.tls.{name}", tls[name])


def _check_journal(check: Check, raw: "Any") -> None:
    if not check.keys("journal", raw, "path bytes", "segment_bytes sync_ms"):
        return
    check.text("journal.path", raw["path"])
    segment = raw.get("segment_bytes", 65536)
    if check.whole("journal.segment_bytes", segment, 4096) and check.whole(
        "journal.bytes", raw["bytes"], 4096
    ):
        least = _SEGMENTS_MIN * segment
        if raw["bytes"] < least:
            wrong = f"{raw['bytes']} is too small for segments of {segment}"
            check.say("journal.bytes", wrong, f"write at least {least}")
    check.whole("journal.sync_ms", raw.get("sync_ms", 1000), 1)


def _check_segment(check: Check, raw: "Any", stations: "list[BoardStation]") -> None:
    """Each segment repeats the names of all metrics; they may take a quarter of it."""
    segment = raw.get("segment_bytes", 65536) if isinstance(raw, dict) else None
    least = 0
    for station in stations:
        least += 4 * (30 + sum([len(metric.name) + 2 for metric in station.metrics]))
    if isinstance(segment, int) and segment < least:
        wrong = f"{segment} is too small for the metrics of these stations"
        check.say("journal.segment_bytes", wrong, f"write at least {least}")


def _stations(check: Check, raw: "Any", types: "Mapping[str, StationType]") -> "list[BoardStation]":
    if not isinstance(raw, list) or not raw:
        check.say("stations", f"{show(raw)} is no list of stations", "write [{…}]")
        return []
    found: list[BoardStation] = []
    for n, entry in enumerate(raw):
        where = f"stations[{n}]"
        if not check.keys(where, entry, "station type", "driver args metrics leave_out"):
            continue
        _id(check, f"{where}.station", entry["station"])
        if any(entry["station"] == other.station for other in found):
            check.say(f"{where}.station", "is there twice", "give each station its own id")
        kind = types.get(str(entry["type"]))
        if kind is None:
            write = "write the stem of a file in schemas/stations"
            check.say(f"{where}.type", f"{show(entry['type'])} is not known", write)
            continue
        metrics = _metrics(check, where, entry, kind)
        found.append(BoardStation(entry["station"], kind.type, kind.revision, metrics))
    return found


def _names(check: Check, where: str, raw: "Any", kind: "StationType") -> bool:
    """Whether `raw` (a list or an object) names metrics of the station type only."""
    known = [spec.name for spec in kind.metrics]
    right = True
    for name in raw:
        if name not in known:
            write = f"write one of {', '.join(known)}"
            right = check.say(f"{where}.{name}", f"{kind.type} has no such metric", write)
    return right


def _metrics(
    check: Check, where: str, entry: "dict[str, Any]", kind: "StationType"
) -> "list[BoardMetric]":
    own = entry.get("metrics", {})
    left_out = entry.get("leave_out", [])
    if not isinstance(own, dict) or not isinstance(left_out, list):
        check.say(
            where, "metrics or leave_out has the wrong form", 'write {"metric": {…}}, ["metric"]'
        )
        return []
    _names(check, f"{where}.metrics", own, kind)
    _names(check, f"{where}.leave_out", left_out, kind)
    found = []
    for spec in kind.metrics:
        if spec.name not in left_out:
            metric = _metric(check, where, entry, spec)
            if metric is not None:
                found.append(metric)
    if not found and not check.faults:
        check.say(where, "measures nothing", "leave fewer metrics out")
    return found


def _metric(
    check: Check, where: str, entry: "dict[str, Any]", spec: "MetricSpec"
) -> "BoardMetric | None":
    """One metric of a station as the board measures it; None when it cannot."""
    place = entry.get("metrics", {}).get(spec.name, {})
    at = f"{where}.metrics.{spec.name}"
    if not check.keys(at, place, "", "driver args scale offset"):
        return None
    driver = place.get("driver", entry.get("driver"))
    args = place.get("args", entry.get("args", {}))
    if not isinstance(driver, str) or not driver:
        check.say(at, "has no driver", f'write "driver" here, at {where}, or in leave_out')
        return None
    if not isinstance(args, dict):
        check.say(f"{at}.args", f"{show(args)} is no object", "write {…}")
    scale, offset = place.get("scale", 1), place.get("offset", 0)
    if not is_number(scale) or not is_number(offset):
        check.say(at, "scale or offset is no number", "write numbers")
    return BoardMetric(
        spec.name,
        spec.datatype,
        spec.kind,
        spec.every_ms,
        spec.report_ms,
        spec.deadband,
        spec.alarm,
        driver,
        args,
        scale,
        offset,
    )
