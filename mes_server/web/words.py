"""Every label by its key, in the reader's language; zh and en are equals.

The texts lie in mes_server/translations; which language a request gets is decided here, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from babel import Locale
from flask import Request

from mes_server.translations import LANGUAGES, load_texts

COOKIE = "lang"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; call it with a key and the facts that the text names."""

    language: str

    def __call__(self, key: str, **facts: object) -> str:
        text = load_texts(self.language)[key]
        return text.format_map(facts) if facts else text

    def with_facts(self, key: str, facts: Mapping[str, object]) -> str:
        """As a call, with facts that may lack some: then they are a defaultdict."""
        return load_texts(self.language)[key].format_map(facts)

    def known(self, group: str, name: str | None) -> str:
        """The word for a name that came over the wire; the name itself when there is none."""
        if name is None:
            return self(f"{group}.unknown")
        return load_texts(self.language).get(f"{group}.{name}", name)

    def one_of(self, titles: Mapping[str, str]) -> str:
        """The text of a contract's {"en": …, "zh": …}."""
        return titles.get(self.language) or next(iter(titles.values()), "")

    @property
    def locale(self) -> Locale:
        """How Babel writes dates and numbers here."""
        return Locale.parse("zh_Hans_CN" if self.language == "zh" else "en_GB")

    @property
    def html_language(self) -> str:
        """The value of the lang attribute."""
        return "zh-Hans" if self.language == "zh" else "en"

    @property
    def other(self) -> str:
        """The language that the switch leads to."""
        return "en" if self.language == "zh" else "zh"

    def script_texts(self) -> dict[str, str]:
        """The texts that scripts use: those of js., states and values."""
        return texts_of(self.language, ("js.", "state.", "value."))


def texts_of(language: str, groups: tuple[str, ...]) -> dict[str, str]:
    """The texts of a language whose keys begin so."""
    return {key: text for key, text in load_texts(language).items() if key.startswith(groups)}


def choose_language(request: Request, plant_language: str) -> str:
    """What the address says, else the cookie, else the plant's setting, else the browser."""
    for wish in (request.args.get("lang"), request.cookies.get(COOKIE), plant_language):
        if wish in LANGUAGES:
            return str(wish)
    for tag in request.accept_languages.values():
        primary = tag.partition("-")[0].lower()
        if primary in LANGUAGES:
            return primary
    return "en"
