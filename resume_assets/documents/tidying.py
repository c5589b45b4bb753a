"""Text as a resume's column should have it: what a page's layout did to words is undone."""

import re
import unicodedata

from resume_assets.documents.limits import MOST_CHARACTERS
from resume_assets.documents.reasons import Reason, Unreadable
from resume_assets.extraction.text import without_surrogates

_NEWLINES = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# PDFium has U+FFFE (or U+0002) where a word was parted at a line's end.
_PARTED = re.compile(r"[\ufffe\x02]\s*|[\xad\u2010]\n+\s*(?=[^\W\d_A-Z])")
_SOFT = re.compile("\xad")
_LIGATURES = re.compile("[\ufb00-\ufb06]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\uffff]")
_BULLETS = re.compile(r"^([ \t]*)[\uf0b7\uf0a7\uf0d8\uf076\uf0fc\uf02d]\s*", re.MULTILINE)
"""Word's bullets of the fonts Symbol and Wingdings, which stand where no character is."""
_LINE_END = re.compile(r"[ \t\xa0]+$", re.MULTILINE)
_GAP = re.compile(r"\n{3,}")

_LEAST_LETTERS = 20
"""Letters and digits of a text; a scanner's own mark on a page has fewer."""
_MOST_UNKNOWN = 0.2


def tidied(text: str) -> str:
    """The text in lines of their own, words whole, without what only a layout needs.

    Raises Unreadable: too large, empty, or of letters that can't be told.
    """
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(Reason.too_large)
    text = _NEWLINES.sub("\n", without_surrogates(text))
    text = _SOFT.sub("", _PARTED.sub("", text))
    text = _LIGATURES.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    text = _BULLETS.sub(r"\1• ", text)
    unknown = len(_CONTROLS.findall(text)) + sum(map(_is_unknown, text))
    text = _CONTROLS.sub("", text)
    text = _GAP.sub("\n\n", _LINE_END.sub("", text)).strip()
    seen = sum(map(str.isalnum, text))
    if unknown > _MOST_UNKNOWN * (seen + unknown) and unknown > _LEAST_LETTERS:
        raise Unreadable(Reason.garbled)
    if seen < _LEAST_LETTERS:
        raise Unreadable(Reason.empty)
    return f"{text}\n"


def _is_unknown(character: str) -> bool:
    return character == "\ufffd" or "\ue000" <= character <= "\uf8ff"
