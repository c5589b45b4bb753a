"""Cities, states and street addresses."""

import re
from typing import Final, NamedTuple

from resume_assets.local_openai.rules.lines import Line
from resume_assets.local_openai.rules.vocabulary import (
    CITIES,
    COMPANY,
    COUNTRIES,
    LABELS,
    MORE_STATE_CODES,
    REMOTE,
    STATE_CODES,
    STATES,
    fold,
)


class Place(NamedTuple):
    """A city, and the state or province by its two letters where it has one."""

    city: str | None
    state: str | None


_BREAK: Final = re.compile(r"\s*[|•·;~\t]\s*|\s{3,}|\s+[–—]\s+|\s*[()（）]\s*|\s*📍\s*")
_ZIP_AFTER: Final = re.compile(
    r"\s+(?:(?:(?:NSW|VIC|QLD|WA|SA|TAS|ACT|NT)\s)?\d{4}|\d{5}(?:-\d{4})?|[A-Z]\d[A-Z]\s?\d[A-Z]\d|[A-Z]{1,2}\d{1,2}[A-Z]?\s?\d[A-Z]{2}|\d{6}|\d{5}-\d{3})$"
)
_ZIP_ALONE: Final = re.compile(
    r"\d{5,6}(?:-\d{3,4})?|[A-Z]\d[A-Z]\s?\d[A-Z]\d|[A-Z]{1,2}\d{1,2}[A-Z]?\s?\d[A-Z]{2}"
)
_ZIP_BEFORE: Final = re.compile(
    r"(?:^|\s)(?:[A-Z]{1,2}-)?(?:\d{5}|\d{2}-\d{3}|\d{4}-\d{3})\s+(?P<city>[^\W\d_][^\d,;|]{1,40})$"
)
_SHORT_CODE: Final = re.compile(r"^(?:[A-Z]{1,2}-)?\d{4}(?:\s?[A-Z]{2})?\s+")
_STREET: Final = re.compile(
    r"\d{1,6}[A-Za-z]?\s+\S.{0,50}?\b(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct"
    r"|way|place|pl|terrace|circle|cir|highway|hwy|parkway|pkwy|close|crescent|square|trail|loop|row|pike|quay)\b\.?"
    r"(?:\s?,?\s?(?:apt|unit|suite|ste|flat|no|#)\.?\s?#?\w{1,6})?",
    re.IGNORECASE,
)
_STREET_ABROAD: Final = re.compile(
    r"(?:\b\S{2,30}(?:straße|strasse|str\.|weg|platz|allee|gasse)\s\d{1,4}\s?[a-z]?"
    r"|\b\d{1,4}(?:\s?bis)?,?\s(?:rue|avenue|boulevard|place|allée|chemin)\s[^,;|]{3,40}"
    r"|\b(?:calle|avenida|av\.|plaza|paseo|rua|via|ul\.|al\.|c/)\s[^;|,\d]{2,40}"
    r"(?:,?\s?(?:n[ºo.]\s?)?\d{1,4}(?![\d-])\w?(?:/\d{1,4})?)?)",
    re.IGNORECASE,
)
_SLASHED: Final = re.compile(
    r"^(?P<city>[^\W\d_][^\d/|,]{1,40}?)\s?(?:/|\s-\s|\s–\s|-)\s?(?P<code>[A-Z]{2})$"
)
_JAPAN: Final = re.compile(
    r"(?P<state>東京都|北海道|(?:京都|大阪)府|[\u3400-\u9fff]{2,3}県)?(?P<city>[\u3400-\u9fff]{1,5}?[市区])"
)


def state_code(text: str) -> str | None:
    """`TX` for `TX`, `Texas` or `tx.`; None for what is no state or province."""
    stripped = text.strip(" .").replace(".", "")
    if len(stripped) == 2:
        return stripped if stripped in STATE_CODES else None
    return STATES.get(fold(stripped)) if len(stripped) > 3 else None


def is_place(text: str) -> bool:
    """Whether the whole text names a place: `Austin, TX`, `Lyon, France`, `Remote`."""
    stripped = text.strip(" .,()")
    if not stripped or len(stripped) > 60:
        return False
    folded = fold(stripped)
    if folded in CITIES or folded in COUNTRIES or folded in REMOTE or state_code(stripped):
        return True
    head, comma, tail = stripped.rpartition(",")
    if not comma or not head or any(letter.isdigit() for letter in stripped):
        return False
    tail = tail.strip()
    if "," in head:  # Austin, TX, USA
        return fold(tail) in COUNTRIES and "," not in head.rpartition(",")[0] and is_place(head)
    if any(word.strip(".") in COMPANY for word in fold(head).split()):
        return False
    known = state_code(tail) is not None or fold(tail) in COUNTRIES or fold(tail) in REMOTE
    known = known or fold(head) in CITIES or (tail in MORE_STATE_CODES)
    return known and len(head.split()) <= 4 and not head[:1].islower()


