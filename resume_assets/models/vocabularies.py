"""tiktoken's vocabularies without the internet.

tiktoken downloads a vocabulary at first use; here it comes from the `bpe-openai` wheel, checked by
the SHA-256 that tiktoken itself expects.
"""

import base64
import gzip
import hashlib
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType
from typing import Any

import tiktoken
from tiktoken.model import encoding_name_for_model
from tiktoken_ext import openai_public  # type: ignore[import-untyped]

from resume_assets.models.catalogue import find_model

DEFAULT_ENCODING = "o200k_base"
_CARRIED = ("o200k_base", "cl100k_base")


class VocabularyError(RuntimeError):
    """The vocabulary is not there, or is not the one that tiktoken expects."""


def _vocabulary(url: str, expected_hash: str | None = None) -> dict[bytes, int]:
    """Return the ranks of the file with this name, from the wheel instead of the address."""
    name = url.rpartition("/")[2]
    # Found, not imported: the package itself loads a module of 70 MB.
    spec = find_spec("bpe_openai")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder, "data", f"{name}.gz")
        if path.is_file():
            data = gzip.decompress(path.read_bytes())
            if hashlib.sha256(data).hexdigest() != expected_hash:
                raise VocabularyError(f"{name} in bpe-openai is not the file that tiktoken expects")
            pairs = map(bytes.split, data.splitlines())
            return {base64.b64decode(token): int(rank) for token, rank in pairs}
    raise VocabularyError(f"{name} is not installed; it comes with the package bpe-openai")


_lock = threading.Lock()


@cache
def _load(name: str) -> tiktoken.Encoding:
    # tiktoken's own constructor, pattern and expected hash, with one name in it bound to our
    # reading instead of the download.
    constructor = openai_public.ENCODING_CONSTRUCTORS[name]
    offline = FunctionType(
        constructor.__code__, {**vars(openai_public), "load_tiktoken_bpe": _vocabulary}
    )
    parts: dict[str, Any] = offline()
    return tiktoken.Encoding(**parts)


def load_encoding(name: str = DEFAULT_ENCODING) -> tiktoken.Encoding:
    """Return an encoding, loaded once a process (0.5 s).

    Raises VocabularyError where its file is missing or wrong, ValueError for other names than
    o200k_base and cl100k_base.
    """
    if name not in _CARRIED:
        raise ValueError(f"no vocabulary of {name} is carried; there are {', '.join(_CARRIED)}")
    with _lock:
        return _load(name)


def encoding_name(model: str) -> str:
    """Return the name of a model's encoding, of an unknown one o200k_base as the likeliest."""
    name = find_model(model).encoding
    if name is None:
        try:
            name = encoding_name_for_model(model)
        except KeyError:
            name = DEFAULT_ENCODING
    return name if name in _CARRIED else DEFAULT_ENCODING
