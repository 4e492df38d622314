"""Why a device gave no reading, with its kind, so that faults can be counted."""

# silence: nothing came; short: half an answer; check: a wrong check sum; other: an answer to another
# question; exception: the device itself refused; line: the port or connection is gone; value: an answer that is
# no reading; sensor: what is read without a bus says that it failed; opening: args are wrong, or the hardware is not there yet.
KINDS = ("silence", "short", "check", "other", "exception", "line", "value", "sensor", "opening")

ONLY_ECHO = "only the echo of the question: is the device connected?"
_EIO = 5
_TIMED_OUT = 110


class BusFault(OSError):
    """A fault of one question; `code` is that of an exception a device answered with."""

    def __init__(self, kind: str, words: str, code: int = 0) -> None:
        super().__init__(_TIMED_OUT if kind == "silence" else _EIO, words)
        self.kind = kind
        self.words = words
        self.code = code


def words_of(fault: OSError) -> str:
    """Its words, without its number."""
    return str(fault.args[1] if len(fault.args) > 1 else fault)
