"""Skills, tools, languages, certificates and fields of work."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from resume_assets.local_openai.rules.lines import Line
from resume_assets.local_openai.rules.vocabulary import AMBIGUOUS, fold, topic_index

_ITEM: Final = re.compile(r"\s*[,;|•·\t、／]\s*|\s{3,}|\s/\s|(?<=[^\W\d_])\.\s+(?=[A-Z])")
_QUALIFIER: Final = re.compile(
    r"\s*[(（][^()（）]{0,80}[)）]|\s*[●○★☆▮▯█░]+|\s+[-–]\s+(?:\w+\s?){1,3}$"
)
_TOKEN: Final = re.compile(r"\.?[^\W_][\w+#]*(?:[./\-][\w+#]+)*[+#]*")
_HEAD: Final = 60_000
_TAIL: Final = 20_000


def listed(lines: Iterable[Line], sections: frozenset[str], longest: int = 60) -> list[str]:
    """The items listed in some sections, each once, as written."""
    found: dict[str, str] = {}
    for line in lines:
        if line.section not in sections or not line.text:
            continue
        head, colon, rest = line.text.replace("：", ":").partition(":")
        text = rest if colon and rest.strip() and len(head) <= 40 else line.text
        for item in _ITEM.split(
            _QUALIFIER.sub("", text) if "(" not in text else _no_brackets(text)
        ):
            item = item.strip(" .:-–*•")
            if item.lower().startswith("and "):
                item = item[4:]
            if 1 <= len(item) <= longest and not item.isdigit():
                found.setdefault(fold(item), item)
        if len(found) > 200:
            break
    return list(found.values())


_INNER: Final = re.compile(r"[(（]([^()（）]{0,120})[)）]")


def _no_brackets(text: str) -> str:
    """`Python (pandas, NumPy)` as a list of three; `Spanish (fluent)` as one."""
    return _INNER.sub(lambda match: f", {match[1]}," if "," in match[1] else "", text)


class Mentions:
    """Which known words a resume mentions, in the order of their first mention."""

    def __init__(self, text: str, lists: str) -> None:
        """Take the text, and the part of it that lists things: only there ambiguous words count."""
        cut = text if len(text) <= _HEAD + _TAIL else text[:_HEAD] + "\n" + text[-_TAIL:]
        self._all = dict.fromkeys(_grams(_TOKEN.findall(fold(cut))))
        self._listed = frozenset(_grams(_TOKEN.findall(fold(lists[:_HEAD]))))

    def of(self, topic: str) -> list[str]:
        """The words of one list of vocabulary.toml."""
        index = topic_index(topic)
        found: dict[str, str] = {}
        for gram in self._all:
            name = index.get(gram)
            if name is not None and (gram not in AMBIGUOUS or gram in self._listed):
                found.setdefault(name, name)
        return list(found)


def _grams(tokens: list[str]) -> Iterator[str]:
    """Each word, and each two and three in a row."""
    for first, second, third in zip(tokens, [*tokens[1:], ""], [*tokens[2:], "", ""], strict=False):
        yield first
        if second:
            yield f"{first} {second}"
            if third:
                yield f"{first} {second} {third}"


def best(names: Mapping[str, tuple[str, ...]], texts: Iterable[str | None]) -> list[str]:
    """Return the names whose words the texts hold, most first; earlier texts weigh more."""
    scores: dict[str, float] = {}
    weight = 1.0
    for text in texts:
        if text:
            for name in _named(names, text):
                scores[name] = scores.get(name, 0.0) + weight
            weight *= 0.9
    return sorted(scores, key=lambda name: -scores[name])


def _named(names: Mapping[str, tuple[str, ...]], text: str) -> Iterator[str]:
    folded = fold(text)
    for gram in dict.fromkeys(_grams(_TOKEN.findall(folded))):
        yield from names.get(gram, ())
    if not folded.isascii():  # no spaces between the words of some scripts
        for word, found in names.items():
            if not word.isascii() and word in folded:
                yield from found
