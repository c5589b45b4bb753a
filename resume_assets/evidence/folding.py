"""Texts as they are compared: without case, accents, punctuation, and what layout does to words.

Folded words are letters, digits and the signs + # & (C++, C#, R&D), with one space between two; an
apostrophe and a backslash join what they stand in. Two forms of the same text:

- `quick`: ASCII folded only, made in microseconds. What is found there is found in the other form
  as well; what is not may be there all the same. Each character stands for a byte of UTF-8: strings
  of such characters are searched in the least time.
- `Folded`: everything folded, with the place of each word in the original text.
"""

import html
import re
import unicodedata
from bisect import bisect_right
from functools import cached_property, lru_cache
from typing import Final

Place = tuple[int, int]
"""Start and end in the original text."""

_SIGNS: Final = "+#&"
_DROPPED: Final = b"'\\`"
_SEPARATOR: Final = 0  # NUL parts the values of a list that is folded at once; it stays
_TABLE: Final = bytes(
    byte
    if byte >= 0x80 or byte == _SEPARATOR or chr(byte) in _SIGNS
    else ord(chr(byte).lower())
    if chr(byte).isalnum()
    else 0x20
    for byte in range(256)
)
_NO_WORDS: Final = bytes(byte for byte in range(0x80) if _TABLE[byte] in b" \0" or byte in _DROPPED)

_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z][a-zA-Z\d]{1,31});")
_OTHER_SCRIPT: Final = re.compile(r"[^\x00-\x7f]+")
_DIGITS: Final = re.compile("[0-9]+")
_BETWEEN: Final = r"\s•·▪●○■□◆►➢✓✔–—…“”„«»‹›、。・，．：；！？（）［］「」『』【】〒～／｜"
# A piece of text without gaps; `fold` may make several words of it.
_PIECE: Final = re.compile(
    rf"(?:{_ENTITY.pattern}|[^\W_]|[{_SIGNS}'`\\]|(?![{_BETWEEN}])[^\x00-\x7f])+"
)
# Letters that no decomposition turns into ASCII.
_LETTERS: Final = {
    "æ": "ae", "œ": "oe", "ø": "o", "ð": "d", "đ": "d", "ħ": "h", "ı": "i", "ĸ": "k", "ł": "l",
    "ŋ": "n", "þ": "th", "ŧ": "t",
}  # fmt: skip
_APOSTROPHES: Final = frozenset("’‘ʼ´′")
_LONGEST_KEPT: Final = 40  # characters of a run of other letters that is remembered
_KEPT: Final = 1 << 14  # runs


class _Runs(dict[str, str]):
    """How runs of characters beyond ASCII are folded; the usual ones are remembered."""

    def __missing__(self, run: str) -> str:
        compatible = unicodedata.normalize("NFKD", run.casefold()).casefold()
        folded = "".join(map(_fold_character, compatible))
        if len(run) <= _LONGEST_KEPT:
            if len(self) >= _KEPT:
                self.clear()
            self[run] = folded
        return folded


def _fold_character(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    if character.isdecimal():
        return str(int(character))
    if character.isalnum() or character < "\x80":
        return character
    # Accents, and what hides in a text: soft hyphens, zero-width spaces, marks of direction.
    if character in _APOSTROPHES or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return ""
    return character if unicodedata.category(character) == "Mc" else " "


_runs: Final = _Runs()


def quick(text: str) -> str:
    """Return a text with ASCII folded, between two spaces; spaces are not made one."""
    folded = text.encode("utf-8", "surrogatepass").translate(_TABLE, _DROPPED)
    return f" {folded.decode('latin-1')} "


def quick_values(values: list[str], *, ascii_only: bool = False) -> list[str]:
    """Return values as they may stand in a `quick` text, each between two spaces.

    `ascii_only`: the text is, and so can be no accent of a value. NUL stands in no value.
    """
    if not values:
        return []
    joined = " \0 ".join(values)
    if ascii_only and not joined.isascii():
        joined = " \0 ".join([each if each.isascii() else _value_in_ascii(each) for each in values])
    return quick(joined).split("\0")


def fold(text: str) -> str:
    """Return a text with everything folded, without spaces around it."""
    return " ".join(_spaced(_in_ascii(_unescaped(text))).split())


fold_value: Final = lru_cache(maxsize=_KEPT)(fold)
"""As `fold`, of a value: it is asked for again and again, and most stand in many records."""


def _spaced(text: str, dropped: bytes = _DROPPED) -> str:
    """Return a text with its ASCII folded; spaces are not made one."""
    folded = text.encode("utf-8", "surrogatepass").translate(_TABLE, dropped)
    return folded.decode("utf-8", "surrogatepass").replace("\0", " ")


def _in_ascii(text: str) -> str:
    """Return a text with what is beyond ASCII folded, as far as it has a form in ASCII."""
    return text if text.isascii() else _OTHER_SCRIPT.sub(lambda run: _runs[run[0]], text)


_value_in_ascii: Final = lru_cache(maxsize=_KEPT)(_in_ascii)  # the same places come again and again


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


class Folded:
    """A whole text, folded; the places of its words are only made where they are asked for.

    `quickly`: the same text as `quick` folds it, where that was done already.
    """

    def __init__(self, text: str, quickly: str | None = None) -> None:
        self.text = text
        self._in_ascii = _in_ascii(_unescaped(text))
        if quickly is not None and self._in_ascii is text and text.isascii():
            self.spaced = quickly.replace("\0", " ")

    @cached_property
    def spaced(self) -> str:
        """All words, with one space or more before and after each: a tenth of the time of `words`.

        What has no space within is found in both or in neither.
        """
        return f" {_spaced(self._in_ascii)} "

    @cached_property
    def words(self) -> str:
        """All words, with a space before and after each."""
        return f" {' '.join(self.spaced.split())} "

    @cached_property
    def joined(self) -> str:
        """All words without spaces: what is not in there can't be in `words`, and it is cheap."""
        return _spaced(self._in_ascii, _NO_WORDS)

    @cached_property
    def digits(self) -> str:
        """All digits of the text in ASCII, one after the other."""
        return "".join(_DIGITS.findall(self.spaced))

    @cached_property
    def _places(self) -> tuple[list[int], list[Place]]:
        """Where in `words` each piece of the text begins, and its place in the text."""
        starts: list[int] = []
        places: list[Place] = []
        at = 1
        for piece in _PIECE.finditer(self.text):
            for folded in fold(piece[0]).split():
                starts.append(at)
                places.append(piece.span())
                at += len(folded) + 1
        return starts, places

    def place(self, start: int, end: int) -> Place:
        """Return where the words from `start` to `end` (positions in `words`) stand in the text."""
        starts, places = self._places
        first = bisect_right(starts, start) - 1
        last = bisect_right(starts, max(start, end - 1)) - 1
        return places[max(first, 0)][0], places[max(last, 0)][1]
