"""Variables that look like ours and are none: a mistyped one would be ignored without a word."""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from resume_assets.settings import Settings, in_env_file


class Source(StrEnum):
    """Where a variable stands."""

    environment = "environment"
    env_file = ".env"


@dataclass(frozen=True, slots=True)
class Misnamed:
    """A variable that nobody reads; `nearest` is the one that may be meant, if any is near."""

    name: str
    source: Source
    nearest: str | None

    def __str__(self) -> str:
        meant = f": is {self.nearest} meant?" if self.nearest else ", nor near one."
        return f"{self.name} ({self.source}) is no variable of this program{meant}"


_NAMES = tuple(str(field.alias) for field in Settings.model_fields.values())

_COMMON = frozenset({"database", "username", "password"})
"""Others use these too (a desktop sets USERNAME), so names near them count in `.env` only."""

_FAMILIES = ("RESUME", "OPENAI")
_LONG = 11  # letters; in the environment, shorter names are near too many of others
_NEAR = 0.84  # of difflib's ratio: a slip of the hand
_NEAR_IN_FAMILY = 0.55  # of what follows the family's name

_OF_OTHERS = frozenset(
    {
        # Read by the `openai` package (3.54) or its Azure client
        "OPENAI_ADMIN_KEY",
        "AZURE_OPENAI_AD_TOKEN",
        "AZURE_OPENAI_API_VERSION",
        "OPENAI_API_TYPE",
        "OPENAI_API_VERSION",
        "OPENAI_LOG",
        "OPENAI_ORGANIZATION",
        "OPENAI_ORG_ID",
        "OPENAI_PROJECT_ID",
        "OPENAI_WEBHOOK_SECRET",
        # Of our own tests
        "RESUME_CRASH_EVERY",
        "RESUME_FUZZ_SECONDS",
        "RESUME_RANDOM_KILLS",
    }
)
_BEGINNINGS_OF_OTHERS = ("RESUME_TEST_", "OPENAI_API_KEY_")  # our tests; somebody's spare keys

_OTHER_WORDS = {
    "AZUREOPENAIAPIBASE": "AZURE_OPENAI_ENDPOINT",
    "AZUREOPENAIDEPLOYMENT": "RESUME_MODEL",
    "AZUREOPENAIDEPLOYMENTNAME": "RESUME_MODEL",
    "OPENAIAPIBASE": "OPENAI_BASE_URL",  # its name in the `openai` package before version 1
    "OPENAIAPIURL": "OPENAI_BASE_URL",
    "OPENAIMODEL": "RESUME_MODEL",
}


def misnamed() -> list[Misnamed]:
    """The misnamed variables of the environment and of `.env`, by name."""
    found = [*find(os.environ, Source.environment), *find(in_env_file(), Source.env_file)]
    return sorted(found, key=lambda one: (one.name, one.source))


def find(variables: Mapping[str, str | None], source: Source) -> list[Misnamed]:
    """Those of these variables that look like ours and are none.

    One without a value is ignored, as ours are.
    """
    found = []
    for name, value in variables.items():
        if not value or name in _NAMES or name in _OF_OTHERS:
            continue
        if name.startswith(_BEGINNINGS_OF_OTHERS):
            continue
        nearest = _nearest(name, source)
        if nearest is not None or name.upper().startswith("RESUME_"):
            found.append(Misnamed(name, source, nearest))
    return found


def _nearest(name: str, source: Source) -> str | None:
    bare = _bare(name)
    if bare in _OTHER_WORDS:
        return _OTHER_WORDS[bare]
    in_file = source is Source.env_file
    ours = {_bare(one): one for one in _NAMES if in_file or one not in _COMMON}
    if bare in ours:
        return ours[bare]
    for family in _FAMILIES:
        if bare.startswith(family):
            rests = {one.removeprefix(family): one for one in ours if one.startswith(family)}
            rest = difflib.get_close_matches(
                bare.removeprefix(family), rests, n=1, cutoff=_NEAR_IN_FAMILY
            )
            return ours[rests[rest[0]]] if rest else None
    compared = [one for one in ours if in_file or len(one) >= _LONG]
    near = difflib.get_close_matches(bare, compared, n=1, cutoff=_NEAR)
    return ours[near[0]] if near else None


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").upper()
