"""Text as a column can hold it: printable, without placeholders, cut to fit."""

import hashlib
import html
import re
import unicodedata
from html.entities import html5
from typing import Final, NamedTuple

_PLACEHOLDERS = frozenset(
    [
        "n/a",
        "n.a",
        "n.a.",
        "na",
        "none",
        "null",
        "nil",
        "unknown",
        "undefined",
        "unspecified",
        "not provided",
        "not specified",
        "not available",
        "not applicable",
        "not mentioned",
        "not stated",
        "not given",
        "not listed",
        "not found",
        "none provided",
        "none listed",
        "none specified",
        "none mentioned",
        "?",
        "-",
        "--",
        "–",
        "—",
        ".",
        "...",
        "…",
    ]
)
UNSURE = frozenset(["", *"nNuU?-–—.…([{<'\""])
"""First characters of texts that may be placeholders ("" of an empty one); others can't be."""
_LONGEST_PLACEHOLDER = 20  # with room for a full stop and brackets around it

# Whitespace and the C0/C1 controls that separate (tab, line and page ends) become one space.
_GAP = re.compile(r"[\s\x85\u2028\u2029]+")
# Controls, soft hyphens, byte-order mark, zero-width space, bidi overrides: they hide or reorder
# what people see. Joiners stay: emoji, Persian and Indic scripts need them.
_CONTROLS = r"\x00-\x08\x0b\x0e-\x1b\x7f-\x84\x86-\x9f"
_HIDDEN = re.compile(rf"[{_CONTROLS}\xad\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
_CONTROL_IN_A_WORD = re.compile(rf"\w[{_CONTROLS}\x1c-\x1f]+(?=\w)")
_JOINER = "\u200d"
_ATTACHED = frozenset([_JOINER, "\ufe0e", "\ufe0f", *map(chr, range(0x1F3FB, 0x1F400))])
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def text_hash(text: str) -> str:
    """Return the SHA-256 of a resume as the candidate table has it, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def without_surrogates(text: str) -> str:
    """Return text that UTF-8 can hold: halves of pairs are joined, lone ones become U+FFFD."""
    if not _LONE_SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Cleaned(NamedTuple):
    """A text on one line, and whether controls had to be taken out of a word.

    They stood for letters, as a rule, that can't be known any more.
    """

    text: str
    odd: bool


def is_clean(text: str) -> bool:
    """Tell whether cleaning would change no more than the space around the text: nearly always."""
    return text.isprintable() and "&" not in text and "\\" not in text


def clean(text: str) -> str:
    r"""Return the text on one line: no controls, no lone surrogates, gaps of one space, stripped.

    Letters that were written as escapes (`&uuml;`, `\u00fc`, NUL and `fc`) are read, once.
    """
    return text.strip() if is_clean(text) else cleaned(text).text


def cleaned(text: str) -> Cleaned:
    """Return the text as `clean` does, and whether something was lost."""
    if is_clean(text):
        return Cleaned(text.strip(), odd=False)
    text = _unescaped(text)
    odd = _CONTROL_IN_A_WORD.search(text) is not None
    return Cleaned(_GAP.sub(" ", _HIDDEN.sub("", text)).strip(), odd)


# A model that wants to write \u00fc, but may write no other escapes than those of controls, ends up
# with NUL and "fc", and instead of \u0142 with U+0001 and "42" or NUL and "0142".
_SHORT_ESCAPES: Final = re.compile(r"(?:[\x00-\x08\x0b\x0e-\x1f](?:[0-9a-f]{2}|[0-9A-F]{2}))+")
_LONG_ESCAPES: Final = re.compile(r"(?:\x00[0-7][0-9A-Fa-f]{3})+")
_SIGNS: Final = frozenset("&'<>\"€‚„…†‡ˆ‰‘’“”•–—˜™›‹")
_LETTER: Final = r"[^\W\d_]"
# The signs most often found so, with what is left of their escapes.
_APOSTROPHE: Final = re.compile(rf"(?<={_LETTER})(?:\x19|\x002019)(?={_LETTER})")  # U+2019
_EN_DASH: Final = re.compile(r"(?<=[\w.)] )\x13(?= \w)|(?<=\d)\x13(?=\d)")  # U+2013
_OF_WINDOWS: Final = re.compile(r"[\x80-\x84\x86-\x9f]")
_ESCAPE: Final = re.compile(r"\\u([0-9A-Fa-f]{4})")
_ENTITY: Final = re.compile(
    r"&(?:#\d{1,7};|#[xX][0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};|nbsp)"
)


def _unescaped(text: str) -> str:
    """Return the text with the letters that its escapes stand for, where that can't be doubted."""
    if "\\" in text:
        text = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    text = without_surrogates(text)
    if not text.isprintable():
        text = _APOSTROPHE.sub("’", text)
        text = _EN_DASH.sub("–", text)
        text = _LONG_ESCAPES.sub(lambda run: _meant(run[0], 4), text)
        text = _SHORT_ESCAPES.sub(lambda run: _meant(run[0], 2), text)
        text = _OF_WINDOWS.sub(lambda control: _of_windows(control[0]), text)
    if "&" in text:
        text = _ENTITY.sub(lambda entity: _character(entity[0]), text)
        # Escaped twice: read once more where nobody can have meant the entity itself.
        text = _ENTITY.sub(_letter_or_entity, text)
    return text


def _meant(run: str, digits: int) -> str:
    """Return the characters that a run of escapes stands for, or the run where that is in doubt.

    One alone must be a letter of the Latin scripts or a usual sign; anything else may be chance,
    and four digits that are a sign may as well be a year (2019).
    """
    parts = [run[at : at + digits + 1] for at in range(0, len(run), digits + 1)]
    points = [int(part[1:], 16) + 0x100 * ord(part[0]) for part in parts]
    characters = [_of_windows(chr(point)) for point in points]
    signs = _SIGNS if digits == 2 else frozenset()
    if all(c in signs or _is_latin(c) for c in characters):
        return "".join(characters)
    if len(characters) > 1 and all(unicodedata.category(c)[0] in "LM" for c in characters):
        return "".join(characters)
    return run


def _is_latin(character: str) -> bool:
    """Tell whether a character belongs to the Latin scripts, ASCII left out."""
    return "\xa0" <= character < "\u0250" or "\u1e00" <= character < "\u1f00"


def _of_windows(character: str) -> str:
    """Return what Windows has in the place of a C1 control; other characters as they are."""
    if not "\x80" <= character <= "\x9f":
        return character
    return character.encode("latin-1").decode("cp1252", "ignore") or character


def _character(entity: str) -> str:
    return html.unescape(entity) if entity[1] == "#" else html5.get(entity[1:], entity)


def _letter_or_entity(entity: re.Match[str]) -> str:
    character = _character(entity[0])
    return character if character.isalpha() or character in ("&", "\xa0") else entity[0]


def is_placeholder(text: str) -> bool:
    """Tell whether a cleaned text only says that there is nothing: N/A, unknown, not provided."""
    if text[:1] not in UNSURE or len(text) > _LONGEST_PLACEHOLDER:
        return False  # nearly always
    folded = text.casefold()
    return folded in _PLACEHOLDERS or folded.strip("()[]<>{}.\"' ") in _PLACEHOLDERS


def fit(text: str, limit: int) -> str:
    """Return the longest beginning that NVARCHAR(limit) holds, cut between characters.

    The limit is in UTF-16 code units, as SQL Server counts them. A surrogate pair is never split,
    nor, where a shorter cut is possible, a letter from its accents or an emoji from its parts.
    """
    if 2 * len(text) <= limit or (len(text) <= limit and (text.isascii() or max(text) <= "\uffff")):
        return text
    units = 0
    for cut, character in enumerate(text):
        units += 2 if character > "\uffff" else 1
        if units > limit:
            return text[: _border(text, cut)].rstrip()
    return text


def _border(text: str, cut: int) -> int:
    """Return the nearest cut at or before this one that splits no visible character."""
    border = cut
    while border > cut // 2 and _belong_together(text[border - 1], text[border]):
        border -= 1
    if border > cut // 2:
        return border
    # Endless accents: any cut will do, except through a pair.
    return cut - 1 if cut and _is_pair(text[cut - 1], text[cut]) else cut


def _belong_together(before: str, after: str) -> bool:
    return (
        before == _JOINER
        or after in _ATTACHED
        or unicodedata.combining(after) != 0
        or _is_pair(before, after)
    )


def _is_pair(before: str, after: str) -> bool:
    """Tell whether two lone surrogates would make one character in UTF-16."""
    return "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff"
