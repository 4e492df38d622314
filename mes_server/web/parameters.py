"""Query parameters: declared once beside the view, read with all faults at once, told by OpenAPI."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

from pydantic import BaseModel
from werkzeug.datastructures import MultiDict

from mes_server.web.problems import BadParameter, BadRequest
from mes_server.web.words import Words

View = TypeVar("View", bound=Callable[..., Any])
Kind = Literal["text", "texts", "time", "whole", "flag"]
TEXT_MAX = 200
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_YEAR_MIN, _YEAR_MAX = 2000, 2200


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter. `low` and `high`: bounds of a whole number, or how many texts at most."""

    name: str
    kind: Kind
    description: str
    required: bool = False
    default: Any = None
    low: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """What OpenAPI says of a view."""

    summary: str
    answer: type[BaseModel]
    parameters: tuple[Parameter, ...] = ()
    media_type: str = "application/json"
    body: type[BaseModel] | None = None


def described(operation: Operation) -> Callable[[View], View]:
    """Attach an Operation to a view: what is promised stands where it is kept."""

    def attach(view: View) -> View:
        view.operation = operation  # type: ignore[attr-defined]
        return view

    return attach


def read_parameters(
    declared: Sequence[Parameter], given: MultiDict[str, str], t: Words
) -> dict[str, Any]:
    """The values by name; raises BadRequest with every fault."""
    faults: list[BadParameter] = []
    values: dict[str, Any] = {}
    for parameter in declared:
        texts = [text for text in given.getlist(parameter.name) if text]
        if not texts:
            if parameter.required:
                faults.append(_fault(t, parameter.name, "required", what=parameter.description))
            values[parameter.name] = parameter.default
            continue
        try:
            values[parameter.name] = _READERS[parameter.kind](parameter, texts)
        except ValueError as error:
            facts = {"low": parameter.low, "high": parameter.high, "given": texts[-1][:60]}
            faults.append(_fault(t, parameter.name, str(error), **facts))
    names = [parameter.name for parameter in declared]
    faults += [
        _fault(t, name, "unknown", known=", ".join(names) or "–")
        for name in given
        if name not in (*names, "lang")
    ]
    if faults:
        raise BadRequest(faults)
    return values


def _fault(t: Words, name: str, key: str, **facts: object) -> BadParameter:
    return BadParameter(name, t(f"query.{key}", **facts), t(f"query.{key}.next", **facts))


def _text(_parameter: Parameter, texts: list[str]) -> str:
    if len(texts) > 1:
        raise ValueError("once")
    if len(texts[0]) > TEXT_MAX or "\0" in texts[0]:
        raise ValueError("text")
    return texts[0]


def _texts(parameter: Parameter, texts: list[str]) -> list[str]:
    if len(texts) > parameter.high:
        raise ValueError("too_many")
    return [_text(parameter, [text]) for text in dict.fromkeys(texts)]


def _time(parameter: Parameter, texts: list[str]) -> int:
    """Unix ms of ISO 8601 with an offset; a `+` that an address turned into a blank is understood."""
    text = _text(parameter, texts).replace(" ", "+")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("time") from None
    if moment.tzinfo is None or not _YEAR_MIN <= moment.year <= _YEAR_MAX:
        raise ValueError("time")
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _whole(parameter: Parameter, texts: list[str]) -> int:
    text = _text(parameter, texts)
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ValueError("whole")
    number = int(text)
    if not parameter.low <= number <= parameter.high:
        raise ValueError("whole")
    return number


def _flag(parameter: Parameter, texts: list[str]) -> bool:
    text = _text(parameter, texts).lower()
    if text not in _FLAGS:
        raise ValueError("flag")
    return _FLAGS[text]


_READERS: dict[Kind, Callable[[Parameter, list[str]], Any]] = {
    "text": _text,
    "texts": _texts,
    "time": _time,
    "whole": _whole,
    "flag": _flag,
}
