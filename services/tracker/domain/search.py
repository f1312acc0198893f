"""Words in Chinese without a dictionary: every two neighbouring characters are a word."""

import unicodedata


def plain(text: str) -> str:
    """The text without width, case, spaces and punctuation."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(character for character in folded if character.isalnum())


def grams(text: str) -> list[str]:
    """Every pair of neighbouring characters, once, in order; a single character stands for itself."""
    found = plain(text)
    pairs = [found[place : place + 2] for place in range(len(found) - 1)] or ([found] if found else [])
    return list(dict.fromkeys(pairs))


def led_by(agency: str) -> str:
    """The word under which an agency's cases are found; no pair of characters is like it."""
    return f"@{agency}"
