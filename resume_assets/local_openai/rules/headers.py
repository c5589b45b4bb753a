"""The parts of a job's heading: employer, title, place and period, in whatever order."""

import re
from dataclasses import dataclass
from typing import Final

from resume_assets.local_openai.rules.periods import Period, find_periods
from resume_assets.local_openai.rules.places import is_place, split_place, state_code
from resume_assets.local_openai.rules.scores import company_score, title_score
from resume_assets.local_openai.rules.vocabulary import LABELS, REMARK, fold


@dataclass(slots=True)
class Header:
    """What the heading of one job says; None where it does not."""

    company: str | None = None
    title: str | None = None
    start: str | None = None
    end: str | None = None
    location: str | None = None


_SPLIT: Final = re.compile(
    r"\s*[|•·;\t]\s*|\s+[–—−]\s+|\s+[–—−]$|\s+-+\s+|\s{3,}|:\s+(?=\S)|、|(?<=\S)[–—](?=\s)"
)
_AT: Final = re.compile(
    r"^(?P<title>.{2,80}?)\s+(?:at|@|bei|chez|w firmie)\s+(?P<company>[^\W_a-z].{1,80})$"
)
_BRACKETS: Final = re.compile(r"[(（\[]([^()（）\[\]]{0,80})[)）\]]")
_EDGE: Final = " \t.,;:|–—−-•·/*()（）[]~"
_MAIL: Final = re.compile(r"\S@\S")
_PHONE_DIGITS: Final = 7
_OPEN_EDGE: Final = " \t,;:|–—−-•·/*(（[~"
_LEGAL_COMMA: Final = re.compile(
    r",\s+(?=(?:Inc|INC|LLC|L\.L\.C|Ltd|LTD|LLP|PLLC|P\.?C|Corp|Co\.|GmbH|S\.?A|S\.?L|plc|PLC|Lda|Ltda"
    r"|S\.r\.l|N\.A)\b)"
)
_KINDS: Final[dict[str, str]] = {
    label: kind
    for kind in ("details", "company", "title", "place", "dates", "from", "to")
    for label in LABELS[kind]
}


def read_header(rows: list[str]) -> Header:
    """The parts of the rows that head one job."""
    header = Header()
    pieces: list[str] = []
    for row in rows:
        text = _LEGAL_COMMA.sub(" \x00", row)
        if _take_bound(header, text):
            continue
        periods = find_periods(text)
        if periods and header.start is None:
            period = next((each for each in periods if not each.single), periods[0])
            header.start, header.end = period.start, period.end
        for part in _without(text, periods):
            pieces.extend(_labelled(header, part))
    parts = [piece for piece in pieces if piece]
    parts = _take_places(header, parts)
    _take_names(header, parts)
    _part_company(header)
    for name in ("company", "title", "location"):
        value = getattr(header, name)
        if value is not None:
            setattr(header, name, _tidy(value))
    return header


def _part_company(header: Header) -> None:
    """`Godavari Instruments Ltd, Nashik`: what follows a firm's name is its place."""
    name, comma, place = (header.company or "").partition(",")
    if not comma or company_score(place) > 0 or title_score(place) > 0:
        return
    words = place.split()
    short = len(words) <= 2 and all(word.isalpha() for word in words) and " " in name
    if company_score(name) > 0 or short:
        header.company = name
        header.location = header.location or place.strip()


def label_of(text: str) -> str | None:
    """Return the kind of label that a row begins with: `title` for `Job Title: Welder`."""
    head, colon, _ = text[:40].replace("：", ":").partition(":")
    return _KINDS.get(fold(head.strip(" *"))) if colon else None


def _take_bound(header: Header, text: str) -> bool:
    """Takes `Start Date: 02/2019` or `To: Present`."""
    kind = label_of(text)
    if kind not in {"from", "to"}:
        return False
    value = text.replace("：", ":").partition(":")[2].strip()
    if kind == "from" and not find_periods(value)[1:]:
        header.start = value or None
        return bool(value)
    if kind == "to" and len(value) <= 30:
        header.end = value or None
        return bool(value)
    return False


def _tidy(text: str) -> str | None:
    text = text.replace(" \x00", ", ").replace("\x00", "")
    text = text.strip(_EDGE.replace(".", "").replace(")", "").replace("(", ""))
    if text.endswith(".") and not text.lower().endswith(
        (
            "inc.",
            "ltd.",
            "co.",
            "corp.",
            "o.o.",
            ".a.",
            ".l.",
            "bros.",
            ".v.",
            ".k.",
            ".c.",
            "ltda.",
        )
    ):
        text = text.rstrip(".")
    return text or None


def _without(text: str, periods: list[Period]) -> list[str]:
    """The text around its periods."""
    parts: list[str] = []
    position = 0
    for period in periods:
        parts.append(text[position : period.first])
        position = period.last
    parts.append(text[position:])
    return [part.strip(_OPEN_EDGE) for part in parts]


