"""What paper says in both languages at once: Chinese first, then English."""

from mes_server.translations import load_texts


def both(key: str, **facts: str) -> str:
    """The two texts of a key, beside each other; one where they are the same."""
    texts = [load_texts(language)[key].format_map(facts) for language in ("zh", "en")]
    return " ".join(dict.fromkeys(texts))
