"""A Sample is one reading of one metric; its quality says whether it may be believed."""

from collections import namedtuple

# The three values Sparkplug B allows for the Quality property
# (tck-id-payloads-propertyset-quality-value-value).
BAD = 0
GOOD = 192
STALE = 500
QUALITIES = (BAD, GOOD, STALE)

# metric: str; at_ms: Unix ms UTC; value: float, int, bool, str or None; quality: one of QUALITIES.
# A BAD sample has the value None: a broken sensor measures nothing, it does not measure zero.
Sample = namedtuple("Sample", ("metric", "at_ms", "value", "quality"))
