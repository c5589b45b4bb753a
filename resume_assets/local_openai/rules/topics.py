"""Skills, tools, languages, certificates and fields of work."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from resume_assets.local_openai.rules.lines import Line
from resume_assets.local_openai.rules.vocabulary import fold, topic_index

_ITEM: Final = re.compile(r"\s*[,;|•·\t、／]\s*|\s{3,}|\s/\s|(?<=[^\W\d_])\.\s+(?=[A-Z])")
_QUALIFIER: Final = re.compile(
    r"\s*[(（][^()（）]{0,80}[)）]|\s*[●○★☆▮▯█░]+|\s+[-–]\s+(?:\w+\s?){1,3}$"
)
_TOKEN: Final = re.compile(r"\.?[^\W_][\w+#]*(?:[./\-][\w+#]+)*[+#]*")
_SINGLE_LETTERS: Final = frozenset({"c", "r"})
_AMBIGUOUS: Final = frozenset(
    {
        "go",
        "r",
        "c",
        "word",
        "excel",
        "epic",
        "outlook",
        "lever",
        "greenhouse",
        "oracle",
        "sage",
        "canvas",
        "notion",
        "toast",
        "sketch",
        "slack",
        "inventor",
        "react",
        "spark",
        "swift",
        "rust",
        "julia",
        "apex",
        "access",
        "dart",
        "assembly",
        "looker",
        "relativity",
        "outreach",
        "premiere",
        "flask",
        "rails",
        "lean",
        "training",
        "crane",
    }
)
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
        """Of the text, and of the part of it that lists things, where ambiguous words are believed."""
        cut = text if len(text) <= _HEAD + _TAIL else text[:_HEAD] + "\n" + text[-_TAIL:]
        self._tokens = _TOKEN.findall(fold(cut))
        self._listed = frozenset(_grams(_TOKEN.findall(fold(lists[:_HEAD]))))

    def of(self, topic: str) -> list[str]:
        """The words of one list of vocabulary.toml."""
        index = topic_index(topic)
        found: dict[str, str] = {}
        for gram in self._grams():
            name = index.get(gram)
            if name is not None and (gram not in _AMBIGUOUS or gram in self._listed):
                found.setdefault(name, name)
        return list(found)

    def _grams(self) -> Iterable[str]:
        if not hasattr(self, "_all"):
            self._all = dict.fromkeys(_grams(self._tokens))
        return self._all


def _grams(tokens: list[str]) -> Iterable[str]:
    """Each word, and each two and three in a row."""
    for first, second, third in zip(tokens, [*tokens[1:], ""], [*tokens[2:], "", ""], strict=False):
        yield first
        if second:
            yield f"{first} {second}"
            if third:
                yield f"{first} {second} {third}"


def best(names: Mapping[str, frozenset[str]], texts: Iterable[str | None]) -> list[str]:
    """The names whose words the texts hold, most first; earlier texts weigh more."""
    scores: dict[str, float] = {}
    weight = 1.0
    for text in texts:
        if not text:
            continue
        folded = fold(text)
        words = set(_TOKEN.findall(folded))
        for name, known in names.items():
            for word in known:
                if word in words or (" " in word or not word.isascii()) and word in folded:
                    scores[name] = scores.get(name, 0.0) + weight * (1.5 if " " in word else 1.0)
        weight *= 0.9
    return sorted(scores, key=lambda name: -scores[name])
