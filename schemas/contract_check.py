"""Collects the faults of a contract or of a board's file, each with what to write instead."""

import json

LANGUAGES = ("en", "zh")
CERTAINTIES = ("high", "medium", "low")


class ContractError(ValueError):
    """A contract, or several, with everything that is wrong in `faults`."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Check:
    """Collects faults; each method returns whether what it looked at was right."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[str] = []

    def say(self, where: str, wrong: str, write: str) -> bool:
        self.faults.append(f"{self.file}: {where}: {wrong}; {write}")
        return False

    def keys(self, where: str, value: object, required: str, optional: str = "") -> bool:
        """An object with all required keys and no unknown one."""
        if not isinstance(value, dict):
            return self.say(where or "file", f"{show(value)} is no object", "write {…}")
        before = len(self.faults)
        must = required.split()
        for key in must:
            if key not in value:
                self.say(_join(where, key), "is missing", f'write "{key}": …')
        for key in value:
            if key not in must + optional.split():
                known = ", ".join(must + optional.split())
                self.say(_join(where, key), "is not a known key", f"write one of {known}")
        return len(self.faults) == before

    def one_of(self, where: str, value: object, known: tuple[str, ...]) -> bool:
        if value in known:
            return True
        return self.say(where, f"{show(value)} is not known", "write one of " + ", ".join(known))

    def name(self, where: str, value: object) -> bool:
        if isinstance(value, str) and is_snake(value):
            return True
        return self.say(where, f"{show(value)} is no name", "write snake_case, a to z first")

    def text(self, where: str, value: object) -> bool:
        if isinstance(value, str) and value.strip():
            return True
        return self.say(where, f"{show(value)} is no text", 'write "…"')

    def languages(self, where: str, value: object) -> bool:
        right = self.keys(where, value, " ".join(LANGUAGES))
        if isinstance(value, dict):
            for language in LANGUAGES:
                if language in value:
                    right = self.text(f"{where}.{language}", value[language]) and right
        return right

    def whole(self, where: str, value: object, least: int) -> bool:
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return True
        return self.say(where, f"{show(value)} is not allowed", f"write a whole number ≥ {least}")

    def basis(self, where: str, value: object) -> bool:
        right = self.keys(where, value, "source certainty since")
        if not isinstance(value, dict) or not right:
            return False
        right = self.text(f"{where}.source", value["source"])
        right = self.one_of(f"{where}.certainty", value["certainty"], CERTAINTIES) and right
        if not is_date(value["since"]):
            wrong = f"{show(value['since'])} is no date"
            return self.say(f"{where}.since", wrong, "write YYYY-MM-DD")
        return right


def show(value: object) -> str:
    """A value as its file writes it, cut where it is long."""
    text = f'"{value}"' if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else text[:59] + "…"


def is_number(value: object) -> bool:
    """Whether a value is a finite number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value - value == 0


def is_snake(text: str) -> bool:
    """Whether a name is snake_case: letters and digits parted by single underscores."""
    known = all(c in "abcdefghijklmnopqrstuvwxyz0123456789_" for c in text)
    return known and text[:1].isalpha() and not text.endswith("_") and "__" not in text


def is_date(value: object) -> bool:
    """Whether a value is a day written YYYY-MM-DD."""
    if not isinstance(value, str) or len(value) != 10 or value[4] + value[7] != "--":
        return False
    year, month, day = value[:4], value[5:7], value[8:]
    if not (year + month + day).isdigit():
        return False
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def _join(where: str, key: object) -> str:
    return f"{where}.{key}" if where else str(key)
