"""A person's name at the head of a resume, and the line of trade that often stands with it."""

import re
from typing import Final, NamedTuple

from resume_assets.local_openai.rules.lines import Line
from resume_assets.local_openai.rules.vocabulary import (
    CITIES,
    COMPANY,
    COUNTRIES,
    CREDENTIALS,
    HEADINGS,
    LABELS,
    PARTICLES,
    TITLES,
    fold,
)


class Name(NamedTuple):
    """A name in its parts."""

    first: str | None
    middle: str | None
    last: str | None


_DOCUMENT: Final = re.compile(
    r"^(?:r[eé]sum[eé]|curriculum\s+vit(?:ae|æ)|c\.?v\.?|lebenslauf|curr[ií]culo|currículum|"
    r"hoja de vida|życiorys|zyciorys|履歴書|職務経歴書|简历|bewerbung)\b"
    r"(?:\s+(?:of|for|de|von|d')\b)?[\s:–—\-|]*",
    re.IGNORECASE,
)
_SPLIT: Final = re.compile(r"\s*[|•·,;/–—\t]\s*|\s+-+\s+|\s{3,}|\s*[(（\[]|[)）\]]\s*|\s+@\s+")
_HONORIFIC: Final = re.compile(
    r"^(?:(?:mr|mrs|ms|miss|mx|dr|prof|professor|engr|eng|rev|sir|herr|frau|ing|inż|mgr|dipl-ing|sr|sra"
    r"|mme)\.?\s+)+(?=\w)",
    re.IGNORECASE,
)
_NICKNAME: Final = re.compile(
    r"(?:^|\s)[\"“”‘’']([^\"“”‘’']{1,20})[\"“”‘’'](?=\s|$)|\s?\([^()]{1,30}\)"
)
_CJK: Final = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff々]{1,5}(?: [\u3040-\u30ff\u3400-\u9fff々]{1,5})?"
)
_LATIN: Final = re.compile(r"[^\W\d_\u0250-\U0010ffff]")
_NOT_NAME: Final = re.compile(r"[^\w\s.,'’\-@:/&+=?!]+")
_IDEOGRAPH: Final = re.compile(r"[\u3400-\u9fff]")
_SENTENCE: Final = re.compile(
    r"\b(?:[Mm]y name is|I am|I'm|I,|[Mm]ein Name ist|[Ii]ch heiße|[Jj]e m['’]appelle|[Mm]e llamo|"
    r"[Mm]i nombre es|[Mm]eu nome é|[Nn]azywam się|[Cc]hiamo)\s+"
    r"(?P<name>[^\W\d_a-z][\w.'’\-]{0,20}(?:\s[^\W\d_a-z][\w.'’\-]{0,20}){1,3})"
)
_LEADING: Final = re.compile(
    r"^(?P<name>[^\W\d_a-z][\w'’\-]{1,20}(?:\s[^\W\d_a-z][\w.'’\-]{0,20}){1,3})"
    r"(?=,?\s(?:is|was|has|worked|an?|the|ist|est|es|é)\s)"
)


def find_name(lines: list[Line]) -> tuple[Name | None, str | None]:
    """(name, headline) from the first lines of a resume."""
    labelled = _labelled(lines)
    name = labelled
    headline: str | None = None
    for line in lines[:12]:
        text = _DOCUMENT.sub("", line.text).strip()
        if not text or (len(text) > 120 and name is None and "@" in text):
            continue
        for piece in _pieces(text):
            if name is None:
                name = _read(piece)
            elif headline is None and is_headline(piece):
                headline = piece
        if name is not None and headline is not None:
            break
    if name is None:
        name = _in_sentence(lines)
    return name, headline


def is_headline(text: str) -> bool:
    """A job title standing alone."""
    words = [word.strip(".,") for word in fold(text).split()]
    return 1 <= len(words) <= 8 and any(word in TITLES for word in words) and "@" not in text