def split_place(text: str) -> tuple[str, str | None]:
    """Return (`Acme`, `Austin, TX`) of `Acme, Austin, TX`; None where no place ends it."""
    parts = [part.strip() for part in text.split(",")]
    for taken in (3, 2, 1):
        if len(parts) <= taken:
            continue
        place = ", ".join(parts[-taken:])
        if is_place(place) and not (taken == 3 and not is_place(", ".join(parts[-2:]))):
            return ", ".join(parts[:-taken]), place
    return text, None


def _labelled_place(lines: list[Line]) -> Place | None:
    """`City: Glendale` and `State: CA`."""
    found: dict[str, str] = {}
    for line in lines:
        head, colon, rest = line.text[:100].replace("：", ":").partition(":")
        if colon and rest.strip():
            for kind in ("city", "state"):
                if fold(head.strip(" *")) in LABELS[kind]:
                    found.setdefault(kind, rest.strip())
    if "city" not in found or "," in found["city"]:
        return None
    return Place(found["city"], state_code(found.get("state", "")))


def find_place(lines: list[Line]) -> Place | None:
    """The first place in the lines that says where the candidate lives."""
    weak = _labelled_place(lines)
    if weak is not None:
        return weak
    for line in lines:
        if "@" in line.text and "," not in line.text and "|" not in line.text:
            continue
        pieces = _BREAK.split(line.text)
        pieces += [part for piece in pieces if " - " in piece for part in piece.split(" - ")]
        for piece in pieces:
            place = _place(_without_label(piece))
            if place is None:
                continue
            if place.state is not None:
                return place
            weak = weak or place
    return weak


def _without_label(piece: str) -> str:
    head, colon, rest = piece.replace("：", ":").partition(":")
    return (
        rest.strip()
        if colon and fold(head.strip(" *")) in LABELS["address"]
        else piece.strip(" -–—")
    )


def _place(piece: str) -> Place | None:
    if not 3 <= len(piece) <= 150:
        return None
    parts = [part.strip(" .") for part in piece.split(",")]
    for position in range(len(parts) - 1, 0, -1):
        bare = _ZIP_AFTER.sub("", parts[position])
        state = state_code(bare)
        if state is None and bare in MORE_STATE_CODES:
            state = bare
        if state is not None:
            city = _city(parts[position - 1])
            if city:
                return Place(city, state)
    if piece.upper() != piece or "," in piece:
        slashed = _SLASHED.match(parts[-1])
        if slashed is not None and (
            slashed["code"] in MORE_STATE_CODES or state_code(slashed["code"])
        ):
            return Place(slashed["city"].strip(), slashed["code"])
    return _place_abroad(parts)


def _place_abroad(parts: list[str]) -> Place | None:
    for position, part in enumerate(parts):
        coded = _ZIP_BEFORE.search(part)
        if coded is not None and len(coded["city"].split()) <= 4:
            return Place(coded["city"].strip(), None)
        bare = _ZIP_AFTER.sub("", part).strip()
        bare = _SHORT_CODE.sub("", bare)
        if fold(bare) in CITIES:
            return Place(bare, None)
        if position and fold(bare) in COUNTRIES:
            previous = parts[position - 1]
            if position > 1 and _ZIP_ALONE.fullmatch(previous):
                previous = parts[position - 2]
            city = _city(previous)
            return Place(city, None) if city else None
        if bare != part and 1 <= len(bare.split()) <= 3 and bare[:1].isupper() and bare.isalpha():
            return Place(bare, None)
    japan = _JAPAN.search(parts[0])
    return Place(japan["city"], None) if japan is not None else None


def _city(text: str) -> str | None:
    """The city at the end of `1420 Elm Street Apt 4 Austin`."""
    text = _ZIP_AFTER.sub("", text)
    coded = _ZIP_BEFORE.search(text)
    if coded is not None:
        return coded["city"].strip()
    street = _STREET.match(text)
    if street is not None:
        text = text[street.end() :]
    text = text.rpartition(" in ")[2].strip(" .,-–")
    words = text.split()
    if not 1 <= len(words) <= 4 or any(letter.isdigit() or letter in "@:" for letter in text):
        return None
    return text.title() if text.isupper() and len(text) > 3 else text


def find_address(lines: list[Line]) -> str | None:
    """The street address, without city and code."""
    for line in lines:
        if len(line.text) > 200:
            continue
        match = _STREET.search(line.text) or _STREET_ABROAD.search(line.text)
        if match is not None:
            return match[0].strip(" ,")
    return None
