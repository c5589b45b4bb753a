"""Text for columns that hold one code page: as it is, in plain letters, or not at all.

A server writes `?` for what a VARCHAR column's code page does not have, and says nothing.
"""

import re
import unicodedata
from functools import lru_cache

_LATIN = re.compile(r"LATIN (SMALL|CAPITAL) (?:LETTER|LIGATURE) ([A-Z]{1,2})(?: WITH .+)?")
_GAP = re.compile(r" {2,}")

# Letters that neither decompose nor have their plain form in their Unicode name, and signs that
# mean something.
_PLAIN = {
    "ß": "ss",
    "ẞ": "SS",
    "ı": "i",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "ŋ": "ng",
    "Ŋ": "Ng",
    "ə": "e",
    "Ə": "E",
    "€": "EUR",
    "£": "GBP",
    "×": "x",
    "⁄": "/",
    "−": "-",
    "→": "->",
    "≥": ">=",
    "≤": "<=",
    **dict.fromkeys("‘’‚‛′ʼʻʹ`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
}


def is_held(text: str, codec: str) -> bool:
    """Whether the encoding has every character of the text."""
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def plain(text: str, codec: str) -> str | None:
    """The text in what the encoding has: letters without their accents, emoji left out.

    None where a letter or digit has no such form (another script): half a name would be a wrong
    one.
    """
    so_far = ""
    for character in unicodedata.normalize("NFC", text):
        form = character if is_held(character, codec) else _form(character)
        if form is None:
            return None
        if form[:1].isdecimal() and so_far[-1:].isdecimal() and form != character:
            so_far += " "  # three and a half is not thirty-one halves
        so_far += form
    return _GAP.sub(" ", so_far).strip() or None


@lru_cache(maxsize=4096)
def _form(character: str) -> str | None:
    """A character in ASCII; "" for a sign that can be left out, None for a letter that can't."""
    if character.isascii():
        return character
    if character in _PLAIN:
        return _PLAIN[character]
    parts = [
        part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)
    ]
    if parts != [character]:
        forms = [_form(part) for part in parts]
        return None if None in forms else "".join(filter(None, forms))
    named = _LATIN.fullmatch(unicodedata.name(character, ""))
    if named:
        return named[2].lower() if named[1] == "SMALL" else named[2].capitalize()
    category = unicodedata.category(character)
    if category.startswith(("L", "N")):
        return None
    return {"Pd": "-", "Zs": " "}.get(category, "")
