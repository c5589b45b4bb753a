"""How many tokens a request has, as the bill counts them."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

_FOR_MESSAGE, _FOR_REPLY = 4, 3
"""Tokens around each message (its role among them) and before the answer: OpenAI's cookbook."""

LEAST_CACHED = 1_024
"""Tokens from which a prompt, or its part before a breakpoint, is cached."""

_REPEATED = 512
"""Instructions and schemas come again with every request of a batch; they are counted once."""


def quick_count(text: str) -> int:
    """A quarter of the characters, rounded up."""
    return (len(text) + 3) // 4


@lru_cache(maxsize=32)
def counter(model: str, *, exact: bool) -> Callable[[str], int]:
    """A function that counts a text's tokens, with the model's own tokenizer if `exact`."""
    if not exact:
        return quick_count
    # Only here: a vocabulary takes half a second to load, which a server that starts should not.
    from resume_assets.models.tokens import counter_for

    return counter_for(model).count


@lru_cache(maxsize=_REPEATED)
def count_once(text: str, model: str, *, exact: bool) -> int:
    """A text's tokens, remembered: for texts that come again."""
    return counter(model, exact=exact)(text)


def prompt_tokens(
    messages: Iterable[tuple[str, str]], schema: str, model: str, *, exact: bool
) -> int:
    """Input tokens of (role, text) messages and the JSON of a schema."""
    count = counter(model, exact=exact)
    total = _FOR_REPLY + (count_once(schema, model, exact=exact) if schema else 0)
    for role, text in messages:
        total += _FOR_MESSAGE
        total += count(text) if role == "user" else count_once(text, model, exact=exact)
    return total


def cached_tokens(fixed: int) -> int:
    """Input tokens that models before GPT-5.6 take from their cache: from 1,024 on, by 128."""
    return fixed // 128 * 128 if fixed >= LEAST_CACHED else 0


def text_of(content: Any) -> str | None:
    """A message's text, from a string or a list of text parts; None for anything else."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts = [
        part["text"]
        for part in content
        if isinstance(part, dict)
        and part.get("type") == "text"
        and isinstance(part.get("text"), str)
    ]
    return "".join(parts) if len(parts) == len(content) and parts else None
