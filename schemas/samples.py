"""A Sample is one reading of one metric; its quality says whether it may be believed."""

from collections import namedtuple

# The three values Sparkplug B allows for the Quality property
# (tck-id-payloads-propertyset-quality-value-value).
BAD = 0
GOOD = 192
STALE = 500

# Why a reading is bad, where its driver knows. The number of a reason stands for BAD with that reason, here,
# in journals and in the store: it is never given to another. On the wire it is a property beside Quality.
# silence: nothing came; short: half an answer; check: a wrong check sum; other: an answer to another
# question; exception: the device itself refused; line: the port or connection is gone; value: an answer that is
# no reading; sensor: it, its wire or its instrument says that it failed; opening: args are wrong, or the hardware
# is not there yet; bug: the driver has one.
REASONS = (
    "", "silence", "short", "check", "other", "exception", "line", "value", "sensor", "opening", "bug",
)  # fmt: skip


def is_bad(quality: int) -> bool:
    """Whether a quality is BAD, with a reason or without."""
    return BAD <= quality < len(REASONS)


def bad_because(reason: object) -> int:
    """BAD with this reason; plain BAD when it is none that we know."""
    return REASONS.index(reason) if isinstance(reason, str) and reason in REASONS else BAD


# metric: str; at_ms: Unix ms UTC; value: float, int, bool, str or None; quality: BAD, GOOD, STALE, or BAD
# with a reason. A bad sample has the value None: a broken sensor measures nothing, it does not measure zero.
Sample = namedtuple("Sample", ("metric", "at_ms", "value", "quality"))
