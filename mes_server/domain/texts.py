"""Texts that people and programs write into fields: none that a spreadsheet runs, or a page that forgets to escape.

Less strict than for scanned codes: "< 12 µm" and "-5 °C" are what people say.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mes_server.domain.rules import Refusal

_SCRIPT = re.compile(
    r"^\s*[=@]|^\s*[+-]\s*[A-Za-z(]|<\s*[/?]?[A-Za-z]|<!|\{\{|\$\{|script:", re.ASCII
)
_SHOWN_MAX = 60


def texts_in(said: object) -> Iterator[str]:
    """All texts in a value as JSON has them: also names of fields that a stranger chose."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, Mapping):
        for name, value in said.items():
            yield from texts_in(name)
            yield from texts_in(value)
    elif isinstance(said, Iterable):
        for value in said:
            yield from texts_in(value)


def text_is_no_script(said: Mapping[str, Any]) -> list[Refusal]:
    """A refusal of each text in these fields that looks like a formula or a script."""
    found = dict.fromkeys(text for text in texts_in(said) if _SCRIPT.search(text.lower()))
    return [Refusal("text_is_no_script", {"text": text[:_SHOWN_MAX]}) for text in found]
