"""Why a device gave no reading, with its kind, so that faults can be counted."""

ONLY_ECHO = "only the echo of the question: is the device connected?"
_EIO = 5
_TIMED_OUT = 110


class BusFault(OSError):
    """`kind`: one of schemas.samples.REASONS; `code`: that of an exception a device answered with."""

    def __init__(self, kind: str, words: str, code: int = 0) -> None:
        super().__init__(_TIMED_OUT if kind == "silence" else _EIO, words)
        self.kind = kind
        self.words = words
        self.code = code


def as_fault(kind: str, fault: OSError) -> BusFault:
    """A fault that knows its kind: its own, or this one."""
    return fault if isinstance(fault, BusFault) else BusFault(kind, words_of(fault))


def words_of(fault: OSError) -> str:
    """Its words, without its number."""
    return str(fault.args[1] if len(fault.args) > 1 else fault)
