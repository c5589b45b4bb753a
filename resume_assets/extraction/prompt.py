"""Prompts: the instructions that go with every resume, each a text file, ours or the user's own.

Ours are in `prompts/`, one file each, sent as they are. In `lean` each rule is there because a
column demands it, and only once: names and types are told by the schema, lengths that code can cut
are told as numbers only. Every token is paid for with each resume.
"""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from resume_assets.errors import WrongUseError

DEFAULT_PROMPT = "lean"

_MOST_BYTES = 1_000_000
"""Of a file, which is read whole: a quarter of a million tokens with every resume is a mistake."""


class PromptError(WrongUseError):
    """A prompt that can't be used; the message says which file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Instructions as they are sent; the schema is added by `requests`.

    `name`: of one of ours, or the file's name. `version`: 12 hex digits of the text's SHA-256.
    """

    name: str
    text: str
    version: str


def prompt_of(name: str, text: str) -> Prompt:
    """Return the prompt of that text."""
    return Prompt(name, text, hashlib.sha256(text.encode()).hexdigest()[:12])


def prompt_names() -> list[str]:
    """Return the names of the prompts that come with the program."""
    there = (files(__package__) / "prompts").iterdir()
    return sorted(file.name.removesuffix(".md") for file in there if file.name.endswith(".md"))


def load_prompt(name_or_path: str) -> Prompt:
    """Read one of our prompts, by its name, or else the file at that path (`~` is the home).

    White space around the text is left out, and lines end with a line feed whatever the file
    has, so that a checkout on Windows is the same prompt. Raises PromptError.
    """
    if name_or_path in prompt_names():
        ours = files(__package__) / "prompts" / f"{name_or_path}.md"
        return prompt_of(name_or_path, _text(ours.read_bytes(), name_or_path))
    path = Path(name_or_path).expanduser().absolute()
    if not path.is_file():
        why = "is no file" if path.exists() else "is not there"
        raise PromptError(
            f"The prompt {path} {why}. A prompt (RESUME_PROMPT) is a text file, or one of "
            f"{', '.join(prompt_names())}."
        )
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise PromptError(f"The prompt {path} can't be read ({type(error).__name__}).") from None
    return prompt_of(path.name, _text(data, str(path)))


def _text(data: bytes, name: str) -> str:
    """Return a file's text. Raises PromptError."""
    if len(data) > _MOST_BYTES:
        raise PromptError(
            f"The prompt {name} has more than {_MOST_BYTES:,} bytes, and would be sent with every "
            "resume: is it the right file?"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 without a mark is UTF-8 with zeros in it
        raise PromptError(f"The prompt {name} is not UTF-8 text: save it as UTF-8.")
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise PromptError(f"The prompt {name} is empty.")
    return text
