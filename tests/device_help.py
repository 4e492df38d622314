"""What tests on both interpreters share: in place of pytest's raises(), golden files, a driver's fault."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def fault_of(
    kind: "type[BaseException]", work: "Callable[..., object]", *args: object
) -> "BaseException":
    """The exception of `kind` that work(*args) raises."""
    try:
        work(*args)
    except kind as fault:
        return fault
    raise AssertionError(f"no {kind.__name__} was raised")


def read_vectors(name: str) -> "object":
    """A golden file of tests/vectors."""
    import json

    folder = __file__.replace("\\", "/").rsplit("/", 1)[0]
    with open(f"{folder}/vectors/{name}", "rb") as file:  # noqa: PTH123  both interpreters
        return json.loads(file.read())


class Faulty(OSError):
    """What a driver raises that knows why: `kind` is one of schemas.samples.REASONS."""

    def __init__(self, kind: str) -> None:
        super().__init__(5, "broken")
        self.kind = kind
