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

# What a board tells of itself, in NBIRTH and, when it changes, in NDATA; only those it can tell.
BOARD = "Node/Board"  # what kind of board it is, as its folder under firmware/boards is called
IMAGE = "Node/Image"  # "version slot" of the code that runs, such as "0.2.0 a"
BOOT_REASON = "Node/Boot_Reason"  # one of BOOT_REASONS
HEAP_FREE = "Node/Heap_Free"  # bytes
LINK = "Node/Link"  # "ethernet", "wifi -61" (dBm) or "host"
BUSES = "Node/Buses"  # JSON list of {"at", "asked", "failed", "last"}, one for each instrument
CERT_UNTIL = "Node/Certificate_Until"  # Unix seconds UTC; 0: it has none
CSR = (
    "Node/Csr"  # base64 of a PKCS #10 request in DER for a renewed certificate; "": none is wanted
)
UPDATE_STATE = "Update/State"  # "idle", "fetching 40", "ready", "trying", "refused: reason"
WENT_BACK = (
    "went back from counter"  # and the counter: a reason for which a release is refused for good
)
UPDATE_WANT = (
    "Update/Want"  # "version path offset count": blocks of BLOCK_BYTES; "": nothing is wanted
)
BOOT_REASONS = ("power_on", "reset", "watchdog", "brownout", "soft", "update", "unknown")

# Commands to a board, beside those to its journal.
CERTIFICATE = "Node/Certificate"  # bytes: DER of the renewed certificate, then of those above it
UPDATE_OFFER = (
    "Update/Offer"  # "version counter bytes sha256" of a manifest; "": the offer is withdrawn
)
UPDATE_BLOCK = (
    "Update/Block"  # bytes: "version path offset\n", then at most BLOCK_BYTES of the file
)
BOARD_COMMANDS = (CERTIFICATE, UPDATE_OFFER, UPDATE_BLOCK)
BLOCK_BYTES = 1024

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
    BOARD,
    IMAGE,
    BOOT_REASON,
    HEAP_FREE,
    LINK,
    BUSES,
    CERT_UNTIL,
    CSR,
    UPDATE_STATE,
    UPDATE_WANT,
    CERTIFICATE,
    UPDATE_OFFER,
    UPDATE_BLOCK,
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
