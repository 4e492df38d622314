"""Baths of the demo: made up under a spec, titrated when a scan asks for it, put right when a titration is out."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from mes_server.demo.floor import Ask, Heard, Memory, Moment
from mes_server.demo.gear import gauge_for
from mes_server.demo.simulation import load_quality

ROLE = "bath"
UNTITRATED = "bath_is_titrated"
OUT = "out"
_ADD_MIN, _AGAIN_MIN = 25, 60


def make_up(ask: Ask, heard: Heard, types: Mapping[str, str]) -> list[Ask]:
    """What was received for a tank is made up under the spec of its line. `types`: of the stations."""
    if ask.about != "receive" or not ask.lot.startswith("for ") or not ask.lot.endswith(" " + ROLE):
        return []
    said = load_quality("baths")["baths"].get(types.get(ask.station, ""))
    if said is None:
        return []
    body = {"lot": heard.made[0], **said}
    return [Ask("make_up", "/baths", body, ask.badge, ask.station, lot=heard.made[0])]


def titrate_asks(ask: Ask, heard: Heard, at: Moment) -> list[Ask]:
    """A load was refused for want of it: the bath of the station is titrated."""
    bath = at.memory.mounted.get((ask.station, ROLE), ("", 0))[0]
    spec = _spec(at.floor.stations.get(ask.station, ""))
    if UNTITRATED not in heard.rules or not bath or not spec or ask.station in at.memory.locked:
        return []
    return [titrate(at.memory, spec, (ask.station, bath, ask.badge), at.chance)]


def _spec(kind: str) -> str:
    return str(load_quality("baths")["baths"].get(kind, {}).get("spec", ""))


def titrate(memory: Memory, spec: str, who: tuple[str, str, str], chance: random.Random) -> Ask:
    """One titration; in a history one of them is out. `who`: station, bath, badge."""
    said, (station, bath, badge) = load_quality("baths"), who
    number = memory.titrated[spec] = memory.titrated.get(spec, 0) + 1
    fails = memory.eventful and (spec, number) == (said["out"]["spec"], said["out"]["number"])
    readings = [_reading(one, fails, chance) for one in said["readings"] if one["spec"] == spec]
    body = {"readings": readings, "burette": gauge_for("burette")}
    return Ask("titrate", f"/baths/{bath}/titrations", body, badge, station, lot=bath)


def _reading(one: Mapping[str, Any], fails: bool, chance: random.Random) -> dict[str, str]:
    value = chance.gauss(one["mean"], one["spread"])
    if fails and OUT in one:
        value = one[OUT]
    return {"parameter": one["parameter"], one["field"]: f"{value:.{one['digits']}f}"}


def put_right(at: Moment, ask: Ask, heard: Heard) -> None:
    """What was out is topped up, titrated again, and the bath unlocked when it is good."""
    if heard.verdict != OUT:
        return
    at.memory.locked.add(ask.station)
    for number, one in enumerate(heard.advice):
        at.later(_ADD_MIN + number, lambda _, one=one: _add(ask, one))  # type: ignore[misc]
    at.later(_AGAIN_MIN, lambda then: _again(then, ask))
    at.later(_AGAIN_MIN + 5, lambda then: _unlock(then, ask, heard.made[0]))


def _add(ask: Ask, advice: tuple[str, str, str]) -> Ask:
    product, amount, unit = advice
    body = {"product": product, "amount": amount, "unit": unit}
    return Ask("addition", f"/baths/{ask.lot}/additions", body, ask.badge, ask.station, lot=ask.lot)


def _again(at: Moment, ask: Ask) -> Ask:
    spec = _spec(at.floor.stations.get(ask.station, ""))
    return titrate(at.memory, spec, (ask.station, ask.lot, ask.badge), at.chance)


def _unlock(at: Moment, ask: Ask, titration: str) -> Ask | None:
    at.memory.locked.discard(ask.station)
    lot = at.floor.lot(ask.lot)
    holds = {} if lot is None else dict(lot.holds)
    mine = [hold for hold, why in holds.items() if why.startswith(titration)]
    if not mine:
        return None
    body = {"hold": mine[0], "reason": load_quality("troubles")["released"]["bath"]}
    return Ask("release", f"/lots/{ask.lot}/release", body, "Q-301", lot=ask.lot)


def belongs_to_bath(at: Moment) -> Iterator[str]:
    """The baths of the floor: nobody releases them but who put them right."""
    return (lot.code for lot in at.floor.lots if lot.kind == "bath")