def _labelled(lines: list[Line]) -> Name | None:
    first = last = None
    for line in lines[:25]:
        head, colon, rest = line.text.replace("：", ":").partition(":")
        rest = rest.strip()
        if line.cells[:2] and len(line.cells) == 2:
            head, rest, colon = line.cells[0], line.cells[1], ":"
        if not colon or not rest or len(head) > 30:
            continue
        label = fold(head).strip(" *")
        if label in LABELS["name"]:
            return _split(_bare(_SPLIT_LABELLED.split(rest)[0]))
        if label in LABELS["first"]:
            first = rest
        elif label in LABELS["last"]:
            last = rest
    if first or last:
        firsts = (first or "").split()
        return Name(firsts[0] if firsts else None, " ".join(firsts[1:]) or None, last)
    return None


_SPLIT_LABELLED: Final = re.compile(r"\s*[|•·;\t（(]\s*|\s{3,}")


def _pieces(text: str) -> list[str]:
    """The parts of a line; `Doe, Jane` is turned first."""
    head, comma, tail = text.partition(",")
    tail = tail.strip()
    if (
        comma
        and head.isalpha()
        and tail.replace(" ", "").replace(".", "").isalpha()
        and len(tail.split()) <= 3
        and not _is_credential(tail)
        and fold(tail) not in COUNTRIES
        and not _is_title(tail)
    ):
        return [f"{tail} {head}"]
    nickless = _NICKNAME.sub("", text) if len(text) < 120 else text
    return [piece for piece in (part.strip() for part in _SPLIT.split(nickless)) if piece]


def _is_title(text: str) -> bool:
    return any(word.strip(".,") in TITLES for word in fold(text).split())


def _is_credential(word: str) -> bool:
    return fold(word).replace(".", "").replace(" ", "") in CREDENTIALS


def _bare(text: str) -> str:
    text = _HONORIFIC.sub("", _NICKNAME.sub("", text).strip(" .:*#|"))
    words = text.replace(",", " ").split()
    while len(words) > 1 and _is_credential(words[-1]):
        words.pop()
    return " ".join(words)


def _read(piece: str) -> Name | None:
    text = _bare(" ".join(_NOT_NAME.split(piece)))
    if _CJK.fullmatch(text) and _IDEOGRAPH.search(text) and text not in HEADINGS:
        return _split(text) if fold(text) not in CITIES else None
    latin = [word for word in text.split() if _LATIN.match(word)]
    if latin:  # the same name once more in another script
        text = " ".join(latin)
    words = text.split()
    if not 2 <= len(words) <= 6 or any(letter.isdigit() or letter in "@:/&+=?!" for letter in text):
        return None
    if not all(_is_name_word(word) for word in words):
        return None
    folded = fold(text)
    if folded in COUNTRIES or folded in CITIES or folded in HEADINGS:
        return None
    if any(word.strip(".,") in TITLES for word in folded.split()[1:]) and not _initials(words):
        return None
    if folded.split()[-1] in COMPANY:
        return None
    return _split(text)


def _initials(words: list[str]) -> bool:
    return any(len(word.strip(".")) == 1 for word in words[1:-1])


def _is_name_word(word: str) -> bool:
    if fold(word) in PARTICLES:
        return True
    letters = word.replace("-", "").replace("'", "").replace("’", "").replace(".", "")
    return bool(letters) and letters.isalpha() and not word[0].islower()


def _split(text: str) -> Name | None:
    if not text:
        return None
    if text.isupper():
        text = text.title()
    if _IDEOGRAPH.search(text):
        family, _, given = text.partition(" ")
        if not given and len(family) >= 3:
            family, given = family[:2], family[2:]
        return Name(given or None, None, family)
    words = text.split()
    if len(words) == 1:
        return Name(words[0], None, None)
    if words[0].isupper() and len(words[0]) > 2 and not any(map(str.isupper, words[1:])):
        return Name(" ".join(words[1:]), None, words[0].title())  # TAN Wei Jie
    cut = len(words) - 1
    for position in range(1, len(words) - 1):
        if fold(words[position]) in PARTICLES:
            cut = position
            break
    return Name(words[0], " ".join(words[1:cut]) or None, " ".join(words[cut:]))


def _in_sentence(lines: list[Line]) -> Name | None:
    for line in lines[:12]:
        match = _SENTENCE.search(line.text) or _LEADING.search(line.text)
        if match is not None and not _is_title(match["name"]):
            return _split(match["name"].rstrip(".,"))
    return None