def _labelled(header: Header, text: str) -> list[str]:
    """The pieces of a text, less those that a label explains: `Employer: Acme`."""
    pieces: list[str] = []
    kind: str | None = None
    for found in _SPLIT.split(text.replace("：", ": ")):
        piece = found.strip(
            _EDGE.replace(")", "").replace("(", "").replace(".", "").replace("]", "")
        )
        if not piece:
            continue
        label = _KINDS.get(fold(piece.strip(" :*")))
        if label is not None and not (kind is None and pieces and label == "place"):
            kind = label
            continue
        if kind == "details":
            break
        if kind in {"company", "title"} and getattr(header, kind) is None:
            setattr(header, kind, piece)
        elif kind == "place":
            header.location = header.location or piece
        elif kind is None or kind in {"company", "title"}:
            pieces.append(piece)
        kind = None
    return pieces


def _take_places(header: Header, pieces: list[str]) -> list[str]:
    """Finds the place; returns the pieces without it and without remarks."""
    kept: list[str] = []
    for piece in pieces:
        text = piece
        for inside in _BRACKETS.findall(piece):
            if is_place(inside):
                header.location = header.location or inside.strip()
                text = text.replace(f"({inside})", " ").replace(f"（{inside}）", " ")
            elif REMARK.fullmatch(inside.strip()) or not inside.strip():
                text = text.replace(f"({inside})", " ").replace(f"[{inside}]", " ")
            elif company_score(inside) > title_score(inside) and title_score(piece) > 0:
                text = text.replace(f"({inside})", " ")
                name, place = split_place(inside)
                header.location = header.location or place
                kept.append(name.strip())
        text = " ".join(text.split()).strip(" ,")
        if sum(letter.isdigit() for letter in text) >= _PHONE_DIGITS:
            continue
        if not text or REMARK.fullmatch(text.strip(_EDGE)):
            continue
        if is_place(text.strip("()")) and not (
            state_code(text) and len(text) == 2 and header.location is not None
        ):
            header.location = header.location or text.strip(" ()")
            continue
        text, place = split_place(text)
        if place is not None:
            header.location = header.location or place
        if text.strip(_EDGE) and len(text) <= 100 and not _MAIL.search(text):
            kept.append(text.strip(" ,"))
    return kept


def _take_names(header: Header, pieces: list[str]) -> None:
    """Tells employer and title apart among what is left."""
    pieces = list(_parted(pieces))
    if header.company is None and header.title is None:
        pieces = _comma_apart(pieces)
    if header.title is None:
        best = max(
            pieces, key=lambda piece: title_score(piece) - company_score(piece), default=None
        )
        if best is not None and (
            title_score(best) > company_score(best) or (len(pieces) > 1 and title_score(best) > 0)
        ):
            header.title = best
            pieces.remove(best)
    if header.company is None and pieces:
        scores = [company_score(piece) - title_score(piece) for piece in pieces]
        top = max(scores)
        header.company = pieces.pop(scores.index(top)) if top > 0 else pieces.pop(0)
    if header.title is None and pieces and header.company is not None:
        candidates = [piece for piece in pieces if company_score(piece) == 0]
        header.title = candidates[0] if candidates else None
    if header.company is None and header.title is not None and "," in header.title:
        parts = _by_comma(header.title)
        if len(parts) == 2:
            _take_pair(header, parts)


def _take_pair(header: Header, parts: list[str]) -> None:
    first, second = parts
    if title_score(first) >= title_score(second):
        header.title, header.company = first, second
    else:
        header.title, header.company = second, first


def _parted(pieces: list[str]) -> list[str]:
    """`Engineer at Acme` as two."""
    parted: list[str] = []
    for piece in pieces:
        match = _AT.match(piece)
        if match is not None and title_score(match["title"]) > 0:
            parted += [match["title"], match["company"]]
        else:
            parted.append(piece)
    return parted


def _comma_apart(pieces: list[str]) -> list[str]:
    """Takes a piece apart that must hold both employer and title, because no other does."""
    parted: list[str] = []
    for piece in pieces:
        others = [other for other in pieces if other is not piece]
        alone = not others or not any(company_score(other) > 0 for other in others)
        parted += _by_comma(piece) if alone and (not others or company_score(piece)) else [piece]
    return parted


def _by_comma(text: str) -> list[str]:
    """`Welder, Ironclad` as title and employer; a list of one kind stays together."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    scores = [title_score(part) - company_score(part) for part in parts]
    titled = [at for at, score in enumerate(scores) if score > 0]
    others = [at for at, score in enumerate(scores) if score <= 0]
    firms = [at for at in others if company_score(parts[at]) > 0]
    if len(parts) == 2 and len(firms) == 1 and not titled:
        return [parts[1 - firms[0]], parts[firms[0]]]
    if not titled or not others:
        return [text]
    if firms:  # before the firm, what is no title belongs to it; behind the firm, it is a place
        title = [
            part
            for at, part in enumerate(parts)
            if at in titled or (titled[0] < at < firms[0] and at not in firms)
        ]
        return [", ".join(title), ", ".join(parts[at] for at in firms)]
    if titled[0] == 0:
        cut = others[0]
        return [", ".join(parts[:cut]), *parts[cut : cut + 2]]
    return [", ".join(parts[titled[0] :]), ", ".join(parts[: titled[0]])]
