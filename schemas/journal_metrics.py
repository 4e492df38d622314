"""Names of the metrics and commands of Lodestone's own edges, beside those of their sensors.

A third-party edge has none of them. What they promise is written in docs/wire.md.
"""

# Sparkplug's own (specification 3.0, chapters 5 and 6).
BD_SEQ = "bdSeq"
REBIRTH = "Node Control/Rebirth"

# In NBIRTH. ACK, REWIND and ANCHORS are commands: the MES writes a position, or an anchor, to them.
ACK = "Journal/Ack"
REWIND = "Journal/Rewind"
# Heads of the ledger of the MES. Written: "count hash". Told: "count hash Unix-ms" each, the oldest first,
# with commas between; the time is the node's, when it heard it.
ANCHORS = "Journal/Anchors"
FIRST = "Journal/First"  # position of the oldest record the edge still holds
NEXT = "Journal/Next"  # position the next record will get
LOST = "Journal/Lost"  # records given up since the journal was created
USED = "Journal/Used"  # share of the journal that holds unacknowledged records, percent
CLOCK = "Journal/Clock"
INTERPRETER = "Node/Interpreter"
VERSION = "Node/Version"
SERIAL = "Node/Serial"  # identity from the chip: a cloned image shows as one id with two serials
BOOT = "Node/Boot"  # boots counted since the journal was created
HEAP = "Node/Heap"  # bytes of heap in use; 0 where the interpreter cannot tell

STEP = "Node/Clock_Step"  # milliseconds of the last jump of the node's clock, since its boot

# In DBIRTH.
STATION_TYPE = "Station/Type"
STATION_REVISION = "Station/Revision"

# The head of every journalled record in DDATA, in this order, before its samples.
POS = "Journal/Pos"  # (epoch32 << 32) | seq32
CRC = "Journal/Crc"  # CRC-32 of the record as journalled
MONO = "Journal/Mono"  # (boot << 40) | milliseconds since that boot

# In DDATA only when the record's clock state is not CLOCK_NETWORK; then it follows MONO.
# (The node's CLOCK metric carries the same states.)
CLOCK_UNSET = 0  # times were estimated from the boot order: order is right, time is not
CLOCK_RTC = 1
CLOCK_NETWORK = 2

# A record that states a loss carries this one metric: JSON {"from", "to", "count", "reason"},
# times in Unix ms UTC, count of samples given up (-1: not known).
LOSS = "Journal/Loss"
LOSS_REASONS = ("restart", "full", "thinned", "corrupt", "trimmed")

RECORD_HEAD = (POS, CRC, MONO, CLOCK)
NOT_SERIES = (
    BD_SEQ,
    REBIRTH,
    ACK,
    REWIND,
    ANCHORS,
    FIRST,
    NEXT,
    LOST,
    USED,
    CLOCK,
    INTERPRETER,
    VERSION,
    SERIAL,
    BOOT,
    HEAP,
    STEP,
    STATION_TYPE,
    STATION_REVISION,
    POS,
    CRC,
    MONO,
    LOSS,
)


def position(epoch: int, seq: int) -> int:
    """The position of record `seq` (1 …) of the journal `epoch`, both 32 bits."""
    return (epoch << 32) | seq


def split_position(pos: int) -> tuple[int, int]:
    """`(epoch, seq)` of a position."""
    return pos >> 32, pos & 0xFFFFFFFF
