"""The table: which client may publish what and hear what. Written by hand, so that it does not agree by construction."""

A, B, GROUP, OTHER = "ctl-a", "ctl-b", "area-a", "area-b"
NODE_VERBS = ("NBIRTH", "NDEATH", "NDATA", "NCMD")
STATION_VERBS = ("DBIRTH", "DDEATH", "DDATA", "DCMD")

# Every Sparkplug verb for either node, as itself and as if it were of the other's area; then whatever else there is.
SPARKPLUG = tuple(
    [f"spBv1.0/{group}/{verb}/{node}" for group in (GROUP, OTHER) for node in (A, B) for verb in NODE_VERBS]
    + [f"spBv1.0/{group}/{verb}/{node}/press-1" for group in (GROUP, OTHER) for node in (A, B) for verb in STATION_VERBS]
    + ["spBv1.0/STATE/lodestone", "spBv1.0/STATE/other", f"spBv1.0/STATE/{A}"]
)  # fmt: skip
STRANGE = (
    "spBv1.0", "spBv1.0/area-a", "spBv1.0/STATE", "spBv1.0/STATE/lodestone/more", "spBv1.0/area-a/NDATA",
    "spBv1.0/area-a/NDATA/ctl-a/more", "spBv1.0/area-a/DDATA/ctl-a", "spBv1.0/area-a/DDATA/ctl-a/press-1/more",
    "spBv1.0/area-a/ndata/ctl-a", "spBv1.0/AREA-A/NDATA/ctl-a", "/spBv1.0/area-a/NDATA/ctl-a", "spBv1.0//NDATA/ctl-a",
    "spBv2.0/area-a/NDATA/ctl-a", "STATE/lodestone", "factory/line", "x", "$SYS/broker/uptime", "$SYS/REQ/SERVER/PING",
    "$JS/API/INFO", "$JS/API/STREAM/DELETE/$MQTT_rmsgs", "$MQTT/sub/x", "$MQTT/rmsgs/x", "$CONTROL/dynamic-security/v1",
    "_INBOX/x",
)  # fmt: skip
TOPICS = SPARKPLUG + STRANGE
# What a subscriber may ask for besides each single topic.
WILDCARDS = (
    "#", "+/#", "spBv1.0/#", "spBv1.0/+/NCMD/+", "spBv1.0/area-a/#", "spBv1.0/area-a/NCMD/#", "spBv1.0/area-a/+/ctl-a",
    "spBv1.0/area-a/DCMD/ctl-a/+", "spBv1.0/area-a/DCMD/ctl-a/#", "spBv1.0/STATE/+", "spBv1.0/STATE/#", "+/+/+/+",
    "$SYS/#", "$JS/#", "$MQTT/#", "$share/all/spBv1.0/#",
)  # fmt: skip

_OF_A = {
    "spBv1.0/area-a/NBIRTH/ctl-a", "spBv1.0/area-a/NDEATH/ctl-a", "spBv1.0/area-a/NDATA/ctl-a",
    "spBv1.0/area-a/DBIRTH/ctl-a/press-1", "spBv1.0/area-a/DDEATH/ctl-a/press-1", "spBv1.0/area-a/DDATA/ctl-a/press-1",
}  # fmt: skip
_OF_B = {topic.replace("area-a", "area-b").replace("ctl-a", "ctl-b") for topic in _OF_A}
_STATES = {"spBv1.0/STATE/lodestone", "spBv1.0/STATE/other", "spBv1.0/STATE/ctl-a"}
_COMMANDS = {topic for topic in SPARKPLUG if "/NCMD/" in topic or "/DCMD/" in topic}
PUBLISH: dict[str, set[str]] = {
    "node A": _OF_A,
    "node B": _OF_B,
    "mes": _COMMANDS | _STATES,
    "no certificate": set(),
    "foreign CA": set(),
    "expired": set(),
    "revoked": set(),
    "never enrolled": set(),
    "A's key before this one": set(),
}
HEAR: dict[str, set[str]] = {
    "node A": {"spBv1.0/area-a/NCMD/ctl-a", "spBv1.0/area-a/DCMD/ctl-a/press-1"} | _STATES,
    "node B": {"spBv1.0/area-b/NCMD/ctl-b", "spBv1.0/area-b/DCMD/ctl-b/press-1"} | _STATES,
    "mes": {topic for topic in TOPICS if topic == "spBv1.0" or topic.startswith("spBv1.0/")},
}
IDENTITIES = tuple(PUBLISH)
# nats-server refuses them by name; Mosquitto lets whoever the CA knows in, and neither hears nor tells them anything.
MUTE_AT_MOSQUITTO = ("never enrolled",)


def matches(topic_filter: str, topic: str) -> bool:
    """As MQTT 3.1.1 has it (4.7): wildcards at the beginning do not mean topics of $."""
    if topic[0] == "$" and topic_filter[0] in "+#":
        return False
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for at, level in enumerate(wanted):
        if level == "#":
            return True
        if at >= len(levels) or level not in ("+", levels[at]):
            return False
    return len(wanted) == len(levels)


# Filters that nats-server grants: it refuses whatever reaches beyond a client's rights.
GRANTED_BY_NATS: dict[str, set[str]] = {
    "node A": HEAR["node A"] | {"spBv1.0/area-a/DCMD/ctl-a/+", "spBv1.0/STATE/+"},
    "node B": HEAR["node B"] | {"spBv1.0/STATE/+"},
    "mes": HEAR["mes"] | {one for one in WILDCARDS if one.startswith("spBv1.0/")},
}
