"""What stands in the README and in `docs/`: commands, names and links."""

import re
from collections.abc import Iterator
from pathlib import Path

import resume_assets

ROOT = Path(resume_assets.__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_SETTING = re.compile(r"\bSet `(?P<setting>[A-Z_]+=[^`]+)`")
_INLINE = re.compile(r"`(?P<words>[^`\n]+)`")


def shell_lines(page: Path) -> Iterator[str]:
    """The lines of a page that are to be typed, and `NAME=value` where it says "Set", in order."""
    text = page.read_text(encoding="utf-8")
    found = [
        *(
            (fence.start(), fence["body"])
            for fence in _FENCE.finditer(text)
            if fence["language"] == "sh"
        ),
        *((told.start(), told["setting"]) for told in _SETTING.finditer(text)),
    ]
    for _, body in sorted(found):
        yield from body.replace("\\\n", " ").splitlines()


def statements(page: Path) -> list[str]:
    """The SQL of a page."""
    text = page.read_text(encoding="utf-8")
    return [fence["body"] for fence in _FENCE.finditer(text) if fence["language"] == "sql"]


def inline(page: Path) -> list[str]:
    """What stands between backticks, outside of fences."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return [found["words"] for found in _INLINE.finditer(text)]


def links(page: Path) -> list[str]:
    """The targets of a page's links and pictures."""
    return re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
