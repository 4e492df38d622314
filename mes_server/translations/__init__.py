"""Every text by its key, for screens (web/words.py) and paper (reports); zh and en are equals."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("zh", "en")


@cache
def load_texts(language: str) -> Mapping[str, str]:
    """Key → text of one language."""
    file = Path(__file__).parent / f"{language}.json"
    texts: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return texts
