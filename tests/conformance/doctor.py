"""Ways to spoil a good recording: the negative controls of the checks.

Each function returns a mutation. A mutation that finds nothing to spoil raises NotSeen, so that no
control passes by doing nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.conformance.packets import Connect, Disconnect, Packet, Publish, Subscribe
from tests.conformance.recording import Event, Recording, message, some
from tests.conformance.registry import Mutation

Change = Callable[[Any], None]
Which = Callable[[Event], bool]


def anything(_: Event) -> bool:
    """The first will do."""
    return True


def sent(*verbs: str, which: Which = anything) -> Callable[[Recording], Event]:
    """Picks the first message of a client with one of these verbs."""

    def pick(recording: Recording) -> Event:
        found = [event for event in recording.published(*verbs) if which(event)]
        return some(found, f"no such {verbs} to spoil")[0]

    return pick


def delivered(*verbs: str, which: Which = anything) -> Callable[[Recording], Event]:
    """Picks the first message of the broker with one of these verbs."""

    def pick(recording: Recording) -> Event:
        found = [event for event in recording.delivered(*verbs) if which(event)]
        return some(found, f"no such {verbs} to spoil")[0]

    return pick


def packet(kind: type[Packet], nth: int = 0) -> Callable[[Recording], Event]:
    """Picks the nth packet of a kind."""

    def pick(recording: Recording) -> Event:
        found = [event for event in recording.events if isinstance(event.packet, kind)]
        return some(found[nth:] if nth >= 0 else found[nth:][:1], f"no {kind.__name__}")[0]

    return pick


def changed(pick: Callable[[Recording], Event], **fields: Any) -> Mutation:
    """Other fields of the picked packet; a function as value gets the old one."""

    def mutate(recording: Recording) -> Recording:
        event = pick(recording)
        new = {k: v(getattr(event.packet, k)) if callable(v) else v for k, v in fields.items()}
        return recording.with_packet(event, replace(event.packet, **new))

    return mutate


def level(index: int, text: str) -> Callable[[str], str]:
    """For `changed(topic=…)`: another text at one level of the topic."""

    def rename(topic: str) -> str:
        levels = topic.split("/")
        levels[index] = text
        return "/".join(levels)

    return rename


def rewritten(pick: Callable[[Recording], Event], change: Change) -> Mutation:
    """Another Sparkplug payload in the picked message."""

    def mutate(recording: Recording) -> Recording:
        event = pick(recording)
        payload = message(event.packet)
        change(payload)
        spoiled = replace(event.packet, payload=payload.SerializeToString())
        return recording.with_packet(event, spoiled)

    return mutate


def metric(pick: Callable[[Recording], Event], change: Change, name: str = "") -> Mutation:
    """Another first metric (or the one called `name`) in the picked message."""

    def spoil(payload: Any) -> None:
        change(some((m for m in payload.metrics if name in ("", m.name)), f"no {name}")[0])

    return rewritten(pick, spoil)


def will(nth: int = 0, **fields: Any) -> Mutation:
    """Other fields of the Will in the nth CONNECT."""

    def swap(old: Publish | None) -> Publish:
        assert old is not None
        new = {k: v(getattr(old, k)) if callable(v) else v for k, v in fields.items()}
        return replace(old, **new)

    return changed(packet(Connect, nth), will=swap)


def will_payload(change: Change, nth: int = 0) -> Mutation:
    """Another Sparkplug payload in the Will of the nth CONNECT."""

    def mutate(recording: Recording) -> Recording:
        event = packet(Connect, nth)(recording)
        assert isinstance(event.packet, Connect)
        payload = message(event.packet.will)
        change(payload)
        return will(nth, payload=payload.SerializeToString())(recording)

    return mutate


def dropped(pick: Callable[[Recording], Event]) -> Mutation:
    """The picked event never passed."""
    return lambda recording: recording.without(pick(recording))


def all_dropped(*verbs: str) -> Mutation:
    """No client ever sent one of these verbs."""
    return lambda recording: recording.without(*recording.published(*verbs))


def moved(
    pick: Callable[[Recording], Event],
    target: Callable[[Recording], Event],
    *,
    after: bool = False,
    kept: bool = False,
) -> Mutation:
    """The picked event passes right before (or after) another; with `kept` it passes twice."""

    def mutate(recording: Recording) -> Recording:
        event, other = pick(recording), target(recording)
        events = [e for e in recording.events if kept or e is not event]
        place = next(i for i, e in enumerate(events) if e is other) + after
        events.insert(place, replace(event, connection=other.connection, at_ms=other.at_ms))
        return replace(recording, events=tuple(events))

    return mutate


def fact(name: str, change: Any) -> Mutation:
    """Something else was observed; a function gets what was."""

    def mutate(recording: Recording) -> Recording:
        old = recording.fact(name)
        new = change(old) if callable(change) else change
        return replace(recording, facts={**recording.facts, name: new})

    return mutate


def subscribed(change: Callable[[tuple[tuple[str, int], ...]], Any], nth: int = 0) -> Mutation:
    """Other filters in the nth SUBSCRIBE."""
    return changed(packet(Subscribe, nth), filters=change)


def goodbye() -> Callable[[Recording], Event]:
    """Picks the first DISCONNECT."""
    return packet(Disconnect)


def second_life(recording: Recording) -> Recording:
    """Another connection opens as the same client while the first still lasts."""
    event = packet(Connect)(recording)
    place = recording.events.index(event) + 1
    twin = replace(event, connection=99_999)
    events = (*recording.events[:place], twin, *recording.events[place:])
    return replace(recording, events=events)
